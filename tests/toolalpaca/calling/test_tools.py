from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.calling.tools import LONGEST_DESCRIPTION, Tool, make_tools
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.validation import Validator
from toolalpaca.task import ASK_TOOL


def document(paths: dict[str, Any], **more: Any) -> Document:
    return load_document(
        {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, **more}
    )


def only_tool(
    operation: dict[str, Any], *, path: str = "/a", method: str = "post", **more: Any
) -> Tool:
    described = {"responses": {"200": {"description": "ok"}}, **operation}
    (tool,) = make_tools(document({path: {method: described}}, **more))
    return tool


def json_body(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def query(name: str, schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema or {"type": "string"}, **more}


def test_all_locations_and_the_bodys_properties_are_arguments() -> None:
    tool = only_tool(
        {
            "operationId": "setPet",
            "parameters": [
                {"name": "session", "in": "cookie", "schema": {"type": "string"}},
                {"name": "X-Tenant", "in": "header", "schema": {"type": "string"}},
                query("dry", {"type": "boolean"}, description="Only try.", required=True),
                {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}},
            ],
            "requestBody": json_body(
                {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string", "description": "Its name."}},
                }
            ),
        },
        path="/pets/{petId}",
    )
    schema = tool.spec.parameters
    assert list(schema["properties"]) == ["petId", "dry", "X-Tenant", "session", "name"]
    assert schema["required"] == ["petId", "dry", "name"]
    assert schema["properties"]["dry"] == {"type": "boolean", "description": "Only try."}
    assert schema["properties"]["name"]["description"] == "Its name."
    assert schema["additionalProperties"] is False
    assert {name: place.location for name, place in tool.places.items()} == {
        "petId": "path", "dry": "query", "X-Tenant": "header", "session": "cookie", "name": "body",
    }  # fmt: skip


def test_a_property_that_is_required_and_not_described_is_an_argument() -> None:
    schema = {"type": "object", "required": ["uris"], "properties": {"ids": {"type": "string"}}}
    tool = only_tool({"requestBody": json_body(schema)})
    assert tool.spec.parameters["properties"]["uris"] is True
    assert tool.spec.parameters["required"] == ["uris"]
    closed = only_tool({"requestBody": json_body({**schema, "additionalProperties": False})})
    assert list(closed.places) == ["ids"]


def test_a_name_that_occurs_twice_is_suffixed_with_its_place() -> None:
    tool = only_tool(
        {
            "parameters": [
                query("id"),
                query("id_body"),
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
            ],
            "requestBody": json_body({"type": "object", "properties": {"id": {"type": "integer"}}}),
        },
        path="/a/{id}",
    )
    assert {name: (place.location, place.name) for name, place in tool.places.items()} == {
        "id": ("path", "id"),
        "id_query": ("query", "id"),
        "id_body": ("query", "id_body"),
        "id_body_2": ("body", "id"),
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "integer"}},
        {"type": "string"},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"oneOf": [{"type": "object", "properties": {"a": {}}}, {"type": "null"}]},
        {"type": "object", "properties": {"a": {}}, "patternProperties": {"^x": {}}},
    ],
)
def test_a_body_that_is_no_plain_object_is_one_argument(schema: dict[str, Any]) -> None:
    tool = only_tool({"requestBody": json_body(schema)})
    assert list(tool.places) == ["body"]
    assert tool.places["body"].name == ""
    assert tool.spec.parameters["required"] == ["body"]


def test_inherited_properties_are_found_and_combinations_of_required_ones_do_not_hide_them() -> (
    None
):
    components = {
        "schemas": {
            "Base": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
            },
            "Pet": {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {
                        "type": "object",
                        "properties": {"friend": {"$ref": "#/components/schemas/Pet"}},
                    },
                ],
                "anyOf": [{"required": ["name"]}, {"required": ["friend"]}],
            },
        }
    }
    tool = only_tool(
        {"requestBody": json_body({"$ref": "#/components/schemas/Pet"})}, components=components
    )
    assert set(tool.places) == {"name", "friend"}
    validator = Validator(tool.spec.parameters)
    assert validator.is_valid({"name": "a", "friend": {"name": "b"}})
    assert not validator.is_valid({"name": "a", "friend": {}})


def test_what_the_api_writes_is_no_argument_at_any_depth() -> None:
    schema = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": {"type": "string"},
            "owner": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"$ref": "#/components/schemas/Id"}, "city": {}},
            },
        },
    }
    components = {"schemas": {"Id": {"type": "integer", "readOnly": True}}}
    tool = only_tool({"requestBody": json_body(schema)}, components=components)
    assert tool.spec.parameters["required"] == ["name"]
    owner = tool.spec.parameters["properties"]["owner"]
    assert set(owner["properties"]) == {"city"}
    assert Validator(tool.spec.parameters).is_valid({"name": "a", "owner": {}})


def test_what_a_security_scheme_fills_is_no_argument() -> None:
    tool = only_tool(
        {"parameters": [query("api_key"), query("q")], "security": [{"key": []}]},
        components={
            "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}
        },
    )
    assert list(tool.places) == ["q"]


def test_headers_that_http_owns_are_no_arguments() -> None:
    headers = [
        {"name": name, "in": "header", "schema": {"type": "string"}}
        for name in ("Accept", "Content-Type", "Authorization", "If-Match")
    ]
    assert list(only_tool({"parameters": headers}).places) == ["If-Match"]


def test_what_would_make_a_call_another_operations_is_no_argument() -> None:
    headers = [
        {"name": name, "in": "header", "schema": {"type": "string"}}
        for name in ("X-HTTP-Method-Override", "x-http-method", "X-Method-Override")
    ]
    tool = only_tool({"parameters": [*headers, query("_method"), query("method")]})
    assert list(tool.places) == ["method"]


def test_a_body_that_forgets_required_still_needs_its_required_properties() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    body = json_body(schema, required=False)
    assert only_tool({"requestBody": body}, method="post").spec.parameters["required"] == ["a"]
    assert "required" not in only_tool({"requestBody": body}, method="delete").spec.parameters


def test_further_properties_are_allowed_where_the_document_says_so() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "additionalProperties": {"type": "integer"},
    }
    tool = only_tool({"requestBody": json_body(schema)})
    validator = Validator(tool.spec.parameters)
    assert validator.is_valid({"a": "x", "b": 1})
    assert not validator.is_valid({"b": "x"})


def test_json_is_preferred_to_forms_and_forms_to_text() -> None:
    content: dict[str, Any] = {
        "text/plain": {"schema": {"type": "string"}},
        "multipart/form-data": {"schema": {"type": "object", "properties": {"f": {}}}},
        "application/merge-patch+json": {"schema": {"type": "object", "properties": {"j": {}}}},
    }
    tool = only_tool({"requestBody": {"content": content}})
    assert tool.media_type is not None
    assert tool.media_type.content_type == "application/merge-patch+json"
    del content["application/merge-patch+json"]
    assert list(only_tool({"requestBody": {"content": content}}).places) == ["f"]
    del content["multipart/form-data"]
    assert list(only_tool({"requestBody": {"content": content}}).places) == ["body"]


def test_descriptions_say_what_an_operation_does_within_what_providers_take() -> None:
    def description(**operation: Any) -> str:
        return only_tool(operation, path="/pets/{id}").spec.description

    assert description() == "POST /pets/{id}"
    assert description(summary="New pet", description="Adds one.") == "New pet\nAdds one."
    assert description(summary="Adds a pet.", description="Adds a pet. Twice.") == (
        "Adds a pet. Twice."
    )
    assert description(summary="Add", deprecated=True) == "Deprecated. Add"
    assert len(description(description="word " * 1000)) <= LONGEST_DESCRIPTION


def test_results_are_described_by_the_success_response() -> None:
    pet = {"type": "object", "properties": {"id": {"type": "integer"}}}
    responses = {
        "404": {"description": "no"},
        "200": {
            "description": "ok",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
        },
    }
    tool = only_tool({"responses": responses}, components={"schemas": {"Pet": pet}})
    assert tool.spec.returns == {
        "$ref": "#/$defs/Pet",
        "$defs": {"Pet": pet},
        "description": "ok",
    }


def test_results_that_are_no_json_are_texts_of_their_media_type() -> None:
    answered = {"description": "", "content": {"text/csv": {"schema": {"type": "array"}}}}
    tool = only_tool({"responses": {"200": answered}})
    assert tool.spec.returns == {"type": "string", "contentMediaType": "text/csv"}
    assert only_tool({"responses": {"204": {"description": "gone"}}}).spec.returns is None


def test_an_operation_named_as_the_tool_that_asks_gets_another_name() -> None:
    tool = only_tool({"operationId": ASK_TOOL})
    assert tool.spec.name == f"{ASK_TOOL}_2"


def test_an_example_shows_the_form_of_a_value() -> None:
    tool = only_tool({"parameters": [query("code", example="VIE")]})
    assert tool.spec.parameters["properties"]["code"] == {"type": "string", "examples": ["VIE"]}
