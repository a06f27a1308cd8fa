"""What a value must satisfy: a schema made self-contained, for one direction, with its validator.

A property that is ``writeOnly`` does not exist in responses, and one that is ``readOnly`` is not
demanded in requests, whatever ``required`` says (https://spec.openapis.org/oas/v3.0.4, Schema
Object, fixed fields). JSON Schema knows nothing of directions, so they are compiled away here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Literal, TypeVar
from weakref import WeakValueDictionary

from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Schema
from toolalpaca.openapi.references import SharedBundles, bundle
from toolalpaca.openapi.structure import OPENAPI_3, Node, walk
from toolalpaca.openapi.validation import Validator, Violation
from toolalpaca_mockserver.spelling import letters

_Made = TypeVar("_Made")

Direction = Literal["request", "response"]

_ANYTHING: dict[str, Any] = {}
_NOTHING: dict[str, Any] = {"not": {}}
_FORMATS: dict[str, dict[str, Any]] = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"minimum": -(2**63), "maximum": 2**63 - 1},
    "byte": {"pattern": r"^[A-Za-z0-9+/_\-\s]*={0,2}\s*$"},
}
"""What the formats of the OpenAPI registry ask for."""
_COMPOSITIONS = ("allOf", "oneOf", "anyOf")


class Contract:
    """A schema of a document, compiled for one direction.

    Args:
        schema: May hold references into *root*.
        root: The document.
        direction: Which way the values travel.

    Raises:
        DocumentError: The schema is broken.
    """

    def __init__(
        self, schema: Schema, root: Mapping[str, Any], direction: Direction = "response"
    ) -> None:
        self.direction = direction
        self.root = root
        answers = _Answers.of(root) if direction == "response" else None
        shared = answers.bundles.bundle(schema) if answers is not None else None
        if answers is not None and shared is not None:
            self.schema: Schema = shared
            self._begin(answers)
            return
        self.schema = bundle(schema, root)
        if isinstance(self.schema, dict):
            _drop_hidden(self.schema, direction)
            if direction == "request":
                _assert_formats(self.schema)
        self._begin(_Known())

    def _begin(self, known: _Known) -> None:
        self._parts: dict[int, tuple[Schema, Contract]] = {}
        self._known = known
        self._flat, self._made = known.flat, known.made

    @classmethod
    def of(
        cls, schema: Schema, root: Mapping[str, Any], direction: Direction = "response"
    ) -> Contract:
        """The contract of *schema*, the same one for all references to a component.

        Half of GitHub's operations speak of what others do, too.

        Raises:
            DocumentError: The schema is broken.
        """
        ref = schema.get("$ref") if isinstance(schema, dict) and len(schema) == 1 else None
        if not isinstance(ref, str):
            return cls(schema, root, direction)
        key = (id(root), ref, direction)  # a contract holds its root, so that its id stays taken
        known = _SHARED.get(key)
        if known is None:
            known = _SHARED[key] = cls(schema, root, direction)
        return known

    @cached_property
    def name(self) -> str:
        """The name of the component that the schema is, or ``""`` when it is none."""
        ref = self.schema.get("$ref") if isinstance(self.schema, dict) else None
        return ref.rpartition("/")[2] if isinstance(ref, str) else ""

    def part(self, schema: Schema) -> Contract:
        """The contract of a part of this one, which shares its definitions with it."""
        known = self._parts.get(id(schema))
        if known is None:
            made = Contract.__new__(Contract)
            made.root, made.direction = self.root, self.direction
            made.schema = schema
            if (
                isinstance(schema, dict)
                and isinstance(self.schema, dict)
                and "$defs" in self.schema
            ):
                made.schema = self._with_definitions(schema)
            made._begin(self._known)
            # The part is kept beside its contract, so that its id stays taken.
            known = self._parts[id(schema)] = (schema, made)
        return known[1]

    def _with_definitions(self, part: dict[str, Any]) -> dict[str, Any]:
        """*part*, beside the definitions of the whole; the same object every time."""
        key = ("part", id(part), id(self.schema))
        known = self._made.get(key)
        if known is None:
            whole: Any = self.schema
            known = self._made[key] = ((part, whole), {**part, "$defs": whole["$defs"]})
        beside: dict[str, Any] = known[1]
        return beside

    @cached_property
    def standalone(self) -> Schema:
        """The schema with those definitions alone that it needs, for who reads it."""
        if not isinstance(self.schema, dict):
            return self.schema
        alone = {name: value for name, value in self.schema.items() if name != "$defs"}
        return bundle(alone, self.schema)

    @cached_property
    def validator(self) -> Validator:
        """Checks values; messages never repeat them, because they may be secret."""
        return Validator(self.schema, mask="the value")

    def is_valid(self, value: Any) -> bool:
        """Whether *value* satisfies the schema."""
        try:
            return self.validator.is_valid(value)
        except (ValueError, RecursionError):  # no JSON (a lone surrogate), or nested beyond sense
            return False

    def violations(self, value: Any) -> list[Violation]:
        """The ways in which *value* breaks the schema, none when it is valid."""
        try:
            return self.validator.violations(value)
        except (ValueError, RecursionError):
            return [Violation("", "type", "the value is not JSON that can be checked", None)]

    def flat(self, schema: Any) -> dict[str, Any]:
        """*schema*, a part of this one, with references followed and ``allOf`` merged.

        The result for an equal part is the same object every time: it identifies the part. What
        nothing satisfies (``false``) is ``{"not": {}}``.
        """
        if schema is False:
            return _NOTHING
        if not isinstance(schema, dict):
            return _ANYTHING
        known = self._flat.get(id(schema))
        if known is not None:
            return known[1]
        # The whole schema may be a reference beside the definitions that it leads to.
        key = schema["$ref"] if schema.keys() - {"$defs"} == {"$ref"} else id(schema)
        known = self._flat.get(key)
        if known is None:
            root = self.schema if isinstance(self.schema, dict) else {}
            merged = flatten(schema, root)
            if isinstance(merged, bool):
                merged = _ANYTHING if merged else _NOTHING
            known = self._flat[key] = (schema, merged)
        # The schema is kept beside its merged form, so that its id stays taken.
        self._flat[id(schema)] = (schema, known[1])
        return known[1]

    def joined(self, *parts: Any) -> dict[str, Any]:
        """The flat schema of what satisfies all *parts*, which are parts of this one."""
        key = tuple(map(id, parts))
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = (parts, self.flat({"allOf": list(parts)}))
        return known[1]

    def without(self, flat: dict[str, Any], *keywords: str) -> dict[str, Any]:
        """*flat* without those keywords; the same object every time."""
        key = (id(flat), *keywords)
        known = self._made.get(key)
        if known is None:
            rest = {name: value for name, value in flat.items() if name not in keywords}
            known = self._made[key] = (flat, rest)
        return known[1]

    def labelled(self, name: str, label: str) -> dict[str, Any]:
        """The schema of objects whose property *name* is *label*; the same object every time."""
        key = ("labelled", name, label)
        known = self._made.get(key)
        if known is None:
            schema = {"properties": {name: {"const": label}}, "required": [name]}
            known = self._made[key] = (None, schema)
        return known[1]

    def shown(self, flat: dict[str, Any]) -> tuple[list[Any], bool]:
        """The examples of *flat*, and whether one of them is an object or a list."""
        key = ("shown", id(flat))
        known = self._made.get(key)
        if known is None:
            several = flat.get("examples")
            shown = [
                *(several if isinstance(several, list) else ()),
                *([flat["example"]] if "example" in flat else ()),
            ]
            whole = any(isinstance(value, (dict, list)) for value in shown)
            known = self._made[key] = (flat, (shown, whole))
        shown_and_whole: tuple[list[Any], bool] = known[1]
        return shown_and_whole

    def derived(
        self, make: Callable[[Contract, dict[str, Any]], _Made], flat: dict[str, Any]
    ) -> _Made:
        """What *make* makes of *flat*; it is asked once."""
        key = (make, id(flat))
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = (flat, make(self, flat))
        made: _Made = known[1]
        return made

    @cached_property
    def shape(self) -> dict[str, Any]:
        """The whole schema, flat."""
        return self.flat(self.schema)

    def alternatives(self, flat: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """*flat* and the branches of its ``oneOf`` and ``anyOf``, flat themselves."""
        key = ("alternatives", id(flat))
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = (flat, tuple(self._branches(flat, depth=0)))
        return known[1]

    def _branches(self, flat: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
        yield flat
        for keyword in ("oneOf", "anyOf") if depth < 4 else ():
            branches = flat.get(keyword)
            for branch in branches if isinstance(branches, list) else ():
                yield from self._branches(self.flat(branch), depth + 1)

    def properties(self, flat: dict[str, Any] | None = None) -> dict[str, Schema]:
        """The properties of an object, those of its alternatives included."""
        flat = self.shape if flat is None else flat
        key = ("properties", id(flat))
        known = self._made.get(key)
        if known is None:
            found: dict[str, Schema] = {}
            for part in self.alternatives(flat):
                for name, schema in _properties(part).items():
                    if schema is not False:
                        found.setdefault(name, schema)
            known = self._made[key] = (flat, found)
        return known[1]

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """The properties by their letters: see :func:`toolalpaca_mockserver.spelling.letters`."""
        return {letters(name): name for name in self.properties()}

    def types(self, flat: dict[str, Any]) -> frozenset[str]:
        """The JSON types that *flat* allows, as far as it says; none when it allows all."""
        found: set[str] = set()
        for part in self.alternatives(flat):
            kind = part.get("type")
            found.update([kind] if isinstance(kind, str) else kind or ())
            if kind is None and "properties" in part:
                found.add("object")
            elif kind is None and "items" in part:
                found.add("array")
        return frozenset(found)


class _Known:
    """What is known of the parts of a contract."""

    def __init__(self) -> None:
        self.flat: dict[int | str, tuple[Any, dict[str, Any]]] = {}
        self.made: dict[tuple[Any, ...], tuple[Any, Any]] = {}


class _Answers(_Known):
    """What is known of the parts of all answers of a document, which share their definitions.

    Args:
        root: The document.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        super().__init__()
        self.root = root
        self.bundles = SharedBundles(root, "writeOnly")

    @classmethod
    def of(cls, root: Mapping[str, Any]) -> _Answers:
        """That of *root*, as long as a contract needs it."""
        known = _ANSWERS.get(id(root))  # it holds the root, so that its id stays taken
        if known is None:
            known = _ANSWERS[id(root)] = cls(root)
        return known


def _assert_formats(schema: dict[str, Any]) -> None:
    """Say in JSON Schema's words what OpenAPI's own formats mean.

    Only of requests: a client that overflows wants to know, while a document whose own examples
    overflow is better served as it is. (https://spec.openapis.org/registry/format/)
    """
    for node in walk(Node("schema", (), schema), OPENAPI_3):
        meaning = (
            _FORMATS.get(str(node.value.get("format"))) if isinstance(node.value, dict) else None
        )
        if meaning is not None:
            node.value.setdefault("allOf", [])
            if isinstance(node.value["allOf"], list):
                node.value["allOf"] = [*node.value["allOf"], meaning]


_SHARED: Final[WeakValueDictionary[tuple[int, str, Direction], Contract]] = WeakValueDictionary()
_ANSWERS: Final[WeakValueDictionary[int, _Answers]] = WeakValueDictionary()


def _drop_hidden(schema: dict[str, Any], direction: Direction) -> None:
    """Make what is hidden in that *direction* optional, and impossible in responses."""
    flag = "writeOnly" if direction == "response" else "readOnly"
    schemas = [node.value for node in walk(Node("schema", (), schema), OPENAPI_3)]
    schemas = [value for value in schemas if isinstance(value, dict)]
    if not any(value.get(flag) is True for value in schemas):
        return
    for value in schemas:
        members = _members(value, schema)
        hidden = {
            name
            for member in members
            for name, part in _properties(member).items()
            if _is_flagged(part, schema, flag)
        }
        for member in members if hidden else ():
            required = member.get("required")
            if isinstance(required, list):
                member["required"] = [name for name in required if name not in hidden]
    if direction == "response":
        for value in schemas:
            properties = _properties(value)
            for name, part in properties.items():
                if _is_flagged(part, schema, flag):
                    properties[name] = False


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _members(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """*schema* and the schemas that apply to the same value as it does."""
    members: list[dict[str, Any]] = []
    waiting: list[Any] = [schema]
    while waiting:
        member = waiting.pop()
        if not isinstance(member, dict) or any(member is known for known in members):
            continue
        members.append(member)
        if "$ref" in member:
            waiting.append(_definition(member["$ref"], root))
        for keyword in _COMPOSITIONS:
            branches = member.get(keyword)
            waiting.extend(branches if isinstance(branches, list) else ())
    return members


def _is_flagged(schema: Any, root: dict[str, Any], flag: str) -> bool:
    seen = 0
    while isinstance(schema, dict) and seen < 16:
        if schema.get(flag) is True:
            return True
        if any(isinstance(p, dict) and p.get(flag) is True for p in schema.get("allOf") or ()):
            return True
        schema = _definition(schema.get("$ref"), root)
        seen += 1
    return False


def _definition(ref: Any, root: dict[str, Any]) -> Any:
    definitions = root.get("$defs", {})
    return definitions.get(ref.removeprefix("#/$defs/")) if isinstance(ref, str) else None
