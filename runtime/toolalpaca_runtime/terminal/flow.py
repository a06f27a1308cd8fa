"""Text that is wrapped while it comes."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from toolalpaca_runtime.event_text import printable

NARROWEST = 20
"""Columns that text is given, however narrow the terminal."""


class Flow:
    """Prints a text that comes in pieces, a word at a time, within the width of the terminal.

    Nothing that was printed is printed again, so it works on every terminal. Empty lines before and
    after the text are left out.

    Args:
        console: Where to print.
        indent: What each line begins with.
        style: The text's style.
    """

    def __init__(self, console: Console, *, indent: str = "", style: str = "") -> None:
        self._console = console
        self._indent = indent
        self._style = style
        self._word = ""
        self._spaces = 0
        self._lines = 0  # that end before the next word
        self._column = 0
        self._begun = False

    def write(self, text: str) -> None:
        """Print *text* as far as its last word is whole."""
        for character in printable(text):
            if character == "\n":
                self._end_word()
                self._lines += 1
                self._spaces = 0
            elif character == " ":
                self._end_word()
                self._spaces += 1
            else:
                self._word += character
                if cell_len(character) > 1:  # a line may be broken after any wide character
                    self._end_word()

    def close(self) -> None:
        """Print what is left, and end the line."""
        self._end_word()
        if self._begun:
            self._console.print()

    def _end_word(self) -> None:
        word, self._word = self._word, ""
        while word:
            piece = self._fitting(word)
            self._put(piece)
            word = word[len(piece) :]

    def _fitting(self, word: str) -> str:
        """The beginning of *word* that fits a line."""
        width = self._width()
        if cell_len(word) <= width:
            return word
        end = 1
        while cell_len(word[: end + 1]) <= width:
            end += 1
        return word[:end]

    def _put(self, word: str) -> None:
        if not self._begun:
            self._lines, self._begun = 0, True
            before = self._indent
        elif self._lines:
            before = "\n" * self._lines + self._indent
            self._column = 0
        elif self._column + self._spaces + cell_len(word) > self._width():
            before = "\n" + self._indent
            self._column = self._spaces = 0
        else:
            before = ""
        spaces = min(self._spaces, max(self._width() - cell_len(word), 0))
        self._column += spaces + cell_len(word)
        self._lines = self._spaces = 0
        text = Text(before + " " * spaces + word, style=self._style)
        self._console.print(text, end="", soft_wrap=True)

    def _width(self) -> int:
        return max(self._console.width - cell_len(self._indent), NARROWEST)
