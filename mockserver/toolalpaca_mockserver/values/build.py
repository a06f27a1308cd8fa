"""One attempt at building a value for a schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import words
from toolalpaca_mockserver.values import arrays, choices, examples, numbers, objects, texts
from toolalpaca_mockserver.values.attempt import (
    DEEP,
    DEEPEST,
    MOST_ITEMS,
    MOST_NODES,
    DeadEnd,
    Effort,
)
from toolalpaca_mockserver.values.scene import Scene, Source


class Build:
    """Builds one value.

    Args:
        contract: The schema that the value is for.
        rng: Where the choices come from.
        effort: How to go about it.
        index: The value's place in a list, or None.
    """

    def __init__(self, contract: Contract, rng: Source, effort: Effort, index: int | None) -> None:
        self.contract = contract
        self.rng = rng
        self.effort = effort
        self.index = index
        self._nodes = 0
        self._demanded = 1
        self._active: dict[int, int] = {}
        self._owners: list[str] = []

    def value(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """A value for *schema*, a part of the contract's, called *name*.

        Raises:
            DeadEnd: This attempt leads to none.
        """
        return self.flat_value(self.contract.flat(schema), name, depth)

    def flat_value(self, flat: dict[str, Any], name: str, depth: int) -> Any:
        """The same for a flat schema.

        Raises:
            DeadEnd: This attempt leads to none.
        """
        self._nodes += 1
        if depth > DEEPEST or flat == {"not": {}}:
            raise DeadEnd
        identity = id(flat)
        self._active[identity] = self._active.get(identity, 0) + 1
        try:
            return self._value(flat, name, depth)
        finally:
            self._active[identity] -= 1

    def _value(self, flat: dict[str, Any], name: str, depth: int) -> Any:
        if "const" in flat:
            return flat["const"]
        example = examples.example(self, flat, name)
        if example is not None:
            return example[0]
        if isinstance(flat.get("enum"), list):
            return self._member(flat)
        chosen = choices.choose(self, flat, depth)
        if "const" in chosen:
            return chosen["const"]
        if isinstance(chosen.get("enum"), list):
            return self._member(chosen)
        value = _BUILDERS[self._type(chosen)](self, chosen, name, depth)
        return choices.told_apart(self, value, flat) if self.effort.apart else value

    def _member(self, flat: dict[str, Any]) -> Any:
        members = [m for m in flat["enum"] if m is not None] or flat["enum"]
        if not members:
            raise DeadEnd
        return members[0] if self.effort.minimal else self.rng.choice(members)

    def _type(self, flat: dict[str, Any]) -> str:
        types = flat.get("type")
        if isinstance(types, list) and types:
            real = [t for t in types if t != "null"]
            if not real or (len(real) < len(types) and self._takes_null()):
                return "null"
            types = real[0] if self.effort.minimal else self.rng.choice(real)
        if isinstance(types, str):
            if types not in _BUILDERS:
                raise DeadEnd
            return types
        return next((name for keywords, name in _SIGNS if not keywords.isdisjoint(flat)), "string")

    def _takes_null(self) -> bool:
        return not self.effort.minimal and self.rng.random() < 0.1

    # -- what the builders of the types ask -------------------------------------------------

    def is_modest(self, depth: int) -> bool:
        """Whether only what is required is built there."""
        return self.effort.minimal or depth >= DEEP or self._nodes > MOST_NODES

    def is_active(self, schema: Any) -> bool:
        """Whether a value of *schema* is being built around this one: it would be recursion."""
        return isinstance(schema, dict) and self.is_active_flat(self.contract.flat(schema))

    def is_active_flat(self, flat: dict[str, Any]) -> bool:
        """The same of a flat schema."""
        return bool(self._active.get(id(flat)))

    @contextmanager
    def demanding(self, items: int) -> Iterator[None]:
        """While a list is built that needs so many *items*.

        Raises:
            DeadEnd: With those of the lists around it they are too many.
        """
        outer = self._demanded
        if outer * items > MOST_ITEMS:
            raise DeadEnd
        self._demanded = outer * max(items, 1)
        try:
            yield
        finally:
            self._demanded = outer

    @property
    def owner(self) -> str:
        """What the object is called that holds the value, ``""`` when nothing does."""
        return self._owners[-1] if self._owners else ""

    def enter(self, name: str) -> Scene:
        """Begin with the properties of the object *name*; gives what :meth:`leave` takes back."""
        outer = self.rng.scene
        if not self._owners or words(name)[-1:] not in _SAME_SCENE:
            self.rng.scene = Scene()
        self._owners.append(name or self.owner)
        return outer

    def leave(self, outer: Scene) -> None:
        """End with the properties of an object."""
        self._owners.pop()
        self.rng.scene = outer

    @contextmanager
    def listing(self) -> Iterator[None]:
        """While the items of an array are built, each of which sets :attr:`index`."""
        outer = self.index
        try:
            yield
        finally:
            self.index = outer


def _boolean(build: Build, *_: object) -> bool:
    return build.rng.random() < 0.6


def _null(*_: object) -> None:
    return None


_BUILDERS: Mapping[str, Callable[[Build, dict[str, Any], str, int], Any]] = {
    "object": objects.build_object,
    "array": arrays.build_array,
    "string": texts.build_text,
    "integer": numbers.build_integer,
    "number": numbers.build_number,
    "boolean": _boolean,
    "null": _null,
}

# Objects that tell more of the object around them.
_SAME_SCENE = frozenset(
    (word,)
    for word in (
        "address", "attributes", "contact", "coordinate", "coordinates", "data", "details", "geo",
        "geolocation", "info", "location", "name", "names", "person", "personal", "position",
        "profile", "properties",
    )
)  # fmt: skip

# Keywords that tell the type where ``type`` does not.
_SIGNS: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset(
            (
                "properties", "required", "additionalProperties", "patternProperties",
                "minProperties", "maxProperties", "propertyNames", "dependentRequired",
                "dependentSchemas",
            )
        ),
        "object",
    ),
    (
        frozenset({"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"}),
        "array",
    ),
    (frozenset({"pattern", "format", "minLength", "maxLength"}), "string"),
    (
        frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
        "number",
    ),
)  # fmt: skip
