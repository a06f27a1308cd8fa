"""Violations say where and why; nothing in a schema can hang or open connections."""

from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.validation import Validator, Violation, compiles, json_pointer


def test_violations_name_pointer_rule_and_value() -> None:
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"tags/all": {"type": "array", "items": {"enum": ["a", "b"]}}},
    }
    validator = Validator(schema)
    violations = validator.violations({"tags/all": ["a", "c"]})
    assert {(v.pointer, v.rule, str(v.value)) for v in violations} == {
        ("", "required", "{'tags/all': ['a', 'c']}"),
        ("/tags~1all/1", "enum", "c"),
    }
    assert all(isinstance(v, Violation) and v.message for v in violations)
    assert validator.is_valid({"id": 1})
    assert validator.violations({"id": 1}) == []


def test_the_number_of_violations_is_bounded() -> None:
    assert len(Validator({"items": {"type": "string"}}).violations([1] * 100, at_most=3)) == 3


@pytest.mark.parametrize(
    ("format", "valid", "invalid"),
    [
        ("date", "2024-02-29", "2023-02-29"),
        ("date-time", "2024-01-01T00:00:00Z", "2024-01-01"),
        ("email", "a@b.example", "a"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "x"),
        ("uri", "https://a.example/x", "x y"),
        ("ipv4", "127.0.0.1", "256.0.0.1"),
    ],
)
def test_formats_of_json_schema_are_assertions(format: str, valid: str, invalid: str) -> None:
    validator = Validator({"type": "string", "format": format})
    assert validator.is_valid(valid)
    assert not validator.is_valid(invalid)
    assert Validator({"type": "string", "format": format}, formats=False).is_valid(invalid)


@pytest.mark.parametrize("format", ["int32", "int64", "float", "double", "byte", "made-up"])
def test_other_formats_assert_nothing(format: str) -> None:
    validator = Validator({"format": format})
    assert all(validator.is_valid(value) for value in (2**40, 1.5, "no base64!", None))


def test_a_broken_schema_says_so() -> None:
    for schema in ({"type": "int"}, {"pattern": "("}, {"$ref": "#/$defs/none"}):
        with pytest.raises(DocumentError, match="a schema is not valid JSON Schema"):
            Validator(schema)


def test_no_schema_opens_a_connection() -> None:
    with pytest.raises(DocumentError, match="leads out of the document"):
        Validator({"$ref": "http://127.0.0.1:9/schema.json"})


def test_a_pattern_that_backtracks_for_ever_is_cut_off() -> None:
    validator = Validator({"pattern": r"^(?=(a+)+$)(a+)+b$"})
    assert not validator.is_valid("a" * 60 + "!")


def test_patterns_that_compile() -> None:
    assert compiles(r"^\p{L}(?!x)")
    assert not compiles("(")


def test_json_pointers() -> None:
    assert json_pointer(["a/b", "c~d", 0, ""]) == "/a~1b/c~0d/0/"
    assert json_pointer([]) == ""


CAT = {"required": ["n"], "properties": {"kind": {"enum": ["cat"]}, "n": {"type": "integer"}}}
DOG = {"required": ["m"], "properties": {"kind": {"const": "dog"}, "m": {"type": "string"}}}
PET = {"oneOf": [{"type": "object", **CAT}, {"type": "object", **DOG}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        (PET, {"kind": "cat", "n": "x"}, ("/n", "type")),
        ({"items": PET}, [{"kind": "dog"}], ("/0", "required")),
        ({"anyOf": [{"type": "string", "minLength": 3}, {"type": "null"}]}, "a", ("", "minLength")),
        ({"oneOf": [PET, {"type": "integer"}]}, {"kind": "dog", "m": 4}, ("/m", "type")),
        (PET, {"kind": "cow"}, ("", "oneOf")),
        (PET, 3, ("", "oneOf")),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, 1, ("", "oneOf")),
        ({"anyOf": [{"minimum": 5}, {"maximum": 1}]}, 3, ("", "anyOf")),
    ],
)
def test_the_only_alternative_that_can_be_meant_says_what_is_wrong(
    schema: Any, value: Any, found: tuple[str, str]
) -> None:
    (violation,) = Validator(schema).violations(value)
    assert (violation.pointer, violation.rule) == found
