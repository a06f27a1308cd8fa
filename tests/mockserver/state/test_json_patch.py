"""JSON Patch as RFC 6902 has it, its appendix A among the cases."""

from __future__ import annotations

from typing import Any

import pytest

from toolalpaca_mockserver.state.json_patch import PatchError, is_patch, patched


def step(op: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **more}


@pytest.mark.parametrize(
    ("value", "patch", "result"),
    [
        ({"foo": "bar"}, step("add", "/baz", value="qux"), {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "b"]}, step("add", "/foo/1", value="c"), {"foo": ["a", "c", "b"]}),
        ({"foo": ["a"]}, step("add", "/foo/-", value=["b"]), {"foo": ["a", ["b"]]}),
        ({"foo": ["a", "b"]}, step("remove", "/foo/0"), {"foo": ["b"]}),
        ({"a": 1, "b": 2}, step("replace", "/a", value=None), {"a": None, "b": 2}),
        (
            {"a": {"x": 1}, "b": {}},
            step("move", "/b/y", **{"from": "/a/x"}),
            {"a": {}, "b": {"y": 1}},
        ),
        ({"a": [1, 2, 3]}, step("move", "/a/2", **{"from": "/a/0"}), {"a": [2, 3, 1]}),
        ({"a": {"x": 1}}, step("copy", "/b", **{"from": "/a"}), {"a": {"x": 1}, "b": {"x": 1}}),
        ({"/": 9, "~1": 10}, step("replace", "/~01", value=8), {"/": 9, "~1": 8}),
        ({"a": 1}, step("replace", "", value={"b": 2}), {"b": 2}),
        ({"a": 1}, step("test", "/a", value=1), {"a": 1}),
    ],
)
def test_steps(value: Any, patch: dict[str, Any], result: Any) -> None:
    assert is_patch([patch])
    assert patched(value, [patch]) == result


@pytest.mark.parametrize(
    "patch",
    [
        step("add", "/no/such", value=1),
        step("add", "a", value=1),
        step("add", "/list/4", value=1),
        step("add", "/list/x", value=1),
        step("add", "/list/01", value=1),
        step("add", f"/list/{'1' * 5000}", value=1),
        step("remove", f"/list/{'1' * 5000}/x"),
        step("remove", "/no"),
        step("remove", ""),
        step("replace", "/no", value=1),
        step("copy", "/a", **{"from": "/no"}),
        step("test", "/a", value=2),
        step("test", "/a", value=True),
    ],
)
def test_steps_that_lead_nowhere_change_nothing(patch: dict[str, Any]) -> None:
    value = {"a": 1, "list": [1, 2, 3]}
    with pytest.raises(PatchError):
        patched(value, [step("replace", "/a", value=7), patch])
    assert value == {"a": 1, "list": [1, 2, 3]}


def test_a_patch_cannot_grow_without_bounds() -> None:
    with pytest.raises(PatchError, match="copies more than"):
        patched({}, [step("copy", path, **{"from": ""}) for path in ("/a", "/b") * 500])
    deep = patched({}, [step("copy", "/a", **{"from": ""})] * 150)
    assert str(deep).count("a") == 150


@pytest.mark.parametrize(
    "body",
    [{}, "x", [1], [{"op": "add"}], [{"op": "up", "path": "/a"}], [{"op": "add", "path": "a"}]],
)
def test_other_bodies_are_no_patch(body: Any) -> None:
    assert not is_patch(body)
