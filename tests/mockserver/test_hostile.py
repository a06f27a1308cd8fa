"""Documents and requests that are made to hurt are answered in bounded time and space.

A test that hangs here fails by the suite's own patience; nothing is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def doubling(levels: int) -> dict[str, Any]:
    """A schema that holds the next one ten times, and that the next one: 10 to that power."""
    made: dict[str, Any] = {"L0": {"type": "string"}}
    for level in range(1, levels + 1):
        properties = {f"p{n}": ref(f"L{level - 1}") for n in range(10)}
        made[f"L{level}"] = {"type": "object", "properties": properties}
    return {**made, "It": ref(f"L{levels}")}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "required": ["x"], "properties": {"x": schema}}
    return {"It": schema}


HOSTILE = {
    "a reference bomb": doubling(9),
    "required forever": {"It": {"required": ["it"], "properties": {"it": ref("It")}}},
    "round in a circle": {"It": ref("A"), "A": ref("B"), "B": ref("A")},
    "itself, all of": {"It": {"allOf": [ref("It"), {"type": "object"}]}},
    "itself, one of": {"It": {"oneOf": [ref("It"), {"type": "integer"}]}},
    "deeper than any stack": nested(60),
    "a long enumeration": {"It": {"enum": list(range(50_000))}},
    "a pattern that backtracks": {"It": {"type": "string", "pattern": "^(a+)+$", "minLength": 30}},
    "a pattern of many repeats": {"It": {"type": "string", "pattern": "^((x{99}){99}){99}$"}},
    "more items than there is room for": {"It": {"type": "array", "minItems": 10**9}},
    "longer than there is room for": {"It": {"type": "string", "minLength": 10**9}},
    "many properties": {"It": {"type": "object", "minProperties": 10**9}},
    "wide choices": {
        "It": {"oneOf": [{"type": "object", "required": [f"p{n}"]} for n in range(300)]}
    },
    "choices in choices": {
        **{f"C{n}": {"anyOf": [ref(f"C{n + 1}"), ref(f"C{n + 1}")]} for n in range(20)},
        "C20": {"type": "object", "properties": {"a": ref("C0")}},
        "It": ref("C0"),
    },
    "numbers without end": {"It": {"type": "number", "minimum": 1e308, "multipleOf": 1e-300}},
    "beyond 64 bits": {"It": {"type": "integer", "minimum": 2**70}},
}


@pytest.mark.parametrize("schemas", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_schemas_are_answered(
    open_client: Open, make_document: Callable[..., Any], schemas: dict[str, Any]
) -> None:
    content = {"content": {"application/json": {"schema": ref("It")}}}
    answer = {"200": {"description": "Fine", **content}}
    paths = {
        "/it": {
            "get": {"responses": answer},
            "post": {"requestBody": content, "responses": answer},
        },
        "/it/{id}": {"get": {"responses": answer}},
    }
    client = open_client(make_document(paths, schemas=schemas))
    for response in (client.get("/it"), client.get("/it/1"), client.post("/it", json={"x": "a"})):
        assert response.status_code in (200, 400, 404, 422, 501)
        assert len(response.content) < 2_000_000


DEEP = b"[" * 100_000
STRINGS = {"type": "array", "items": {"type": "string", "pattern": "^(a|a)*$"}}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", DEEP),
        ("application/json", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        ("application/json", b'["' + b"a" * 50_000 + b'b"]'),
        ("application/json", b'"\xff\xfe"'),
        ("application/json", b"1e999999"),
        ("application/json", b"1" * 10_000),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 50_000)),
        ("application/x-www-form-urlencoded", b"a" + b"[x]" * 50_000 + b"=1"),
        ("multipart/form-data; boundary=b", b"--b\r\n" * 50_000),
        ("multipart/form-data", b""),
    ],
)
def test_hostile_bodies_are_refused_or_taken(
    open_client: Open, make_document: Callable[..., Any], content_type: str, body: bytes
) -> None:
    content = {
        "application/json": {"schema": STRINGS},
        "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        "multipart/form-data": {"schema": {"type": "object"}},
    }
    responses = {"204": {"description": "Fine"}}
    paths = {"/it": {"post": {"requestBody": {"content": content}, "responses": responses}}}
    client = open_client(make_document(paths))
    response = client.post("/it", content=body, headers={"content-type": content_type})
    assert response.status_code in (204, 400, 422)


@pytest.mark.parametrize(
    "target",
    [
        "/it/%00", "/it/%ff%fe", "/it/..%2f..%2fetc", "/it/%F0%9F%A6%99", "/it/" + "a" * 5000,
        "/it/1?limit=" + "9" * 5000, "/it/1?limit=1e400", 
        "/it/1?limit=-36893488147419103232", "/it/1?" + "&".join(["limit=1"] * 5000),
        "/it/1?filter[a][b][c][d][e][f][g][h][i][j]=1", "/it/1?%5B%5D=", "//it/1", "/it//1", "/it/",
    ],
)  # fmt: skip
def test_hostile_targets_are_answered(
    open_client: Open, make_document: Callable[..., Any], target: str
) -> None:
    query = [
        {"name": "limit", "in": "query", "schema": {"type": "number"}},
        {"name": "filter", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
    ]
    name = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    operation = {"parameters": query, "responses": {"204": {"description": "Fine"}}}
    client = open_client(make_document({"/it/{id}": {"parameters": [name], "get": operation}}))
    assert client.get(target).status_code in (204, 400, 404, 422)
