"""What HTTP and the document's servers ask of every operation, whatever it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca_mockserver.reading.requests import request_of

Open = Callable[..., httpx2.Client]
FINE = {"204": {"description": "Fine"}}
TEXT = {"type": "string"}


def answer(*media_types: str) -> dict[str, Any]:
    content = {kind: {"schema": {"type": "object"}} for kind in media_types}
    return {"200": {"description": "Fine", "content": content}}


@pytest.fixture
def client(open_client: Open, make_document: Callable[..., Any]) -> httpx2.Client:
    path = {"name": "id", "in": "path", "required": True, "schema": {**TEXT, "maxLength": 5}}
    reserved = {"name": "at", "in": "query", "allowReserved": True, "schema": {"const": "a/b:c@d"}}
    paths = {
        "/things/{id}": {
            "parameters": [path, reserved],
            "get": {"responses": answer("application/json", "application/xml")},
            "put": {"responses": FINE},
        },
        "/a b/{id}.{kind}": {"parameters": [path], "get": {"responses": FINE}},
        "/own": {"servers": [{"url": "/elsewhere"}], "get": {"responses": FINE}},
    }
    server = {
        "url": "https://{region}.example.com/{version}/api",
        "variables": {"region": {"default": "eu"}, "version": {"default": "v2"}},
    }
    return open_client(make_document(paths, servers=[server]))


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/things/1", 200),
        ("/v2/api/things/1", 200),
        ("/v3/api/things/1", 404),
        ("/things/1/", 200),
        ("/things/a%2Fb", 200),
        ("/things/%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", 200),
        ("/things/abcdef", 422),
        ("/%74hings/1", 200),
        ("/a%20b/1.json", 204),
        ("/own", 204),
        ("/elsewhere/own", 204),
        ("/v2/api/own", 404),
        ("/things/1?at=a/b:c@d", 200),
        ("/things/1?at=a%2Fb%3Ac%40d", 200),
        ("/things/1?at=a", 422),
    ],
)
def test_paths_and_servers(client: httpx2.Client, target: str, status: int) -> None:
    assert client.get(target).status_code == status


def test_head_is_get_without_a_body(client: httpx2.Client) -> None:
    got, head = client.get("/things/1"), client.head("/things/1")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert client.head("/things/abcdef").status_code == 422


def test_options_and_unknown_methods_name_the_methods(client: httpx2.Client) -> None:
    told = client.options("/v2/api/things/1")
    assert told.status_code == 204
    assert set(told.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "OPTIONS"}
    refused = client.delete("/things/1")
    assert (refused.status_code, refused.headers["allow"]) == (405, told.headers["allow"])


def test_browsers_may_ask_from_anywhere(client: httpx2.Client) -> None:
    headers = {
        "origin": "http://app.test",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-key",
    }
    preflight = client.options("/things/1", headers=headers)
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "x-key"
    for response in (client.get("/things/1", headers=headers), client.get("/x", headers=headers)):
        assert response.headers["access-control-allow-origin"] == "http://app.test"
        assert "toolalpaca-source" in response.headers["access-control-expose-headers"]
    # What a cache keeps for one who says no origin must do for the pages of others.
    for response in (client.get("/things/1"), client.get("/x"), client.options("/things/1")):
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/xml", "application/xml"),
        ("application/json;q=0.1, application/*", "application/xml"),
        ("text/html, application/json;q=0.5", "application/json"),
        ("text/html", None),
        ("application/json;q=0", "application/xml"),
    ],
)
def test_content_is_negotiated(client: httpx2.Client, accept: str, kind: str | None) -> None:
    response = client.get("/things/1", headers={"accept": accept})
    if accept == "application/json;q=0":
        assert response.status_code == 406  # it names nothing that it wants
    elif kind is None:
        assert response.status_code == 406
        assert "application/xml" in response.headers["toolalpaca-problem"]
    else:
        assert response.headers["content-type"] == kind


FIELDS = {
    "type": "object",
    "properties": {
        "tags": {"type": "array", "items": {"type": "integer"}},
        "where": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "meta": {"type": "object", "properties": {"n": {"type": "integer"}}},
    },
    "additionalProperties": False,
}
ENCODING = {
    "tags": {"style": "pipeDelimited", "explode": False},
    "where": {"style": "deepObject"},
    "meta": {"contentType": "application/json"},
}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ("tags=1|2&where[x]=3&meta=%7B%22n%22%3A4%7D", []),
        ("tags=1%7C2&where%5Bx%5D=3", []),
        ("tags=1|b&where[x]=c&meta=%7B%22n%22%3A%22d%22%7D", ["/meta/n", "/tags/1", "/where/x"]),
        ("other=1", ["/other"]),
        ("tags[1]=2&tags[0]=1", []),
        ("tags[]=1&tags[]=b", ["/tags/1"]),
        ("tags[a]=1", ["/tags"]),
    ],
)
def test_forms_by_their_encoding(
    open_client: Open, make_document: Callable[..., Any], body: str, pointers: list[str]
) -> None:
    kind = "application/x-www-form-urlencoded"
    content = {kind: {"schema": FIELDS, "encoding": ENCODING}}
    paths = {"/it": {"post": {"requestBody": {"content": content}, "responses": FINE}}}
    response = open_client(make_document(paths)).post(
        "/it", content=body.encode(), headers={"content-type": kind}
    )
    assert response.status_code == (422 if pointers else 204)
    found = [e["pointer"] for e in response.json()["errors"]] if pointers else []
    assert sorted(found) == pointers


def test_parts_by_their_encoding(open_client: Open, make_document: Callable[..., Any]) -> None:
    content = {"multipart/form-data": {"schema": FIELDS, "encoding": ENCODING}}
    paths = {"/it": {"post": {"requestBody": {"content": content}, "responses": FINE}}}
    client = open_client(make_document(paths))
    sound: list[Any] = [
        ("tags", (None, "1|2")),
        ("meta", (None, '{"n": 4}')),
        ("where[x]", (None, "3")),
    ]
    assert client.post("/it", files=sound).status_code == 204
    wrong: list[Any] = [("tags", (None, "1|b")), ("meta", (None, '{"n": "d"}'))]
    errors = client.post("/it", files=wrong).json()["errors"]
    assert sorted(e["pointer"] for e in errors) == ["/meta/n", "/tags/1"]


def test_a_slash_more_or_less_leads_no_method_elsewhere(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    fine = {"responses": {"204": {"description": "Fine"}}}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {"/users/me": {"get": fine}, "/users/{id}/": {"parameters": [key], "put": fine}}
    client = open_client(make_document(paths))
    assert client.put("/users/7").status_code == 204
    assert client.get("/users/me/").status_code == 204
    refused = client.put("/users/me")
    assert refused.status_code == 405
    assert "PUT" not in refused.headers["allow"]


def test_white_space_around_a_header_is_no_part_of_it() -> None:
    """httptools leaves what follows a value; clients of ours send none (RFC 9110, section 5.5)."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"X-Count", b" 5 \t")],
    }
    assert request_of(scope, b"").headers == {"x-count": "5"}
