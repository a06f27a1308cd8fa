from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.calling.request import PreparedRequest, build_request
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


def test_several_parameters_in_one_segment_make_no_step_together() -> None:
    parameters = [in_path("a"), in_path("b")]
    sent = request({"a": ".", "b": "."}, path="/x/{a}{b}", parameters=parameters)
    assert sent.url == f"{BASE}/x/%2E%2E"


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


FORM = "application/x-www-form-urlencoded"


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_forms_are_read_back(fields: dict[str, str]) -> None:
    schema = {"type": "object", "properties": {"_": {}}, "additionalProperties": True}
    sent = request(dict(fields), body={FORM: {"schema": schema}})
    read = parse_qsl((sent.body or b"").decode(), keep_blank_values=True, strict_parsing=True)
    assert dict(read) == fields


def test_the_same_call_makes_the_same_request() -> None:
    body = {"multipart/form-data": {"schema": object_of("a")}}
    assert request({"a": 1}, body=body) == request({"a": 1}, body=body)
