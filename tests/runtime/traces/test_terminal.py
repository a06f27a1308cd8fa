from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from toolalpaca.cli import main
from toolalpaca.trace import AssistantEvent, Outcome, Trace, UserEvent
from toolalpaca_runtime.traces.terminal import print_traces

from .conftest import pet_trace, write


def shown(*traces: Trace, full: bool = False, whole: bool = False, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    print_traces(traces, console, full=full, whole=whole)
    file: Any = console.file
    lines: list[str] = file.getvalue().splitlines()
    assert all(len(line) <= width for line in lines)
    return lines


def test_one_run_is_told_in_order() -> None:
    lines = shown(pet_trace())
    told = [
        "You: Adopt a dog",
        "Step 1 (0.50 s, 1,200 + 40 tokens, $0.0021)",
        "  I look which dogs there are.",
        '→ listPets(kind="dog")',
        '  200 (simulator) [{"id":7,"name":"Rex"}] (0.15 s)',
        "! This is no step.",
        "  Say it as a step.",
        "→ adopt(pet=7)",
        "  500 breaks its document oh (50 ms)",
        '→ getDetails(question="Your name?")',
        "You: Ada",
        "  It did not work, Ada.",
        "answered",
        "4 steps, 3 calls, 1,200 + 40 tokens, $0.0021, 9.50 s",
    ]
    assert [line for line in lines if line in told] == told
    assert not any("content-type" in line for line in lines)


def test_full_unfolds_requests_bodies_and_raw_texts() -> None:
    lines = shown(pet_trace(), full=True)
    for line in (
        "    GET http://h/pets?kind=dog",
        "    content-type: application/json",
        '          "name": "Rex"',
        "      Thought: I look which dogs there are.",
        "  500 (50 ms) from real, breaks its document, approved",
        "    kept: pets.json (application/json, 4,200 bytes)",
    ):
        assert line in lines


def test_several_runs_are_listed_on_a_line_each() -> None:
    long = pet_trace(
        id="b" * 32,
        model="a-model-with-quite-a-name",
        events=[UserEvent(index=0, at=0, text="Words " * 40)],
        outcome=Outcome(status="stopped", reason="enough"),
    )
    heading, first, second = shown(pet_trace(), long)
    assert heading.split() == ["id", "began", "model", "API", "outcome", "first", "words"]
    assert first.startswith("aaaaaaaa ")
    assert first.rstrip().endswith("answered Adopt a dog")
    assert second.startswith("bbbbbbbb ")
    assert second.endswith("…")
    assert len([line for line in shown(pet_trace(), long, whole=True) if "trace " in line]) == 2


def test_what_nobody_recorded_is_not_made_up() -> None:
    events = [
        UserEvent(index=0, at=0, text="Hello"), AssistantEvent(index=1, at=0, answer="Hello."),
    ]  # fmt: skip
    outcome = Outcome(status="answered", answer="Hello.")
    lines = shown(pet_trace(events=events, outcome=outcome, started=datetime.fromtimestamp(0, UTC)))
    assert lines[1].startswith("nobody knows when")
    assert "Step 1" in lines
    assert lines[-1] == "1 step, 0 calls"


def test_control_characters_do_not_reach_the_terminal() -> None:
    event = AssistantEvent(index=0, at=0, thought="\x1b[2J\x07", raw="\x9b1m", answer="\u202e")
    text = "".join(shown(pet_trace(id="\x1b]0;x", events=[event]), full=True))
    assert text.isprintable()


def test_the_command_shows_a_file_that_a_crash_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    path = write(tmp_path / "t.jsonl", pet_trace())
    path.write_bytes(path.read_bytes()[:-40])
    assert main(["trace", "show", str(path)]) == 0
    out = capsys.readouterr().out
    assert "interrupted: the run wrote no end" in out
    assert "4 steps, 3 calls, 1,200 + 40 tokens, $0.0021, 9.50 s" in out


def test_the_command_writes_a_page(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", pet_trace())
    assert main(["trace", "show", str(path), "aa", "--html", str(tmp_path / "o" / "p.html")]) == 0
    assert "<!doctype html>" in (tmp_path / "o" / "p.html").read_text()


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "show", str(tmp_path / "no.jsonl")]) == 2
    assert "there is no file or folder" in capsys.readouterr().err
    path = write(tmp_path / "t.jsonl", pet_trace())
    assert main(["trace", "show", str(path), "zz"]) == 2
    assert main(["trace", "show", str(path), "--html", str(path / "x.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err
