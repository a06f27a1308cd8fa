"""Results: an observation's status and body, and the records that its body holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import orjson

from toolalpaca.llm.baseline.text import name_stems, stems

_STATUS = re.compile(r"Status Code:\s*(\d{3})", re.IGNORECASE)
_BODY = re.compile(r"Response:\s*", re.IGNORECASE)
_DEPTH: Final = 8
_REPAIRS: Final = 400  # cuts tried on a body that was shortened on the way


@dataclass(frozen=True)
class Record:
    """An object found in a result.

    Attributes:
        value: The object.
        nouns: Stems of what it is: the key it stood under and the tool's own nouns.
        group: Which result it came from; later results have larger numbers.
        listed: Whether it stood in a list.
        top: Whether it stood in the body's own list or was the body itself.
    """

    value: Mapping[str, Any]
    nouns: frozenset[str]
    group: int
    listed: bool
    top: bool

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of all words in its values."""
        return frozenset(word for text in _texts(self.value, 0) for word in stems(text))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Its values that are scalars, in lower case."""
        return tuple(text.lower() for text in _texts(self.value, 0))


@dataclass(frozen=True)
class Result:
    """What came back of a call.

    Attributes:
        status: The HTTP status, or None when the observation names none.
        text: The observation without its status line.
        body: The parsed JSON body, or None.
    """

    status: int | None
    text: str
    body: Any = field(compare=False)

    @property
    def ok(self) -> bool:
        """Whether the call did what it should."""
        return self.status is not None and 200 <= self.status < 300

    @cached_property
    def items(self) -> list[Any] | None:
        """The list that the body is or wraps; None when it is about one thing."""
        if isinstance(self.body, list):
            return self.body
        if isinstance(self.body, Mapping):
            lists = [value for value in self.body.values() if isinstance(value, list)]
            objects = [value for value in lists if any(isinstance(v, Mapping) for v in value)]
            # An object with an id is a thing that has lists, not a page of things.
            wraps = len(lists) == 1 and "id" not in self.body and _is_envelope(self.body)
            if wraps:
                return (objects or lists)[0]
            inner = self.body.get("data")
            if isinstance(inner, Mapping) and _is_envelope(self.body):
                return Result(self.status, "", inner).items
        return None

    @property
    def empty(self) -> bool:
        """Whether it is a success that found nothing."""
        return self.ok and (self.items == [] or (self.body in ({}, None) and self.status != 204))


_ENVELOPE_KEYS: Final = frozenset(
    {"total", "count", "page", "limit", "offset", "next", "previous", "size", "meta", "status",
     "success", "message", "pagination", "cursor", "links", "per", "pages", "results", "number",
     "has", "more", "data", "error", "errors", "code", "object", "ok"}
)  # fmt: skip


def _is_envelope(body: Mapping[str, Any]) -> bool:
    """Whether everything beside the lists is about the page, not about a thing."""
    others = [key for key, value in body.items() if not isinstance(value, list)]
    return all(
        any(w in _ENVELOPE_KEYS for w in name_stems(key)) or key in _ENVELOPE_KEYS for key in others
    )


def read_result(observation: str) -> Result:
    """Read an observation such as ``Status Code: 200. Response: {"id": 7}``."""
    found = _STATUS.search(observation)
    status = int(found[1]) if found else None
    body_start = _BODY.search(observation)
    text = observation[body_start.end() :] if body_start else observation
    text = "" if text.strip() == "(empty)" else text  # how a runtime shows an empty body
    body = _parsed(text.strip())
    if status is None and isinstance(body, dict | list):
        status = 200  # a bare JSON body is what a runtime without status lines shows
    return Result(status, text.strip(), body)


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    if not text.startswith(("{", "[")):
        return None
    return _repaired(text)


def _repaired(text: str) -> Any:
    """The longest readable part of JSON that was cut short or has words behind it."""
    ends = [found.start() for found in re.finditer(r"[,}\]]", text)][-_REPAIRS:]
    for end in reversed(ends):
        cut = text[: end + 1] if text[end] != "," else text[:end]
        try:
            return orjson.loads(cut + _closing(cut))
        except orjson.JSONDecodeError:
            continue
    return None


def _closing(text: str) -> str:
    """The brackets that close what *text* leaves open."""
    open_brackets: list[str] = []
    in_string = escaped = False
    for char in text:
        if in_string:
            in_string = char != '"' or escaped
            escaped = char == "\\" and not escaped
        elif char == '"':
            in_string = True
        elif char in "{[":
            open_brackets.append("}" if char == "{" else "]")
        elif char in "}]" and open_brackets:
            open_brackets.pop()
    return "".join(reversed(open_brackets))


def records_of(result: Result, nouns: tuple[str, ...], group: int) -> Iterator[Record]:
    """The objects of a result, outermost first."""
    yield from _walk(result.body, frozenset(nouns), group, listed=False, top=True, depth=0)


def _walk(
    value: Any, nouns: frozenset[str], group: int, *, listed: bool, top: bool, depth: int
) -> Iterator[Record]:
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, nouns, group, listed=True, top=top, depth=depth + 1)
    elif isinstance(value, Mapping):
        envelope = not listed and _is_envelope(value)
        if not envelope:
            yield Record(value, nouns, group, listed, top)
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                own = nouns | frozenset(name_stems(key)) if envelope else frozenset(name_stems(key))
                yield from _walk(
                    inner, own, group, listed=listed, top=top and envelope, depth=depth + 1
                )


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > 3:
        return
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value[:20]:
            yield from _texts(inner, depth + 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
