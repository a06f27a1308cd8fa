from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.trace import HttpResponse
from toolalpaca_runtime.difference import Difference, differences, structure

NAMES = st.sampled_from(["a", "b/c", "*", "~", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.floats(0, 1) | st.just("text"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
MIRRORED = {"missing": "added", "added": "missing"}


def answer(body: Any, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    headers = {"Content-Type": content_type} if content_type else {}
    text = body if isinstance(body, str) else orjson.dumps(body).decode()
    return HttpResponse(status=status, headers=headers, body=text)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ({"id": 1}, {"id": 2}, []),
        ({"id": 1}, {"id": 1.5}, []),
        ({"id": 1}, {"id": "1"}, ["/id: integer became string"]),
        ({"id": 1}, {"id": None}, ["/id: integer became null"]),
        ({"id": 1, "name": "A"}, {"id": 1}, ["/name (string) is missing"]),
        ({"id": 1}, {"id": 1, "owner": {"id": 2}}, ["/owner (object) was not there"]),
        ({"items": []}, {"items": [{"id": 1}]}, []),
        ({"items": [{"id": 1}]}, {"items": [{"id": "1"}]}, ["/items/*/id: integer became string"]),
        ([{"id": 1}, {"id": None}], [{"id": 1}], []),
        ([1], {"items": [1]}, ["body: array became object"]),
        ({"a/b": 1}, {"a~b": 1}, ["/a~0b (integer) was not there", "/a~1b (integer) is missing"]),
        ([1], {"*": 1}, ["body: array became object"]),
        ({"x": {"*": 1}}, {"x": {}}, ["/x/~* (integer) is missing"]),
        ("", {}, ["body: nothing became object"]),
        ("<p>", {}, ["body: text became object"]),
        ("<p>", "{", []),
        ("[" * 5000 + "]" * 5000, [], ["body: text became array"]),
    ],
)
def test_structures_differ_by_place(first: Any, second: Any, told: list[str]) -> None:
    assert [str(each) for each in differences(answer(first), answer(second))] == told


def test_status_and_content_type_come_first() -> None:
    found = differences(answer({"a": 1}), answer({"a": ""}, 201, "application/xml; charset=utf-8"))
    assert found == (
        Difference("status", "", "200", "201"),
        Difference("content type", "", "application/json", "application/xml"),
        Difference("type", "/a", "integer", "string"),
    )


def test_headers_that_were_not_recorded_are_no_difference() -> None:
    assert differences(answer({}, content_type=""), answer({})) == ()
    nothing = HttpResponse(status=200, headers={"date": "now"}, body="{}")
    assert [str(each) for each in differences(nothing, answer({}))] == [
        "content type: none became application/json"
    ]


def test_an_error_is_not_held_to_the_structure_of_a_success() -> None:
    found = differences(answer({"id": 1}), answer("gone", 404, "text/plain"))
    assert [str(each) for each in found] == ["status: 200 became 404"]


@given(JSON, JSON)
def test_each_is_told_from_both_sides_and_none_of_the_same(first: Any, second: Any) -> None:
    one, other = answer(first), answer(second)
    assert differences(one, one) == ()
    there, back = differences(one, other), differences(other, one)
    assert [
        Difference(MIRRORED.get(d.aspect, d.aspect), d.pointer, d.second, d.first)  # type: ignore[arg-type]
        for d in there
    ] == list(back)
    for each in there:
        assert each.pointer in structure(first) or each.pointer in structure(second)


@given(JSON)
def test_more_of_the_same_items_is_no_difference(item: Any) -> None:
    assert differences(answer([item]), answer([item, item])) == ()


def test_a_body_that_was_cut_off_is_not_compared() -> None:
    whole = HttpResponse(status=200, body='[{"id": 1}]')
    cut = HttpResponse(status=200, body='[{"id": 1}, {"i', cut_off=True)
    assert differences(whole, cut) == differences(cut, whole) == ()
