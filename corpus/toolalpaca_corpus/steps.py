"""Steps of a task: calls with their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from toolalpaca.calling.tools import Tool
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Schema
from toolalpaca.openapi.validation import Validator
from toolalpaca.task import GoldenCall, is_reference
from toolalpaca_corpus.argument import argument_of
from toolalpaca_corpus.argument_check import argument_faults
from toolalpaca_corpus.english import singular, split_words
from toolalpaca_corpus.links import Link
from toolalpaca_corpus.phrases import phrases
from toolalpaca_corpus.values import ArgumentValues, NoInstance
from toolalpaca_mockserver.values.moments import order_times

_FILTERED_SHARE = 0.8
"""How often a list is asked for with at least one condition."""

_LIMIT_SHARE = 0.15
"""How often a limit or a page is mentioned, among other arguments that could be."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call, and what is withheld from whoever makes it.

    Attributes:
        arguments: By name; references for what comes from earlier steps.
        links: Where a reference comes from, by argument.
        withheld: Arguments that the instruction does not mention.
        same: Arguments that are the same as in the step before.
    """

    tool: Tool
    arguments: Mapping[str, Any]
    links: Mapping[str, Link] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()

    def golden(self) -> GoldenCall:
        """The call that is right."""
        return GoldenCall(function=self.tool.spec.name, arguments=dict(self.arguments))


def make_step(
    tool: Tool,
    random: Random,
    *,
    links: Mapping[str, Link] | None = None,
    given: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
    sparing: bool = False,
) -> Step | None:
    """A call of *tool* with its required arguments and some others, or None when none can be said.

    Args:
        tool: What is called.
        random: Decides values and choices.
        links: Arguments that come from earlier steps.
        given: Arguments whose values are settled: a member whose loan an earlier step has found.
        known: Values to prefer where they fit: those of things that exist.
        sparing: Whether to keep to what is required, so that a search finds something.
    """
    links = links or {}
    schema = tool.spec.parameters
    values = ArgumentValues(schema, str(random.getrandbits(64)))
    settled = {
        **{
            name: {"$from": link.producer.spec.name, "path": link.pointer, "name": name}
            for name, link in links.items()
        },
        **(given or {}),
    }
    for _ in range(5):
        try:
            arguments = {
                name: settled[name] if name in settled else _value(tool, name, values, known or {})
                for name in _chosen(tool, random, sparing)
            }
        except (NoInstance, KeyError):
            return None
        order_times(arguments)
        if _is_right(arguments, schema) and all(
            is_reference(value) or argument_of(tool, name, value).is_sayable
            for name, value in arguments.items()
        ):
            return Step(tool, arguments, dict(links))
    return None


def _chosen(tool: Tool, random: Random, sparing: bool) -> Sequence[str]:
    """The required arguments and a few of those that people mention."""
    schema = tool.spec.parameters
    required = list(schema.get("required", ()))
    optional = [name for name in schema["properties"] if _may_be_said(tool, name, required)]
    usual = [name for name in optional if not _is_paging(name) or random.random() < _LIMIT_SHARE]
    changes = tool.operation.method in ("patch", "put") and not set(required) & _body(tool)
    # A change without anything to change says nothing, a search for everything little.
    least = int(changes or (not sparing and not required and random.random() < _FILTERED_SHARE))
    most = int(not _body(tool)) if sparing else 2 if required else 3
    chosen = random.sample(usual, min(len(usual), random.randint(least, max(most, least))))
    return [name for name in schema["properties"] if name in required or name in chosen]


def _may_be_said(tool: Tool, name: str, required: Sequence[str]) -> bool:
    place = tool.places.get(name)
    if place is None or name in required or place.location in ("header", "cookie"):
        return False
    if "_".join(split_words(name)).lower() in phrases("arguments")["never said"]:
        return False
    return _is_simple(tool.spec.parameters["properties"][name], tool.spec.parameters)


def _is_simple(schema: Schema, root: Mapping[str, Any]) -> bool:
    """Whether values are scalars or lists of scalars."""
    flat = flatten(schema, root)
    if not isinstance(flat, dict):
        return False
    if flat.get("type") == "array":
        return _is_simple(flat.get("items", True), root)
    scalar = ("string", "integer", "number", "boolean")
    kinds = flat.get("type")
    return (
        "enum" in flat
        or kinds in scalar
        or (
            isinstance(kinds, list)
            and bool(kinds)
            and all(kind in (*scalar, "null") for kind in kinds)
        )
    )


def _is_paging(name: str) -> bool:
    words = " ".join(split_words(name)).lower()
    return words in ("page", "per page", "limit", "page size", "size", "count", "max results")


def _body(tool: Tool) -> set[str]:
    return {name for name, place in tool.places.items() if place.location == "body"}


def _value(tool: Tool, name: str, values: ArgumentValues, known: Mapping[str, Any]) -> Any:
    schema = tool.spec.parameters["properties"][name]
    if name in known and not any(argument_faults({name: known[name]}, _only(tool, name))):
        value = known[name]
    else:
        value = values.make(schema, name=name, owner=_owner(tool))
    # Nobody says "without X" who could leave X out.
    return True if value is False and not tool.places[name].required else value


def _owner(tool: Tool) -> str:
    """What the values are of, for realism: the name of a member is no name of a book."""
    segments = [part for part in tool.operation.path.split("/") if part and part[0] != "{"]
    return singular(segments[-1]) if segments else ""


def _only(tool: Tool, name: str) -> dict[str, Any]:
    """The tool's parameters, as if *name* were the only one."""
    parameters = tool.spec.parameters
    return {**parameters, "properties": {name: parameters["properties"][name]}, "required": []}


def _is_right(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    if any(argument_faults(arguments, schema)):
        return False
    if any(is_reference(value) for value in arguments.values()):
        return True
    return Validator(dict(schema)).is_valid(dict(arguments))
