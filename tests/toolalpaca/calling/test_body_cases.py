"""The table of cases: what bodies become, from a document to the request.

What decides is the Media Type Object and the Encoding Object of
https://spec.openapis.org/oas/v3.2.0; of bytes, see ``toolalpaca.calling.files``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from toolalpaca.calling.request import PreparedRequest, UnusableArgument
from toolalpaca.calling.tools import Tool

STRING, INTEGER = {"type": "string"}, {"type": "integer"}

Sent: TypeAlias = Callable[[Tool, dict[str, Any]], PreparedRequest]


def header(request: PreparedRequest, name: str) -> str | None:
    return dict(request.all_headers()).get(name)


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
TREE = {
    "type": "object",
    "properties": {"value": {}, "next": {"$ref": "#/components/schemas/Tree"}},
}
SCHEMAS: dict[str, Any] = {
    "Tree": TREE,
    "Named": {**object_of(name=STRING), "required": ["name"]},
    "Pet": {
        "allOf": [
            {"$ref": "#/components/schemas/Named"},
            object_of(age=INTEGER, id={**INTEGER, "readOnly": True}),
        ]
    },
    "Upload": object_of(file={"$ref": "#/components/schemas/File"}, note=STRING),
    "File": {"type": "string", "format": "binary"},
}
PNG = base64.b64decode("iVBORw0KGgo=")
PNG_URL = "data:image/png;base64,iVBORw0KGgo="

BODIES: list[tuple[str, str, dict[str, Any], dict[str, Any], str, bytes]] = [
    # what, media type, Media Type Object, arguments, content type, body
    ("JSON", "application/json", {"schema": object_of(a=INTEGER, b=STRING)}, {"a": 0, "b": ""},
     "application/json", b'{"a":0,"b":""}'),
    ("falsy values", "application/json", {"schema": object_of(a={}, b={}, c={}, d={})},
     {"a": False, "b": [], "c": {}, "d": 0}, "application/json",
     b'{"a":false,"b":[],"c":{},"d":0}'),
    ("null where it may be", "application/json",
     {"schema": object_of(a={"type": ["string", "null"]}, b=INTEGER)}, {"a": None, "b": 1},
     "application/json", b'{"a":null,"b":1}'),
    ("a reference", "application/json", {"schema": {"$ref": "#/components/schemas/Named"}},
     {"name": "Ada"}, "application/json", b'{"name":"Ada"}'),
    ("allOf", "application/json", {"schema": {"$ref": "#/components/schemas/Pet"}},
     {"name": "Ada", "age": 3}, "application/json", b'{"name":"Ada","age":3}'),
    ("recursion", "application/json", {"schema": {"$ref": "#/components/schemas/Tree"}},
     {"value": 1, "next": {"value": 2, "next": {}}}, "application/json",
     b'{"value":1,"next":{"value":2,"next":{}}}'),
    ("an array", "application/json", {"schema": {"type": "array", "items": INTEGER}},
     {"body": [1, 2]}, "application/json", b"[1,2]"),
    ("an empty array", "application/json", {"schema": {"type": "array"}}, {"body": []},
     "application/json", b"[]"),
    ("a string", "application/json", {"schema": STRING}, {"body": "x"}, "application/json", b'"x"'),
    ("false alone", "application/json", {"schema": {}}, {"body": False}, "application/json",
     b"false"),
    ("null alone", "application/json", {"schema": {}}, {"body": None}, "application/json", b"null"),
    ("either of two", "application/json",
     {"schema": {"oneOf": [object_of(a=INTEGER), {"type": "array"}]}}, {"body": {"a": 1}},
     "application/json", b'{"a":1}'),
    ("a map", "application/json",
     {"schema": {"type": "object", "additionalProperties": INTEGER}}, {"body": {"x y": 1}},
     "application/json", b'{"x y":1}'),
    ("properties beside the described", "application/json",
     {"schema": {**object_of(a=INTEGER), "additionalProperties": True}}, {"a": 1, "x": [2]},
     "application/json", b'{"a":1,"x":[2]}'),
    ("odd names", "application/json", {"schema": object_of(**{"@type": STRING, "a b": STRING})},
     {"type": "T", "a_b": "c"}, "application/json", b'{"@type":"T","a b":"c"}'),
    ("a vendor's JSON", "application/vnd.api+json", {"schema": object_of(data={})},
     {"data": {}}, "application/vnd.api+json", b'{"data":{}}'),
    ("any type", "*/*", {"schema": object_of(a={})}, {"a": 1}, "application/json", b'{"a":1}'),
    ("merge patch deletes", "application/merge-patch+json",
     {"schema": object_of(a={"type": ["string", "null"]}, b=STRING)}, {"a": None},
     "application/merge-patch+json", b'{"a":null}'),
    ("JSON Patch", "application/json-patch+json", {"schema": {"type": "array"}},
     {"body": [{"op": "remove", "path": "/a~1b"}]}, "application/json-patch+json",
     b'[{"op":"remove","path":"/a~1b"}]'),
    ("JSON lines of one schema", "application/x-ndjson", {"schema": object_of(a=INTEGER)},
     {"body": [{"a": 1}, {"a": 2}]}, "application/x-ndjson", b'{"a":1}\n{"a":2}\n'),
    ("JSON lines of items", "application/jsonl", {"itemSchema": object_of(a=INTEGER)},
     {"body": [{"a": 1}]}, "application/jsonl", b'{"a":1}\n'),
    ("a JSON sequence", "application/json-seq", {"itemSchema": INTEGER}, {"body": [1, 2]},
     "application/json-seq", b"\x1e1\n\x1e2\n"),
    ("text", "text/plain", {"schema": STRING}, {"body": "grüß\n"}, "text/plain; charset=utf-8",
     "grüß\n".encode()),
    ("empty text", "text/plain", {"schema": STRING}, {"body": ""}, "text/plain; charset=utf-8",
     b""),
    ("a number as text", "text/plain", {"schema": INTEGER}, {"body": 0},
     "text/plain; charset=utf-8", b"0"),
    ("XML is written by the model", "application/xml", {"schema": object_of(a=STRING)},
     {"body": "<a>1</a>"}, "application/xml", b"<a>1</a>"),
    ("text as bytes", "application/octet-stream", {}, {"body": "a,b\n"}, "application/octet-stream",
     b"a,b\n"),
    ("bytes", "application/octet-stream", {"schema": {"type": "string", "format": "binary"}},
     {"body": PNG_URL}, "application/octet-stream", PNG),
    ("an image", "image/png", {}, {"body": PNG_URL}, "image/png", PNG),
    ("any image", "image/*", {}, {"body": PNG_URL}, "image/png", PNG),
    ("a percent-encoded data URL", "application/octet-stream", {}, {"body": "data:,a%20b%FF"},
     "application/octet-stream", b"a b\xff"),
    ("base64 that the wire has", "application/octet-stream",
     {"schema": {"type": "string", "contentEncoding": "base64"}}, {"body": "iVBORw0KGgo="},
     "application/octet-stream", b"iVBORw0KGgo="),
    ("a form", FORM, {"schema": object_of(a=STRING, b=INTEGER)}, {"a": "x y&z", "b": 0}, FORM,
     b"a=x+y%26z&b=0"),
    ("a form's empty value", FORM, {"schema": object_of(a=STRING)}, {"a": ""}, FORM, b"a="),
    ("a form's array", FORM, {"schema": object_of(a={"type": "array"})}, {"a": ["x", "y"]}, FORM,
     b"a=x&a=y"),
    ("a form's object is JSON", FORM, {"schema": object_of(id=STRING, address={"type": "object"})},
     {"id": "f81d", "address": {"streetAddress": "123 Example Dr.", "zip": "99999+1234"}}, FORM,
     b"id=f81d&address=%7B%22streetAddress%22%3A%22123+Example+Dr.%22%2C"
     b"%22zip%22%3A%2299999%2B1234%22%7D"),
    ("a form's string as JSON", FORM,
     {"schema": object_of(id=STRING), "encoding": {"id": {"contentType": "application/json"}}},
     {"id": "f81d"}, FORM, b"id=%22f81d%22"),
    ("a form's base64url", FORM,
     {"schema": object_of(name=STRING, icon={"type": "string", "contentEncoding": "base64url"}),
      "encoding": {"icon": {"contentType": "image/png, image/jpeg"}}},
     {"name": "example", "icon": "iVBO-_8=="}, FORM, b"name=example&icon=iVBO-_8%3D%3D"),
    ("a form with a style", FORM,
     {"schema": object_of(a={}), "encoding": {"a": {"style": "form", "explode": False}}},
     {"a": ["x y", "z"]}, FORM, b"a=x%20y,z"),
    ("a form with pipes", FORM,
     {"schema": object_of(a={}), "encoding": {"a": {"style": "pipeDelimited"}}},
     {"a": ["x", "y"]}, FORM, b"a=x%7Cy"),
    ("a form with brackets", FORM,
     {"schema": object_of(a={}), "encoding": {"a": {"style": "deepObject"}}},
     {"a": {"k": {"l": 1}}}, FORM, b"a%5Bk%5D%5Bl%5D=1"),
    ("a form with explode alone", FORM,
     {"schema": object_of(a={}), "encoding": {"a": {"explode": True}}},
     {"a": {"k": 1, "l": 2}}, FORM, b"k=1&l=2"),
    ("a form with reserved characters", FORM,
     {"schema": object_of(a={}), "encoding": {"a": {"allowReserved": True}}},
     {"a": "x/y&z"}, FORM, b"a=x/y%26z"),
    ("a free form", FORM, {"schema": {"type": "object"}}, {"body": {"a b": 1}}, FORM, b"a+b=1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("media_type", "described", "arguments", "content_type", "body"),
    [row[1:] for row in BODIES],
    ids=[row[0] for row in BODIES],
)
def test_bodies(
    tool: Callable[..., Tool],
    sent: Sent,
    media_type: str,
    described: dict[str, Any],
    arguments: dict[str, Any],
    content_type: str,
    body: bytes,
) -> None:
    request = sent(tool(content={media_type: described}, schemas=SCHEMAS), arguments)
    assert (header(request, "content-type"), request.body) == (content_type, body)


# Each part: its headers without "Content-Disposition: form-data; ", and its content.
MULTIPARTS: list[tuple[str, str, dict[str, Any], dict[str, Any], list[tuple[str, bytes]]]] = [
    ("a string", MULTIPART, {"schema": object_of(a=STRING)}, {"a": 'x"y'},
     [('name="a" | text/plain; charset=utf-8', b'x"y')]),
    ("falsy values", MULTIPART, {"schema": object_of(a=INTEGER, b=STRING, c={"type": "boolean"})},
     {"a": 0, "b": "", "c": False},
     [('name="a" | text/plain; charset=utf-8', b"0"),
      ('name="b" | text/plain; charset=utf-8', b""),
      ('name="c" | text/plain; charset=utf-8', b"false")]),
    ("an array is a part an item", MULTIPART,
     {"schema": object_of(a={"type": "array", "items": STRING})}, {"a": ["x", "y"]},
     [('name="a" | text/plain; charset=utf-8', b"x"),
      ('name="a" | text/plain; charset=utf-8', b"y")]),
    ("an object is JSON", MULTIPART, {"schema": object_of(a={"type": "object"})},
     {"a": {"k": [1]}}, [('name="a" | application/json', b'{"k":[1]}')]),
    ("objects are JSON each", MULTIPART, {"schema": object_of(a={"type": "array"})},
     {"a": [{"k": 1}, {"k": 2}]},
     [('name="a" | application/json', b'{"k":1}'), ('name="a" | application/json', b'{"k":2}')]),
    ("a file", MULTIPART, {"schema": {"$ref": "#/components/schemas/Upload"}},
     {"file": "a,b\n", "note": "n"},
     [('name="file"; filename="file" | application/octet-stream', b"a,b\n"),
      ('name="note" | text/plain; charset=utf-8', b"n")]),
    ("a file of bytes", MULTIPART, {"schema": {"$ref": "#/components/schemas/Upload"}},
     {"file": PNG_URL}, [('name="file"; filename="file" | image/png', PNG)]),
    ("files", MULTIPART,
     {"schema": object_of(f={"type": "array", "items": {"$ref": "#/components/schemas/File"}})},
     {"f": ["1", PNG_URL]},
     [('name="f"; filename="f" | application/octet-stream', b"1"),
      ('name="f"; filename="f" | image/png', PNG)]),
    ("files of 3.1", MULTIPART, {"schema": object_of(f={"type": "array", "items": {}})},
     {"f": ["1"]}, [('name="f"; filename="f" | application/octet-stream', b"1")]),
    ("bytes as FastAPI tells them", MULTIPART,
     {"schema": object_of(f={"type": "string", "contentMediaType": "application/octet-stream"})},
     {"f": PNG_URL}, [('name="f"; filename="f" | image/png', PNG)]),
    ("bytes or null", MULTIPART,
     {"schema": object_of(f={"anyOf": [{"type": "string", "contentMediaType": "image/png"},
                                       {"type": "null"}]})},
     {"f": PNG_URL}, [('name="f"; filename="f" | image/png', PNG)]),
    ("a text with a media type", MULTIPART,
     {"schema": object_of(f={"type": "string", "contentMediaType": "image/svg+xml"})},
     {"f": "data:,a"}, [('name="f"; filename="f" | application/octet-stream', b"data:,a")]),
    ("base64 that the wire has", MULTIPART,
     {"schema": object_of(f={"type": "string", "contentEncoding": "base64"})}, {"f": PNG_URL},
     [('name="f"; filename="f" | application/octet-stream', PNG_URL.encode())]),
    ("a content type", MULTIPART,
     {"schema": object_of(f={}), "encoding": {"f": {"contentType": "image/png, image/jpeg"}}},
     {"f": PNG_URL}, [('name="f"; filename="f" | image/png', PNG)]),
    ("a range of them", MULTIPART,
     {"schema": object_of(f={}), "encoding": {"f": {"contentType": "image/*"}}},
     {"f": PNG_URL}, [('name="f"; filename="f" | image/png', PNG)]),
    ("JSON by its content type", MULTIPART,
     {"schema": object_of(a=STRING), "encoding": {"a": {"contentType": "application/json"}}},
     {"a": "x"}, [('name="a" | application/json', b'"x"')]),
    ("a header with one value", MULTIPART,
     {"schema": object_of(a=STRING),
      "encoding": {"a": {"headers": {"X-Kind": {"schema": {"const": "k"}},
                                     "X-Any": {"schema": {"type": "string"}}}}}},
     {"a": "x"}, [('name="a" | X-Kind: k | text/plain; charset=utf-8', b"x")]),
    ("a style is not encoded", MULTIPART,
     {"schema": object_of(a={}), "encoding": {"a": {"style": "pipeDelimited", "explode": False}}},
     {"a": ["x y", "z"]}, [('name="a" | text/plain; charset=utf-8', b"x y|z")]),
    ("brackets are not encoded", MULTIPART,
     {"schema": object_of(a={}), "encoding": {"a": {"style": "deepObject"}}},
     {"a": {"k": "x y"}}, [('name="a[k]" | text/plain; charset=utf-8', b"x y")]),
    ("names are quoted", MULTIPART, {"schema": object_of(**{'a"b': STRING, "ü": STRING})},
     {"a_b": "1", "body": "2"},
     [('name="a%22b" | text/plain; charset=utf-8', b"1"),
      ('name="ü" | text/plain; charset=utf-8', b"2")]),
    ("parts without names", "multipart/mixed",
     {"schema": {"type": "array", "items": {"type": "object"}}}, {"body": [{"a": 1}, {"b": 2}]},
     [("application/json", b'{"a":1}'), ("application/json", b'{"b":2}')]),
    ("parts by position", "multipart/mixed",
     {"itemSchema": {}, "itemEncoding": {"contentType": "image/png"}}, {"body": [PNG_URL]},
     [("image/png", PNG)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("media_type", "described", "arguments", "parts"),
    [row[1:] for row in MULTIPARTS],
    ids=[row[0] for row in MULTIPARTS],
)
def test_multipart(
    tool: Callable[..., Tool],
    sent: Sent,
    media_type: str,
    described: dict[str, Any],
    arguments: dict[str, Any],
    parts: list[tuple[str, bytes]],
) -> None:
    request = sent(tool(content={media_type: described}, schemas=SCHEMAS), arguments)
    content_type = header(request, "content-type") or ""
    assert content_type.startswith(f"{media_type}; boundary=")
    delimiter = b"--" + content_type.partition("boundary=")[2].encode()
    first, *sections, last = (request.body or b"").split(delimiter)
    assert (first, last) == (b"", b"--\r\n")
    assert [told(section) for section in sections] == parts


def told(section: bytes) -> tuple[str, bytes]:
    head, _, content = section.partition(b"\r\n\r\n")
    lines = head.decode().strip().split("\r\n")
    usual = ("Content-Disposition: form-data; ", "Content-Type: ")
    for prefix in usual:
        lines = [line.removeprefix(prefix) for line in lines]
    return " | ".join(lines), content.removesuffix(b"\r\n")


def test_a_data_url_that_is_none_is_told_to_the_model(
    tool: Callable[..., Tool], sent: Sent
) -> None:
    made = tool(content={"image/png": {}})
    with pytest.raises(UnusableArgument, match="body: the data URL does not hold base64"):
        sent(made, {"body": "data:image/png;base64,?"})


@pytest.mark.parametrize("media_type", [FORM, MULTIPART])
def test_a_form_that_is_no_object_is_told_to_the_model(
    tool: Callable[..., Tool], sent: Sent, media_type: str
) -> None:
    with pytest.raises(UnusableArgument, match="body: it is a form"):
        sent(tool(content={media_type: {"schema": {}}}), {"body": 3})


@pytest.mark.parametrize(
    ("media_type", "schema"),
    [("image/png", {}), (MULTIPART, object_of(body={"type": "string", "format": "binary"}))],
)
def test_the_model_is_told_how_to_write_bytes(
    tool: Callable[..., Tool], media_type: str, schema: dict[str, Any]
) -> None:
    made = tool(content={media_type: {"schema": schema}})
    assert "data URL" in made.spec.parameters["properties"]["body"]["description"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["application/xml", "application/json"], "application/json"),
        (["text/plain", FORM], FORM),
        (["image/png", MULTIPART], MULTIPART),
        ([FORM, "application/vnd.x+json"], "application/vnd.x+json"),
        (["application/json-patch+json", "application/merge-patch+json"],
         "application/merge-patch+json"),
        (["application/xml", "*/*"], "*/*"),
        (["application/octet-stream", "application/json-patch+json"],
         "application/json-patch+json"),
    ],
)  # fmt: skip
def test_the_representation_that_is_written_best_is_chosen(
    tool: Callable[..., Tool], offered: list[str], chosen: str
) -> None:
    made = tool(content={media_type: {"schema": object_of(a={})} for media_type in offered})
    assert made.media_type is not None
    assert made.media_type.content_type == chosen
