"""The compiled model: defaults, inheritance, names, and faults that cost no more than they must."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document, Operation
from toolalpaca.openapi.names import document_name, operation_name, tool_name, unique_name

OK = {"200": {"description": "OK"}}


def load(paths: dict[str, Any], **rest: Any) -> Document:
    info = {"title": "T", "version": "1"}
    return load_document({"openapi": "3.1.0", "info": info, "paths": paths, **rest})


def only(document: Document) -> Operation:
    (operation,) = document.operations
    return operation


def faults(document: Document) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.consequence) for problem in document.problems]


@pytest.mark.parametrize(
    ("declared", "style", "explode"),
    [
        ({"in": "query"}, "form", True),
        ({"in": "cookie"}, "form", True),
        ({"in": "header"}, "simple", False),
        ({"in": "query", "style": "spaceDelimited"}, "spaceDelimited", False),
        ({"in": "query", "style": "deepObject"}, "deepObject", False),
        ({"in": "cookie", "style": "cookie"}, "cookie", True),
        ({"in": "query", "style": "deepObject", "explode": True}, "deepObject", True),
        ({"in": "query", "explode": False}, "form", False),
    ],
)
def test_style_and_explode_default_by_the_specification(
    declared: dict[str, Any], style: str, explode: bool
) -> None:
    parameter = {"name": "p", "schema": {}, **declared}
    document = load({"/x": {"get": {"parameters": [parameter], "responses": OK}}})
    (compiled,) = only(document).parameters
    assert (compiled.style, compiled.explode, compiled.required) == (style, explode, False)
    assert compiled.pointer == "/paths/~1x/get/parameters/0"
    assert document.problems == ()


def test_a_style_of_another_location_is_replaced() -> None:
    parameter = {"name": "p", "in": "header", "schema": {}, "style": "form"}
    document = load({"/x": {"get": {"parameters": [parameter], "responses": OK}}})
    assert only(document).parameters[0].style == "simple"
    assert faults(document) == [("/paths/~1x/get/parameters/0", "simple is used")]


def test_path_parameters_join_and_the_operations_own_win() -> None:
    shared = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "lang", "in": "query", "schema": {"type": "string"}},
    ]
    own = [{"$ref": "#/components/parameters/Lang"}, {"name": "lang", "in": "cookie", "schema": {}}]
    document = load(
        {"/x/{id}": {"parameters": shared, "get": {"parameters": own, "responses": OK}}},
        components={
            "parameters": {"Lang": {"name": "lang", "in": "query", "schema": {"type": "integer"}}}
        },
    )
    parameters = {(p.location, p.name): p for p in only(document).parameters}
    assert list(parameters) == [("path", "id"), ("query", "lang"), ("cookie", "lang")]
    assert parameters["query", "lang"].schema == {"type": "integer"}
    assert parameters["query", "lang"].pointer == "/components/parameters/Lang"


def test_path_parameters_are_what_the_template_says() -> None:
    parameters = [
        {"name": "a", "in": "path", "schema": {"type": "integer"}},
        {"name": "gone", "in": "path", "required": True, "schema": {}},
    ]
    document = load({"/{a}/{b}": {"get": {"parameters": parameters, "responses": OK}}})
    compiled = {p.name: p for p in only(document).parameters}
    assert set(compiled) == {"a", "b"}
    assert compiled["a"].required
    assert (compiled["b"].schema, compiled["b"].required) == ({"type": "string"}, True)
    assert [consequence for _, consequence in faults(document)] == [
        "it is required", "the parameter is left out", "any text is taken",
    ]  # fmt: skip


def test_content_parameters_and_reserved_headers() -> None:
    parameters = [
        {
            "name": "filter",
            "in": "query",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        {"name": "Authorization", "in": "header", "schema": {}},
        {"name": "accept", "in": "header", "schema": {}},
    ]
    document = load({"/x": {"get": {"parameters": parameters, "responses": OK}}})
    (parameter,) = only(document).parameters
    assert (parameter.content_type, parameter.schema) == ("application/json", {"type": "object"})


@pytest.mark.parametrize(
    ("media_type", "serialised", "values"),
    [
        ("application/json", '{"a":1}', [{"a": 1}]),
        ("application/hal+json", "[]", [[]]),
        ("application/json", "{", []),
        ("text/plain", "12", ["12"]),
        ("application/xml", "<a/>", []),
        ("application/json", 7, []),
    ],
)
def test_examples_as_they_are_sent(media_type: str, serialised: Any, values: list[Any]) -> None:
    content = {media_type: {"examples": {"it": {"serializedValue": serialised}}}}
    responses = {"200": {"description": "It", "content": content}}
    root = {"openapi": "3.2.0", "info": {"title": "T", "version": "1"}}
    root["paths"] = {"/it": {"get": {"responses": responses}}}
    media = load_document(root).operations[0].responses["200"].content[media_type]
    assert [example.value for example in media.examples] == values


def test_bodies_responses_headers_and_examples() -> None:
    components = {
        "requestBodies": {
            "Pet": {
                "required": True,
                "content": {
                    "Application/JSON; charset=utf-8": {
                        "schema": {"type": "object"},
                        "examples": {
                            "cat": {"$ref": "#/components/examples/Cat"},
                            "far": {"externalValue": "https://a.example/cat.json"},
                        },
                    }
                },
            }
        },
        "examples": {"Cat": {"value": {"name": "Tom"}}},
        "headers": {"Rate": {"schema": {"type": "integer"}, "required": True}},
        "responses": {"Again": {"$ref": "#/components/responses/Error"}, "Error": {
            "description": "Error",
            "headers": {"X-Rate": {"$ref": "#/components/headers/Rate"}},
            "content": {"application/json": {"schema": {"type": "string"}, "example": "bad"}},
        }},
    }  # fmt: skip
    operation = {
        "requestBody": {"$ref": "#/components/requestBodies/Pet"},
        "responses": {
            "201": {"description": "Made"},
            "4XX": {"$ref": "#/components/responses/Again"},
        },
    }
    document = load({"/x": {"post": operation}}, components=components)
    assert document.problems == ()
    compiled = only(document)
    assert compiled.body is not None
    assert compiled.body.required
    assert compiled.body.pointer == "/components/requestBodies/Pet"
    (media,) = compiled.body.content.values()
    assert media.content_type == "application/json"
    assert [(example.name, example.value) for example in media.examples] == [
        ("cat", {"name": "Tom"})
    ]
    assert compiled.success() is compiled.responses["201"]
    error = compiled.response_for(404)
    assert error is not None
    assert (error.status, error.pointer) == ("4XX", "/components/responses/Error")
    assert (error.headers["X-Rate"].style, error.headers["X-Rate"].required) == ("simple", True)
    assert error.content["application/json"].examples[0].name == "default"
    assert compiled.response_for(500) is None


def test_servers_of_document_path_and_operation() -> None:
    server = {
        "url": "https://{region}.a.example/{version}",
        "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}, "version": {"default": 2}},
    }
    document = load(
        {
            "/a": {"get": {"responses": OK}},
            "/b": {"servers": [{"url": "/b"}], "get": {"responses": OK}},
            "/c": {
                "servers": [{"url": "/c"}],
                "get": {"responses": OK, "servers": [{"url": "/d"}, {"url": "//e.example"}]},
            },
        },
        servers=[server],
    )
    assert document.servers == ("https://eu.a.example/2",)
    assert [operation.servers for operation in document] == [
        ("https://eu.a.example/2",), ("/b",), ("/d", "https://e.example"),
    ]  # fmt: skip
    assert load({}, servers=[]).servers == load({}).servers == ("/",)
    unsound = load({}, servers=[{"url": "/{x}"}, {"no": "url"}, 3])
    assert unsound.servers == ("/{x}",)
    assert len(unsound.problems) == 3


def test_security_is_inherited_replaced_or_lifted() -> None:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "bearer": {"type": "http", "scheme": "Bearer"},
        "odd": {"type": "telepathy"},
        "nameless": {"type": "apiKey", "in": "header"},
    }
    document = load(
        {
            "/inherited": {"get": {"responses": OK}},
            "/public": {"get": {"responses": OK, "security": []}},
            "/optional": {"get": {"responses": OK, "security": [{"bearer": ["read"]}, {}]}},
            "/unknown": {"get": {"responses": OK, "security": [{"nobody": [], "key": []}]}},
        },
        security=[{"key": []}],
        components={"securitySchemes": schemes},
    )
    assert set(document.security_schemes) == {"key", "bearer"}
    assert document.security_schemes["bearer"].scheme == "bearer"
    security = {operation.path: operation.security for operation in document}
    assert security == {
        "/inherited": ({"key": ()},),
        "/public": (),
        "/optional": ({"bearer": ("read",)}, {}),
        "/unknown": ({"key": ()},),
    }
    assert [consequence for _, consequence in faults(document)] == [
        "the scheme is left out", "the scheme is left out", "it is not asked",
    ]  # fmt: skip


def test_names_are_unique_and_fit_for_tools() -> None:
    def get(operation_id: str | None = None) -> dict[str, Any]:
        return {"get": {"responses": OK, **({"operationId": operation_id} if operation_id else {})}}

    document = load(
        {
            "/a": get("list pets"),
            "/b": get("list_pets"),
            "/c": get("list_pets"),
            "/pets/{petId}": get(),
            "/d": get("x" * 80),
            "/e": get("x" * 70),
            "/": get(),
            "/f": get("ペット"),
        }
    )
    assert [operation.name for operation in document] == [
        "list_pets_2", "list_pets", "list_pets_3", "get_pets_by_petId", "x" * 64, "x" * 62 + "_2",
        "get", "get_f",
    ]  # fmt: skip
    problems = [p for p in document.problems if "operationId" in p.message]
    assert [(p.pointer, p.consequence) for p in problems] == [
        ("/paths/~1c/get", "the operation is named 'list_pets_3'")
    ]
    operation = document.operation("get_pets_by_petId")
    assert operation is not None
    assert operation.path == "/pets/{petId}"


@given(st.lists(st.text(max_size=80), max_size=12))
def test_any_operation_ids_give_unique_names_fit_for_tools(identifiers: list[str]) -> None:
    paths = {
        f"/{index}": {"get": {"operationId": identifier, "responses": OK}}
        for index, identifier in enumerate(identifiers)
    }
    names = [operation.name for operation in load(paths)]
    assert len(set(names)) == len(identifiers)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in names)


@given(st.text(), st.lists(st.text()))
def test_names_made_of_any_text(text: str, taken: list[str]) -> None:
    assert unique_name(text, taken) not in taken
    assert re.fullmatch(r"([A-Za-z0-9_-]{1,64})?", tool_name(text))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", operation_name("get", text))
    assert re.fullmatch(r"[a-z0-9._-]{1,64}", document_name(text))


@pytest.mark.parametrize(
    ("operation", "consequence"),
    [
        ({"parameters": [{"in": "query", "schema": {}}]}, "the parameter is left out"),
        ({"parameters": [{"name": "p", "in": "body"}]}, "the parameter is left out"),
        ({"parameters": [{"name": "p", "in": {}}]}, "the parameter is left out"),
        ({"parameters": [{"$ref": "#/components/parameters/None"}]}, "the parameter is left out"),
        ({"parameters": [{"$ref": "#/paths/~1x/get/parameters/0"}]}, "the parameter is left out"),
        ({"parameters": {"name": "p"}}, "the parameters are left out"),
        ({"requestBody": {"$ref": "#/none"}}, "no body is taken"),
        ({"requestBody": []}, "no body is taken"),
        ({"responses": {"fine": {"description": ""}}}, "the response is left out"),
        ({"responses": {"200": {"$ref": "#/none"}}}, "the response is left out"),
        ({"responses": {"200": {"description": "", "content": []}}}, "it is ignored"),
        (
            {"responses": {"200": {"description": "", "headers": {"X": 1}}}},
            "the header is left out",
        ),
        (
            {"responses": {"200": {"description": "", "headers": {"X: 1\r\nY": {}}}}},
            "the header is left out",
        ),
        (
            {"responses": {"200": {"description": "", "content": {"text/plain\r\nY: 1": {}}}}},
            "the media type is left out",
        ),
        ({"security": {"key": []}}, "it is ignored"),
        ({"security": ["key"]}, "the alternative is left out"),
    ],
)
def test_a_fault_costs_no_more_than_its_part(operation: dict[str, Any], consequence: str) -> None:
    document = load(
        {"/x": {"get": {"responses": OK, **operation}}, "/y": {"get": {"responses": OK}}}
    )
    assert [operation.path for operation in document] == ["/x", "/y"]
    (problem,) = document.problems
    assert problem.consequence == consequence
    assert problem.pointer.startswith("/paths/~1x/get")
    assert problem.message


@pytest.mark.parametrize(
    ("paths", "remaining", "consequences"),
    [
        ({"pets": {"get": {"responses": OK}}}, ["/pets"], ["it is read as /pets"]),
        ({"/x": {"get": None}}, [], ["the operation is left out"]),
        ({"/x": None}, [], ["the path is left out"]),
        ({"/x": {"$ref": "#/paths/~1x"}}, [], ["the path is left out"]),
        (
            {"/x?a={b}": {"get": {"responses": OK}}},
            ["/x?a={b}"],
            ["no request can match it", "any text is taken"],
        ),
        ({"x-paths": None, "/x": {"x-get": None}}, [], []),
        ({"/x": {"additionalOperations": {"GET": {}}}}, [], ["the operation is left out"]),
        ({"/x": {"get": {"responses": {"2xx": {"description": ""}}}}}, ["/x"], []),
    ],
)
def test_faults_of_paths(
    paths: dict[str, Any], remaining: list[str], consequences: list[str]
) -> None:
    document = load(paths)
    assert [operation.path for operation in document] == remaining
    assert [consequence for _, consequence in faults(document)] == consequences


def test_path_items_by_reference_keep_their_own_fields() -> None:
    document = load(
        {"/x": {"$ref": "#/components/pathItems/X", "post": {"responses": OK}}},
        components={"pathItems": {"X": {"get": {"responses": OK}, "post": {"responses": {}}}}},
    )
    assert [operation.method for operation in document] == ["get", "post"]
    assert list(document.operations[1].responses) == ["200"]


def test_webhooks_callbacks_and_extensions_are_no_operations() -> None:
    callback = {"onEvent": {"{$request.body#/url}": {"post": {"responses": OK}}}}
    document = load(
        {"/x": {"get": {"responses": OK, "callbacks": callback, "x-internal": [1]}}},
        webhooks={"new": {"post": {"responses": OK}}},
        **{"x-tagGroups": [{"$ref": "#/nowhere"}]},
    )
    assert len(document.operations) == 1
    assert document.problems == ()


def test_a_document_without_info_or_paths() -> None:
    document = load_document({"openapi": "3.1.0"}, name="bare")
    assert (document.name, document.title, document.operations) == ("bare", "bare", ())
    assert {problem.pointer for problem in document.problems} == {"/info", "/paths"}
