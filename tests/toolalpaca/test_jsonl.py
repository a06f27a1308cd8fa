"""Files of one object a line: what is written is read back, and faults name their line."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from toolalpaca.errors import DataError
from toolalpaca.jsonl import JsonlWriter, json_line, read_jsonl, read_records, write_jsonl


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_: Literal["toolalpaca.item/1"] = Field(alias="schema", default="toolalpaca.item/1")
    name: str
    count: int | None = None


@given(st.lists(st.builds(Item, name=st.text(), count=st.none() | st.integers(-(2**60), 2**60))))
def test_what_is_written_is_read_back(items: list[Item]) -> None:
    lines = [json_line(item) for item in items]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert [Item.model_validate_json(line) for line in lines] == items


def test_a_file_is_written_at_once_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "items.jsonl"
    items = [Item(name="a"), Item(name="b", count=2)]
    assert write_jsonl(path, items) == 2
    assert list(read_jsonl(path, Item)) == items

    def failing() -> object:
        yield Item(name="c")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_jsonl(path, failing())  # type: ignore[arg-type]
    assert list(read_jsonl(path, Item)) == items
    assert write_jsonl(path, []) == 0
    assert list(read_jsonl(path, Item)) == []


def test_each_object_is_on_disk_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "new" / "items.jsonl"
    with JsonlWriter(path) as writer:
        for number in range(3):
            writer.write(Item(name=str(number)))
            assert len(list(read_jsonl(path, Item))) == number + 1
    with pytest.raises(ValueError, match="closed"):
        writer.write(Item(name="late"))
    with JsonlWriter(path) as writer:
        writer.write(Item(name="more"))
    assert [item.name for item in read_jsonl(path, Item)] == ["0", "1", "2", "more"]


def test_blank_lines_are_skipped_and_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('\n{"name": "a"}\n\n  \n{"name": "b"}\n')
    assert [number for number, _ in read_records(path)] == [2, 5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"name": "a"}\n{"name": 1}\n', r"items\.jsonl:2: name: Input should be a valid string"),
        ('{"nme": "a"}\n', r"items\.jsonl:1: name: Field required"),
        ('{"name": "a", "b": 1}\n', r"items\.jsonl:1: b: Extra inputs are not permitted"),
        ("[]\n", r"items\.jsonl:1: the object: Input should be"),
        ('{"name": "a"}\n{"name"\n', r"items\.jsonl:2: is not JSON"),
        ('{"name": "a"', r"items\.jsonl:1: is not JSON"),
    ],
)
def test_a_line_that_does_not_fit_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        list(read_jsonl(path, Item))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl: cannot be read: No such file"):
        list(read_jsonl(tmp_path / "none.jsonl", Item))
    with pytest.raises(DataError, match=r"cannot be read: Is a directory"):
        list(read_jsonl(tmp_path, Item))


def test_a_last_line_that_a_crash_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(b'{"name": "a"}\n{"name": "\xc3')
    assert [value for _, value in read_records(path, cut_off=True)] == [{"name": "a"}]
    with pytest.raises(DataError, match="is not JSON"):
        list(read_records(path))
    path.write_bytes(b'{"name": "\xc3\n{"name": "a"}\n')
    with pytest.raises(DataError, match=r":1: is not JSON"):
        list(read_records(path, cut_off=True))


@pytest.mark.parametrize(
    "content",
    [b"notes\nthe last line", b"openapi: 3.1.0", b'{"a": 1}\n', b'{"schema":"other/1"}', b"\n"],
)
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine"
    path.write_bytes(content)
    with pytest.raises(DataError, match="something else than records"):
        JsonlWriter(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b'{"sch', b'{"schema":"toolalpaca.item/1","na'])
def test_what_a_crash_left_of_the_first_line_is_taken_away(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(content)
    with JsonlWriter(path) as writer:
        writer.write(Item(name="0"))
    assert [item.name for item in read_jsonl(path, Item)] == ["0"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        JsonlWriter(tmp_path)
