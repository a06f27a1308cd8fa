"""What a turn says to who reads along: the answer as it is written, and what is thought and done.

Whether a text is the answer is known for certain when the model has ended it: calls may follow.
What is said before a call is short, though, so a text that has become long is taken for the answer,
and told from there on as it comes. That holds where the model's text is nothing but text: the
labels of a text format are not for the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from toolalpaca.trace import AssistantEvent, Event
from toolalpaca_runtime.agent import TextDelta
from toolalpaca_runtime.web.narration import narrated

LONG: Final = 200
"""Characters from which a text is taken for the answer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to tell now.

    Attributes:
        answer: The next part of the answer.
        reasoning: The next part of what was thought and done.
    """

    answer: str = ""
    reasoning: str = ""


class Speech:
    """One turn, in pieces.

    Args:
        plain: Whether the model's text is nothing but text.

    Attributes:
        said: All of the answer so far.
    """

    def __init__(self, *, plain: bool) -> None:
        self.said = ""
        self._plain = plain
        self._text = ""
        self._told = 0  # characters of the text that are in what was said

    def hear(self, item: Event | TextDelta) -> Piece:
        """What to tell when *item* has happened."""
        if isinstance(item, TextDelta):
            return self._hear_text(item) if self._plain else Piece()
        if not isinstance(item, AssistantEvent):
            return Piece(reasoning=narrated(item))
        if item.answer is not None:
            return Piece()  # the turn ends with it
        told, self._told, self._text = self._told, 0, ""
        if not told:
            return Piece(reasoning=narrated(item))
        # The reader has the thought already.
        called = item.model_copy(update={"thought": ""})
        return Piece(self._say("\n\n"), narrated(called))

    def end(self, answer: str) -> Piece:
        """What of the turn's *answer*, with which it ends, has not been told."""
        told = self._text[: self._told]
        if answer.startswith(told.rstrip()):
            return Piece(self._say(answer[len(told) :]))
        return Piece(self._say(f"\n\n{answer}"))  # a limit broke off what the model wrote

    def _hear_text(self, delta: TextDelta) -> Piece:
        if delta.restart:  # what was told cannot be taken back
            told, self._told, self._text = self._told, 0, ""
            return Piece(self._say("\n\n") if told else "")
        self._text = (self._text + delta.text).lstrip()
        if len(self._text) < LONG:
            return Piece()
        new = self._text[self._told :]
        self._told = len(self._text)
        return Piece(self._say(new))

    def _say(self, text: str) -> str:
        self.said += text
        return text
