"""Slots: the places in a tool's arguments that take one value, found by walking its schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any, Final, Literal

from toolalpaca.errors import DocumentError
from toolalpaca.llm.baseline.text import name_stems, name_words, stem
from toolalpaca.llm.baseline.vocabulary import CODE_WORDS, ID_WORDS
from toolalpaca.llm.protocol import JsonSchema
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.validation import Validator

SlotKind = Literal[
    "enum", "boolean", "integer", "number", "date", "date-time", "time", "email", "uuid", "uri",
    "ip", "string", "array", "object",
]  # fmt: skip

_DEPTH: Final = 4  # deeper objects are left to whoever knows the API better
_VARIANTS: Final = 6  # combinations of oneOf branches that are tried
_FORMATS: Final[dict[str, SlotKind]] = {
    "date": "date", "date-time": "date-time", "time": "time", "email": "email", "uuid": "uuid",
    "uri": "uri", "url": "uri", "uri-reference": "uri", "ipv4": "ip", "idn-email": "email",
}  # fmt: skip
_LAYOUT = re.compile(r"\b(YYYY|DD|MM)([-/.]?)(MM|DD)\2(YYYY|DD)\b", re.IGNORECASE)
_GENERIC = frozenset({"id", "name", "value", "code", "type", "number", "key", "title", "text"})
# Words that a text holds by chance: a string schema that accepts them all accepts anything.
_PROBES: Final = ("Vienna", "the green house", "report", "42", "Maya Lindqvist")


@dataclass(frozen=True)
class Slot:
    """A place for one value in a tool's arguments.

    Attributes:
        path: The keys that lead to it from the arguments' root.
        schema: Its schema, references followed at the top.
        kind: What values it takes.
        required: Whether its own object demands it.
        demanded: Whether it is required all the way from the root.
        item: What an array holds, for arrays of scalars.
        fields: What an array's objects hold, for arrays of objects.
    """

    path: tuple[str, ...]
    schema: JsonSchema
    kind: SlotKind
    required: bool
    demanded: bool
    item: Slot | None = None
    fields: tuple[Slot, ...] = ()

    @property
    def name(self) -> str:
        """The last key."""
        return self.path[-1]

    @property
    def label(self) -> str:
        """The name that a question uses: ``address.city``."""
        return ".".join(self.path)

    @cached_property
    def description(self) -> str:
        """The schema's description, in one line."""
        text = self.schema.get("description") or self.schema.get("title") or ""
        return " ".join(str(text).split())

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Stems of the name; of its parent too when the name alone says little (``user.id``)."""
        own = name_stems(self.name)
        if len(self.path) > 1 and self.name.lower() in _GENERIC:
            return (*name_stems(self.path[-2]), *own)
        return own

    @cached_property
    def described(self) -> frozenset[str]:
        """Stems of the name and the description."""
        words = re.findall(r"[A-Za-z]+", self.description)
        return frozenset((*self.words, *(stem(word) for word in words)))

    @cached_property
    def noun(self) -> tuple[str, ...] | None:
        """What the slot's id identifies, as stems; ``()`` for a bare ``id``, None for no id."""
        names = name_words(self.name)
        if names and names[-1] in ID_WORDS:
            return tuple(stem(word) for word in names[:-1]) or self._parent_noun()
        if self.kind == "uuid":
            return tuple(stem(word) for word in names)
        if names and names[-1] in CODE_WORDS and self.kind in ("string", "integer"):
            return tuple(stem(word) for word in names[:-1]) or self._parent_noun()
        return None

    def _parent_noun(self) -> tuple[str, ...]:
        return name_stems(self.path[-2]) if len(self.path) > 1 else ()

    @cached_property
    def layout(self) -> str:
        """How a date is written: ``YYYY-MM-DD`` unless the description shows another order."""
        found = _LAYOUT.search(self.description)
        return found.group().upper() if found else "YYYY-MM-DD"

    @cached_property
    def _validator(self) -> Validator | None:
        try:
            return Validator(self.schema)
        except DocumentError:
            return None  # a schema that cannot be compiled forbids nothing

    def accepts(self, value: Any) -> bool:
        """Whether *value* satisfies the slot's schema."""
        return self._validator is None or self._validator.is_valid(value)

    @cached_property
    def selective(self) -> bool:
        """Whether few strings fit, so that one that fits was probably meant."""
        return self.kind == "string" and not any(self.accepts(probe) for probe in _PROBES)

    @cached_property
    def choices(self) -> tuple[Any, ...]:
        """The values of an enum or a constant."""
        if "const" in self.schema:
            return (self.schema["const"],)
        values = self.schema.get("enum")
        return tuple(v for v in values if v is not None) if isinstance(values, list) else ()


def slot_variants(schema: JsonSchema) -> tuple[tuple[Slot, ...], ...]:
    """The slots of an arguments schema, once for each way through ``oneOf`` and ``anyOf``."""
    found = tuple(islice(_objects(schema, schema, (), demanded=True, depth=0), _VARIANTS))
    return found or ((),)


def shape(schema: Any, root: JsonSchema) -> JsonSchema:
    """A schema with its top references followed; an unusable one reads as ``{}``."""
    if not isinstance(schema, Mapping):
        return {}
    try:
        flat = flatten(dict(schema), root)
    except (DocumentError, RecursionError):
        return {}
    return flat if isinstance(flat, dict) else {}


def _objects(
    schema: Any, root: JsonSchema, path: tuple[str, ...], *, demanded: bool, depth: int
) -> Iterator[tuple[Slot, ...]]:
    """The lists of slots that an object's schema stands for."""
    flat = shape(schema, root)
    for branch in _branches(flat):
        merged = _with_branch(flat, shape(branch, root)) if branch is not None else flat
        properties = merged.get("properties")
        needs = merged.get("required")
        needed = set(needs) if isinstance(needs, list) else set()
        if not isinstance(properties, Mapping):
            continue
        parts = [
            list(
                islice(
                    _property(str(name), sub, root, path, name in needed, demanded, depth),
                    _VARIANTS,
                )
            )
            for name, sub in properties.items()
        ]
        for combination in islice(product(*parts), _VARIANTS):
            yield tuple(slot for group in combination for slot in group)


def _branches(flat: JsonSchema) -> list[Any]:
    for key in ("oneOf", "anyOf"):
        branches = flat.get(key)
        if isinstance(branches, list) and branches:
            return branches
    return [None]


def _with_branch(base: JsonSchema, branch: JsonSchema) -> JsonSchema:
    def mapping(schema: JsonSchema) -> Mapping[str, Any]:
        found = schema.get("properties")
        return found if isinstance(found, Mapping) else {}

    def needs(schema: JsonSchema) -> list[str]:
        found = schema.get("required")
        return [str(name) for name in found] if isinstance(found, list) else []

    rest = {key: value for key, value in base.items() if key not in ("oneOf", "anyOf")}
    return {
        **branch,
        **rest,
        "properties": {**mapping(base), **mapping(branch)},
        "required": [*needs(base), *needs(branch)],
    }


def _property(
    name: str,
    schema: Any,
    root: JsonSchema,
    path: tuple[str, ...],
    required: bool,
    demanded: bool,
    depth: int,
) -> Iterator[tuple[Slot, ...]]:
    flat = _narrowed(shape(schema, root), root)
    here = (*path, name)
    owed = required and demanded
    is_object = _is_object(flat, root)
    if is_object and depth < _DEPTH:
        inside = _objects(flat, root, here, demanded=owed, depth=depth + 1)
        groups = [group for group in islice(inside, _VARIANTS) if group]
        # An object without known properties stays one slot.
        yield from groups or [(Slot(here, _closed(flat, root), "object", required, owed),)]
        return
    yield (_slot(here, flat, root, required, owed, depth),)


def _is_object(flat: JsonSchema, root: JsonSchema) -> bool:
    if _type(flat) == "object" or "properties" in flat:
        return True
    branches = _branches(flat)
    return branches != [None] and all("properties" in shape(b, root) for b in branches)


def _slot(
    path: tuple[str, ...],
    flat: JsonSchema,
    root: JsonSchema,
    required: bool,
    demanded: bool,
    depth: int,
) -> Slot:
    kind = _kind(path[-1], flat)
    closed = _closed(flat, root)
    if kind != "array":
        return Slot(path, closed, kind, required, demanded)
    items = _narrowed(shape(flat.get("items"), root), root)
    if _type(items) == "object" or "properties" in items:
        fields = next(_objects(items, root, (path[-1],), demanded=True, depth=depth + 1), ())
        return Slot(path, closed, kind, required, demanded, fields=fields if depth < 3 else ())
    if depth >= _DEPTH:
        return Slot(path, closed, kind, required, demanded)
    item = _slot(path, items, root, required, demanded, _DEPTH)
    return Slot(path, closed, kind, required, demanded, item=item)


def _narrowed(flat: JsonSchema, root: JsonSchema) -> JsonSchema:
    """The first branch that is not null, for scalars that are written as alternatives."""
    if "properties" in flat or "type" in flat or "enum" in flat:
        return flat
    for branch in _branches(flat):
        if branch is None:
            return flat
        inner = shape(branch, root)
        if inner.get("type") != "null" and "properties" not in inner:
            rest = {key: value for key, value in flat.items() if key not in ("oneOf", "anyOf")}
            return {**inner, **rest}
    return flat


def _closed(flat: JsonSchema, root: JsonSchema) -> JsonSchema:
    """The schema with the definitions that its references need, to be validated alone."""
    return {**flat, "$defs": root["$defs"]} if "$defs" in root else flat


def _type(schema: JsonSchema) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = next((t for t in declared if t != "null"), None)
    return declared if isinstance(declared, str) else ""


def _kind(name: str, schema: JsonSchema) -> SlotKind:
    declared = _type(schema)
    if "const" in schema or (isinstance(schema.get("enum"), list) and schema["enum"]):
        return "enum"
    if declared in ("boolean", "integer", "number", "array", "object"):
        return declared  # type: ignore[return-value] # narrowed by the line above
    if "items" in schema:
        return "array"
    stated = schema.get("format")
    if isinstance(stated, str) and stated in _FORMATS:
        return _FORMATS[stated]
    if "pattern" in schema:
        return "string"
    return _kind_by_words(name, str(schema.get("description") or ""))


def _kind_by_words(name: str, description: str) -> SlotKind:
    """The kind of a string without a format, from its name and description."""
    words = name_words(name)
    if _LAYOUT.search(description) or (words and words[-1] in ("date", "birthday", "dob")):
        has_time = re.search(r"hh:?mm", description, re.IGNORECASE)
        return "date-time" if has_time else "date"
    if words and words[-1] == "email":
        return "email"
    if words and words[-1] in ("url", "uri", "link", "website"):
        return "uri"
    if words and words[-1] == "time" and re.search(r"\bhh:mm\b", description, re.IGNORECASE):
        return "time"
    return "string"
