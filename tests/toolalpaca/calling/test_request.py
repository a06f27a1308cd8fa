from __future__ import annotations

import email.parser
import email.policy
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.calling.request import PreparedRequest, UnusableArgument, build_request
from toolalpaca.calling.tools import make_tools
from toolalpaca.openapi.loading import load_document

BASE = "http://api.test/v1"


def request(
    arguments: dict[str, Any],
    *,
    path: str = "/a",
    method: str = "post",
    body: dict[str, Any] | None = None,
    required: bool = True,
    parameters: list[dict[str, Any]] | None = None,
) -> PreparedRequest:
    operation: dict[str, Any] = {
        "responses": {"200": {"description": "ok"}},
        "parameters": parameters or [],
    }
    if body is not None:
        operation["requestBody"] = {"required": required, "content": body}
    document = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "paths": {path: {method: operation}},
        }
    )
    (tool,) = make_tools(document)
    return build_request(tool, arguments, BASE)


def in_path(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {}, **more}


def object_of(*names: str, **schemas: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**{name: {} for name in names}, **schemas}}


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("a?b#c", "a%3Fb%23c"),
        ("é ", "%C3%A9%20"),
        (0, "0"),
        (False, "false"),
    ],
)
def test_a_value_in_the_path_stays_one_segment(value: Any, segment: str) -> None:
    sent = request({"id": value}, path="/pets/{id}/toys", parameters=[in_path("id")])
    assert sent.full_url == f"{BASE}/pets/{segment}/toys"


@pytest.mark.parametrize("value", ["", None, []])
def test_an_empty_value_in_the_path_would_address_something_else(value: Any) -> None:
    with pytest.raises(UnusableArgument, match="id: it stands in the path"):
        request({"id": value}, path="/pets/{id}", parameters=[in_path("id")])


def test_several_parameters_in_one_segment_make_no_step_together() -> None:
    parameters = [in_path("a"), in_path("b")]
    sent = request({"a": ".", "b": "."}, path="/x/{a}{b}", parameters=parameters)
    assert sent.url == f"{BASE}/x/%2E%2E"


def test_each_argument_goes_to_its_place() -> None:
    sent = request(
        {"id": 7, "id_query": 8, "X-Trace": "t", "theme": "dark", "id_body": 9, "name": ""},
        path="/pets/{id}",
        parameters=[
            in_path("id"),
            {"name": "id", "in": "query", "schema": {}},
            {"name": "X-Trace", "in": "header", "schema": {}},
            {"name": "theme", "in": "cookie", "schema": {}},
        ],
        body={"application/json": {"schema": object_of("id", "name")}},
    )
    assert sent.method == "POST"
    assert sent.full_url == f"{BASE}/pets/7?id=8"
    assert dict(sent.all_headers())["X-Trace"] == "t"
    assert dict(sent.all_headers())["cookie"] == "theme=dark"
    assert dict(sent.all_headers())["content-type"] == "application/json"
    assert orjson.loads(sent.body or b"") == {"id": 9, "name": ""}


def test_a_header_holds_no_line_break() -> None:
    header = [{"name": "X-A", "in": "header", "schema": {}}]
    with pytest.raises(UnusableArgument, match="X-A"):
        request({"X-A": "a\r\nHost: evil"}, parameters=header)


def test_a_parameter_may_be_json() -> None:
    parameter = {"name": "filter", "in": "query", "content": {"application/json": {"schema": {}}}}
    sent = request({"filter": {"a": [1, None]}}, method="get", parameters=[parameter])
    assert parse_qsl(sent.query[0]) == [("filter", '{"a":[1,null]}')]


def test_null_is_sent_where_it_is_a_value_and_left_out_elsewhere() -> None:
    schema = object_of(a={"type": ["string", "null"]}, b={"type": "string"})
    sent = request(
        {"a": None, "b": None}, body={"application/merge-patch+json": {"schema": schema}}
    )
    assert sent.body == b'{"a":null}'
    assert dict(sent.headers)["content-type"] == "application/merge-patch+json"


def test_an_empty_object_is_sent_only_where_a_body_is_required() -> None:
    body = {"application/json": {"schema": object_of("a")}}
    assert request({}, body=body).body == b"{}"
    nothing = request({}, body=body, required=False)
    assert nothing.body is None
    assert "content-type" not in dict(nothing.headers)


@pytest.mark.parametrize("value", [0, False, "", [], {}, None])
def test_a_falsy_body_is_a_body(value: Any) -> None:
    sent = request({"body": value}, body={"application/json": {"schema": {}}})
    assert sent.body == orjson.dumps(value)


def test_text_is_sent_as_it_is() -> None:
    sent = request({"body": "grüß\n"}, body={"text/plain": {"schema": {"type": "string"}}})
    assert sent.body == "grüß\n".encode()
    assert dict(sent.headers)["content-type"] == "text/plain; charset=utf-8"


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("encoding", "value", "expected"),
    [
        ({}, "a b&c", [("p", "a b&c")]),
        ({}, 0, [("p", "0")]),
        ({}, ["a", "b"], [("p", "a"), ("p", "b")]),
        ({}, {"k": 1}, [("p", '{"k":1}')]),
        ({"style": "form", "explode": False}, ["a", "b"], [("p", "a,b")]),
        ({"style": "pipeDelimited"}, ["a", "b"], [("p", "a|b")]),
        ({"style": "deepObject", "explode": True}, {"k": 1}, [("p[k]", "1")]),
    ],
)
def test_forms_by_encoding_object(encoding: Any, value: Any, expected: Any) -> None:
    body = {FORM: {"schema": object_of("p"), "encoding": {"p": encoding}}}
    sent = request({"p": value}, body=body)
    assert parse_qsl((sent.body or b"").decode(), keep_blank_values=True) == expected


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_forms_are_read_back(fields: dict[str, str]) -> None:
    schema = {"type": "object", "properties": {"_": {}}, "additionalProperties": True}
    sent = request(dict(fields), body={FORM: {"schema": schema}})
    read = parse_qsl((sent.body or b"").decode(), keep_blank_values=True, strict_parsing=True)
    assert dict(read) == fields


def test_multipart_has_a_part_for_each_value_and_file() -> None:
    schema = object_of(
        "tags", "meta", name={"type": "string"}, file={"type": "string", "format": "binary"}
    )
    sent = request(
        {"name": 'a"b', "tags": ["x", "y"], "meta": {"k": 1}, "file": "raw\r\n--data"},
        body={"multipart/form-data": {"schema": schema}},
    )
    head = f"content-type: {dict(sent.headers)['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        head + (sent.body or b"")
    )
    parts = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]
    assert parts == [
        ("name", None, "text/plain", b'a"b'),
        ("tags", None, "text/plain", b"x"),
        ("tags", None, "text/plain", b"y"),
        ("meta", None, "application/json", b'{"k":1}'),
        ("file", "file", "application/octet-stream", b"raw\r\n--data"),
    ]


def test_the_same_call_makes_the_same_request() -> None:
    body = {"multipart/form-data": {"schema": object_of("a")}}
    assert request({"a": 1}, body=body) == request({"a": 1}, body=body)
