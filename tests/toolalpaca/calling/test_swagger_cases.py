"""The table of cases for Swagger 2.0: what its collection formats and forms become.

https://swagger.io/specification/v2/#parameter-object; a table of its own, since 2.0 is upgraded
before anybody reads it. OpenAPI 3 has no word for ``tsv``, nor for ``ssv`` and ``pipes`` outside of
queries and forms: these are written as ``csv``.
"""

from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.calling.request import PreparedRequest, build_request
from toolalpaca.calling.tools import make_tools
from toolalpaca.openapi.loading import load_document

FORM = "application/x-www-form-urlencoded"


def request(
    parameters: list[dict[str, Any]], arguments: dict[str, Any], **more: Any
) -> PreparedRequest:
    path = "/a/{c}" if any(p["in"] == "path" for p in parameters) else "/a"
    operation = {"parameters": parameters, "responses": {"200": {"description": "ok"}}, **more}
    info = {"title": "T", "version": "1"}
    (tool,) = make_tools(
        load_document({"swagger": "2.0", "info": info, "paths": {path: {"post": operation}}})
    )
    return build_request(tool, arguments, "http://api.test")


FORMATS = """
format  query            path     header form
-       c=a%20b,c        a%20b,c  a b,c  c=a%20b,c
csv     c=a%20b,c        a%20b,c  a b,c  c=a%20b,c
ssv     c=a%20b%20c      a%20b,c  a b,c  c=a%20b%20c
pipes   c=a%20b%7Cc      a%20b,c  a b,c  c=a%20b%7Cc
tsv     c=a%20b,c        a%20b,c  a b,c  c=a%20b,c
multi   c=a%20b&c=c      a%20b,c  a b,c  c=a%20b&c=c
"""


def formats() -> list[tuple[str, str, str]]:
    head, *rows = (row.replace("a b,c", "a_b,c").split() for row in FORMATS.split("\n")[1:-1])
    return [
        (place, row[0], cell.replace("_", " "))
        for row in rows
        for place, cell in zip(head[1:], row[1:], strict=True)
    ]


@pytest.mark.parametrize(("place", "collection_format", "expected"), formats())
def test_collection_formats(place: str, collection_format: str, expected: str) -> None:
    location = "formData" if place == "form" else place
    parameter: dict[str, Any] = {
        "name": "c", "in": location, "required": True,
        "type": "array", "items": {"type": "string"},
    }  # fmt: skip
    if collection_format != "-":
        parameter["collectionFormat"] = collection_format
    sent = request([parameter], {"c": ["a b", "c"]})
    url, _, query = sent.full_url.partition("?")
    written = {
        "query": query,
        "path": url.rpartition("/")[2],
        "header": dict(sent.headers).get("c", ""),
        "form": (sent.body or b"").decode(),
    }
    assert written[place] == expected


def test_a_file_makes_the_form_multipart() -> None:
    parameters = [
        {"name": "f", "in": "formData", "type": "file"},
        {"name": "n", "in": "formData", "type": "integer"},
    ]
    sent = request(parameters, {"f": "data:;base64,/w==", "n": 0})
    assert dict(sent.headers)["content-type"].startswith("multipart/form-data; boundary=")
    body = sent.body or b""
    assert (
        b'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n\xff\r\n' in body
    )
    assert b'name="n"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n0\r\n' in body


def test_a_form_without_a_file_is_urlencoded() -> None:
    sent = request([{"name": "n", "in": "formData", "type": "boolean"}], {"n": False})
    assert (dict(sent.headers)["content-type"], sent.body) == (FORM, b"n=false")


def test_a_body_is_json() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    sent = request([{"name": "b", "in": "body", "schema": schema}], {"x": 0})
    assert (dict(sent.headers)["content-type"], sent.body) == ("application/json", b'{"x":0}')
