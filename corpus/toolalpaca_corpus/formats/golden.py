"""The grammar of ToolAlpaca's golden arguments: JSON with placeholders, written by hand.

::

    value       = object | array | string | number | "true" | "false" | "null" | placeholder
    placeholder = "${" words [ " from " function ] "}"

A placeholder stands unquoted where a value may stand, or is the whole text of a string. It becomes
``{"$from": function, "path": "", "name": words}`` or ``{"$any": words}``. Everything else is JSON
(RFC 8259).

The published answers hold slips of the pen. Those that leave no doubt about the value are read and
reported; any other makes the text unreadable:

- a placeholder that is not closed ends before the next ``,``, ``"``, ``]`` or line end;
- a quotation mark right after a placeholder is skipped;
- a comma before a closing bracket is skipped;
- a string whose whole text is ``{words}`` is a placeholder that lost its ``$``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_JSON = json.JSONDecoder()
_SPACE = " \t\r\n"
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None}
_FROM = re.compile(r"(?P<name>.+?)\s+from\s+(?P<function>\w+)")
_LOST_SIGN = re.compile(r"\{[^{}\"]+\}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes:
        value: The value, placeholders as references.
        slips: What was wrong, and how it was read all the same.
    """

    value: Any
    slips: tuple[str, ...] = ()


class UnreadableError(ValueError):
    """A text outside the grammar; the message says what was expected where."""


def read_golden(text: str) -> Reading:
    """Read the arguments of a golden call.

    >>> read_golden('{"animeId": ${animeId from searchAnime}}').value
    {'animeId': {'$from': 'searchAnime', 'path': '', 'name': 'animeId'}}

    Raises:
        UnreadableError: The text is outside the grammar.
    """
    reader = _Reader(text)
    value = reader.value()
    reader.end()
    return Reading(value, tuple(reader.slips))


class _Reader:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self.slips: list[str] = []

    def value(self) -> Any:
        start = self._peek()
        if self._text.startswith("${", self._at):
            return self._placeholder()
        if start == "{":
            return self._object()
        if start == "[":
            return self._array()
        if start == '"':
            return self._string_or_placeholder()
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            raise self._unexpected("a value")
        self._at = number.end()
        return json.loads(number.group())

    def end(self) -> None:
        """Nothing but white space may follow."""
        if self._peek():
            raise self._unexpected("the end of the text")

    def _object(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self._open()
        while self._peek() != "}":
            if self._peek() != '"':
                raise self._unexpected("a name in quotes")
            name = self._string()
            self._take(":")
            if name in members:
                raise UnreadableError(f"the name {name!r} stands twice")
            members[name] = self.value()
            self._separate("}")
        self._close()
        return members

    def _array(self) -> list[Any]:
        items: list[Any] = []
        self._open()
        while self._peek() != "]":
            items.append(self.value())
            self._separate("]")
        self._close()
        return items

    def _open(self) -> None:
        self._at += 1
        self._depth += 1
        if self._depth > 50:
            raise UnreadableError(f"nested deeper than 50 levels at character {self._at}")

    def _close(self) -> None:
        self._at += 1
        self._depth -= 1

    def _separate(self, closing: str) -> None:
        """Pass the comma after a value, or stop at the closing bracket."""
        if self._peek() == ",":
            self._at += 1
            if self._peek() == closing:
                self.slips.append(f"the comma before {closing!r} was skipped")
        elif self._peek() != closing:
            raise self._unexpected(f"',' or {closing!r}")

    def _string_or_placeholder(self) -> Any:
        text = self._string()
        if text.startswith("${") and text.endswith("}"):
            return _reference(text[2:-1])
        if _LOST_SIGN.fullmatch(text):
            self.slips.append(f"{text!r} was read as a placeholder without its $")
            return _reference(text[1:-1])
        return text

    def _string(self) -> str:
        try:
            text, self._at = _JSON.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise UnreadableError(f"{error.msg} at character {error.pos}") from error
        assert isinstance(text, str), "a quotation mark begins nothing but a string"
        return text

    def _placeholder(self) -> dict[str, Any]:
        start = self._at + 2
        end = start
        while end < len(self._text) and self._text[end] not in '},"]\n':
            end += 1
        words = self._text[start:end].strip()
        if not words:
            raise self._unexpected("a placeholder's words")
        closed = self._text.startswith("}", end)
        if not closed:
            self.slips.append(f"the placeholder '${{{words}' was closed")
        self._at = end + closed
        if closed and self._text.startswith('"', self._at):
            self.slips.append(f"the quotation mark after '${{{words}}}' was skipped")
            self._at += 1
        return _reference(words)

    def _peek(self) -> str:
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1
        return self._text[self._at : self._at + 1]

    def _take(self, expected: str) -> None:
        if self._peek() != expected:
            raise self._unexpected(repr(expected))
        self._at += 1

    def _unexpected(self, expected: str) -> UnreadableError:
        found = self._text[self._at : self._at + 20]
        what = repr(found) if found else "the end"
        return UnreadableError(f"expected {expected} at character {self._at}, found {what}")


def _reference(words: str) -> dict[str, Any]:
    origin = _FROM.fullmatch(words.strip())
    if origin is None:
        return {"$any": words.strip()}
    return {"$from": origin["function"], "path": "", "name": origin["name"]}
