"""JSON for a model to read, no longer than there is room: shortened where it is long, always whole.

What is cut is cut inside of values: texts end in ``…``, lists and objects have fewer members. What
comes first in an object stays longest, so whoever puts it together begins with what matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.openapi.model import Schema
from toolalpaca_mockserver.json_text import dump


@dataclass(frozen=True, slots=True)
class _Cut:
    """How much is left: characters of a text, members of lists and objects, levels."""

    text: int
    items: int
    properties: int
    depth: int


_CUTS: Final = (
    _Cut(400, 10, 60, 8),
    _Cut(160, 5, 40, 6),
    _Cut(80, 3, 24, 5),
    _Cut(40, 2, 14, 4),
    _Cut(24, 1, 8, 3),
    _Cut(12, 1, 4, 2),
)
_KEYS: Final = _Cut(80, 0, 0, 0)
_LEAST_PORTION: Final = 30
_SCHEMA_CUTS: Final = (
    (20, 60, 5), (10, 40, 4), (6, 30, 3), (4, 20, 2), (3, 12, 1), (2, 8, 1), (2, 6, 0),
)  # fmt: skip
"""Optional properties, properties in all, and levels that are left."""
_VALUES: Final = frozenset({"enum", "const", "default", "required", "type"})
"""Keywords that hold no schemas."""
_NOT_ASKED: Final = frozenset({"examples", "example", "externalDocs", "xml", "title", "deprecated"})
_LONGEST_DESCRIPTION: Final = 80
_WELL_KNOWN: Final = (
    "id", "name", "title", "status", "type", "kind", "description", "email", "date", "price",
    "amount", "total", "created_at", "url",
)  # fmt: skip
"""Properties that say most of a thing, best first."""


def as_json(value: Any) -> str:
    """*value* as JSON; what JSON has no form for is told as text."""
    try:
        return dump(value).decode()
    except (TypeError, ValueError, RecursionError):
        return dump(_cut(value, _CUTS[0])).decode()


def shortened(value: Any, room: int) -> str:
    """*value* as JSON of at most *room* characters, at least the 4 of ``null``."""
    text = as_json(value)
    for cut in _CUTS:
        if len(text) <= room:
            return text
        text = as_json(_cut(value, cut))
    if len(text) <= room:
        return text
    return _fitting(value, room)


def portioned(value: Mapping[str, Any], room: int) -> str:
    """*value* as JSON of at most *room* characters, at least the 2 of ``{}``.

    What is first may take half of the room, what follows half of what is then left, and so on.
    """
    text = as_json(value)
    if len(text) <= room:
        return text
    members: list[str] = []
    left = room - len("{}")
    for name, member in value.items():
        head = as_json(_text(str(name), _KEYS)) + ":"
        most = max(left // 2, _LEAST_PORTION) - len(head) - len(",")
        if most < len("null"):
            continue
        text = head + shortened(member, most)
        if len(text) + len(",") > left:
            break
        members.append(text)
        left -= len(text) + len(",")
    return "{" + ",".join(members) + "}"


def _fitting(value: Any, room: int) -> str:
    """As many members of *value* as fit, shortened as far as possible."""
    value = _cut(value, _CUTS[-1])
    if isinstance(value, dict):
        kept: Any = {}
        for name, member in value.items():
            candidate = {**kept, name: member}
            if len(as_json(candidate)) > room:
                break
            kept = candidate
    elif isinstance(value, list):
        kept = []
    else:
        kept = None
    text = as_json(kept)
    return text if len(text) <= room else "null"


def _cut(value: Any, cut: _Cut, depth: int = 0) -> Any:
    if isinstance(value, Mapping):
        entries = list(value.items())[: cut.properties if depth < cut.depth else 0]
        return {_text(str(k), _KEYS): _cut(v, cut, depth + 1) for k, v in entries}
    if isinstance(value, (list, tuple)):
        members = value[: cut.items if depth < cut.depth else 0]
        return [_cut(member, cut, depth + 1) for member in members]
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    return _text(str(value), cut)


def _text(text: str, cut: _Cut) -> str:
    sayable = text.encode("utf-8", "replace").decode()  # a lone surrogate is no character
    return sayable if len(sayable) <= cut.text else sayable[: cut.text] + "…"


def shortened_schema(schema: Schema, room: int) -> str:
    """*schema* as JSON of at most *room* characters, still a schema.

    First what only people read goes, then optional properties; those that are required, and those
    that say most of a thing, stay longest. What is left demands less than the whole: whoever asks
    checks the answer.

    Args:
        schema: Self-contained JSON Schema.
        room: At least the 2 characters of ``{}``.
    """
    text = as_json(schema)
    if len(text) <= room or not isinstance(schema, dict):
        return text
    plain = _without_words(schema)
    text = as_json(plain)
    for optional, most, levels in _SCHEMA_CUTS:
        if len(text) <= room:
            return text
        text = as_json(_SchemaCut(plain, optional, most, levels).schema())
    return text if len(text) <= room else "{}"


class _SchemaCut:
    """A schema with fewer properties and levels.

    Args:
        whole: The schema.
        optional: Optional properties that each object keeps.
        most: Properties that each object keeps.
        levels: How far from the top definitions and nested schemas are kept.
    """

    def __init__(self, whole: dict[str, Any], optional: int, most: int, levels: int) -> None:
        self._whole, self._optional, self._most, self._levels = whole, optional, most, levels
        definitions = whole.get("$defs")
        self._definitions = definitions if isinstance(definitions, dict) else {}
        self._kept: dict[str, Any] = {}
        self._waiting: list[str] = []
        self._distance = 0

    def schema(self) -> dict[str, Any]:
        """What is left."""
        top = {name: part for name, part in self._whole.items() if name != "$defs"}
        cut: dict[str, Any] = self._cut(top, 0)
        while self._waiting:
            self._distance += 1
            waiting, self._waiting = self._waiting, []
            for name in waiting:
                self._kept[name] = self._cut(self._definitions.get(name, {}), 0)
        return {**cut, "$defs": self._kept} if self._kept else cut

    def _cut(self, part: Any, depth: int) -> Any:
        if isinstance(part, list):
            return [self._cut(one, depth) for one in part]
        if not isinstance(part, dict):
            return part
        if depth > self._levels:
            return _kind(part)
        if isinstance(part.get("$ref"), str):
            return self._refer(part)
        kept = {}
        for name, value in self._with_fewer_properties(part).items():
            if name == "properties":
                kept[name] = {key: self._cut(one, depth + 1) for key, one in value.items()}
            else:
                kept[name] = value if name in _VALUES else self._cut(value, depth + 1)
        return kept

    def _refer(self, part: dict[str, Any]) -> dict[str, Any]:
        """A reference, or what it leads to in a word when that is too far away."""
        name = part["$ref"].removeprefix("#/$defs/")
        if name not in self._kept:
            if self._distance >= self._levels:
                return _kind(self._definitions.get(name))
            self._kept[name] = True
            self._waiting.append(name)
        return {"$ref": part["$ref"]}

    def _with_fewer_properties(self, part: dict[str, Any]) -> dict[str, Any]:
        properties = part.get("properties")
        if not isinstance(properties, dict):
            return {name: value for name, value in part.items() if name != "properties"}
        listed = part.get("required")
        required = [name for name in listed if name in properties] if listed else []
        others = sorted((name for name in properties if name not in required), key=_rank)
        names = [*sorted(required, key=_rank)[: self._most], *others[: self._optional]]
        kept = {name: properties[name] for name in dict.fromkeys(names)}
        shown = [name for name in required if name in kept]
        return {**part, "properties": kept, **({"required": shown} if listed else {})}


def _kind(part: Any) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, dict) else None
    return {"type": kind} if isinstance(kind, (str, list)) else {}


def _without_words(schema: Any) -> Any:
    """*schema* without what is no demand: examples go, and descriptions are one short line."""
    if isinstance(schema, list):
        return [_without_words(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for name, part in schema.items():
        if name == "properties" and isinstance(part, dict):
            kept[name] = {key: _without_words(value) for key, value in part.items()}
        elif name in _VALUES:
            kept[name] = part
        elif name == "description" and isinstance(part, str):
            kept[name] = part.partition("\n")[0][:_LONGEST_DESCRIPTION]
        elif name not in _NOT_ASKED and not name.startswith("x-"):
            kept[name] = _without_words(part)
    return kept


def _rank(name: str) -> int:
    plain = name.lower()
    return _WELL_KNOWN.index(plain) if plain in _WELL_KNOWN else len(_WELL_KNOWN)
