"""Parameters are read as OpenAPI's table of styles writes them: the test writes, we read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca.openapi.model import Parameter
from toolalpaca_mockserver.reading.parameters import MISSING, ParameterReader
from toolalpaca_mockserver.reading.requests import Request

ARRAY = {"type": "array", "items": {"type": "string"}}
OBJECT = {"type": "object", "additionalProperties": {"type": "string"}}
CLOSED = {"type": "object", "properties": {"k": {"type": "string"}, "m": {"type": "string"}}}

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
lists = st.lists(texts, min_size=1, max_size=4)
maps = st.dictionaries(texts, texts, min_size=1, max_size=3)


def parameter(location: Any, style: Any, explode: bool, schema: Any, **more: Any) -> Parameter:
    return Parameter(
        name=more.pop("name", "p"),
        location=location,
        required=more.pop("required", False),
        schema=schema,
        style=style,
        explode=explode,
        **more,
    )


def read(made: Parameter, *, path: str = "", query: str = "", **headers: str) -> Any:
    request = Request("GET", "/", query, {k.replace("_", "-"): v for k, v in headers.items()})
    value, reasons = ParameterReader(made, {}).read(request, {made.name: path} if path else {})
    assert reasons == []
    return value


unhurried = settings(deadline=None, max_examples=50)


def enc(text: str) -> str:
    return quote(text, safe="")


def listed(values: list[str], between: str) -> str:
    return between.join(map(enc, values))


def paired(values: dict[str, str], inner: str, outer: str) -> str:
    return outer.join(f"{enc(k)}{inner}{enc(v)}" for k, v in values.items())


@pytest.mark.parametrize("explode", [False, True])
@pytest.mark.parametrize("style", ["simple", "label", "matrix"])
@unhurried
@given(values=lists)
def test_path_arrays(style: str, explode: bool, values: list[str]) -> None:
    written = {
        ("simple", False): listed(values, ","),
        ("simple", True): listed(values, ","),
        # quote() leaves dots alone, and a dot in an exploded label would be a delimiter
        ("label", False): "." + listed(values, ","),
        ("label", True): "." + listed(values, ".").replace("\n", "%0A"),
        ("matrix", False): ";p=" + listed(values, ","),
        ("matrix", True): "".join(f";p={enc(v)}" for v in values),
    }[style, explode]
    if (style, explode) == ("label", True) and any("." in value for value in values):
        return
    assert read(parameter("path", style, explode, ARRAY), path=written) == values


@pytest.mark.parametrize("explode", [False, True])
@pytest.mark.parametrize("style", ["simple", "label", "matrix"])
@unhurried
@given(values=maps)
def test_path_objects(style: str, explode: bool, values: dict[str, str]) -> None:
    written = {
        ("simple", False): paired(values, ",", ","),
        ("simple", True): paired(values, "=", ","),
        ("label", False): "." + paired(values, ",", ","),
        ("label", True): "." + paired(values, "=", "."),
        ("matrix", False): ";p=" + paired(values, ",", ","),
        ("matrix", True): ";" + paired(values, "=", ";"),
    }[style, explode]
    dotted = any("." in text for pair in values.items() for text in pair)
    if (style, explode) == ("label", True) and dotted:
        return
    assert read(parameter("path", style, explode, OBJECT), path=written) == values


@pytest.mark.parametrize(
    ("style", "explode", "between"),
    [
        ("form", True, None),
        ("form", False, ","),
        ("spaceDelimited", False, "%20"),
        ("pipeDelimited", False, "|"),
        ("pipeDelimited", False, "%7C"),
    ],
)
@unhurried
@given(values=lists)
def test_query_arrays(style: str, explode: bool, between: str | None, values: list[str]) -> None:
    # Nothing tells an encoded delimiter from one inside a value: the specification says so itself.
    if style != "form" and any(c in value for value in values for c in " |"):
        return
    if between is None:
        written = "&".join(f"p={enc(value)}" for value in values)
    else:
        written = "p=" + listed(values, between)
    assert read(parameter("query", style, explode, ARRAY), query=written) == values


@unhurried
@given(values=maps)
def test_query_objects(values: dict[str, str]) -> None:
    assert read(parameter("query", "form", True, OBJECT), query=paired(values, "=", "&")) == values
    unexploded = "p=" + paired(values, ",", ",")
    assert read(parameter("query", "form", False, OBJECT), query=unexploded) == values


@unhurried
@given(values=st.dictionaries(st.text("abcxyz_-", min_size=1), texts, min_size=1, max_size=3))
def test_deep_objects(values: dict[str, str]) -> None:
    written = "&".join(f"p%5B{enc(k)}%5D={enc(v)}" for k, v in values.items())
    assert read(parameter("query", "deepObject", True, OBJECT), query=written) == values


def test_deep_lists() -> None:
    made = parameter("query", "deepObject", True, ARRAY)
    assert read(made, query="p[]=b&p[]=a") == ["b", "a"]
    assert read(made, query="p%5B1%5D=b&p%5B0%5D=a") == ["a", "b"]
    assert read(made, query="p[]=a") == ["a"]
    assert read(made, query="q[]=a") is MISSING


def test_an_exploded_object_takes_only_its_own_properties() -> None:
    made = parameter("query", "form", True, CLOSED)
    assert read(made, query="k=1&other=2") == {"k": "1"}
    assert read(made, query="other=2") is MISSING


@unhurried
@given(values=st.lists(st.text("abc 123-", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_header_arrays(values: list[str]) -> None:
    made = parameter("header", "simple", False, ARRAY, name="X-P")
    assert read(made, x_p=", ".join(values)) == values


def test_header_objects_and_cookies() -> None:
    assert read(parameter("header", "simple", True, CLOSED, name="h"), h="k=1,m=2") == {
        "k": "1",
        "m": "2",
    }
    assert read(parameter("cookie", "cookie", True, ARRAY), cookie="p=a%2Cb; p=c+d") == [
        "a%2Cb",
        "c+d",
    ]
    assert read(parameter("cookie", "cookie", False, ARRAY), cookie="p=a%2C,b") == ["a%2C", "b"]
    made = parameter("cookie", "form", False, {"type": "integer"}, name="c")
    assert read(made, cookie="a=1; c=5") == 5


@pytest.mark.parametrize(
    ("schema", "sent", "value"),
    [
        ({"type": "integer"}, "12", 12),
        ({"type": "integer"}, "12.0", 12),
        ({"type": "number"}, "1e3", 1000.0),
        ({"type": "boolean"}, "true", True),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": "string"}, "12", "12"),
        ({"type": "string", "enum": ["1", "2"]}, "1", "1"),
        ({"enum": [1, 2]}, "2", 2),
        ({"anyOf": [{"type": "integer", "minimum": 100}, {"type": "string"}]}, "12", "12"),
        ({"oneOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "boolean"}]},
         "true", True),
        (True, "x y", "x y"),
    ],
)  # fmt: skip
def test_texts_become_the_types_of_the_schema(schema: Any, sent: str, value: Any) -> None:
    found = read(parameter("query", "form", True, schema), query=f"p={enc(sent)}")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("schema", "sent", "rule"),
    [
        ({"type": "integer"}, "1.5", "type"),
        ({"type": "integer"}, "NaN", "type"),
        ({"type": "integer"}, "9" * 5000, "type"),
        ({"type": "number"}, "Infinity", "type"),
        ({"type": "boolean"}, "yes", "type"),
        ({"type": "string", "format": "date"}, "2026-02-30", "format"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 1}, "1&p=2", "maxItems"),
    ],
)
def test_what_breaks_the_schema_is_named(schema: Any, sent: str, rule: str) -> None:
    reader = ParameterReader(parameter("query", "form", True, schema), {})
    _, reasons = reader.read(Request("GET", "/", f"p={sent}"), {})
    assert [(r.location, r.pointer.split("/")[1], r.rule) for r in reasons] == [
        ("query", "p", rule)
    ]


def test_content_parameters_are_json() -> None:
    made = parameter("query", "form", True, {"type": "object"}, content_type="application/json")
    assert read(made, query="p=%7B%22a%22%3A1%7D") == {"a": 1}
    _, reasons = ParameterReader(made, {}).read(Request("GET", "/", "p=%7B"), {})
    assert [reason.rule for reason in reasons] == ["json"]


def test_missing_and_empty_parameters() -> None:
    made = parameter("query", "form", True, {"type": "integer"}, required=True)
    _, reasons = ParameterReader(made, {}).read(Request("GET", "/"), {})
    assert [reason.rule for reason in reasons] == ["required"]
    flag = parameter("query", "form", True, {"type": "integer"}, allow_empty_value=True)
    assert read(flag, query="p=") == ""


def test_commas_may_be_encoded_where_no_value_can_hold_one() -> None:
    numbers = {"type": "array", "items": {"type": "integer"}}
    assert read(parameter("query", "form", False, numbers), query="p=1%2C2%2c3") == [1, 2, 3]
    assert read(parameter("query", "form", False, ARRAY), query="p=a%2Cb,c") == ["a,b", "c"]
    point = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}}
    point["required"] = ["x", "y"]
    assert read(parameter("query", "form", False, point), query="p=x%2C1%2Cy%2C2") == {
        "x": 1,
        "y": 2,
    }
    reader = ParameterReader(parameter("query", "form", True, numbers), {})
    assert reader.read(Request("GET", "/", "p=1%2C2"), {})[1] != []
