"""The arguments of a golden call, with values for what it leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

import orjson

from toolalpaca.calling.tools import Tool
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Schema
from toolalpaca.openapi.validation import Validator
from toolalpaca.sameness import left_out, places
from toolalpaca.task import ASK_TOOL, GoldenCall, is_reference
from toolalpaca_corpus.english import singular, split_words
from toolalpaca_corpus.links import thing_of
from toolalpaca_corpus.perfect.exchange import Exchange
from toolalpaca_corpus.perfect.finding import fields_of, named, scalars, thing_named
from toolalpaca_corpus.values import ArgumentValues

_IDENTITIES = ("id", "uri", "uuid", "key", "code", "slug")
"""Last words of arguments that say which thing is meant."""


class NothingFits(Exception):
    """What came back before holds no value that a reference could stand for."""


class GoldenArguments:
    """Fills the arguments of golden calls of one tool.

    Args:
        tool: What is called.
        earlier: The calls before, and what came back.
        seed: The same seed makes up the same values.
    """

    def __init__(self, tool: Tool, earlier: Sequence[Exchange], seed: str) -> None:
        self._tool = tool
        self._earlier = tuple(earlier)
        self._root = tool.spec.parameters
        self._values = ArgumentValues(self._root, seed)

    def fill(self, golden: GoldenCall) -> dict[str, Any]:
        """The arguments to make *golden* with.

        Raises:
            NothingFits: A reference leads to nothing.
        """
        if is_reference(golden.arguments):
            found: dict[str, Any] = {}
            for name in self._root.get("required", ()):
                found[name] = self._found_or_made(name, str(found.get("type", "")))
            return found
        return {
            name: self._value(value, self._property(self._root, name), name)
            for name, value in golden.arguments.items()
            if not left_out(value)
        }

    def _value(self, value: Any, schema: Schema, name: str) -> Any:
        if is_reference(value):
            if "$any" in value:
                return self._values.make(schema, name=name)
            return self._referred(value, schema, name)
        if isinstance(value, dict):
            return {
                key: self._value(item, self._property(schema, key), key)
                for key, item in value.items()
            }
        if isinstance(value, list):
            flat = flatten(schema, self._root)
            items = flat.get("items", True) if isinstance(flat, dict) else True
            return [self._value(item, items, name) for item in value]
        return value

    def _property(self, schema: Schema, name: str) -> Schema:
        flat = flatten(schema, self._root)
        if not isinstance(flat, dict):
            return True
        found: Schema = flat.get("properties", {}).get(name, flat.get("additionalProperties", True))
        return found

    def _referred(self, reference: Mapping[str, Any], schema: Schema, name: str) -> Any:
        """The value that ``{"$from": ...}`` stands for.

        Who makes the call again ("avatars for my first two fans") takes the next one that fits.
        """
        fitting: dict[bytes, Any] = {}
        for value in self._candidates(reference, name):
            for reading in self._fitting(value, schema):
                fitting.setdefault(orjson.dumps(reading), reading)
        if not fitting:
            raise NothingFits(f"no result of {reference['$from']} holds a value for {name}")
        made = sum(exchange.function == self._tool.spec.name for exchange in self._earlier)
        return list(fitting.values())[made % len(fitting)]

    def _candidates(self, reference: Mapping[str, Any], name: str) -> Iterator[Any]:
        """Values that *reference* may stand for, likely ones first."""
        meant = str(reference.get("name", name))
        pointer = str(reference.get("path", ""))
        for exchange in reversed(self._earlier):
            if exchange.function != reference["$from"]:
                continue
            if exchange.function == ASK_TOOL:
                yield from _said(exchange.told, meant)
            elif pointer:
                yield from places(exchange.result, pointer)
            elif sure := list(named(exchange.result, meant, name, *meant.split(), "id")):
                yield from sure
            else:
                yield from scalars(exchange.result)

    def _found_or_made(self, name: str, kind: str) -> Any:
        """A value for a required argument of which nothing is known.

        Args:
            name: The argument.
            kind: What the call says it is about (``type=artist``).
        """
        schema = self._property(self._root, name)
        field = singular(split_words(name)[-1].lower()) if split_words(name) else ""
        if field in _IDENTITIES:
            for thing, exchange in product(self._things(name, kind), reversed(self._earlier)):
                for value in fields_of(thing, field, exchange):
                    for reading in self._fitting(value, schema):
                        return reading
        return self._values.make(schema, name=name)

    def _things(self, name: str, kind: str) -> list[str]:
        """What the argument may identify, surest first: by its name, its path, its description."""
        flat = flatten(self._property(self._root, name), self._root)
        described = str(flat.get("description", "")) if isinstance(flat, dict) else ""
        words = [singular(word.lower()) for word in re.findall(r"[A-Za-z]+", described)]
        about = thing_named(self._tool.operation.path)
        things = [thing_of(name, self._tool), kind, about, *words]
        return [thing for thing in dict.fromkeys(things) if thing]

    def _fitting(self, value: Any, schema: Schema) -> Iterator[Any]:
        """*value* in the first form that satisfies *schema*, or nothing."""
        if isinstance(value, str) and value.endswith("…"):  # the runtime has not told it whole
            return
        validator = Validator({"$defs": self._root.get("$defs", {}), "allOf": [schema]})
        for reading in _readings(value):
            if validator.is_valid(reading):
                yield reading
                return


def _readings(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, str):
        with suppress(orjson.JSONDecodeError):
            yield orjson.loads(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    if not isinstance(value, list):
        yield [value]


def _said(answer: str, name: str) -> Iterator[str]:
    """What a user says of *name* (``The user id is 7.``), or else the whole answer."""
    spoken = re.escape(" ".join(split_words(name)))
    found = re.search(rf"\bthe {spoken} is (.+?)\.(?= the |$)", answer, re.IGNORECASE)
    yield found[1] if found else answer
