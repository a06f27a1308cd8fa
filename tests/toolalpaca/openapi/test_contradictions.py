"""Schemas that nothing satisfies are read as they were meant, and said to be."""

from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.validation import Validator


def mended(schema: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    document = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "Test", "version": "1"},
            "paths": {},
            "components": {
                "schemas": {
                    "It": schema,
                    "A": {"type": "object", "required": ["a"], "description": "one"},
                    "B": {"type": "object", "required": ["a"], "description": "other"},
                }
            },
        }
    )
    found = document.root["components"]["schemas"]["It"]
    return found, [problem.consequence for problem in document.problems]


@pytest.mark.parametrize(
    ("schema", "value", "consequence"),
    [
        ({"type": "string", "enum": [True, False]}, "true", "its members are read as texts"),
        ({"type": "integer", "enum": ["a"]}, 1, "the keyword is ignored"),
        ({"type": "string", "format": "uuid", "maxLength": 24}, "x", "the keyword is ignored"),
        ({"type": "string", "format": "date", "minLength": 12}, "x" * 12, "the keyword is ignored"),
    ],
)
def test_contradictions_are_mended(schema: Any, value: Any, consequence: str) -> None:
    found, consequences = mended(schema)
    assert Validator(found).is_valid(value)
    assert consequences == [consequence]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "enum": ["a", True]},
        {"type": ["string", "null"], "enum": [None]},
        {"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"const": 1, "title": "one"}, {"const": 2, "title": "two"}]},
    ],
)
def test_what_can_be_satisfied_stays(schema: Any) -> None:
    assert mended(schema) == (schema, [])


def test_branches_that_mean_the_same_cannot_exclude_each_other() -> None:
    schema = {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}
    found, consequences = mended(schema)
    assert found.keys() == {"anyOf"}
    assert consequences == ["it is read as anyOf"]
