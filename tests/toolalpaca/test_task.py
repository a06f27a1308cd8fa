"""Toolsets and tasks as lines of a file, and references inside golden arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.errors import DataError
from toolalpaca.jsonl import json_line, parse_record, read_jsonl, write_jsonl
from toolalpaca.task import Function, GoldenCall, Task, Toolset, references

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# None is what "not given" means in these files, so it is no argument's value here.
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)
TASKS = st.builds(
    Task,
    id=NAMES,
    toolset=NAMES,
    instruction=NAMES,
    facts=OBJECTS,
    golden=st.lists(
        st.builds(GoldenCall, function=NAMES, arguments=OBJECTS, optional=st.booleans()), max_size=2
    ).map(tuple),
    expected_state=OBJECTS,
    kind=st.sampled_from(["single", "multi", "ask", "abstain"]),
    split=st.sampled_from(["train", "validation", "test"]),
    source=NAMES,
)
TOOLSETS = st.builds(
    Toolset,
    name=NAMES,
    document=OBJECTS,
    functions=st.lists(
        st.builds(Function, name=NAMES, method=NAMES, path=NAMES, parameters=OBJECTS), max_size=2
    ).map(tuple),
)


@given(TASKS)
def test_a_task_is_read_back_as_it_was(task: Task) -> None:
    line = json_line(task)
    assert json.loads(line)["schema"] == "toolalpaca.task/1"
    assert parse_record(json.loads(line), Task, "x:1") == task


@given(TOOLSETS)
def test_a_toolset_is_read_back_as_it_was(toolset: Toolset) -> None:
    line = json_line(toolset)
    assert json.loads(line)["schema"] == "toolalpaca.toolset/1"
    assert parse_record(json.loads(line), Toolset, "x:1") == toolset


def test_a_document_keeps_its_nulls(tmp_path: Path) -> None:
    document = {"openapi": "3.1.0", "x-data": {"value": None, "enum": ["a", None]}}
    write_jsonl(tmp_path / "t.jsonl", [Toolset(name="t", document=document)])
    (toolset,) = read_jsonl(tmp_path / "t.jsonl", Toolset)
    assert toolset.document == document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "odd"}, r"f:3: kind: Input should be 'single', 'multi', 'ask' or 'abstain'"),
        ({"schema": "toolalpaca.task/9"}, r"f:3: schema: Input should be 'toolalpaca.task/1'"),
        ({"golden": [{}]}, r"f:3: golden\.0\.function: Field required"),
        ({"surplus": 1}, r"f:3: surplus: Extra inputs are not permitted"),
    ],
)
def test_a_task_that_does_not_fit_names_the_field(change: dict[str, Any], message: str) -> None:
    record = {"id": "1", "toolset": "t", "instruction": "Do", **change}
    with pytest.raises(DataError, match=message):
        parse_record(record, Task, "f:3")


def test_references_are_found_at_any_depth() -> None:
    first = {"$from": "listPets", "path": "/0/id"}
    second = {"$any": "a friendly text"}
    arguments = {"id": first, "body": {"notes": [1, {"text": second}], "name": "Tom"}}
    assert list(references(arguments)) == [first, second]
    assert list(references([])) == []
