"""Schemas that a model cannot run away in.

A small model under a grammar without bounds writes digits, white space or list items until its
tokens are spent. :func:`bounded` turns any JSON Schema into one of which every instance is short.
It writes only keywords that llguidance reads, so it also is the place where what llguidance cannot
express (``not``, ``if``, recursion without end) becomes looser: whoever asked validates the reply
against the original schema anyway.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import JsonSchema
from toolalpaca.openapi.references import resolve

# RFC 8259, section 6: integers up to here are the same everywhere. llguidance, too, reads bounds as
# doubles, and refuses a range of 64 bits.
_INTEGER = 2**53 - 1
_NUMBER = 1e15
_DECIMALS = 1e-6  # six decimals: a coordinate to the decimetre

# The formats that llguidance knows, and how long an instance may be where the format has no end.
_FORMATS = {
    "date": None,
    "date-time": 25,
    "time": 14,
    "duration": 16,
    "email": 60,
    "hostname": 60,
    "ipv4": None,
    "ipv6": 45,
    "uri": 120,
    "uuid": None,
}
# The llguidance inside xllamacpp 2026.1 cannot read this format, though the package can; llama.cpp
# then goes on without any grammar. A URL of this form says as much.
_AS_PATTERN = {
    "uri": r"^https?://[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){1,3}(/[A-Za-z0-9_-]{1,20}){0,3}$"
}
_TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
_KEY = "^[A-Za-z0-9_.-]{1,40}$"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large an instance may be where its schema does not say less.

    Attributes:
        string: Characters of a string.
        items: Items of an array, and entries of an object without declared properties.
        depth: Levels of nesting.
        repeats: Times that a reference may stand inside itself.
        nodes: Schemas in all; beyond it optional properties are left out.
    """

    string: int = 200
    items: int = 5
    depth: int = 6
    repeats: int = 2
    nodes: int = 300


def bounded(schema: JsonSchema | bool, bounds: Bounds | None = None) -> JsonSchema:
    """A schema of the same values, as far as they are short: required properties first.

    Args:
        schema: Self-contained JSON Schema 2020-12. Its order of properties is kept otherwise.
        bounds: Limits for what the schema leaves open.
    """
    root = schema if isinstance(schema, dict) else {}
    found = _Bounder(root, bounds or Bounds()).bound(schema, 0, ())
    return _ANY if found is None else found


@lru_cache(maxsize=4096)
def compiles(schema_text: str) -> bool:
    """Whether llguidance can read this schema, given as JSON; True where it is not installed."""
    try:
        from llguidance import LLMatcher
    except ImportError:
        return True
    return not LLMatcher.validate_grammar(f"start: %json {schema_text}")


class _Bounder:
    """Walks a schema; every method returns None when no instance is small enough."""

    def __init__(self, root: Mapping[str, Any], bounds: Bounds) -> None:
        self._root = root
        self._bounds = bounds
        self._nodes = 0
        self._kinds: dict[str, Callable[..., JsonSchema | None]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": lambda *_: {"type": "boolean"},
            "null": lambda *_: {"type": "null"},
        }

    def bound(self, schema: Any, depth: int, refs: tuple[str, ...]) -> JsonSchema | None:
        self._nodes += 1
        if schema is False or depth > self._bounds.depth:
            return None
        if not isinstance(schema, dict):
            return _ANY
        merged = self._merge_parts(schema, refs)
        if merged is None:
            return None
        schema, refs = merged
        if "const" in schema:
            return {"const": schema["const"]}
        if isinstance(schema.get("enum"), list):
            return {"enum": schema["enum"]} if schema["enum"] else None
        for keyword in ("anyOf", "oneOf"):
            if isinstance(schema.get(keyword), list) and schema[keyword]:
                rest = {key: value for key, value in schema.items() if key != keyword}
                options = [_merge(rest, option) for option in schema[keyword]]
                return _any_of([self.bound(option, depth, refs) for option in options])
        types = _types(schema)
        return _any_of([self._kinds[kind](schema, depth, refs) for kind in types])

    def _merge_parts(
        self, schema: JsonSchema, refs: tuple[str, ...]
    ) -> tuple[JsonSchema, tuple[str, ...]] | None:
        """Follow ``$ref`` and join ``allOf`` until neither is left."""
        while "$ref" in schema or "allOf" in schema:
            rest = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
            parts = schema.get("allOf")
            for part in parts if isinstance(parts, list) else ():
                rest = _merge(rest, part)
            if isinstance(ref := schema.get("$ref"), str):
                if refs.count(ref) >= self._bounds.repeats:
                    return None
                refs = (*refs, ref)
                rest = _merge(self._resolve(ref), rest)
            schema = rest
        return schema, refs

    def _resolve(self, ref: str) -> Any:
        try:
            return resolve(self._root, ref)
        except DocumentError:
            return {}

    def _object(self, schema: JsonSchema, depth: int, refs: tuple[str, ...]) -> JsonSchema | None:
        properties = _mapping(schema.get("properties"))
        required = [name for name in _list(schema.get("required")) if isinstance(name, str)]
        if not properties and not required:
            return self._map(schema, depth, refs)
        kept: dict[str, Any] = {}
        for name in dict.fromkeys(required):
            found = self.bound(properties.get(name, True), depth + 1, refs)
            if found is None:
                return None
            kept[name] = found
        for name, value in properties.items():
            if name not in kept and self._nodes < self._bounds.nodes:
                found = self.bound(value, depth + 1, refs)
                if found is not None:
                    kept[name] = found
        return {
            "type": "object",
            "properties": kept,
            "required": list(dict.fromkeys(required)),
            "additionalProperties": False,
        }

    def _map(self, schema: JsonSchema, depth: int, refs: tuple[str, ...]) -> JsonSchema:
        """An object whose keys are not declared."""
        values = self.bound(schema.get("additionalProperties", True), depth + 1, refs)
        if values is None or schema.get("maxProperties") == 0:
            return {"type": "object", "additionalProperties": False}
        low = _count(schema.get("minProperties"), 0)
        return {
            "type": "object",
            "patternProperties": {_KEY: values},
            "additionalProperties": False,
            "minProperties": low,
            "maxProperties": max(low, min(_count(schema.get("maxProperties"), 99), self._items)),
        }

    def _array(self, schema: JsonSchema, depth: int, refs: tuple[str, ...]) -> JsonSchema | None:
        low = _count(schema.get("minItems"), 0)
        high = max(low, min(_count(schema.get("maxItems"), 999), self._items))
        items = self.bound(schema.get("items", True), depth + 1, refs)
        if items is None:
            return None if low else {"const": []}
        return {"type": "array", "items": items, "minItems": low, "maxItems": high}

    def _string(self, schema: JsonSchema, *_: Any) -> JsonSchema:
        low = _count(schema.get("minLength"), 0)
        longest = _count(schema.get("maxLength"), 10**9)
        high = max(low, min(longest, self._bounds.string))
        plain: JsonSchema = {"type": "string", "minLength": low, "maxLength": high}
        readings = []
        name, pattern = schema.get("format"), schema.get("pattern")
        if isinstance(name, str) and name in _FORMATS:
            formatted: JsonSchema = {"type": "string", "format": name}
            if name in _AS_PATTERN:
                formatted = {"type": "string", "pattern": _AS_PATTERN[name]}
            if end := _FORMATS[name]:  # not the bounds': half a date-time is none
                formatted["maxLength"] = max(low, min(longest, end))
            readings.append(formatted)
        if isinstance(pattern, str):
            readings.append({**plain, "pattern": pattern})
            if len(readings) > 1:
                readings.insert(0, {**readings[0], "pattern": pattern})
        # A pattern may use what llguidance lacks (look-around), or contradict its format or length.
        return next((reading for reading in readings if compiles(json.dumps(reading))), plain)

    def _integer(self, schema: JsonSchema, *_: Any) -> JsonSchema | None:
        low, high = _range(schema, _INTEGER)
        low, high = max(low, -_INTEGER), min(high, _INTEGER)
        least = (
            math.floor(low) + 1 if low in _numbers(schema, "exclusiveMinimum") else math.ceil(low)
        )
        most = (
            math.ceil(high) - 1
            if high in _numbers(schema, "exclusiveMaximum")
            else math.floor(high)
        )
        found: JsonSchema = {"type": "integer", "minimum": least, "maximum": most}
        if steps := [step for step in _numbers(schema, "multipleOf") if step > 0]:
            found["multipleOf"] = steps[0]
        return found if least <= most else None

    def _number(self, schema: JsonSchema, *_: Any) -> JsonSchema | None:
        low, high = _range(schema, _NUMBER)
        open_below = low in _numbers(schema, "exclusiveMinimum")
        open_above = high in _numbers(schema, "exclusiveMaximum")
        steps = [step for step in _numbers(schema, "multipleOf") if step > 0]
        found = {
            "type": "number",
            "exclusiveMinimum" if open_below else "minimum": low,
            "exclusiveMaximum" if open_above else "maximum": high,
            "multipleOf": steps[0] if steps else _DECIMALS,
        }
        return found if low <= high else None

    @property
    def _items(self) -> int:
        return self._bounds.items


_SCALARS: JsonSchema = {
    "anyOf": [
        {"type": "string", "maxLength": 80},
        {"type": "number", "minimum": -_NUMBER, "maximum": _NUMBER, "multipleOf": _DECIMALS},
        {"type": "boolean"},
        {"type": "null"},
    ]
}
_ANY = _SCALARS
"""What a schema that allows anything is bounded to: JSON without nesting."""


def _any_of(options: list[JsonSchema | None]) -> JsonSchema | None:
    possible = [option for option in options if option is not None]
    if not possible:
        return None
    return possible[0] if len(possible) == 1 else {"anyOf": possible}


def _merge(first: Any, second: Any) -> JsonSchema:
    """Both at once, as far as a shallow look can tell; what *second* says wins.

    ``True`` and ``False`` say nothing here: ``allOf: [false]`` is nothing that documents hold.
    """
    first, second = _mapping(first), _mapping(second)
    merged = {**first, **second}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**_mapping(first["properties"]), **_mapping(second["properties"])}
    if "required" in first and "required" in second:
        merged["required"] = [*_list(first["required"]), *_list(second["required"])]
    if "allOf" in first and "allOf" in second:
        merged["allOf"] = [*_list(first["allOf"]), *_list(second["allOf"])]
    return merged


def _types(schema: JsonSchema) -> list[str]:
    """The types of a schema; where it names none, those that its keywords are about."""
    named = schema.get("type")
    types = [kind for kind in (named if isinstance(named, list) else [named]) if kind in _TYPES]
    if types:
        return types
    for kind, keywords in _TELLING.items():
        if any(keyword in schema for keyword in keywords):
            return [kind]
    return ["string", "number", "boolean", "null"]


_TELLING = {
    "object": ("properties", "required", "additionalProperties", "minProperties"),
    "array": ("items", "minItems", "maxItems"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def _range(schema: JsonSchema, widest: float) -> tuple[float, float]:
    """The least and the greatest value, whether they are included or not."""
    lows = _numbers(schema, "minimum", "exclusiveMinimum")
    highs = _numbers(schema, "maximum", "exclusiveMaximum")
    low = max(lows) if lows else min([-widest, *highs])
    high = min(highs) if highs else max([widest, *lows])
    return low, high


def _numbers(schema: JsonSchema, *keywords: str) -> list[float]:
    """The values of those keywords that are numbers."""
    values = [schema.get(keyword) for keyword in keywords]
    return [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]


def _count(value: Any, default: int) -> int:
    is_count = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    return int(value) if is_count else default


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
