"""Where two responses to the same request differ: in status, in content type, in structure.

Values are expected to differ; what a program relies on is not. The *structure* of a JSON value says
which types stand at which places. A place is a JSON pointer (RFC 6901) in which ``*`` stands for
every item of an array, since items are alike and their number is a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson

from toolalpaca.openapi.media_types import essence
from toolalpaca.openapi.validation import json_pointer
from toolalpaca.trace import HttpResponse

Aspect = Literal["status", "content type", "missing", "added", "type"]

Structure: TypeAlias = Mapping[str, frozenset[str]]
"""The JSON types (JSON Schema's names) that stand at each place."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One respect in which two responses differ.

    Attributes:
        aspect: ``status``; ``content type``; ``missing``, a place that only the first response has;
            ``added``, one that only the second has; ``type``, one where both have something else.
        pointer: The place in the body, ``""`` for the response as a whole.
        first: What the first response has there, ``""`` for nothing.
        second: What the second response has there.
    """

    aspect: Aspect
    pointer: str = ""
    first: str = ""
    second: str = ""

    def __str__(self) -> str:
        if self.aspect == "missing":
            return f"{self.pointer} ({self.first}) is missing"
        if self.aspect == "added":
            return f"{self.pointer} ({self.second}) was not there"
        place = self.pointer or ("body" if self.aspect == "type" else self.aspect)
        return f"{place}: {self.first or 'none'} became {self.second or 'none'}"


def differences(first: HttpResponse, second: HttpResponse) -> tuple[Difference, ...]:
    """Where *second* differs from *first*, the status first, then by place.

    A success and an error have bodies that nobody expects to be alike: these are not compared. Nor
    is what an empty array would hold, or a body that was cut off.

    >>> one = HttpResponse(status=200, body='{"id": 1, "tags": []}')
    >>> other = HttpResponse(status=200, body='{"id": "a", "tags": ["x"]}')
    >>> [str(difference) for difference in differences(one, other)]
    ['/id: integer became string']
    """
    found: list[Difference] = []
    if first.status != second.status:
        found.append(Difference("status", "", str(first.status), str(second.status)))
    alike = (first.status < 400) == (second.status < 400)
    if alike and not (first.cut_off or second.cut_off):
        found.extend(_of_bodies(first, second))
    return tuple(found)


def structure(value: Any) -> dict[str, frozenset[str]]:
    """The types at each place of a JSON value.

    >>> structure([{"id": 1}, {"id": None}]) == {
    ...     "": {"array"}, "/*": {"object"}, "/*/id": {"integer", "null"}}
    True
    """
    types: dict[str, set[str]] = {}
    waiting = [("", value)]
    while waiting:  # no recursion: a body may be nested deeper than Python's stack
        pointer, item = waiting.pop()
        types.setdefault(pointer, set()).add(_type(item))
        if isinstance(item, dict):
            waiting.extend((pointer + _step(name), inner) for name, inner in item.items())
        elif isinstance(item, list):
            waiting.extend((f"{pointer}/*", inner) for inner in item)
    return {pointer: frozenset(kinds) for pointer, kinds in sorted(types.items())}


def structural_differences(first: Structure, second: Structure) -> Iterator[Difference]:
    """Where *second* differs from *first*, by place.

    What stands below a place that is itself missing, added, of another type or an array without
    items in either is not told again.
    """
    settled: set[str] = set()
    for pointer in sorted(first.keys() | second.keys(), key=_parts):
        if _parent(pointer) in settled:
            settled.add(pointer)
            continue
        difference = _at(pointer, first, second)
        if difference is not None:
            settled.add(pointer)
            if not pointer.endswith("/*") or difference.aspect == "type":
                yield difference


def _of_bodies(first: HttpResponse, second: HttpResponse) -> Iterator[Difference]:
    one, other = _media_type(first), _media_type(second)
    if one != other and first.headers and second.headers:  # none at all: they were not recorded
        yield Difference("content type", "", one, other)
    yield from structural_differences(_body_structure(first), _body_structure(second))


def _body_structure(response: HttpResponse) -> Structure:
    """The structure of a body; a text that is no JSON is of the type ``text``."""
    if not response.body:
        return {"": frozenset({"nothing"})}
    try:
        return structure(orjson.loads(response.body))
    except orjson.JSONDecodeError:
        return {"": frozenset({"text"})}


def _at(pointer: str, first: Structure, second: Structure) -> Difference | None:
    one, other = first.get(pointer), second.get(pointer)
    if one is None:
        return Difference("added", pointer, "", _names(other or frozenset()))
    if other is None:
        return Difference("missing", pointer, _names(one), "")
    if _widened(one) & _widened(other):
        return None
    return Difference("type", pointer, _names(one), _names(other))


def _widened(types: frozenset[str]) -> frozenset[str]:
    """*types* where an integer is a number, too: 3 and 3.5 are one type to a program."""
    return types | {"number"} if "integer" in types else types


def _names(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))


def _media_type(response: HttpResponse) -> str:
    for name, value in response.headers.items():
        if name.lower() == "content-type":
            return essence(value)
    return ""


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _step(name: str) -> str:
    """*name* as the end of a pointer; a name that is ``*`` is told from any item."""
    return "/~*" if name == "*" else json_pointer([name])


def _parent(pointer: str) -> str | None:
    return pointer.rpartition("/")[0] if pointer else None


def _parts(pointer: str) -> list[str]:
    """A key that sorts a place right before what stands below it."""
    return pointer.split("/")
