"""Request bodies: chosen by content type, decoded, and checked against the schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]

FORM = {
    "type": "object",
    "required": ["age"],
    "properties": {
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "on": {"type": "boolean"},
        "home": {"type": "object", "properties": {"zip": {"type": "integer"}}},
        "file": {"type": "string", "format": "binary"},
    },
}


@pytest.fixture
def echo(open_client: Open, make_document: Callable[..., Any]) -> Callable[..., httpx2.Client]:
    """A client on an operation that takes the given content."""

    def client(content: dict[str, Any], required: bool = True) -> httpx2.Client:
        body = {"required": required, "content": content}
        responses = {"204": {"description": "Fine"}}
        return open_client(
            make_document({"/it": {"post": {"requestBody": body, "responses": responses}}})
        )

    return client


def reasons(response: httpx2.Response) -> list[tuple[str, str, str]]:
    assert response.headers["content-type"] == "application/problem+json"
    return [(e["location"], e["pointer"], e["rule"]) for e in response.json()["errors"]]


def test_json_is_checked_with_every_reason(echo: Callable[..., httpx2.Client]) -> None:
    client = echo({"application/json": {"schema": FORM}})
    assert client.post("/it", json={"age": 3}).status_code == 204
    refused = client.post("/it", json={"age": "3", "tags": [1, 2], "on": None})
    assert refused.status_code == 422
    assert sorted(reasons(refused)) == [
        ("body", "/age", "type"),
        ("body", "/on", "type"),
        ("body", "/tags/0", "type"),
        ("body", "/tags/1", "type"),
    ]
    assert reasons(client.post("/it", json={})) == [("body", "/age", "required")]
    headers = {"content-type": "application/json"}
    assert reasons(client.post("/it", content=b"{", headers=headers)) == [("body", "", "json")]
    marked = b'\xef\xbb\xbf{"age": 1}'
    assert client.post("/it", content=marked, headers=headers).status_code == 204


@pytest.mark.parametrize(
    ("charset", "body", "status"),
    [
        ("iso-8859-1", "{'tag': 'é'}".encode("latin-1"), 204),
        ('"UTF-16"', "{'tag': 'é'}".encode("utf-16"), 204),
        ("iso-8859-1", "{'tag': 'éé'}".encode("latin-1"), 422),
        ("utf-8", "{'tag': 'é'}".encode("latin-1"), 400),
        ("ascii", "{'tag': 'é'}".encode("latin-1"), 400),
        ("klingon", b"{}", 400),
        ("zip", b"{}", 400),
    ],
)
def test_texts_in_the_charset_that_they_name(
    echo: Callable[..., httpx2.Client], charset: str, body: bytes, status: int
) -> None:
    schema = {"properties": {"tag": {"maxLength": 1}}}
    client = echo({"application/json": {"schema": schema}})
    headers = {"content-type": f"application/json; Charset={charset}"}
    sent = body.replace(b"'", b'"')
    assert client.post("/it", content=sent, headers=headers).status_code == status


def test_a_missing_body(echo: Callable[..., httpx2.Client]) -> None:
    content = {"application/json": {"schema": FORM}}
    assert reasons(echo(content).post("/it")) == [("body", "", "required")]
    assert echo(content, required=False).post("/it").status_code == 204


@pytest.mark.parametrize(
    ("offered", "sent", "status"),
    [
        ("application/json", "text/plain", 415),
        ("application/json", "application/json; charset=utf-8", 204),
        ("application/*", "application/json", 204),
        ("*/*", "application/json", 204),
        ("application/vnd.it+json", "application/vnd.it+json", 204),
        ("application/json", "application/vnd.it+json", 415),
    ],
)
def test_media_types(
    echo: Callable[..., httpx2.Client], offered: str, sent: str, status: int
) -> None:
    client = echo({offered: {"schema": FORM}})
    headers = {"content-type": sent}
    response = client.post("/it", content=b'{"age": 1}', headers=headers)
    assert response.status_code == status
    if status == 415:
        assert offered in response.json()["errors"][0]["message"]


def test_forms_are_typed(echo: Callable[..., httpx2.Client]) -> None:
    client = echo({"application/x-www-form-urlencoded": {"schema": FORM}})
    sound = {"age": "3", "tags": ["a", "b"], "on": "true", "home": '{"zip": 1}'}
    assert client.post("/it", data=sound).status_code == 204
    assert reasons(client.post("/it", data={"age": "x", "on": "yes"})) == [
        ("body", "/age", "type"),
        ("body", "/on", "type"),
    ]


def test_multipart_fields_are_typed_and_files_are_texts(
    echo: Callable[..., httpx2.Client],
) -> None:
    client = echo({"multipart/form-data": {"schema": FORM}})
    files: list[Any] = [
        ("age", (None, "3")),
        ("tags", (None, "a")),
        ("tags", (None, "b")),
        ("home", (None, b'{"zip": 1}', "application/json")),
        ("file", ("é.bin", b"\xff\x00\r\n--x", "application/octet-stream")),
    ]
    assert client.post("/it", files=files).status_code == 204
    assert reasons(client.post("/it", files=[("age", (None, "x"))])) == [("body", "/age", "type")]
    broken = client.post("/it", content=b"--b", headers={"content-type": "multipart/form-data"})
    assert reasons(broken) == [("body", "", "multipart")]


@pytest.mark.parametrize("form", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_required_list_that_is_not_sent_is_empty(
    echo: Callable[..., httpx2.Client], form: str
) -> None:
    tags: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
    schema = {"required": ["tags", "name"], "properties": {"tags": tags, "name": {}}}
    client = echo({form: {"schema": schema}})
    sent: Any = {"data": {"name": "x"}} if "urlencoded" in form else {"files": {"name": "x"}}
    assert client.post("/it", **sent).status_code == 204
    tags["minItems"] = 1
    client = echo({form: {"schema": schema}})
    assert reasons(client.post("/it", **sent)) == [("body", "/tags", "minItems")]


def test_texts_and_bytes(echo: Callable[..., httpx2.Client]) -> None:
    client = echo({"text/plain": {"schema": {"type": "integer"}}, "image/*": {}})
    plain, image = {"content-type": "text/plain"}, {"content-type": "image/png"}
    assert client.post("/it", content=b"12", headers=plain).status_code == 204
    assert client.post("/it", content=b"x", headers=plain).status_code == 422
    assert client.post("/it", content=b"\x89PNG", headers=image).status_code == 204


def test_what_only_the_server_says_is_not_demanded(echo: Callable[..., httpx2.Client]) -> None:
    schema = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
    }
    client = echo({"application/json": {"schema": schema}})
    assert client.post("/it", json={"name": "x"}).status_code == 204


def test_secrets_are_not_repeated(echo: Callable[..., httpx2.Client]) -> None:
    schema = {"properties": {"password": {"minLength": 8}, "user": {"maxLength": 2}}}
    response = echo({"application/json": {"schema": schema}}).post(
        "/it", json={"password": "hunter2", "user": "alice"}
    )
    assert response.status_code == 422
    assert "hunter2" not in response.text
    assert "hunter2" not in str(response.headers)
    assert "alice" in response.text


def test_a_body_beyond_the_limit_is_413(
    echo: Callable[..., httpx2.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolalpaca_mockserver.serving.asgi.LARGEST_BODY", 100)
    client = echo({"application/json": {"schema": FORM}})
    assert client.post("/it", json={"age": 1}).status_code == 204
    assert client.post("/it", json={"age": 1, "more": "x" * 100}).status_code == 413
