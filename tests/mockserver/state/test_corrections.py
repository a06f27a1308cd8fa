"""What a person says of resources wins over what is inferred."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from toolalpaca.cli import main
from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.explanation import mistakes
from toolalpaca_mockserver.state.corrections import read_corrections_file

Open = Callable[..., httpx2.Client]


def answer(schema: Any) -> dict[str, Any]:
    return {"description": "Fine", "content": {"application/json": {"schema": schema}}}


@pytest.fixture
def odd(make_document: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """An API whose names tell nothing."""
    thing = {
        "type": "object",
        "required": ["mark", "heft"],
        "properties": {"mark": {"type": "string"}, "heft": {"type": "integer"}},
    }
    wrapped = {
        "type": "object",
        "required": ["rows", "extra"],
        "properties": {
            "rows": {"type": "array", "items": thing},
            "extra": {"type": "array", "items": {"type": "object"}},
        },
    }
    body = {"content": {"application/json": {"schema": thing}}}
    names = ("how_many", "lightest")
    queries = [{"name": n, "in": "query", "schema": {"type": "integer"}} for n in names]
    reference = {"name": "ref", "in": "path", "required": True, "schema": {"type": "string"}}
    return make_document(
        {
            "/things": {"get": {"parameters": queries, "responses": {"200": answer(wrapped)}}},
            "/things/{ref}": {
                "parameters": [reference],
                "get": {"responses": {"200": answer(thing)}},
            },
            "/things-new": {"post": {"requestBody": body, "responses": {"201": answer(thing)}}},
        }
    )


RIGHT = """
resources:
  /things: {id: mark, list: rows, name: gadget}
operations:
  GET /things:
    parameters: {how_many: size, lightest: "min:heft"}
  POST /things-new: {does: create, resource: /things}
"""


def corrected(folder: Path, text: str) -> Any:
    path = folder / "corrections.yaml"
    path.write_text(text)
    return read_corrections_file(path)


def test_a_file_says_where_things_are(open_client: Open, odd: Any, tmp_path: Path) -> None:
    client = open_client(odd, corrections=corrected(tmp_path, RIGHT))
    made = client.post("/things-new", json={"mark": "a/1", "heft": 7})
    assert made.status_code == 201
    assert client.get("/things/a%2F1").json() == made.json()
    listed = client.get("/things").json()["rows"]
    assert made.json() in listed
    assert client.get("/things", params={"how_many": 2}).json()["rows"] == listed[:2]
    heavy = [thing for thing in listed if thing["heft"] >= 7]
    assert client.get("/things", params={"lightest": 7}).json()["rows"] == heavy
    assert "there is no gadget none" in client.get("/things/none").text


def test_the_document_may_say_it_itself(open_client: Open, odd: Any) -> None:
    odd["paths"]["/things"]["x-toolalpaca-resource"] = {"id": "mark", "list": "rows"}
    odd["paths"]["/things"]["get"]["x-toolalpaca-operation"] = {"parameters": {"how_many": "size"}}
    client = open_client(odd)
    rows = client.get("/things", params={"how_many": 1}).json()["rows"]
    assert len(rows) == 1
    assert client.get(f"/things/{rows[0]['mark']}").json() == rows[0]


@pytest.mark.parametrize("at", ["resource", "operation"])
def test_stateless_means_that_nothing_is_remembered(
    open_client: Open, pets: dict[str, Any], at: str
) -> None:
    place = pets["paths"]["/pets"] if at == "resource" else pets["paths"]["/pets"]["post"]
    place[f"x-toolalpaca-{at}"] = {"stateless": True}
    client = open_client(pets)
    made = client.post("/pets", json={"name": "Rex", "kind": "dog"})
    assert made.headers["toolalpaca-source"] == "schema"
    assert made.json() not in client.get("/pets").json()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resources: {/things: {ident: mark}}", "ident is no correction (there are name, id,"),
        ("resources: {/things: {id: 3}}", "not of type"),
        ("operations: {GET /things: {parameters: {how_many: length}}}", "'length' is no role"),
        ("operations: {GET /things: {does: list}}", "resource"),
        ("resources: {/thongs: {id: mark}}", "no document has the path /thongs"),
        ("operations: {GET /thongs: {stateless: true}}", "no document has GET /thongs"),
        ("resources: {/things-new: {id: mark}}", "/things-new is no collection even so"),
        ("resources: {/things: {id: name}}", "has no property name (there are mark, heft)"),
        ("resources: {/things: {id: mark, list: lines}}", "no list of objects at lines"),
        ("resources: {/things: {id: mark, list: rows, parent: heft}}", "heft is no reference"),
        ("resources: {/things: {id: mark, references: {heft: /no}}}", "/no is no collection"),
        ("resources: {/things: {id: mark, references: {no: /things}}}", "has no property no"),
        ("operations: {POST /things-new: {does: create, resource: /no}}", "/no is no collection"),
        ("resources: {/things: {id: mark, list: rows}}\n"
         "operations: {GET /things: {parameters: {pg: page}}}", "no query parameter pg (there are"),
        ("resources: {/things: {id: mark, list: rows}}\n"
         "operations: {GET /things: {parameters: {how_many: 'max:no'}}}", "have no property no"),
        ("operations: {POST /things-new: {parameters: {a: page}}}", "no query parameter a"),
        ("resources: [", "is not YAML"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line_each(
    odd: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    document, corrections = tmp_path / "odd.json", tmp_path / "corrections.yaml"
    document.write_text(json.dumps(odd))
    corrections.write_text(text)
    status = main(["mock", str(document), "--port", "0", "--corrections", str(corrections)])
    (line,) = capsys.readouterr().err.splitlines()
    assert status != 0
    assert said in line
    assert "corrections.yaml" in line


def test_mistakes_in_a_document_are_told_with_their_place(pets: dict[str, Any]) -> None:
    pets["paths"]["/pets"]["x-toolalpaca-resource"] = {"id": "nope"}
    pets["paths"]["/pets"]["get"]["x-toolalpaca-operation"] = {"is": "wrong"}
    api = create_app([load_document(pets)]).apis[0]
    told = [str(mistake) for mistake in mistakes(api.simulation.resources)]
    assert "#/paths/~1pets/get/x-toolalpaca-operation: is is no correction" in told[0]
    assert "#/paths/~1pets/x-toolalpaca-resource/id: a pet has no property nope" in told[1]
