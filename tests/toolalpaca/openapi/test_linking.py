"""Documents in many files, and references by identifier, as one document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from toolalpaca.openapi import linking
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.references import bundle
from toolalpaca.openapi.validation import Validator

HEAD = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"


def load(folder: Path, **files: str) -> Document:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load_document(folder / "root.yaml")


def response_schema(document: Document) -> Any:
    return document.operations[0].responses["200"].content["application/json"].schema


def test_parts_of_every_kind_come_from_other_files(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        root=HEAD + "paths:\n  /pets/{id}:\n    $ref: paths/pet.yaml\n",
        paths__pet="""
parameters: [{$ref: '../shared.yaml#/id'}]
get:
  parameters: [{$ref: '../shared.yaml#/limit'}]
  responses:
    '200': {$ref: '../shared.yaml#/responses/Pet'}
post:
  requestBody: {$ref: '../shared.yaml#/body'}
  responses: {}
""",
        shared="""
id: {name: id, in: path, required: true, schema: {$ref: '#/Identifier'}}
limit: {name: limit, in: query, schema: {type: integer, nullable: true}}
Identifier: {type: integer, minimum: 1, exclusiveMinimum: true}
body: {content: {application/json: {schema: {$ref: 'schemas/pet.yaml'}}}}
responses:
  Pet:
    description: A pet
    content: {application/json: {schema: {$ref: 'schemas/pet.yaml'}}}
""",
        schemas__pet="""
type: object
required: [id]
properties:
  id: {$ref: '../shared.yaml#/Identifier'}
  friends: {type: array, items: {$ref: '#'}}
  mother: {$ref: 'pet.yaml'}
""",
    )
    assert document.problems == ()
    get, post = document.operations
    assert [p.name for p in get.parameters] == ["id", "limit"]
    assert get.parameters[1].schema == {"type": ["integer", "null"]}
    assert post.body is not None
    assert set(document.root["components"]["schemas"]) == {"Identifier", "pet"}, "copied once each"
    validator = Validator(bundle(response_schema(document), document.root))
    assert validator.is_valid({"id": 2, "friends": [{"id": 3, "mother": {"id": 4}}]})
    assert not validator.is_valid({"id": 2, "friends": [{"id": 0}]})


def test_parts_of_a_swagger_document(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        root="""
swagger: '2.0'
info: {title: T, version: '1'}
paths: {/pets: {$ref: 'pets.yaml#/list'}}
""",
        pets="""
list:
  post:
    parameters: [{$ref: '#/body'}]
    responses: {'200': {$ref: '#/answer'}}
body: {name: pet, in: body, schema: {$ref: '#/Pet'}}
answer: {description: OK, schema: {$ref: '#/Pet'}}
Pet: {type: object, properties: {name: {type: string, x-nullable: true}}}
""",
    )
    assert document.problems == ()
    assert response_schema(document) == {"$ref": "#/components/schemas/Pet"}
    body = document.operations[0].body
    assert body is not None
    assert body.content["application/json"].schema == {"$ref": "#/components/schemas/Pet"}
    assert document.root["components"]["schemas"]["Pet"]["properties"]["name"] == {
        "type": ["string", "null"]
    }


def test_equal_names_from_different_files_stay_apart(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        root=HEAD
        + "paths: {}\ncomponents: {schemas: {Pet: {type: object}, "
        + "A: {$ref: 'a.yaml#/Pet'}, B: {$ref: 'b.yaml#/Pet'}}}\n",
        a="Pet: {const: 1}",
        b="Pet: {const: 2}",
    )
    schemas = document.root["components"]["schemas"]
    assert schemas["Pet"] == {"type": "object"}
    assert [schemas["Pet_2"], schemas["Pet_3"]] == [{"const": 1}, {"const": 2}]


def test_whole_sections_in_other_files(tmp_path: Path) -> None:
    """No version allows it; every bundler does, and people rely on it."""
    document = load(
        tmp_path,
        root="openapi: 3.0.3\ninfo: {$ref: info.yaml}\npaths: {$ref: paths.yaml}\n"
        "components: {schemas: {$ref: schemas.yaml}}\n",
        info="{title: Spread, version: '1'}",
        paths="/a: {get: {responses: {'200': {description: OK, content: {application/json: "
        "{schema: {$ref: 'schemas.yaml#/A'}}}}}}}",
        schemas="A: {type: string}\nB: {$ref: '#/A'}\n",
    )
    assert document.title == "Spread"
    assert len(document.operations) == 1
    assert Validator(bundle(response_schema(document), document.root)).is_valid("x")
    assert {problem.pointer for problem in document.problems} == {
        "/info", "/paths", "/components/schemas",
    }  # fmt: skip
    assert {problem.consequence for problem in document.problems} == {"it is followed"}


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        root=HEAD
        + "paths: {/a: {$ref: 'none.yaml'}, /b: {$ref: 'there.yaml#/none'}}\n"
        + "components: {schemas: {A: {$ref: 'http://127.0.0.1:9/x.yaml'}, "
        + "B: {$ref: 'http://['}, C: {$ref: 'there.yaml#anchor'}, D: {$ref: 'broken.yaml'}}}\n",
        there="x: 1",
        broken="x: [",
    )
    assert document.operations == ()
    reasons = {problem.pointer: problem.message for problem in document.problems}
    for pointer, reason in [
        ("/paths/~1a", "no such file"),
        ("/paths/~1b", "nothing stands at"),
        ("/components/schemas/A/$ref", "outside of what the document may read"),
        ("/components/schemas/B/$ref", "it is no URI"),
        ("/components/schemas/C/$ref", "no anchor"),
        ("/components/schemas/D/$ref", "is not YAML"),
    ]:
        assert reason in reasons[pointer]


def test_files_that_refer_to_each_other_end(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        root=HEAD
        + "paths: {}\ncomponents: {schemas: {A: {$ref: 'a.yaml'}, Loop: {$ref: 'c.yaml'}}}",
        a="type: object\nproperties: {b: {$ref: b.yaml}, "
        "root: {$ref: 'root.yaml#/components/schemas/A'}}",
        b="type: object\nproperties: {a: {$ref: a.yaml}}",
        c="$ref: d.yaml",
        d="$ref: c.yaml",
    )
    (problem,) = document.problems
    assert "leads back to itself" in problem.message
    validator = Validator(bundle({"$ref": "#/components/schemas/A"}, document.root))
    assert not validator.is_valid({"b": {"a": {"root": {"b": 1}}}})


def test_copies_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "MOST_COPIED", 50)
    pets = "\n".join(f"P{n}: {{properties: {{a: {{type: string}}}}}}" for n in range(100))
    references = ", ".join(f"P{n}: {{$ref: 'pets.yaml#/P{n}'}}" for n in range(100))
    document = load(
        tmp_path, root=HEAD + f"paths: {{}}\ncomponents: {{schemas: {{{references}}}}}", pets=pets
    )
    assert any("unfold to more than 50 values" in p.message for p in document.problems)


def test_an_inlined_section_that_holds_itself_ends() -> None:
    loop = {"properties": {"$ref": "#/components/schemas/A/properties"}}
    document = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "paths": {},
            "components": {
                "schemas": {
                    "A": {"properties": {"a": loop}},
                }
            },
        }
    )
    assert any("leads back to itself" in problem.message for problem in document.problems)


def test_identifiers_and_anchors_become_pointers() -> None:
    schemas = {
        "Pet": {
            "$id": "https://a.example/schemas/pet",
            "type": "object",
            "properties": {
                "tag": {"$ref": "#/$defs/Tag"},
                "whole": {"$ref": "#/components/schemas/Owner"},
                "owner": {"$ref": "owner"},
                "self": {"$ref": "#"},
            },
            "$defs": {"Tag": {"$anchor": "tag", "type": "string"}},
        },
        "Owner": {"$id": "https://a.example/schemas/owner", "type": "integer"},
        "User": {
            "properties": {
                "pet": {"$ref": "https://a.example/schemas/pet"},
                "tag": {"$ref": "https://a.example/schemas/pet#tag"},
                "here": {"$ref": "#here"},
                "dynamic": {"$dynamicRef": "#node"},
            },
        },
        "Here": {"$anchor": "here", "$dynamicAnchor": "node", "type": "null"},
    }
    document = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "paths": {},
            "components": {"schemas": schemas},
        }
    )
    assert document.problems == ()
    user = Validator(bundle({"$ref": "#/components/schemas/User"}, document.root))
    pet = {"tag": "x", "whole": 1, "owner": 2, "self": {"tag": "y"}}
    assert user.is_valid({"pet": pet, "tag": "x", "here": None, "dynamic": None})
    for wrong in (
        {"tag": 1}, {"here": 1}, {"dynamic": 1}, {"pet": {"tag": 1}}, {"pet": {"owner": "x"}},
        {"pet": {"whole": "x"}}, {"pet": {"self": {"tag": 1}}},
    ):  # fmt: skip
        assert not user.is_valid(wrong), wrong


def test_dynamic_references_lead_to_what_extends_their_schema() -> None:
    node = {"$dynamicAnchor": "node"}
    item = {"$dynamicAnchor": "item"}
    strict = {"unevaluatedProperties": False}
    tree = {"children": {"type": "array", "items": {"$dynamicRef": "#node"}}, "size": True}
    listed = {"type": "object", "properties": {"items": {"$ref": "#/$defs/List"}}}
    schemas: dict[str, Any] = {
        "Tree": {"$id": "https://a.example/tree", **node, "type": "object", "properties": tree},
        "Strict": {"$id": "https://a.example/strict", **node, "$ref": "tree", **strict},
        "Stricter": {
            "$id": "https://a.example/stricter",
            **node,
            "$ref": "strict",
            "properties": {"size": {"type": "integer"}},
        },
        "Page": {
            "$id": "https://a.example/page",
            **listed,
            "$defs": {
                "Item": {**item, "not": {}},
                "List": {"type": "array", "items": {"$dynamicRef": "#item"}},
            },
        },
    } | {
        name: {
            "$id": f"https://a.example/{name}",
            "$ref": "page",
            "$defs": {"Item": {**item, "type": kind}},
        }
        for name, kind in (("Texts", "string"), ("Numbers", "number"))
    }
    cases: dict[str, tuple[list[Any], list[Any]]] = {
        "Tree": ([{"x": 1, "children": [{"x": 1}]}], [{"children": [1]}]),
        "Strict": ([{"size": "x", "children": [{"children": []}]}], [{"children": [{"x": 1}]}]),
        "Stricter": ([{"children": [{"size": 1}]}], [{"children": [{"size": "x"}]}, {"size": "x"}]),
        "Page": ([{"items": []}], [{"items": [1]}, {"items": ["a"]}]),
        "Texts": ([{"items": ["a"]}], [{"items": [1]}]),
        "Numbers": ([{"items": [1]}], [{"items": ["a"]}]),
    }
    info = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}
    document = load_document({**info, "components": {"schemas": schemas}})
    assert document.problems == ()
    for name, (sound, broken) in cases.items():
        reference = {"$ref": f"#/components/schemas/{name}"}
        validator = Validator(bundle(reference, document.root))
        independent = Draft202012Validator({"$defs": schemas, "$ref": schemas[name]["$id"]})
        for value in (*sound, *broken):
            expected = value in sound
            assert (independent.is_valid(value), name, value) == (expected, name, value)
            assert (validator.is_valid(value), name, value) == (expected, name, value)


def test_self_names_the_document_but_its_neighbours_are_files(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        root="openapi: 3.2.0\n$self: https://a.example/apis/root.yaml\n"
        "info: {title: T, version: '1'}\npaths: {}\ncomponents: {schemas: "
        "{A: {$ref: 'part.yaml'}, B: {$ref: 'https://a.example/apis/root.yaml#/components/schemas/A'}}}",
        part="type: string",
    )
    assert document.problems == ()
    assert document.root["components"]["schemas"]["B"] == {"$ref": "#/components/schemas/A"}
