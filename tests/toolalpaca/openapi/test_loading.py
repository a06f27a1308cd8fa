"""From a file, folder, URL, standard input or mapping to a document; clear errors otherwise."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolalpaca.errors import DocumentError
from toolalpaca.openapi import sources
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Document, Schema
from toolalpaca.openapi.references import bundle
from toolalpaca.openapi.structure import copy_json
from toolalpaca.openapi.validation import Validator

from .conftest import served

PETS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pet Shop", "version": "1.2"},
    "servers": [{"url": "/v1"}],
    "paths": {
        "/pets/{petId}": {
            "parameters": [
                {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": {
                "operationId": "showPet",
                "responses": {
                    "200": {
                        "description": "A pet",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                        },
                    }
                },
            },
        }
    },
    "components": {"schemas": {"Pet": {"type": "object", "required": ["id"]}}},
}


def test_a_mapping_is_read_and_not_changed() -> None:
    before = json.dumps(PETS)
    document = load_document(PETS)
    assert json.dumps(PETS) == before
    assert (document.name, document.title, document.version) == ("pet-shop", "Pet Shop", "3.1.0")
    assert [operation.name for operation in document] == ["showPet"]
    assert document.problems == ()


def test_json_and_yaml_files_give_the_same_document(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "pets.json").write_text(json.dumps(PETS))
    (tmp_path / "pets.yaml").write_text(yaml.safe_dump(PETS))
    from_json = load_document(tmp_path / "pets.json")
    from_yaml = load_document(str(tmp_path / "pets.yaml"))
    assert from_json.root == from_yaml.root
    assert from_json.operations == from_yaml.operations
    assert from_json.name == from_yaml.name == "pets"
    assert load_document(tmp_path / "pets.json", name="shop").name == "shop"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(json.dumps(PETS).encode())

    monkeypatch.setattr(sys, "stdin", Stdin)
    document = load_document("-")
    assert (document.name, document.source) == ("pet-shop", "standard input")


def test_a_url_resolves_its_relative_servers_and_neighbours() -> None:
    spread = json.loads(json.dumps(PETS))
    spread["components"]["schemas"]["Pet"] = {"$ref": "pet.yaml"}
    files = {"/pets.json": json.dumps(spread).encode(), "/pet.yaml": b"type: string"}
    with served(files) as url:
        document = load_document(f"{url}/pets.json?token=secret")
        assert document.problems == ()
        assert document.servers == (f"{url}/v1",)
        assert document.root["components"]["schemas"]["pet"] == {"type": "string"}
        assert "secret" not in document.source
        assert load_document(f"{url}/moved").title == "Pet Shop"
        with pytest.raises(DocumentError, match="answered 404"):
            load_document(f"{url}/missing.json")
    with pytest.raises(DocumentError, match="cannot be fetched"):
        load_document(f"{url}/pets.json")


def test_a_url_does_not_read_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("type: string")
    reaching = json.loads(json.dumps(PETS))
    reaching["components"]["schemas"] = {
        "Pet": {"$ref": (tmp_path / "secret.yaml").as_uri()},
        "Other": {"$ref": "http://127.0.0.1:9/x.json"},
    }
    with served({"/pets.json": json.dumps(reaching).encode()}) as url:
        document = load_document(f"{url}/pets.json")
    assert document.root["components"]["schemas"] == {"Pet": {}, "Other": {}}
    assert ["own origin" in problem.message for problem in document.problems] == [True, True]


def test_a_server_that_sends_too_much_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_DOCUMENT", 1024)
    with (
        served({"/big": b" " * 4096}) as url,
        pytest.raises(DocumentError, match="is larger than"),
    ):
        load_document(f"{url}/big")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"openapi": "3.1.0",\n "info" 1}', r"x\.json:2: is not JSON: .*column"),
        ("[1, 2]", r"x\.json: is no OpenAPI document"),
        ("{}", r"x\.json: is no OpenAPI document"),
        ("", r"is no OpenAPI document"),
        ('{"swagger": "1.2"}', r"x\.json#/swagger: the version '1.2' cannot be read"),
        ('{"openapi": "4.0.0"}', r"x\.json#/openapi: the version '4.0.0' cannot be read"),
        ('{"openapi": null}', r"the version 'None' cannot be read"),
        ('{"openapi": "3.1.0", "x-deep": ' + "[" * 500 + "]" * 500 + "}", r"levels deep"),
        ('{"openapi": "3.1.0", "x-deep": ' + "[" * 100_000 + "]" * 100_000 + "}", r"JSON"),
    ],
)
def test_what_is_no_document_says_so_with_its_place(
    content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(DocumentError, match=message):
        load_document(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"openapi: 3.1.0\ninfo: \xff\n")
    with pytest.raises(DocumentError, match=r"x\.yaml:2: is not UTF-8"):
        load_document(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "pets.json"
    path.write_bytes(json.dumps(PETS).encode(encoding))
    assert load_document(path).title == "Pet Shop"


def test_places_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="there is no such file"):
        load_document(tmp_path / "none.yaml")
    with pytest.raises(DocumentError, match="is a folder"):
        load_document(tmp_path)
    with pytest.raises(DocumentError, match="cannot be read"):
        load_document("pets\0.yaml")


def test_a_reference_to_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    spread = json.loads(json.dumps(PETS))
    spread["components"]["schemas"]["Pet"] = {"$ref": "pipe.yaml"}
    (tmp_path / "pets.json").write_text(json.dumps(spread))
    (problem,) = load_document(tmp_path / "pets.json").problems
    assert "no such file" in problem.message


def test_a_version_newer_than_known_is_read_and_reported() -> None:
    document = load_document({**PETS, "openapi": "3.9.0"})
    assert len(document.operations) == 1
    assert [problem.pointer for problem in document.problems] == ["/openapi"]


def test_duplicate_keys_are_reported(tmp_path: Path) -> None:
    text = json.dumps(PETS).replace('"title": "Pet Shop"', '"title": "Old", "title": "Pet Shop"')
    (tmp_path / "pets.json").write_text(text)
    document = load_document(tmp_path / "pets.json")
    assert document.title == "Pet Shop"
    assert [problem.pointer for problem in document.problems] == ["/info/title"]


def test_a_mapping_from_a_parser_of_yaml_1_1() -> None:
    import yaml

    text = """
openapi: 3.1.0
info: {title: Dates, version: 2020-01-01}
paths:
  /x:
    get:
      responses:
        200: {description: OK}
"""
    document = load_document(yaml.safe_load(text))
    assert list(document.operations[0].responses) == ["200"]
    assert document.api_version == "2020-01-01"
    assert [problem.pointer for problem in document.problems] == ["/paths/~1x/get/responses/200"]
    with pytest.raises(DocumentError, match="a set has no form in JSON"):
        load_document({"openapi": "3.1.0", "x-set": {1}})


def test_no_mapping_reads_files(tmp_path: Path) -> None:
    (tmp_path / "pet.yaml").write_text("type: string")
    spread = json.loads(json.dumps(PETS))
    spread["components"]["schemas"]["Pet"] = {"$ref": (tmp_path / "pet.yaml").as_uri()}
    (problem,) = load_document(spread).problems
    assert "outside of what the document may read" in problem.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "#/paths", "get"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["$ref", "type", "schema", "x", "in"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from _places(item, (*path, key))
        else:
            yield (*path, key)


def _example(name: str) -> dict[str, Any]:
    from toolalpaca.openapi.decoding import decode

    path = Path(__file__).parents[3] / "examples" / name
    data: dict[str, Any] = decode(path.read_bytes(), name)[0]
    return data


_SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Old", "version": "1"},
    "host": "example.com",
    "basePath": "/v1",
    "schemes": ["http"],
    "consumes": ["application/json"],
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "security": [{"key": []}],
    "parameters": {"limit": {"name": "limit", "in": "query", "type": "integer"}},
    "responses": {"Error": {"description": "Error", "schema": {"$ref": "#/definitions/Pet"}}},
    "definitions": {"Pet": {"type": "object", "properties": {"x": {"$ref": "#/definitions/Pet"}}}},
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "post": {
                "produces": ["text/xml"],
                "parameters": [
                    {"$ref": "#/parameters/limit"},
                    {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Pet"}},
                ],
                "responses": {"200": {"description": "OK", "examples": {"text/xml": "<a/>"}}},
            },
            "put": {
                "parameters": [
                    {"name": "f", "in": "formData", "type": "array", "items": {"type": "string"}}
                ],
                "responses": {"default": {"$ref": "#/responses/Error"}},
            },
        }
    },
}


@pytest.mark.parametrize("document", [_example("weather.yaml"), _SWAGGER], ids=["3.0", "2.0"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_wrong_with_a_document_what_is_left_of_it_can_be_used(
    document: dict[str, Any], data: st.DataObject
) -> None:
    broken = json.loads(json.dumps(document))
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from(list(_places(broken))))
        holder = broken
        for key in way:
            holder = holder[key]
        holder[last] = copy_json(data.draw(_JSON))
    try:
        loaded = load_document(broken)
    except DocumentError:
        return
    for schema in _schemas(loaded):
        Validator(bundle(schema, loaded.root))
        Validator(bundle(flatten(schema, loaded.root), loaded.root))


def _schemas(document: Document) -> Iterator[Schema]:
    for operation in document:
        for parameter in operation.parameters:
            yield parameter.schema
        content = [operation.body.content] if operation.body else []
        for media in (*content, *(response.content for response in operation.responses.values())):
            yield from (media_type.schema for media_type in media.values())
