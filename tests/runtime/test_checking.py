from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.openapi.loading import load_document
from toolalpaca_runtime.checking import check_arguments

PROPERTIES: dict[str, Any] = {
    "count": {"type": "integer"},
    "price": {"type": "number"},
    "name": {"type": "string"},
    "direct": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "numbers": {"type": "array", "items": {"type": "integer"}},
    "kind": {"enum": ["express", "night_train"]},
    "twins": {"enum": ["a", "A"]},
    "day": {"type": "string", "format": "date"},
    "point": {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "a/b": {"type": "integer"}},
    },
    "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
}


def tool(*required: str) -> Tool:
    schema = {"type": "object", "properties": PROPERTIES, "required": list(required)}
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "ok"}},
    }
    info = {"title": "T", "version": "1"}
    (made,) = make_tools(
        load_document({"openapi": "3.1.0", "info": info, "paths": {"/a": {"post": operation}}})
    )
    return made


@pytest.mark.parametrize(
    ("name", "given", "mended"),
    [
        ("count", "3", 3),
        ("count", " -3 ", -3),
        ("price", "2.50", 2.5),
        ("name", 123, "123"),
        ("name", True, "true"),
        ("direct", "True", True),
        ("direct", "false", False),
        ("tags", "one", ["one"]),
        ("tags", '["one", "two"]', ["one", "two"]),
        ("numbers", [1, "2"], [1, 2]),
        ("numbers", 7, [7]),
        ("kind", "Express", "express"),
        ("kind", "night train", "night_train"),
        ("kind", "NIGHT-TRAIN", "night_train"),
        ("day", "2027_05_14", "2027-05-14"),
        ("point", '{"x": 1}', {"x": 1}),
        ("point", {"x": "1"}, {"x": 1}),
        ("either", "4", 4),
        ("point", {"a/b": "5"}, {"a/b": 5}),
    ],
)
def test_what_can_be_read_one_way_is_mended_and_noted(name: str, given: Any, mended: Any) -> None:
    checked = check_arguments(tool(), {name: given})
    assert checked.arguments == {name: mended}
    assert not checked.problems
    (repair,) = checked.repairs
    assert repair.startswith(name)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("count", "three"),
        ("count", 2.5),
        ("count", "1,200"),
        ("direct", "yes"),
        ("kind", "slow"),
        ("day", "14 May"),
        ("point", "x=1"),
        ("point", {"x": "one"}),
        ("twins", "b"),
    ],
)
def test_what_cannot_be_mended_is_a_problem_that_names_its_place(name: str, given: Any) -> None:
    checked = check_arguments(tool(), {name: given})
    assert len(checked.problems) == 1
    assert checked.problems[0].startswith(name)


def test_valid_arguments_are_left_as_they_are() -> None:
    arguments = {"count": 0, "name": "", "direct": False, "tags": [], "either": None}
    checked = check_arguments(tool(), arguments)
    assert checked.arguments == arguments
    assert checked.repairs == checked.problems == ()


def test_optional_arguments_that_are_null_are_left_out() -> None:
    checked = check_arguments(tool("name"), {"name": "x", "count": None, "either": None})
    assert checked.arguments == {"name": "x", "either": None}
    assert not checked.problems


def test_optional_arguments_that_are_empty_where_they_cannot_be_are_left_out() -> None:
    given = {"name": "", "count": "", "kind": "", "tags": "", "day": ""}
    checked = check_arguments(tool(), given)
    assert checked.arguments == {"name": ""}
    assert checked.repairs == checked.problems == ()


def test_a_required_argument_that_is_null_or_missing_is_a_problem() -> None:
    assert check_arguments(tool("name"), {"name": None}).problems
    assert check_arguments(tool("count"), {"count": ""}).problems
    (problem,) = check_arguments(tool("name"), {}).problems
    assert problem == "name: this argument is required and missing"


def test_several_mistakes_are_named_at_once_and_the_mendable_ones_mended() -> None:
    checked = check_arguments(tool("name"), {"count": "3", "price": "dear", "colour": "red"})
    assert checked.arguments["count"] == 3
    assert {problem.partition(":")[0] for problem in checked.problems} == {
        "name",
        "price",
        "colour",
    }


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("\ud800", "count: a text holds half of a surrogate pair"),
        ([float("nan")], "count: nan is no number that JSON has"),
    ],
)
def test_what_json_does_not_have_is_told(value: Any, problem: str) -> None:
    assert check_arguments(tool(), {"count": value}).problems == (problem,)


def test_integers_may_be_of_any_size() -> None:
    assert check_arguments(tool(), {"count": 2**70}).arguments == {"count": 2**70}
    (problem,) = check_arguments(tool(), {"direct": 2**70}).problems
    assert problem.startswith("direct: ")
