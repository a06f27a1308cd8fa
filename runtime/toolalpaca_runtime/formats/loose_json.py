"""JSON as models write it, read where there is one way to read it.

Beyond JSON it takes: text in single, typographic and back quotes, names without quotes, commas
before a closing bracket, comments, Python's and other spellings of true, false and null, line
breaks inside a text, and missing brackets at the end. It never guesses: a text that ends in the
middle of a value, a value without quotes or a name that stands twice is refused with the reason.
That is the difference to the ``json-repair`` of PyPI, which makes something of every text.

Reading takes time in proportion to the text's length.
"""

from __future__ import annotations

import re
from typing import Any, Final

DEEPEST: Final = 100
"""Levels of arrays and objects that are read."""

_SPACE = re.compile(r"[\s\ufeff\u200b\u2060]+")
_LINE_COMMENT = re.compile(r"[^\n]*")
_NAME = re.compile(r"(?:[^\W\d]|\$)[\w$.-]*")
_WORD = re.compile(r"[^\s,:{}\[\]\"'`]+")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_WORDS: Final = {"true": True, "false": False, "null": None, "none": None}
_NO_NUMBERS: Final = ("nan", "infinity", "inf")
_ESCAPES: Final = {
    '"': '"', "'": "'", "`": "`", "\\": "\\", "/": "/",
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
# By the quote that opens a text: where it may end, or a backslash stands.
_QUOTES: Final = {
    '"': re.compile(r'["\\]'),
    "'": re.compile(r"['\\]"),
    "`": re.compile(r"[`\\]"),
    "\N{LEFT DOUBLE QUOTATION MARK}": re.compile('[\N{RIGHT DOUBLE QUOTATION MARK}"\\\\]'),
    "\N{RIGHT DOUBLE QUOTATION MARK}": re.compile('[\N{RIGHT DOUBLE QUOTATION MARK}"\\\\]'),
    "\N{LEFT SINGLE QUOTATION MARK}": re.compile("[\N{RIGHT SINGLE QUOTATION MARK}'\\\\]"),
    "\N{RIGHT SINGLE QUOTATION MARK}": re.compile("[\N{RIGHT SINGLE QUOTATION MARK}'\\\\]"),
}


class Unclear(ValueError):
    """There is not one way to read the text; the message says why, as a clause."""


def read_loose(text: str, start: int, *, cut_off: bool) -> tuple[Any, int]:
    """The value that begins at *start*, and where it ends.

    Args:
        text: The text.
        start: Where a bracket or a quote stands.
        cut_off: Whether the text is known to have been cut off, so that nothing that is missing
            at its end can be made up for.

    Raises:
        Unclear: There is not one way to read it.
    """
    reader = _Reader(text, start, may_end=not cut_off)
    value = reader.value(0)
    return value, reader.position


class _Reader:
    def __init__(self, text: str, start: int, *, may_end: bool) -> None:
        self._text = text
        self.position = start
        self._may_end = may_end
        self._complete = False  # whether the last value has an end that can be seen

    def value(self, depth: int) -> Any:
        """The value at the position, which then stands behind it."""
        if depth > DEEPEST:
            raise Unclear("it is nested too deeply")
        character = self._next("a value")
        if character == "{":
            value: Any = self._object(depth)
        elif character == "[":
            value = self._array(depth)
        elif character in _QUOTES:
            value = self._string(character)
        else:
            return self._word()
        self._complete = True
        return value

    def _object(self, depth: int) -> dict[str, Any]:
        self.position += 1
        found: dict[str, Any] = {}
        while not self._closes("}", "a name"):
            name = self._name()
            if self._next("a colon") != ":":
                raise self._unexpected("a colon")
            self.position += 1
            value = self.value(depth + 1)
            if name in found and found[name] != value:
                raise Unclear(f"the name {name[:40]!r} stands twice")
            found[name] = value
            if self._ends("}"):
                break
        return found

    def _array(self, depth: int) -> list[Any]:
        self.position += 1
        found: list[Any] = []
        while not self._closes("]", "a value"):
            found.append(self.value(depth + 1))
            if self._ends("]"):
                break
        return found

    def _closes(self, bracket: str, expected: str) -> bool:
        """Whether the closing *bracket* comes next; then it has been read."""
        if self._next(expected) != bracket:
            return False
        self.position += 1
        return True

    def _ends(self, bracket: str) -> bool:
        """Whether this was the last item: the closing *bracket* or the end of the text follows."""
        self._skip()
        if self.position == len(self._text) and self._may_end and self._complete:
            return True
        if self._next(f"a comma or {bracket}") == ",":
            self.position += 1
            return False
        if not self._closes(bracket, bracket):
            raise self._unexpected(f"a comma or {bracket}")
        return True

    def _name(self) -> str:
        if self._text[self.position] in _QUOTES:
            return self._string(self._text[self.position])
        match = _NAME.match(self._text, self.position)
        if match is None:
            raise self._unexpected("a name in quotes")
        self.position = match.end()
        return match[0]

    def _string(self, quote: str) -> str:
        pieces = []
        escaped = False
        start = self.position + 1
        while (match := _QUOTES[quote].search(self._text, start)) is not None:
            pieces.append(self._text[start : match.start()])
            if match[0] != "\\":
                self.position = match.end()
                text = "".join(pieces)
                return _joined(text) if escaped else text
            piece, start = self._escape(match.end())
            pieces.append(piece)
            escaped = True
        raise Unclear("it ends in the middle of a text")

    def _escape(self, position: int) -> tuple[str, int]:
        """What the escape means whose letter stands at *position*, and where it ends."""
        letter = self._text[position : position + 1]
        if letter == "u" and (match := _HEX.match(self._text, position + 1)):
            return chr(int(match[0], 16)), match.end()
        if letter not in _ESCAPES:
            raise Unclear(f"JSON has no escape \\{letter}, and a backslash is written \\\\")
        return _ESCAPES[letter], position + 1

    def _word(self) -> Any:
        match = _WORD.match(self._text, self.position)
        if match is None:
            raise self._unexpected("a value")
        word = match[0]
        self.position = match.end()
        if word.lower() in _WORDS:
            self._complete = True
            return _WORDS[word.lower()]
        self._complete = False  # a number's next digit may be missing
        if word.lower().lstrip("+-") in _NO_NUMBERS:
            raise Unclear(f"{word} is no JSON; write null or leave it out")
        if not _NUMBER.fullmatch(word):
            raise Unclear(f"{word[:40]!r} is neither a number nor a text in quotes")
        return number(word)

    def _next(self, expected: str) -> str:
        """The character that comes next, after white space and comments."""
        self._skip()
        if self.position == len(self._text):
            raise Unclear(f"it ends where {expected} should stand")
        return self._text[self.position]

    def _skip(self) -> None:
        text = self._text
        while self.position < len(text):
            if match := _SPACE.match(text, self.position):
                self.position = match.end()
            elif text[self.position] == "#" or text.startswith("//", self.position):
                match = _LINE_COMMENT.match(text, self.position)
                self.position = match.end() if match else len(text)
            elif text.startswith("/*", self.position):
                end = text.find("*/", self.position + 2)
                self.position = len(text) if end < 0 else end + 2
            else:
                return

    def _unexpected(self, expected: str) -> Unclear:
        found = self._text[self.position : self.position + 20]
        return Unclear(f"{expected} should stand before {found!r} (character {self.position + 1})")


def number(word: str) -> int | float:
    """The number that *word* writes.

    Raises:
        Unclear: It is too large for a number.
    """
    try:
        if not set(word) & set(".eE"):
            return int(word)
        value = float(word)
    except ValueError as error:  # more digits than Python reads
        raise Unclear("a number is too large") from error
    if value in (float("inf"), float("-inf")):
        raise Unclear(f"the number {word[:40]} is too large")
    return value


def _joined(text: str) -> str:
    """*text* with the halves of surrogate pairs joined."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
