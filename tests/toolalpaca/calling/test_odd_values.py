"""No value and no document is too odd: a request, or a sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolalpaca.calling.request import UnusableArgument, build_request
from toolalpaca.calling.tools import Tool

BASE = "http://api.test"
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**64, -(2**70), float("nan"), float("inf"), 1e308, -0.0])
    | st.text(st.characters(), max_size=5)  # lone surrogates, too: "\\ud800" is JSON
    | st.sampled_from(["data:", "data:,", "data:;base64,=", "data:a/b;base64,%%", "\r\n", "\0"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(), max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = [
    ("path", "simple"), ("path", "label"), ("path", "matrix"), ("query", "form"),
    ("query", "spaceDelimited"), ("query", "pipeDelimited"), ("query", "deepObject"),
    ("header", "simple"), ("cookie", "form"), ("cookie", "cookie"),
]  # fmt: skip
TYPES = [
    "application/json", "application/x-ndjson", "application/x-www-form-urlencoded",
    "multipart/form-data", "multipart/mixed", "text/plain", "application/xml", "image/png", "*/*",
]  # fmt: skip
ENCODING: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from(["style", "explode", "allowReserved", "contentType", "headers"]),
    st.sampled_from(["form", "deepObject", "odd", True, None, 3, {}, [], {"X": {"schema": {}}}]),
) | st.sampled_from([None, 3, "x", []])

relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def attempt(made: Tool, arguments: dict[str, Any]) -> None:
    try:
        request = build_request(made, arguments, BASE)
    except UnusableArgument as error:
        told = str(error)
    else:
        told = ""
        assert request.full_url.isascii()
        for _, value in request.all_headers():
            assert not {"\r", "\n", "\0"}.intersection(value)
    assert "\n" not in told


@relaxed
@given(place=st.sampled_from(PLACES), explode=st.booleans(), reserved=st.booleans(), value=VALUES)
def test_parameters(
    tool: Callable[..., Tool], place: tuple[str, str], explode: bool, reserved: bool, value: Any
) -> None:
    location, style = place
    parameter = {
        "name": "p",
        "in": location,
        "style": style,
        "explode": explode,
        "allowReserved": reserved,
        "required": location == "path",
        "schema": {},
    }
    attempt(tool([parameter], path="/a/{p}" if location == "path" else "/a"), {"p": value})


@relaxed
@given(media_type=st.sampled_from(TYPES), value=VALUES)
def test_whole_bodies(tool: Callable[..., Tool], media_type: str, value: Any) -> None:
    attempt(tool(content={media_type: {"schema": {}}}), {"body": value})


@relaxed
@given(media_type=st.sampled_from(TYPES[2:4]), encoding=ENCODING, value=VALUES)
def test_fields_of_forms(
    tool: Callable[..., Tool], media_type: str, encoding: Any, value: Any
) -> None:
    schema = {"type": "object", "properties": {"p": {}}}
    attempt(
        tool(content={media_type: {"schema": schema, "encoding": {"p": encoding}}}), {"p": value}
    )


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("\ud800", "half of a surrogate pair"),
        (float("nan"), "no number that JSON has"),
        ([{"a": float("inf")}], "no number that JSON has"),
    ],
)
def test_what_json_cannot_hold_is_told(tool: Callable[..., Tool], value: Any, problem: str) -> None:
    for place in ("query", "path"):
        made = tool(
            [{"name": "p", "in": place, "required": True, "schema": {}}],
            path="/a/{p}" if place == "path" else "/a",
        )
        with pytest.raises(UnusableArgument, match=problem):
            build_request(made, {"p": value}, BASE)
    with pytest.raises(UnusableArgument, match=problem):
        build_request(tool(content={"application/json": {}}), {"body": value}, BASE)


def test_integers_of_any_size_are_written(tool: Callable[..., Tool]) -> None:
    made = tool(content={"application/json": {}})
    assert build_request(made, {"body": [2**70]}, BASE).body == b"[1180591620717411303424]"
