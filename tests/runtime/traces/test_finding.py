from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from toolalpaca.errors import DataError, UsageError
from toolalpaca_runtime.traces.finding import find_traces

from .conftest import pet_trace, write

ONE, TWO = pet_trace(id="a1" + "0" * 30), pet_trace(id="a2" + "0" * 30)


def test_a_folder_gives_the_traces_of_its_trace_files(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "b.jsonl", TWO)
    write(tmp_path / "a.jsonl", ONE)
    (tmp_path / "tasks.jsonl").write_text('{"schema":"toolalpaca.task/1"}\n')
    (tmp_path / "empty.jsonl").touch()
    assert find_traces(tmp_path) == [ONE, TWO]


def test_an_id_or_its_beginning_chooses_one(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", ONE, TWO)
    assert find_traces(path, "a2") == [TWO]
    assert find_traces(path, ONE.id) == [ONE]
    with pytest.raises(UsageError, match=r"2 traces have an id that begins with 'a'"):
        find_traces(path, "a")
    with pytest.raises(UsageError, match=r"no trace has .* 'x' \(give more of it; there are a10"):
        find_traces(path, "x")


def test_standard_input_is_a_trace_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = write(tmp_path / "t.jsonl", ONE).read_bytes()

    class Stdin:
        buffer = io.BytesIO(content[:-20])

    monkeypatch.setattr(sys, "stdin", Stdin())
    (read,) = find_traces(Path("-"))
    assert read.events == ONE.events
    assert read.outcome.status == "interrupted"


def test_no_traces_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no traces"):
        find_traces(tmp_path)
