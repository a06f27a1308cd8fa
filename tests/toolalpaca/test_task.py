"""Toolsets and tasks as files hold them."""

from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import DataError
from toolalpaca.jsonl import JsonlWriter, read_jsonl, write_jsonl
from toolalpaca.task import GoldenCall, Task, Toolset, is_reference, references


def test_tasks_and_toolsets_survive_a_file(tmp_path: Path) -> None:
    golden = GoldenCall(function="get", arguments={"id": {"$from": "list", "path": "/0"}})
    task = Task(id="1", toolset="t", instruction="Do it", golden=(golden,), facts={"a": 1})
    toolset = Toolset(name="t", title="T", document={"openapi": "3.1.0"}, licence="MIT")

    write_jsonl(tmp_path / "tasks.jsonl", [task])
    write_jsonl(tmp_path / "toolsets.jsonl", [toolset])

    assert list(read_jsonl(tmp_path / "tasks.jsonl", Task)) == [task]
    assert list(read_jsonl(tmp_path / "toolsets.jsonl", Toolset)) == [toolset]
    assert '"schema":"toolalpaca.task/1"' in (tmp_path / "tasks.jsonl").read_text()


def test_another_schema_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"schema": "toolalpaca.task/2", "id": "1", "toolset": "t"}\n')

    with pytest.raises(DataError, match=r"tasks\.jsonl:1: schema: Input should be"):
        list(read_jsonl(file, Task))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"$from": "f"}, 1),
        ({"a": [{"$any": "x"}, {"b": {"$from": "f"}}]}, 2),
        ({"from": "f"}, 0),
        ("$from", 0),
    ],
)
def test_finds_references_at_any_depth(value: Any, found: int) -> None:
    assert len(list(references(value))) == found
    assert all(is_reference(reference) for reference in references(value))


@pytest.mark.parametrize("torn", ["", '{"id": "2", "tool', "x" * 200_000])
def test_appending_after_a_crash_does_not_join_a_torn_line(tmp_path: Path, torn: str) -> None:
    file = tmp_path / "tasks.jsonl"
    first, second = (Task(id=name, toolset="t", instruction="") for name in ("1", "3"))
    write_jsonl(file, [first])
    with file.open("a") as end:
        end.write(torn)

    with JsonlWriter(file) as writer:
        writer.write(second)

    assert list(read_jsonl(file, Task)) == [first, second]
