"""Schemas lose the keyword that is broken, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.patterns import mend_pattern
from toolalpaca.openapi.references import bundle
from toolalpaca.openapi.validation import Validator


def mended(schema: Any, **others: Any) -> tuple[Any, tuple[Problem, ...]]:
    document = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "paths": {},
            "components": {"schemas": {"S": schema, **others}},
        }
    )
    Validator(bundle({"$ref": "#/components/schemas/S"}, document.root))
    return document.root["components"]["schemas"]["S"], document.problems


@pytest.mark.parametrize(
    ("schema", "after", "pointer"),
    [
        ({"type": "int", "minimum": 1}, {"minimum": 1}, "/type"),
        ({"required": True, "type": "string"}, {"type": "string"}, "/required"),
        ({"minimum": "one"}, {}, "/minimum"),
        ({"minLength": -1}, {}, "/minLength"),
        ({"properties": None}, {}, "/properties"),
        (
            {"properties": {"200": None, "b": {}}},
            {"properties": {"200": True, "b": {}}},
            "/properties/200",
        ),
        ({"properties": {"a": {"items": []}}}, {"properties": {"a": {}}}, "/properties/a/items"),
        (
            {"properties": {"a": {"b": 1, "type": "x"}}},
            {"properties": {"a": {"b": 1}}},
            "/properties/a/type",
        ),
        ({"allOf": [{"type": "string"}, 3]}, {"allOf": [{"type": "string"}, True]}, "/allOf/1"),
        ({"allOf": []}, {}, "/allOf"),
        ({"allOf": {"type": "string"}}, {}, "/allOf"),
        ({"additionalProperties": "no"}, {}, "/additionalProperties"),
        ({"items": {"enum": 3, "type": "string"}}, {"items": {"type": "string"}}, "/items/enum"),
        ({"exclusiveMinimum": True}, {}, "/exclusiveMinimum"),
        ({"description": None, "type": "string"}, {"type": "string"}, "/description"),
        ({"dependentRequired": {"a": "b"}}, {}, "/dependentRequired"),
        ([1], True, ""),
        (None, True, ""),
        ({"pattern": "("}, {}, "/pattern"),
        ({"pattern": 3}, {}, "/pattern"),
        ({"pattern": r"^[\w-.]+$"}, {"pattern": r"^[\w\-.]+$"}, "/pattern"),
        (
            {"patternProperties": {"(": {}, "^a": {}}},
            {"patternProperties": {"^a": {}}},
            "/patternProperties/(",
        ),
        ({"$ref": "#/components/schemas/None", "type": "string"}, {"type": "string"}, "/$ref"),
        ({"$ref": "#/info/title"}, {}, "/$ref"),
        ({"$ref": "#/components/schemas/S"}, {}, "/$ref"),
    ],
)
def test_what_is_broken_is_lost_and_said_to_be(schema: Any, after: Any, pointer: str) -> None:
    result, (problem,) = mended(schema)
    assert result == after
    assert type(result) is type(after)
    assert problem.pointer == f"/components/schemas/S{pointer}"
    assert problem.message
    assert problem.consequence


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"pattern": {"type": "string"}, "type": {"enum": ["int"]}}},
        {"default": {"type": "int", "pattern": "("}, "enum": [{"required": True}]},
        {"examples": [{"$ref": "#/nowhere"}], "x-own": {"type": "int"}},
        {"format": "int32", "unknownKeyword": 1},
        {
            "type": "object",
            "properties": {"children": {"items": {"$ref": "#/components/schemas/S"}}},
        },
        {"pattern": r"^\p{L}+\d$"},
        {"$comment": "fine", "discriminator": {"propertyName": "x"}, "xml": {"name": "y"}},
    ],
)
def test_what_is_sound_stays(schema: Any) -> None:
    assert mended(schema) == (schema, ())


def test_many_faults_at_once() -> None:
    schema = {
        "type": "int",
        "properties": {"a": {"type": "any", "pattern": "["}, "b": 1, "c": {"not": {"allOf": 1}}},
    }
    result, problems = mended(schema)
    assert result == {"properties": {"a": {}, "b": True, "c": {"not": {}}}}
    assert len(problems) == 5


def test_circles_are_broken_and_recursion_stays() -> None:
    result, problems = mended(
        {"anyOf": [{"$ref": "#/components/schemas/B"}, {"type": "string"}]},
        B={"allOf": [{"$ref": "#/components/schemas/C"}]},
        C={
            "if": {"$ref": "#/components/schemas/S"},
            "then": {"items": {"$ref": "#/components/schemas/C"}},
        },
    )
    assert result["anyOf"][0] == {"$ref": "#/components/schemas/B"}
    assert [problem.pointer for problem in problems] == ["/components/schemas/C/if/$ref"]


def test_the_example_of_a_schema_is_one_of_its_examples() -> None:
    assert mended({"example": 1})[0] == {"examples": [1]}
    assert mended({"example": 1, "examples": [2]})[0] == {"examples": [2]}


@pytest.mark.parametrize(
    ("pattern", "mended"),
    [
        (r"^\d{3}$", r"^\d{3}$"),
        (r"^(?!a)\w+$", r"^(?!a)\w+$"),
        (r"^\p{Han}$", r"^\p{Han}$"),
        (r"[\w-.]", r"[\w\-.]"),
        (r"[a-\d]", r"[a\-\d]"),
        (r"^a\Z", "^a$"),
        ("/^a$/", "^a$"),
        ("/^a$/gi", "^a$"),
        ("^/a/$", "^/a/$"),
        ("^{a}$", r"^\{a}$"),
        ("(", None),
        ("*", None),
    ],
)
def test_patterns_of_other_dialects(pattern: str, mended: str | None) -> None:
    assert mend_pattern(pattern) == mended
