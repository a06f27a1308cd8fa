"""Which operation's result holds what another operation needs.

``GET /stations`` finds the ``station_id`` of ``GET /stations/{station_id}/sensors``; ``POST
/bookings`` makes the ``booking_id`` of ``DELETE /bookings/{booking_id}``. Documents seldom say so
(Link Objects are rare), so it is inferred from names and paths; a wrong guess makes a task that no
run completes, and its traces are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolalpaca.calling.tools import Tool
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Operation
from toolalpaca_corpus.english import singular, split_words
from toolalpaca_corpus.wording import DESTINATIONS, ORIGINS

_SHORTEST_THING = 3
"""Letters that a word of a path must exceed to name a thing: not ``v1``, ``api``."""

_FILE_TYPE = re.compile(r"\.(?:json|xml|ya?ml|csv|html?|php|aspx?)$", re.IGNORECASE)
_ID_WORDS = {"id", "uuid", "identifier"}
_PATH_ID_WORDS = _ID_WORDS | {"code", "key", "slug"}


@dataclass(frozen=True, slots=True)
class Link:
    """An argument that an earlier call provides.

    Attributes:
        producer: What is called before.
        argument: The name of the consumer's argument.
        pointer: JSON Pointer to the value in the producer's result.
        thing: What is handed on: ``station``.
        made: Whether the producer creates the thing, rather than finds some.
        shown: The properties of the thing that the producer's result shows.
    """

    producer: Tool
    argument: str
    pointer: str
    thing: str
    made: bool
    shown: frozenset[str] = frozenset()

    @property
    def field(self) -> str:
        """The property of the thing that is handed on."""
        return self.pointer.rsplit("/", 1)[-1]

    @property
    def list_pointer(self) -> str:
        """Where the list is in the result of a producer that finds things."""
        return self.pointer.removesuffix(f"/0/{self.field}")


@dataclass(frozen=True, slots=True)
class _Result:
    """The thing that a tool's result is or holds several of."""

    tool: Tool
    thing: str
    pointer: str
    properties: Mapping[str, Any]
    made: bool
    root: Mapping[str, Any]


def links_to(consumer: Tool, tools: Sequence[Tool]) -> list[Link]:
    """The ways to get a required argument of *consumer* out of the result of another tool.

    Arguments in the path come in its order, other ones after them.
    """
    found = []
    results = [result for tool in tools if (result := _result(tool)) and tool is not consumer]
    for name in _required(consumer):
        for result in results:
            field = _field_for(name, consumer, result)
            if field is not None:
                pointer = f"{result.pointer}/{field}"
                shown = frozenset(result.properties)
                found.append(Link(result.tool, name, pointer, result.thing, result.made, shown))
    return found


def list_pointer_of(tool: Tool) -> str | None:
    """Where the list is in the result of a *tool* that finds things; None when it finds none."""
    result = _result(tool)
    return None if result is None or result.made else result.pointer.removesuffix("/0")


def thing_of(argument: str, tool: Tool) -> str:
    """What an argument identifies: ``station`` for ``station_id``; ``""`` when it does not.

    A bare ``id`` in a path identifies what the segment before it is a collection of.
    """
    words = [word.lower() for word in split_words(argument)]
    if words and words[0] in ORIGINS | DESTINATIONS:
        return ""  # said by what it is for, not by what it is
    place = tool.places[argument]
    id_words = _PATH_ID_WORDS if place.location == "path" else _ID_WORDS
    if len(words) > 1 and words[-1] in id_words:
        return " ".join(words[:-1])
    if place.location != "path":
        return ""
    before, _, after = tool.operation.path.partition("{" + place.name + "}")
    segments = [part for part in before.split("/") if part]
    # In /projects/{owner}/{project} the collection says nothing of either.
    if not segments or segments[-1].startswith("{") or after.startswith("/{"):
        return " ".join(words)
    return " ".join(_thing_words(segments[-1]))


def things_of(operation: Operation) -> set[str]:
    """What an operation is about, in singular words: those of its path and its tags."""
    static = [part for part in operation.path.split("/") if not part.startswith("{")]
    return {
        singular(word.lower())
        for text in (*static, *operation.tags)
        for word in split_words(text)
        if len(word) > _SHORTEST_THING
    }


def is_chainable(argument: str, tool: Tool) -> bool:
    """Whether a chain may provide *argument* and nothing else.

    In ``/members/{member_id}/loans/{loan_id}`` only the last one: whoever finds a member has not
    found a loan of theirs.
    """
    in_path = [name for name in _required(tool) if tool.places[name].location == "path"]
    return argument not in in_path[:-1]


def is_worth_a_call(link: Link, consumer: Tool) -> bool:
    """Whether a person would want *consumer* after the link's producer.

    Nobody looks up what the result before has shown already, or undoes what was just asked for.
    """
    if consumer.operation.method == "delete":
        return not link.made
    if consumer.operation.method != "get" or consumer.spec.returns is None:
        return True
    flat = flatten(consumer.spec.returns, consumer.spec.returns)
    told = _properties(flat).keys() if isinstance(flat, dict) else set()
    return not told or not told <= link.shown


def _required(tool: Tool) -> list[str]:
    """The required arguments, those in the path first and in its order."""

    def place(name: str) -> int:
        found = tool.operation.path.find("{" + tool.places[name].name + "}")
        return found if found >= 0 else len(tool.operation.path)

    return sorted(tool.spec.parameters.get("required", ()), key=place)


def _result(tool: Tool) -> _Result | None:
    operation, root = tool.operation, tool.spec.returns
    if root is None or operation.method not in ("get", "post"):
        return None
    segments = [part for part in operation.path.split("/") if part]
    if not segments or segments[-1].startswith("{"):
        return None
    thing = " ".join(_thing_words(segments[-1]))
    flat = flatten(root, root)
    if not isinstance(flat, dict):
        return None
    if operation.method == "post":
        return _Result(tool, thing, "", _properties(flat), True, root)
    for pointer, schema in _lists(flat, root):
        item = flatten(schema, root)
        if isinstance(item, dict) and _properties(item):
            return _Result(tool, thing, f"{pointer}/0", _properties(item), False, root)
    return None


def _lists(flat: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Where a result is a list, or holds one: pointer and schema of its items."""
    if "items" in flat:
        yield "", flat["items"]
    for name, schema in _properties(flat).items():
        inner = flatten(schema, root)
        if isinstance(inner, dict) and "items" in inner:
            yield f"/{name}", inner["items"]


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _field_for(argument: str, consumer: Tool, result: _Result) -> str | None:
    """The property of *result* that is the value of *argument*, or None."""
    thing = thing_of(argument, consumer)
    if not thing:
        return None
    wanted = consumer.spec.parameters["properties"].get(argument)
    for field, schema in result.properties.items():
        if _names_the_same(field, argument, thing, result.thing) and _same_type(
            wanted, schema, consumer.spec.parameters, result.root
        ):
            return field
    return None


def _names_the_same(field: str, argument: str, thing: str, found: str) -> bool:
    """Whether the *field* of a *found* thing is the *argument*, which identifies a *thing*."""
    if singular(thing) != singular(found):
        return False
    key = (split_words(argument) or [argument])[-1]
    return _joined(field) in ("id", _joined(argument), _joined(f"{thing} id"), _joined(key))


def _same_type(
    wanted: Any, given: Any, wanted_root: Mapping[str, Any], given_root: Mapping[str, Any]
) -> bool:
    first, second = flatten(wanted, wanted_root), flatten(given, given_root)
    if not isinstance(first, dict) or not isinstance(second, dict):
        return False
    types = (first.get("type"), second.get("type"))
    return types[0] == types[1] and types[0] in ("string", "integer", "number")


def _joined(name: str) -> str:
    return "".join(split_words(name)).lower()


def _thing_words(segment: str) -> list[str]:
    words = [word.lower() for word in split_words(_FILE_TYPE.sub("", segment))]
    return [*words[:-1], singular(words[-1])] if words else []
