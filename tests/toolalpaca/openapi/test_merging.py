"""Flattening shows the outermost layer of a schema and accepts the same values."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.references import bundle
from toolalpaca.openapi.validation import Validator

ROOT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Base": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "integer"}},
                "description": "Base",
            },
            "Pet": {
                "description": "A pet",
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {"required": ["name"], "properties": {"name": {"type": "string"}}},
                ],
            },
            "Nested": {"allOf": [{"$ref": "#/components/schemas/Pet"}]},
        }
    }
}


def test_inheritance_becomes_one_object() -> None:
    before = copy.deepcopy(ROOT)
    flat = flatten({"$ref": "#/components/schemas/Nested"}, ROOT)
    assert before == ROOT
    assert flat == {
        "description": "A pet",
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    }


def test_references_inside_stay() -> None:
    schema = {"properties": {"pet": {"$ref": "#/components/schemas/Pet"}}}
    assert flatten(schema, ROOT) == schema
    assert flatten(True, ROOT) is True
    assert flatten({"allOf": [False]}, ROOT) is False


def test_closed_objects_show_their_properties_and_stay_closed() -> None:
    schema = {
        "allOf": [
            {"properties": {"a": {}}, "additionalProperties": False},
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
        ]
    }
    flat = flatten(schema, ROOT)
    assert isinstance(flat, dict)
    assert flat["required"] == ["a"]
    assert "a" in flat["properties"]
    validator = Validator(flat)
    assert validator.is_valid({"a": "x"})
    assert not validator.is_valid({"a": 1})
    assert not validator.is_valid({"a": "x", "b": 1})


_NAMES = st.sampled_from(["a", "b", "c"])
_SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 2.5, -1, "", "a", "ab"])
_TYPES = st.sampled_from(["string", "integer", "number", "object", "array", "null", "boolean"])


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": _TYPES | st.lists(_TYPES, min_size=1, max_size=3, unique=True),
            "properties": st.dictionaries(_NAMES, inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, max_size=1),
            "additionalProperties": inner,
            "required": st.lists(_NAMES, max_size=2, unique=True),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "enum": st.lists(_SCALARS, min_size=1, max_size=4),
            "const": _SCALARS,
            "minimum": st.integers(-1, 2),
            "maximum": st.integers(-1, 2),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "pattern": st.sampled_from(["a", "^b", "b$"]),
            "uniqueItems": st.booleans(),
            "unevaluatedProperties": st.booleans(),
            "unevaluatedItems": st.booleans(),
            "maxProperties": st.integers(0, 2),
            "contains": inner,
            "minContains": st.integers(0, 2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=3),
            "$ref": st.sampled_from(["#/components/schemas/A", "#/components/schemas/B"]),
            "description": st.sampled_from(["x", "y"]),
        },
    )


_LEAVES = st.booleans() | _schemas(st.sampled_from([True, False, {}, {"type": "string"}]))
SCHEMAS = st.recursive(_LEAVES, _schemas, max_leaves=6)
VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(SCHEMAS, SCHEMAS, SCHEMAS, st.lists(VALUES, min_size=1, max_size=8))
def test_a_flat_schema_accepts_the_same_values(
    schema: Any, a: Any, b: Any, values: list[Any]
) -> None:
    root = {"components": {"schemas": {"A": a, "B": b}}}
    flat = flatten(schema, root)
    assert not isinstance(flat, dict) or "$ref" not in flat
    before, after = Validator(bundle(schema, root)), Validator(bundle(flat, root))
    for value in values:
        assert before.is_valid(value) == after.is_valid(value), (value, flat)
