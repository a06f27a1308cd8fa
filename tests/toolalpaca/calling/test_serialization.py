from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.calling.serialization import cookie_text, header_text, path_text, query_text
from toolalpaca.openapi.model import Location, Parameter, Style

EMPTY, STRING = "", "blue"
ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}


def parameter(
    location: Location, style: Style, explode: bool, *, name: str = "color", **more: Any
) -> Parameter:
    return Parameter(name, location, True, True, style, explode, **more)


# OpenAPI 3.1.1, "Style Examples": style, explode, empty, string, array, object; None is "n/a".
STYLE_EXAMPLES: list[tuple[Location, Style, bool, list[str | None]]] = [
    ("path", "matrix", False,
     [";color", ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"]),
    ("path", "matrix", True,
     [";color", ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"]),
    ("path", "label", False, [".", ".blue", ".blue,black,brown", ".R,100,G,200,B,150"]),
    ("path", "label", True, [".", ".blue", ".blue.black.brown", ".R=100.G=200.B=150"]),
    ("path", "simple", False, ["", "blue", "blue,black,brown", "R,100,G,200,B,150"]),
    ("path", "simple", True, ["", "blue", "blue,black,brown", "R=100,G=200,B=150"]),
    ("header", "simple", False, ["", "blue", "blue,black,brown", "R,100,G,200,B,150"]),
    ("header", "simple", True, ["", "blue", "blue,black,brown", "R=100,G=200,B=150"]),
    ("query", "form", False,
     ["color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"]),
    ("query", "form", True,
     ["color=", "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"]),
    ("cookie", "form", False,
     ["color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"]),
    ("query", "spaceDelimited", False,
     [None, None, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"]),
    ("query", "pipeDelimited", False,
     [None, None, "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"]),
    ("query", "deepObject", True,
     [None, None, None, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"]),
]  # fmt: skip

WRITERS = {"path": path_text, "query": query_text, "header": header_text, "cookie": cookie_text}

CASES = [
    pytest.param(parameter(location, style, explode), value, expected, id=expected or style)
    for location, style, explode, row in STYLE_EXAMPLES
    for value, expected in zip((EMPTY, STRING, ARRAY, OBJECT), row, strict=True)
    if expected is not None
]


@pytest.mark.parametrize(("given_parameter", "value", "expected"), CASES)
def test_the_specifications_style_examples(
    given_parameter: Parameter, value: Any, expected: str
) -> None:
    assert WRITERS[given_parameter.location](given_parameter, value) == expected


# RFC 6570, sections 3.2.2 to 3.2.9, with the RFC's own variables.
VARIABLES: dict[str, Any] = {
    "hello": "Hello World!", "half": "50%", "who": "fred", "path": "/foo/bar", "empty": "",
    "list": ["red", "green", "blue"], "keys": {"semi": ";", "dot": ".", "comma": ","},
    "v": "6", "x": "1024", "undef": None, "empty_keys": {},
}  # fmt: skip
RFC_6570: list[tuple[Location, Style, bool, str, str]] = [
    ("path", "simple", False, "hello", "Hello%20World%21"),
    ("path", "simple", False, "half", "50%25"),
    ("path", "simple", False, "path", "%2Ffoo%2Fbar"),
    ("path", "simple", False, "list", "red,green,blue"),
    ("path", "simple", False, "keys", "semi,%3B,dot,.,comma,%2C"),
    ("path", "simple", True, "keys", "semi=%3B,dot=.,comma=%2C"),
    ("path", "simple", False, "undef", ""),
    ("path", "label", False, "half", ".50%25"),
    ("path", "label", False, "list", ".red,green,blue"),
    ("path", "label", True, "list", ".red.green.blue"),
    ("path", "label", True, "keys", ".semi=%3B.dot=..comma=%2C"),
    ("path", "label", False, "empty_keys", ""),
    ("path", "matrix", False, "who", ";who=fred"),
    ("path", "matrix", False, "empty", ";empty"),
    ("path", "matrix", True, "list", ";list=red;list=green;list=blue"),
    ("path", "matrix", True, "keys", ";semi=%3B;dot=.;comma=%2C"),
    ("query", "form", False, "half", "half=50%25"),
    ("query", "form", False, "empty", "empty="),
    ("query", "form", False, "undef", ""),
    ("query", "form", True, "keys", "semi=%3B&dot=.&comma=%2C"),
    ("query", "form", False, "keys", "keys=semi,%3B,dot,.,comma,%2C"),
]


@pytest.mark.parametrize(("location", "style", "explode", "name", "expected"), RFC_6570)
def test_rfc_6570(
    location: Location, style: Style, explode: bool, name: str, expected: str
) -> None:
    written = WRITERS[location](parameter(location, style, explode, name=name), VARIABLES[name])
    assert written == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "color=0"),
        (False, "color=false"),
        (True, "color=true"),
        (-1.5, "color=-1.5"),
        ([0, None, ""], "color=0&color="),
        ({"a": None, "b": 0}, "b=0"),
        (None, ""),
        ([], ""),
        ([None], ""),
        ([{"a": [1]}], "color=%7B%22a%22%3A%5B1%5D%7D"),
    ],
)
def test_falsy_values_are_kept_and_nothing_is_left_out_but_null(value: Any, expected: str) -> None:
    assert query_text(parameter("query", "form", True), value) == expected


def test_brackets_nest_under_deep_object() -> None:
    value = {"price": {"lte": 40, "currency": None}, "tag": ["a", "b c"]}
    assert query_text(parameter("query", "deepObject", True, name="f"), value) == (
        "f%5Bprice%5D%5Blte%5D=40&f%5Btag%5D=a&f%5Btag%5D=b%20c"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/a?b:c", "color=/a?b:c"),
        ("a&b=c#d+e", "color=a%26b=c%23d%2Be"),
        ("50%", "color=50%25"),
        ("50%25", "color=50%25"),
    ],
)
def test_reserved_characters_pass_where_they_cannot_break_the_query(
    value: str, expected: str
) -> None:
    reserved = parameter("query", "form", True, allow_reserved=True)
    assert query_text(reserved, value) == expected


def test_an_exploded_cookie_is_several_cookies() -> None:
    assert cookie_text(parameter("cookie", "form", True), ARRAY) == (
        "color=blue; color=black; color=brown"
    )


def test_the_style_cookie_encodes_only_what_a_cookie_cannot_hold() -> None:
    made = parameter("cookie", "cookie", True)
    assert cookie_text(made, "a%2Fb+c/d=e") == "color=a%2Fb+c/d=e"
    assert cookie_text(made, 'a; b="c"') == "color=a%3B%20b=%22c%22"


# -- round trips: a decoder that knows nothing of the serialiser --------------------------------

TEXTS = st.text(min_size=1, max_size=8)
LISTS = st.lists(TEXTS, min_size=1, max_size=4)
OBJECTS = st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=4)


def decode(style: Style, explode: bool, kind: type, text: str) -> Any:
    """What a server that follows the specification reads."""
    if style in ("label", "matrix"):
        assert text[0] == (separator := "." if style == "label" else ";")
        text = text[1:]
    else:
        separator = {"simple": ","}.get(style, "&")
    inner = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}.get(style, ",")
    named = style not in ("simple", "label")
    if explode:
        parts = text.split(separator)
        if kind is dict:
            pairs = (part.split("=", 1) for part in parts)
            return {unquote(key): unquote(item) for key, item in pairs}
        return [unquote(part.split("=", 1)[1] if named else part) for part in parts]
    if named:
        name, text = text.split("=", 1)
        assert unquote(name) == "color"
    items = [unquote(part) for part in text.split(inner)]
    return dict(zip(items[::2], items[1::2], strict=True)) if kind is dict else items


@pytest.mark.parametrize(
    ("location", "style", "explode"),
    [
        ("path", "simple", False), ("path", "simple", True),
        ("path", "matrix", False), ("path", "matrix", True), ("path", "label", False),
        ("query", "form", False), ("query", "form", True),
    ],
)  # fmt: skip
@given(value=LISTS | OBJECTS)
def test_what_is_written_is_read_back(
    location: Location, style: Style, explode: bool, value: Any
) -> None:
    text = WRITERS[location](parameter(location, style, explode), value)
    assert decode(style, explode, type(value), text) == value


@given(value=OBJECTS)
def test_deep_objects_are_read_back(value: dict[str, str]) -> None:
    text = query_text(parameter("query", "deepObject", True), value)
    pairs = [tuple(map(unquote, part.split("=", 1))) for part in text.split("&")]
    assert {name.removeprefix("color[")[:-1]: item for name, item in pairs} == value


@pytest.mark.parametrize("separator", ["spaceDelimited", "pipeDelimited"])
@given(value=st.lists(st.text("abcü/&=", min_size=1), min_size=1))
def test_delimited_arrays_are_read_back(separator: Style, value: list[str]) -> None:
    text = query_text(parameter("query", separator, False), value)
    assert decode(separator, False, list, text) == value
