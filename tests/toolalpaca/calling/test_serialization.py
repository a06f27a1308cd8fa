"""What the styles write is read back; what they write is in ``test_parameter_cases.py``."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.calling.serialization import cookie_text, header_text, path_text, query_text
from toolalpaca.openapi.model import Location, Parameter, Style


def parameter(
    location: Location, style: Style, explode: bool, *, name: str = "color", **more: Any
) -> Parameter:
    return Parameter(name, location, True, True, style, explode, **more)


WRITERS = {"path": path_text, "query": query_text, "header": header_text, "cookie": cookie_text}

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
