"""Swagger 2.0 documents mean the same as OpenAPI 3."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.upgrade import upgrade

INFO = {"title": "Old", "version": "1"}


def upgraded_operation(operation: dict[str, Any], **document: Any) -> dict[str, Any]:
    path = {"/x/{id}": {"post": {"responses": {"200": {"description": "OK"}}, **operation}}}
    swagger = {"swagger": "2.0", "info": INFO, "paths": path, **document}
    upgraded: dict[str, Any] = upgrade(swagger)["paths"]["/x/{id}"]["post"]
    return upgraded


@pytest.mark.parametrize(
    ("parameter", "style", "explode"),
    [
        ({"in": "query"}, "form", False),
        ({"in": "query", "collectionFormat": "csv"}, "form", False),
        ({"in": "query", "collectionFormat": "multi"}, "form", True),
        ({"in": "query", "collectionFormat": "ssv"}, "spaceDelimited", False),
        ({"in": "query", "collectionFormat": "pipes"}, "pipeDelimited", False),
        ({"in": "path", "required": True, "collectionFormat": "csv"}, "simple", False),
        ({"in": "header"}, "simple", False),
    ],
)
def test_collection_formats(parameter: dict[str, Any], style: str, explode: bool) -> None:
    array = {"name": "id", "type": "array", "items": {"type": "integer", "format": "int64"}}
    (after,) = upgraded_operation({"parameters": [{**array, **parameter}]})["parameters"]
    assert (after["style"], after["explode"]) == (style, explode)
    assert after["schema"] == {
        "type": "array",
        "items": {"type": "integer", "format": "int64"},
    }
    assert "collectionFormat" not in after
    assert "type" not in after


def test_a_body_is_represented_in_what_is_consumed() -> None:
    body = {
        "name": "pet",
        "in": "body",
        "required": True,
        "description": "A pet",
        "schema": {"$ref": "#/definitions/Pet"},
    }
    operation = upgraded_operation(
        {"parameters": [body], "consumes": ["application/json", "text/xml"]},
        definitions={"Pet": {"type": "object"}},
        consumes=["text/plain"],
    )
    media = {"schema": {"$ref": "#/components/schemas/Pet"}}
    assert operation["requestBody"] == {
        "required": True,
        "description": "A pet",
        "content": {"application/json": media, "text/xml": media},
    }
    assert operation["parameters"] == []
    assert "consumes" not in operation


def test_forms() -> None:
    fields = [
        {"name": "note", "in": "formData", "type": "string", "description": "A note"},
        {"name": "tags", "in": "formData", "type": "array", "items": {"type": "string"}},
    ]
    body = upgraded_operation({"parameters": fields})["requestBody"]
    media = body["content"]["application/x-www-form-urlencoded"]
    assert media["schema"]["properties"]["note"] == {"type": "string", "description": "A note"}
    assert media["encoding"] == {"tags": {"style": "form", "explode": False}}
    assert "required" not in body
    file = {"name": "file", "in": "formData", "type": "file", "required": True}
    with_file = upgraded_operation({"parameters": [*fields, file]})["requestBody"]
    assert list(with_file["content"]) == ["multipart/form-data"]
    assert with_file["required"] is True
    schema = with_file["content"]["multipart/form-data"]["schema"]
    assert schema["required"] == ["file"]
    assert schema["properties"]["file"] == {"type": "string", "format": "binary"}


def test_responses_are_represented_in_what_is_produced() -> None:
    response = {
        "description": "OK",
        "schema": {"$ref": "#/definitions/Pet"},
        "examples": {"application/json": {"id": 1}, "text/csv": "1"},
        "headers": {
            "X-Rate": {"type": "integer", "description": "Left"},
            "x-next": {"type": "string"},
        },
    }
    operation = upgraded_operation(
        {"responses": {"200": response}},
        produces=["application/json"],
        definitions={"Pet": {"type": "object"}},
    )
    after = operation["responses"]["200"]
    schema = {"$ref": "#/components/schemas/Pet"}
    assert after["content"] == {
        "application/json": {"schema": schema, "example": {"id": 1}},
        "text/csv": {"schema": schema, "example": "1"},
    }
    assert after["headers"] == {
        "X-Rate": {"description": "Left", "schema": {"type": "integer"}},
        "x-next": {"schema": {"type": "string"}},
    }


def test_a_response_that_is_a_file() -> None:
    response = {"description": "A file", "schema": {"type": "file"}}
    after = upgraded_operation({"responses": {"200": response}})["responses"]["200"]
    assert after["content"] == {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }


def test_shared_parameters_and_responses() -> None:
    operation = upgraded_operation(
        {
            "parameters": [{"$ref": "#/parameters/limit"}, {"$ref": "#/parameters/pet"}],
            "responses": {"default": {"$ref": "#/responses/Error"}},
        },
        parameters={
            "limit": {"name": "limit", "in": "query", "type": "integer"},
            "pet": {"name": "pet", "in": "body", "schema": {"type": "object"}},
        },
        responses={"Error": {"description": "Error", "schema": {"type": "string"}}},
    )
    assert operation["parameters"] == [{"$ref": "#/components/parameters/limit"}]
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"type": "object"}
    assert operation["responses"]["default"] == {"$ref": "#/components/responses/Error"}


def test_a_body_declared_for_the_path_reaches_its_operations() -> None:
    shared = {"name": "pet", "in": "body", "schema": {"type": "object"}}
    own = {"name": "pet", "in": "body", "schema": {"type": "string"}}
    responses = {"200": {"description": "OK"}}
    item = {
        "parameters": [shared],
        "post": {"responses": responses},
        "put": {"responses": responses, "parameters": [own]},
    }
    after = upgrade({"swagger": "2.0", "info": INFO, "paths": {"/x": item}})["paths"]["/x"]
    assert after["parameters"] == []
    kinds = {
        method: after[method]["requestBody"]["content"]["application/json"]["schema"]["type"]
        for method in ("post", "put")
    }
    assert kinds == {"post": "object", "put": "string"}


@pytest.mark.parametrize(
    ("where", "servers"),
    [
        ({"host": "a.example", "basePath": "/v1/", "schemes": ["http", "https"]},
         ("http://a.example/v1", "https://a.example/v1")),
        ({"host": "a.example"}, ("https://a.example",)),
        ({"basePath": "/v1"}, ("/v1",)),
        ({"basePath": "v1"}, ("/v1",)),
        ({}, ("/",)),
    ],
)  # fmt: skip
def test_servers(where: dict[str, Any], servers: tuple[str, ...]) -> None:
    assert load_document({"swagger": "2.0", "info": INFO, "paths": {}, **where}).servers == servers


def test_security() -> None:
    document = load_document(
        {
            "swagger": "2.0",
            "info": INFO,
            "paths": {},
            "securityDefinitions": {
                "basic": {"type": "basic", "description": "Name and password"},
                "key": {"type": "apiKey", "in": "query", "name": "k"},
                "code": {
                    "type": "oauth2",
                    "flow": "accessCode",
                    "authorizationUrl": "https://a.example/a",
                    "tokenUrl": "https://a.example/t",
                    "scopes": {"read": "Read"},
                },
                "app": {"type": "oauth2", "flow": "application", "tokenUrl": "https://a.example/t"},
            },
        }
    )
    schemes = document.security_schemes
    assert (schemes["basic"].type, schemes["basic"].scheme) == ("http", "basic")
    assert (schemes["key"].location, schemes["key"].parameter) == ("query", "k")
    assert schemes["code"].flows["authorizationCode"]["scopes"] == {"read": "Read"}
    assert list(schemes["app"].flows) == ["clientCredentials"]


def test_names_that_later_versions_refuse_are_changed_with_their_references() -> None:
    definitions = {
        "Page«Pet»": {
            "type": "object",
            "properties": {"next": {"$ref": "#/definitions/Page«Pet»"}},
        },
        "Page_Pet_": {"type": "string"},
    }
    response = {"description": "OK", "schema": {"$ref": "#/definitions/Page%C2%ABPet%C2%BB"}}
    document = load_document(
        {
            "swagger": "2.0",
            "info": INFO,
            "paths": {"/x": {"get": {"responses": {"200": response}}}},
            "definitions": definitions,
        }
    )
    assert document.problems == ()
    schemas = document.root["components"]["schemas"]
    assert schemas["Page_Pet_"] == {"type": "string"}
    assert schemas["Page_Pet__2"]["properties"]["next"] == {
        "$ref": "#/components/schemas/Page_Pet__2"
    }


def test_references_to_unusual_places_survive_the_change_of_structure() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    parameter = {"name": "b", "in": "body", "schema": schema}
    elsewhere = {"$ref": "#/paths/~1x/post/parameters/0/schema"}
    responses = {"200": {"description": "OK", "schema": elsewhere}}
    document = load_document(
        {
            "swagger": "2.0",
            "info": INFO,
            "paths": {"/x": {"post": {"parameters": [parameter], "responses": responses}}},
        }
    )
    assert document.problems == ()
    assert document.root["components"]["schemas"] == {"schema": schema}


def test_a_valid_document_becomes_a_valid_document() -> None:
    swagger = {
        "swagger": "2.0",
        "info": INFO,
        "host": "a.example",
        "basePath": "/v1",
        "consumes": ["application/json"],
        "produces": ["application/json", "application/xml"],
        "tags": [{"name": "pets"}],
        "x-extension": {"type": "file"},
        "security": [{"key": []}],
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "parameters": {"id": {"name": "id", "in": "path", "required": True, "type": "integer"}},
        "definitions": {
            "Pet": {
                "type": "object",
                "discriminator": "kind",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string"},
                    "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                    "note": {"type": "string", "x-nullable": True, "example": "x"},
                },
            }
        },
        "paths": {
            "/pets/{id}": {
                "parameters": [{"$ref": "#/parameters/id"}],
                "put": {
                    "tags": ["pets"],
                    "operationId": "putPet",
                    "parameters": [
                        {"name": "pet", "in": "body", "schema": {"$ref": "#/definitions/Pet"}}
                    ],
                    "responses": {
                        "200": {"description": "OK", "schema": {"$ref": "#/definitions/Pet"}}
                    },
                },
                "post": {
                    "consumes": ["multipart/form-data"],
                    "parameters": [
                        {"name": "photo", "in": "formData", "type": "file", "required": True}
                    ],
                    "responses": {"204": {"description": "No content"}},
                },
            }
        },
    }
    OpenAPIV2SpecValidator(swagger).validate()
    upgraded = upgrade(swagger)
    OpenAPIV31SpecValidator(upgraded).validate()
    assert upgrade(upgraded) == upgraded
    pet = upgraded["components"]["schemas"]["Pet"]["properties"]
    assert pet["age"] == {"type": "integer", "exclusiveMinimum": 0}
    assert pet["note"] == {"type": ["string", "null"], "examples": ["x"]}
