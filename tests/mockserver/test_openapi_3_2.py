"""What OpenAPI 3.2 added: methods, the whole query string, sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import orjson
import pytest

from toolalpaca.openapi.loading import load_document

Open = Callable[..., httpx2.Client]
FINE = {"204": {"description": "Fine"}}


def document(paths: dict[str, Any]) -> dict[str, Any]:
    return {"openapi": "3.2.0", "info": {"title": "T", "version": "1"}, "paths": paths}


def test_query_and_additional_operations_are_served(open_client: Open) -> None:
    body = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    item = {
        "get": {"responses": FINE},
        "query": {"requestBody": body, "responses": FINE},
        "additionalOperations": {
            "COPY": {"operationId": "copyIt", "responses": FINE},
            "POST": {"responses": FINE},
            "LO CK": {"responses": FINE},
        },
    }
    loaded = load_document(document({"/it": item}))
    assert [o.method for o in loaded] == ["get", "query", "copy"]
    pointers = [problem.pointer for problem in loaded.problems]
    assert "/paths/~1it/additionalOperations/POST" in pointers
    assert "/paths/~1it/additionalOperations/LO CK" in pointers
    client = open_client(loaded)
    assert client.request("COPY", "/it").status_code == 204
    assert client.request("QUERY", "/it", json={}).status_code == 204
    assert client.request("QUERY", "/it").status_code == 422
    refused = client.request("LOCK", "/it")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, QUERY, COPY, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("media_type", "sound", "broken", "status"),
    [
        ("application/x-www-form-urlencoded", "a=1&b=x", "a=y", 422),
        ("application/json", "%7B%22a%22%3A1%7D", "%7B%22a%22%3A%22y%22%7D", 422),
        ("application/json", "%7B%22a%22%3A1%7D", "%7B", 400),
    ],
)
def test_the_whole_query_string(
    open_client: Open, media_type: str, sound: str, broken: str, status: int
) -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
    }
    parameter = {
        "name": "q",
        "in": "querystring",
        "required": True,
        "content": {media_type: {"schema": schema}},
    }
    paths = {"/it": {"get": {"parameters": [parameter], "responses": FINE}}}
    client = open_client(document(paths))
    assert client.get(f"/it?{sound}").status_code == 204
    assert client.get("/it").status_code == 422
    assert client.get(f"/it?{broken}").status_code == status


@pytest.mark.parametrize("kind", ["application/jsonl", "application/json-seq", "text/event-stream"])
def test_sequences_are_written_item_by_item(open_client: Open, kind: str) -> None:
    content = {kind: {"itemSchema": {"type": "object", "properties": {"n": {"type": "integer"}}}}}
    paths = {"/log": {"get": {"responses": {"200": {"description": "Fine", "content": content}}}}}
    response = open_client(document(paths)).get("/log")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(kind)
    text = response.text.replace("\x1e", "").replace("data: ", "")
    items = [orjson.loads(line) for line in text.split("\n") if line]
    assert items
    assert all(isinstance(item, dict) for item in items)


def test_sequences_are_read_item_by_item(open_client: Open) -> None:
    content = {"application/jsonl": {"itemSchema": {"type": "integer"}}}
    operation = {"requestBody": {"required": True, "content": content}, "responses": FINE}
    client = open_client(document({"/log": {"post": operation}}))

    def post(body: bytes) -> httpx2.Response:
        return client.post("/log", content=body, headers={"content-type": "application/jsonl"})

    assert post(b"1\n2\n").status_code == 204
    refused = post(b'1\n"x"\n').json()["errors"]
    assert [(e["pointer"], e["rule"]) for e in refused] == [("/1", "type")]
    assert post(b"1\n{\n").json()["errors"][0]["rule"] == "json"
