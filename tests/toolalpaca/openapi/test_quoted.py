"""Booleans and numbers in quotation marks are read as what they spell."""

from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document, Parameter
from toolalpaca.openapi.quoted import unquote


def _document(parameter: dict[str, Any], **version: str) -> dict[str, Any]:
    operation = {
        "operationId": "find",
        "parameters": [{"name": "q", "in": "query", **parameter}],
        "responses": {"200": {"description": "Fine"}},
    }
    info = {"title": "Songs", "version": "1"}
    return {**(version or {"openapi": "3.0.3"}), "info": info, "paths": {"/": {"get": operation}}}


def _parameter(document: Document) -> Parameter:
    (operation,) = document
    (parameter,) = operation.parameters
    return parameter


def test_what_is_required_is_required() -> None:
    given = {"required": "true", "explode": "False", "schema": {"type": "integer", "maximum": "5"}}
    document = load_document(_document(given))
    parameter = _parameter(document)
    assert parameter.required
    assert not parameter.explode
    assert parameter.schema == {"type": "integer", "maximum": 5}
    assert [(p.pointer, p.message, p.consequence) for p in document.problems] == [
        ("/paths/~1/get/parameters/0/required", "'true' is a text", "read as true"),
        ("/paths/~1/get/parameters/0/explode", "'False' is a text", "read as false"),
        ("/paths/~1/get/parameters/0/schema/maximum", "'5' is a text", "read as 5"),
    ]


def test_swagger_has_the_keywords_of_schemas_at_its_parameters() -> None:
    given = {"required": "true", "type": "integer", "minimum": "2"}
    parameter = _parameter(load_document(_document(given, swagger="2.0")))
    assert parameter.required
    assert parameter.schema == {"type": "integer", "minimum": 2}


def test_nullable_is_nullable() -> None:
    given = {"schema": {"type": "string", "nullable": "true"}}
    assert _parameter(load_document(_document(given))).schema == {"type": ["string", "null"]}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"required": {"type": "string", "default": "true"}}},
        {"enum": ["true"], "example": "5", "description": "5"},
        {"maximum": "many", "uniqueItems": "1", "minLength": "true"},
        {"type": "object", "required": ["true"]},
    ],
    ids=["a property's name", "texts", "no such value", "a list"],
)
def test_everything_else_stays(schema: dict[str, Any]) -> None:
    document = _document({"schema": schema})
    expected = _document({"schema": {**schema}})
    assert unquote(document) == []
    assert document == expected
