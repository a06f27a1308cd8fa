"""Answers: which one, in which form, with which headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]

THING = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
                    },
                },
            },
        }
    },
}


@pytest.fixture
def client(open_client: Open, make_document: Callable[..., Any]) -> httpx2.Client:
    examples = {
        "small": {"value": {"name": "ant", "size": 1}},
        "large": {"value": {"name": "whale", "size": 9}},
        "broken": {"value": {"size": "no"}},
    }
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}
    responses = {
        "200": {
            "description": "Fine",
            "headers": {
                "X-Rate-Limit": {"required": True, "schema": {"type": "integer", "minimum": 1}},
                "X-Tags": {"schema": {"type": "array", "items": {"enum": ["a"]}, "minItems": 2}},
            },
            "content": {
                "application/xml": {"schema": {**THING, "xml": {"name": "thing"}}},
                "application/json": {"schema": THING, "examples": examples},
                "text/plain": {"schema": {"type": "string"}},
            },
        },
        "202": {"description": "Later"},
        "4XX": {"description": "No", "content": {"application/json": {"schema": ERROR}}},
        "503": {"description": "Down", "content": {"application/json": {"schema": THING}}},
    }
    paths = {
        "/thing": {
            "get": {"parameters": [limit], "responses": responses},
            "post": {"responses": {"201": {"description": "Made"}}},
        },
        "/silent": {"delete": {"responses": {"204": {"description": "Done"}}}},
        "/picture": {"get": {"responses": {"200": {"description": "It", "content": {
            "image/png": {"schema": {"type": "string", "format": "binary"}}}}}}},
    }  # fmt: skip
    return open_client(make_document(paths, servers=[{"url": "https://api.example.com/v1/"}]))


def test_the_first_sound_example_is_the_answer(client: httpx2.Client) -> None:
    response = client.get("/thing")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["toolalpaca-source"] == "example"
    assert response.json() == {"name": "ant", "size": 1}
    assert int(response.headers["x-rate-limit"]) >= 1
    assert response.headers["x-tags"].startswith("a,a")


def test_the_path_of_the_server_is_served_too(client: httpx2.Client) -> None:
    assert client.get("/v1/thing").json() == client.get("/thing").json()
    assert client.get("/v1/thing/").status_code == 200


@pytest.mark.parametrize(
    ("prefer", "status", "body"),
    [
        ("example=large", 200, {"name": "whale", "size": 9}),
        ('example="small"', 200, {"name": "ant", "size": 1}),
        ("code=202", 202, None),
        ("respond-async, code=202", 202, None),
        ("dynamic=false", 200, {"name": "ant", "size": 1}),
    ],
)
def test_preferences_choose(client: httpx2.Client, prefer: str, status: int, body: Any) -> None:
    response = client.get("/thing", headers={"prefer": prefer})
    assert response.status_code == status
    assert (response.json() if response.content else None) == body


def test_preferences_for_errors_and_for_made_up_values(client: httpx2.Client) -> None:
    assert "name" in client.get("/thing", headers={"prefer": "code=503"}).json()
    assert "error" in client.get("/thing", headers={"prefer": "code=404"}).json()
    dynamic = client.get("/thing", headers={"prefer": "dynamic=true"})
    assert dynamic.headers["toolalpaca-source"] == "schema"
    assert "name" in dynamic.json()


@pytest.mark.parametrize("prefer", ["example=broken", "example=none", "code=599"])
def test_what_cannot_be_preferred_is_said(client: httpx2.Client, prefer: str) -> None:
    response = client.get("/thing", headers={"prefer": prefer})
    assert response.status_code == 404
    assert response.headers["toolalpaca-problem"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/xml", "application/xml"),
        ("text/plain;q=0.5, application/xml;q=0.9", "application/xml"),
        ("text/*", "text/plain; charset=utf-8"),
        ("application/json;q=0, */*;q=0.1", "application/xml"),
        ("application/*+json", "application/json"),
        ("application/*+xml, application/json;q=0.9", "application/xml"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
    ],
)
def test_the_client_chooses_the_form(client: httpx2.Client, accept: str, content_type: str) -> None:
    response = client.get("/thing", headers={"accept": accept})
    assert response.headers["content-type"] == content_type
    assert response.content


def test_what_is_not_offered_is_406(client: httpx2.Client) -> None:
    response = client.get("/thing", headers={"accept": "image/png"})
    assert response.status_code == 406
    assert "application/xml" in response.json()["error"]["message"]


def test_xml_and_pictures_are_what_they_say(client: httpx2.Client) -> None:
    xml = client.get("/thing", headers={"accept": "application/xml"}).text
    assert xml.startswith("<?xml")
    assert "<thing>" in xml
    assert client.get("/picture").content.startswith(b"\x89PNG\r\n")


def test_declared_errors_carry_the_reasons(client: httpx2.Client) -> None:
    response = client.get("/thing", params={"limit": "many"})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert error["code"] == 400
    assert "limit" in error["message"]
    assert error["errors"][0]["field"] == "limit"
    assert "limit" in response.headers["toolalpaca-problem"]


def refused(open_client: Open, make_document: Callable[..., Any], schema: Any) -> Any:
    """The bodies of a 400 for a missing parameter, and of a 404, both declared with *schema*."""
    error = {"description": "No", "content": {"application/json": {"schema": schema}}}
    limit = {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    thing = {"type": "object", "properties": {"id": text(), "name": text()}}
    found = {"description": "It", "content": {"application/json": {"schema": thing}}}
    paths = {
        "/things": {
            "get": {"parameters": [limit], "responses": {"400": error}},
            "post": {"responses": {"201": found}},
        },
        "/things/{id}": {"get": {"parameters": [key], "responses": {"200": found, "404": error}}},
    }
    client = open_client(make_document(paths))
    return client.get("/things").json(), client.get("/things/lost").json()


def text() -> dict[str, Any]:
    return {"type": "string"}


def listed(key: str, **properties: Any) -> dict[str, Any]:
    """The schema of an error whose reasons are a list under *key*."""
    items = {"type": "object", "properties": properties}
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"type": "array", "minItems": 1, "items": items}},
    }


def test_errors_in_the_manner_of_json_api(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    source = {"type": "object", "properties": {"pointer": text(), "parameter": text()}}
    schema = listed("errors", status=text(), title=text(), detail=text(), source=source)
    wrong, lost = refused(open_client, make_document, schema)
    missing = "the query parameter limit is missing"
    where = {"pointer": "/limit", "parameter": "limit"}
    shown = {"status": "400", "title": missing, "detail": missing, "source": where}
    assert wrong == {"errors": [shown]}
    (only,) = lost["errors"]
    assert only == {
        "status": "404",
        "title": "there is no thing lost",
        "detail": "there is no thing lost",
    }


def test_errors_in_the_manner_of_fastapi(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    place = {"type": "array", "items": {"anyOf": [text(), {"type": "integer"}]}}
    schema = listed("detail", loc=place, msg=text(), type=text())
    schema["properties"]["detail"]["items"]["required"] = ["loc", "msg", "type"]
    schema["required"] = []
    wrong, lost = refused(open_client, make_document, schema)
    message = "the query parameter limit is missing"
    assert wrong == {"detail": [{"loc": ["query", "limit"], "msg": message, "type": "required"}]}
    said = {"loc": [], "msg": "there is no thing lost", "type": "Not Found"}
    assert lost == {"detail": [said]}


@pytest.mark.parametrize("name", ["why", "explanation"])
def test_an_error_s_only_text_says_what_is_wrong_whatever_it_is_called(
    open_client: Open, make_document: Callable[..., Any], name: str
) -> None:
    schema = {
        "type": "object",
        "required": [name],
        "properties": {"kind": {"enum": ["bad"]}, name: text()},
    }
    wrong, lost = refused(open_client, make_document, schema)
    assert wrong[name] == "the query parameter limit is missing"
    assert lost[name] == "there is no thing lost"


MISSING = "the query parameter limit is missing"
LOST = "there is no thing lost"


@pytest.mark.parametrize(
    ("shown", "wrong", "lost"),
    [
        (
            {"error": "invalid_request", "message": "Bad things", "code": 400, "trace": "a1"},
            {"error": "invalid_request", "message": MISSING, "code": 400, "trace": "a1"},
            {"error": "invalid_request", "message": LOST, "code": 404, "trace": "a1"},
        ),
        (
            {"error": {"status": "500", "title": "A crash", "reason": "oops", "info": "No luck"}},
            {"error": {"status": "400", "title": "Bad Request", "reason": "oops", "info": MISSING}},
            {"error": {"status": "404", "title": "Not Found", "reason": "oops", "info": LOST}},
        ),
        ({"error": "It is not there"}, {"error": MISSING}, {"error": LOST}),
        ({"code": 1004, "title": "Not Found"}, {"code": 1004, "title": "Bad Request"}, None),
        (
            {"ok": False, "errors": [{"field": "age", "msg": "is too low"}, {"field": "name"}]},
            {"ok": False, "errors": [{"field": "limit", "msg": MISSING}]},
            {"ok": False, "errors": [{"field": "age", "msg": LOST}]},
        ),
        (["Nothing works"], [MISSING], [LOST]),
        ("unauthorized", "unauthorized", "unauthorized"),
    ],
)
def test_an_error_s_example_is_told_anew(
    open_client: Open, make_document: Callable[..., Any], shown: Any, wrong: Any, lost: Any
) -> None:
    told = refused(open_client, make_document, {"example": shown})
    assert told == (wrong, shown if lost is None else lost)


def test_an_error_s_example_keeps_to_its_schema(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    shown = {"code": 400, "message": "Bad", "detail": "Bad things happened"}
    properties = {"code": {"enum": [400]}, "message": {"type": "string", "maxLength": 9}}
    schema = {"type": "object", "properties": properties, "example": shown}
    assert refused(open_client, make_document, schema) == (
        {**shown, "detail": MISSING},
        {**shown, "detail": LOST},
    )


def test_head_is_get_without_a_body(client: httpx2.Client) -> None:
    got, head = client.get("/thing"), client.head("/thing")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


def test_methods_that_a_path_does_not_have(client: httpx2.Client) -> None:
    refused = client.put("/thing", json={})
    assert refused.status_code == 405
    allowed = set(refused.headers["allow"].split(", "))
    assert allowed == {"GET", "HEAD", "POST", "OPTIONS"}
    options = client.options("/thing")
    assert (options.status_code, set(options.headers["allow"].split(", "))) == (204, allowed)
    assert client.get("/nowhere").status_code == 404
    assert client.options("/nowhere").status_code == 404


def test_browsers_elsewhere_may_ask(client: httpx2.Client) -> None:
    origin = {"origin": "https://app.example.com"}
    preflight = client.options(
        "/thing",
        headers={
            **origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-key, content-type",
        },
    )
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "x-key, content-type"
    response = client.get("/thing", headers=origin)
    for answer in (preflight, response):
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "X-Rate-Limit" in response.headers["access-control-expose-headers"]


def test_nothing(client: httpx2.Client) -> None:
    silent = client.delete("/silent")
    assert (silent.status_code, silent.content) == (204, b"")
    assert "content-length" not in silent.headers


@pytest.mark.parametrize(
    ("documented", "status"),
    [(["404"], 404), (["400", "404"], 400), (["422"], 422), ([], 422), (["404", "default"], 400)],
)
def test_an_id_that_cannot_exist_is_refused_as_the_document_can_say(
    open_client: Open, make_document: Callable[..., Any], documented: list[str], status: int
) -> None:
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    responses = {s: {"description": "So"} for s in ("204", *documented)}
    paths = {"/it/{id}": {"get": {"parameters": [key], "responses": responses}}}
    assert open_client(make_document(paths)).get("/it/x").status_code == status


def test_what_nothing_satisfies_is_said_and_not_a_crash(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    schema = {"type": "integer", "minimum": 5, "maximum": 4}
    content = {"application/json": {"schema": schema}}
    responses = {"200": {"description": "Fine", "content": content}}
    made = open_client(make_document({"/it": {"get": {"responses": responses}}}))
    response = made.get("/it")
    assert response.status_code == 501
    assert "no answer satisfies the document" in response.json()["detail"]


def test_headers_are_written_as_they_are_declared_and_as_http_has_them(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    number = {"type": "object", "required": ["k"], "properties": {"k": {"const": 4}}}
    headers = {
        "X-Json": {"required": True, "content": {"application/json": {"schema": number}}},
        "X-Object": {"explode": True, "schema": number},
        "X-Shown": {"schema": {"type": "string"}, "example": "as shown"},
        "X-Mistaken": {"schema": {"type": "integer", "maximum": 3}, "example": 7},
        "ETag": {"schema": text()},
        "Last-Modified": {"schema": text()},
        "Expires": {"schema": {"type": "string", "enum": ["never"]}},
        "Content-Disposition": {"schema": text()},
    }
    responses = {"200": {"description": "It", "headers": headers}}
    found = (
        open_client(make_document({"/it": {"get": {"responses": responses}}})).get("/it").headers
    )
    assert found["x-json"] == '{"k":4}'
    assert found["x-object"] == "k=4"
    assert found["x-shown"] == "as shown"
    assert int(found["x-mistaken"]) <= 3
    assert re.fullmatch('"[^"]+"', found["etag"])
    assert parsedate_to_datetime(found["last-modified"]).tzinfo is not None
    assert found["expires"] == "never"
    assert re.fullmatch('attachment; filename="[^"]+"', found["content-disposition"])
