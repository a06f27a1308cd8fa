"""Generated values satisfy their schemas, look like what they are called, and come again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca_mockserver.values import NoInstance, ValueGenerator


def generate(schema: Any, **options: Any) -> Any:
    return ValueGenerator({}, options.pop("seed", 0)).generate(schema, **options)


def exact_multiples(
    _: Any, step: float, value: Any, __: Any
) -> Iterator[jsonschema.ValidationError]:
    """``multipleOf`` reckoned in decimals, as JSON writes them: 0.07 is 7 times 0.01."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and Decimal(str(value)) % Decimal(str(step)):
        yield jsonschema.ValidationError(f"{value} is no multiple of {step}")


Judge = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"multipleOf": exact_multiples}
)
"""Another validator than the one that the generator checks itself with."""


def bounded(kind: str, low: str, high: str, most: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(st.integers(0, most), st.integers(0, most)).map(
        lambda pair: {"type": kind, low: min(pair), high: max(pair)}
    )


strings = st.one_of(
    bounded("string", "minLength", "maxLength", 30),
    st.sampled_from(
        [
            {"type": "string", "format": name}
            for name in ("date", "date-time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname")
        ]
    ),
    st.sampled_from(
        [
            {"type": "string", "pattern": pattern}
            for pattern in (
                "^[A-Z]{3}$",
                r"^\d{4}-[a-f0-9]+$",
                "^(red|green|blue)$",
                r"^\+?[1-9]\d{1,14}$",
                r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$",
                "b+a?$",
                r"^(?:[01]\d|2[0-3]):[0-5]\d$",
            )
        ]
    ),
)
numbers = st.one_of(
    bounded("integer", "minimum", "maximum", 1000),
    bounded("number", "minimum", "maximum", 1000),
    st.integers(1, 50).map(lambda step: {"type": "integer", "multipleOf": step, "minimum": -100}),
    st.sampled_from([0.01, 0.1, 0.25, 2.5]).map(
        lambda step: {"type": "number", "multipleOf": step}
    ),
    st.integers(-50, 50).map(
        lambda low: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + 1}
    ),
)
leaves = st.one_of(
    strings,
    numbers,
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": {"a": [1]}}, {}]),
    st.lists(
        st.integers() | st.text(max_size=5) | st.none(), min_size=1, max_size=4, unique=True
    ).map(lambda members: {"enum": members}),
    st.just({"type": ["string", "null"], "maxLength": 4}),
)


def compounds(children: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["id", "name", "email", "created_at", "tags", "x-y", "a b", "price"])
    objects = st.tuples(
        st.dictionaries(names, children, max_size=4),
        st.sets(names, max_size=3),
        st.sampled_from([None, {"type": "integer"}]),
    ).map(
        lambda parts: {
            "type": "object",
            "properties": parts[0],
            "required": sorted(parts[1]),
            **({} if parts[2] is None else {"additionalProperties": parts[2]}),
        }
    )
    arrays = st.tuples(children, st.integers(0, 3), st.integers(0, 3)).map(
        lambda parts: {
            "type": "array",
            "items": parts[0],
            "minItems": min(parts[1:]),
            "maxItems": max(parts[1:]),
        }
    )
    choices = st.tuples(st.sampled_from(["oneOf", "anyOf", "allOf"]), children).map(
        lambda parts: {parts[0]: [parts[1]]}
    )
    several = st.lists(children, min_size=2, max_size=3).map(lambda parts: {"anyOf": parts})
    return st.one_of(objects, arrays, choices, several)


schemas = st.recursive(leaves, compounds, max_leaves=8)


@settings(max_examples=200, deadline=None)
@given(schemas, st.integers(0, 5))
def test_values_satisfy_their_schema_by_another_validator(
    schema: dict[str, Any], seed: int
) -> None:
    value = generate(schema, seed=seed)
    Judge(schema).validate(value)


@settings(max_examples=50, deadline=None)
@given(schemas, st.text(max_size=10))
def test_the_same_seed_and_key_give_the_same_value(schema: dict[str, Any], key: str) -> None:
    assert generate(schema, key=key) == generate(schema, key=key)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2},
        {"type": "object", "minProperties": 3, "additionalProperties": {"type": "string"}},
        {"type": "object", "patternProperties": {"^x-[a-z]{3}$": {"type": "integer"}},
         "additionalProperties": False, "minProperties": 1},
        {"type": "object", "propertyNames": {"pattern": "^[a-z]{2}$"}, "minProperties": 2},
        {"type": "object", "patternProperties": {"^x-": {"type": "integer"}, "^y-": {"const": 1}},
         "propertyNames": {"pattern": "^[xyz]-[a-z]+$"}, "minProperties": 2,
         "additionalProperties": False},
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
         "required": ["a"], "dependentRequired": {"a": ["b"]}},
        {"type": "object", "properties": {"a": True}, "required": ["a"],
         "dependentSchemas": {"a": {"properties": {"c": {"const": 1}}, "required": ["c"]}}},
        {"type": "object", "required": ["a", "b"], "properties": {
            "a": True, "b": {"type": "array", "items": {"type": "integer"}}},
         "dependentSchemas": {"a": {"properties": {"b": {"minItems": 5}}}}},
        {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                   {"properties": {"a": {"minimum": 10}, "b": {"const": 2}}, "required": ["b"]}]},
        {"type": "integer", "not": {"multipleOf": 2}},
        {"type": "string", "not": {"enum": ["a"]}, "enum": ["a", "b"]},
        {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 1000}]},
        {"type": "string", "pattern": "^(?=.*[A-Z])(?=.*[0-9]).{8,}$"},
        {"type": "string", "pattern": "^[a-z]+$", "minLength": 20, "maxLength": 22},
        {"if": {"properties": {"a": {"const": 1}}, "required": ["a"]},
         "then": {"required": ["b"]}, "type": "object",
         "properties": {"a": {"enum": [1, 2]}, "b": {"type": "string"}}, "required": ["a"]},
        {"type": "string", "format": "email", "maxLength": 6},
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 300},
        {"type": "array", "items": {"type": "string", "maxLength": 3}, "uniqueItems": True,
         "minItems": 300},
        {"type": "array", "items": {"type": "string", "format": "email"}, "uniqueItems": True,
         "minItems": 100},
    ],
)  # fmt: skip
def test_every_keyword_is_honoured(schema: dict[str, Any]) -> None:
    for seed in range(5):
        Judge(schema).validate(generate(schema, seed=seed))


def test_unicode_properties_in_patterns() -> None:
    for seed in range(5):
        value = generate({"type": "string", "pattern": r"^\p{Lu}\p{Ll}+$"}, seed=seed)
        assert value[0].isupper()
        assert value[1:].islower()


def test_recursion_ends() -> None:
    root = {
        "components": {
            "schemas": {
                "Node": {
                    "type": "object",
                    "required": ["name", "children"],
                    "properties": {
                        "name": {"type": "string"},
                        "parent": {"$ref": "#/components/schemas/Node"},
                        "children": {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/Node"},
                        },
                    },
                }
            }
        }
    }
    node = ValueGenerator(root).generate({"$ref": "#/components/schemas/Node"})
    assert node["children"] == []
    assert "parent" not in node


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"$ref": "#/components/schemas/Endless"},
    ],
)
def test_what_nothing_satisfies_is_an_error(schema: Any) -> None:
    endless = {
        "type": "object",
        "required": ["x"],
        "properties": {"x": {"$ref": "#/components/schemas/Endless"}},
    }
    with pytest.raises(NoInstance):
        ValueGenerator({"components": {"schemas": {"Endless": endless}}}).generate(schema)


def test_long_lists_but_no_longer_ones() -> None:
    assert len(generate({"type": "array", "items": {"type": "string"}, "minItems": 3000})) == 3000
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(3):
        schema = {"type": "array", "items": schema, "minItems": 1000}
    with pytest.raises(NoInstance):
        generate(schema)


def test_directions_hide_what_is_not_theirs() -> None:
    schema = {
        "type": "object",
        "required": ["id", "name", "password"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": {"type": "string"},
            "password": {"type": "string", "writeOnly": True},
        },
    }
    assert generate(schema).keys() == {"id", "name"}
    assert ValueGenerator({}, direction="request").generate(schema).keys() == {"name", "password"}


def test_hidden_properties_stay_hidden_through_inheritance() -> None:
    root = {
        "components": {
            "schemas": {
                "Login": {"properties": {"password": {"type": "string", "writeOnly": True}}},
                "User": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Login"},
                        {"required": ["password", "name"], "properties": {"name": {"const": "n"}}},
                    ]
                },
            }
        }
    }
    user = ValueGenerator(root).generate({"$ref": "#/components/schemas/User"})
    assert user == {"name": "n"}


def test_the_discriminator_names_the_branch() -> None:
    def animal(sound: str) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["kind", "sound"],
            "properties": {"kind": {"type": "string"}, "sound": {"const": sound}},
        }

    root = {"components": {"schemas": {"Cat": animal("miaow"), "Dog": animal("woof")}}}
    schema = {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"feline": "#/components/schemas/Cat"},
        },
    }
    seen = {
        (value["kind"], value["sound"])
        for value in (ValueGenerator(root, seed).generate(schema) for seed in range(20))
    }
    assert seen == {("feline", "miaow"), ("Dog", "woof")}


def test_names_and_formats_make_values_look_real() -> None:
    person = generate(
        {
            "type": "object",
            "properties": {
                "email": {"type": "string"},
                "createdAt": {"type": "string", "format": "date-time"},
                "updatedAt": {"type": "string", "format": "date-time"},
                "latitude": {"type": "number"},
                "firstName": {"type": "string"},
                "countryCode": {"type": "string"},
            },
        }
    )
    assert person["email"].endswith("@example.com")
    assert person["createdAt"] <= person["updatedAt"]
    assert -90 <= person["latitude"] <= 90
    assert person["firstName"].istitle()
    assert len(person["countryCode"]) == 2


def test_items_of_a_list_take_each_example_once() -> None:
    schema = {
        "type": "array",
        "minItems": 3,
        "maxItems": 3,
        "items": {"type": "string", "format": "email", "examples": ["a@b.co", "c@d.co"]},
    }
    value = generate(schema)
    assert value[:2] == ["a@b.co", "c@d.co"]
    assert len(set(value)) == 3


def test_examples_that_break_their_schema_are_not_used() -> None:
    assert isinstance(generate({"type": "integer", "examples": ["no"]}), int)
