"""A corpus is built by the command, stopped at any point, and built on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.cli import main
from toolalpaca.llm import registry
from toolalpaca.llm.baseline import Baseline
from toolalpaca.llm.protocol import Completion, Request
from toolalpaca.openapi.loading import load_document
from toolalpaca.trace import read_traces
from toolalpaca_corpus.building import begin
from toolalpaca_corpus.episodes import read_episodes
from toolalpaca_corpus.folder import CorpusFolder

from .conftest import PETS

TASKS = 12


def build(source: Path, out: Path, *more: str) -> int:
    words = [str(source), "--out", str(out), "--tasks", str(TASKS), "--model", "baseline"]
    return main(["corpus", "build", *words, *more])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "pets.json"
    path.write_text(json.dumps(PETS))
    return path


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A corpus that was built in one go, and what the command printed."""
    out = tmp_path_factory.mktemp("corpora") / "whole"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert build(source, out, "--json") == 0
    return out, printed.getvalue()


@pytest.fixture
def unfinished(built: tuple[Path, str], tmp_path: Path) -> Path:
    """The same corpus without the runs of its last two tasks, and before it was checked."""
    folder = tmp_path / "unfinished"
    folder.mkdir()
    for name in ("recipe.json", "toolsets.jsonl", "tasks.jsonl"):
        (folder / name).write_bytes((built[0] / name).read_bytes())
    last = {task.id for task in CorpusFolder(built[0]).tasks()[-2:]}
    lines = (built[0] / "episodes.jsonl").read_text().splitlines(keepends=True)
    records = [json.loads(line) for line in lines]
    dropped = {record["id"] for record in records if record.get("task") in last}
    (folder / "episodes.jsonl").write_text(
        "".join(
            line
            for line, record in zip(lines, records, strict=True)
            if record.get("trace", record.get("id")) not in dropped
        )
    )
    return folder


class Failing(Baseline):
    """A planner that breaks down at instructions that hold a text."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at
        self.asked: set[str] = set()

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        instruction = next(m.content for m in request.messages if m.role == "user")
        self.asked.add(instruction)
        if self.at in instruction:
            raise RuntimeError("out of tea")
        async for piece in super().stream(request):
            yield piece


def test_every_task_is_run_and_kept_or_dropped_with_a_reason(built: tuple[Path, str]) -> None:
    folder = CorpusFolder(built[0])
    tasks = [task.id for task in folder.tasks()]
    kept, dropped = folder.kept(), folder.dropped()

    assert len(tasks) == TASKS
    assert set(read_episodes(folder.episodes)) == set(tasks)
    assert sorted([*(trace.task or "" for trace in kept), *(d.task for d in dropped)]) == sorted(
        tasks
    )
    assert kept
    assert all(trace.outcome.status == "answered" for trace in kept)
    assert all(item.reasons for item in dropped)


def test_the_numbers_are_printed_as_they_are_kept(built: tuple[Path, str]) -> None:
    out, printed = built
    numbers = json.loads(printed)
    assert numbers == json.loads((out / "statistics.json").read_text())
    assert sum(numbers["tasks"].values()) == TASKS
    assert sum(numbers["kept"].values()) + numbers["dropped"] == TASKS


def test_a_finished_build_is_only_counted_again(
    built: tuple[Path, str], source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in built[0].iterdir()}

    assert build(source, built[0]) == 0

    out, err = capsys.readouterr()
    assert f"{TASKS} tasks for 1 API; {TASKS} have been run before" in err
    assert "kept" in out
    assert {path.name: path.read_bytes() for path in built[0].iterdir()} == before


def test_stats_are_those_of_the_build(
    built: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["corpus", "stats", str(built[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(built[1])
    assert main(["corpus", "stats", str(built[0])]) == 0
    assert "functions called" in capsys.readouterr().out


@pytest.mark.parametrize(("more", "what"), [(("--seed", "5"), "seed"), (("--tasks", "3"), "tasks")])
def test_another_corpus_does_not_mix_with_it(
    more: tuple[str, ...],
    what: str,
    built: tuple[Path, str],
    source: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = (built[0] / "tasks.jsonl").read_bytes()
    assert build(source, built[0], *more) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert f"holds a corpus with another choice of {what}" in error
    assert (built[0] / "tasks.jsonl").read_bytes() == before


_DIES = """
import os, signal, sys
from pathlib import Path
from toolalpaca.llm.baseline import Baseline
from toolalpaca_corpus.building import Build, run
from toolalpaca_corpus.folder import CorpusFolder

class Dying(Baseline):
    asked = 0
    async def stream(self, request):
        self.asked += 1
        if self.asked == 8:
            os.kill(os.getpid(), signal.SIGKILL)
        async for piece in super().stream(request):
            yield piece

folder = CorpusFolder(Path(sys.argv[1]))
toolsets = {toolset.name: toolset for toolset in folder.toolsets()}
tasks = folder.tasks()
run(Build(folder, toolsets, tasks, tasks, {"pets": sys.argv[2]}, 0), Dying(), concurrency=3)
"""


@pytest.mark.skipif(os.name == "nt", reason="kills a process as POSIX does")
def test_a_build_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(
    built: tuple[Path, str], source: Path, tmp_path: Path
) -> None:
    folder = CorpusFolder(tmp_path / "killed")
    document = load_document(source)
    with begin([document], folder, tasks=TASKS, seed=0, model="baseline") as begun:
        killed = subprocess.run(
            [sys.executable, "-c", _DIES, str(folder.path), begun.urls["pets"]], check=False
        )
    assert killed.returncode == -signal.SIGKILL
    # The same seed has made the same tasks, byte for byte.
    assert (folder.path / "tasks.jsonl").read_bytes() == (built[0] / "tasks.jsonl").read_bytes()
    with folder.episodes.open("r+b") as file:
        file.truncate(folder.episodes.stat().st_size - 5)  # and the last line is torn
    before = read_episodes(folder.episodes)
    finished = {task for task, t in before.items() if t.outcome.status == "answered"}
    assert 0 < len(finished) < TASKS

    assert build(source, folder.path) == 0

    after = read_episodes(folder.episodes)
    assert {task: after[task].id for task in finished} == {t: before[t].id for t in finished}
    whole = CorpusFolder(built[0])
    assert _kept(folder) == _kept(whole)
    assert {d.task for d in folder.dropped()} == {d.task for d in whole.dropped()}


def _kept(folder: CorpusFolder) -> dict[str | None, Any]:
    """What was called and answered, without ids and times."""
    return {
        trace.task: (
            trace.outcome.answer,
            [(call.tool, call.arguments) for call in trace.calls()],
        )
        for trace in folder.kept()
    }


def test_a_run_that_fails_is_said_and_run_again(
    unfinished: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    *_, other, last = CorpusFolder(unfinished).tasks()
    models = [Failing(last.instruction), Failing(last.instruction)]
    opened = iter(models)
    monkeypatch.setattr(registry, "open_model", lambda name, settings: next(opened))

    assert build(source, unfinished) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"1 of 2 runs failed, the first ({last.id}): RuntimeError: out of tea" in said
    assert models[0].asked == {other.instruction, last.instruction}
    episode = read_episodes(CorpusFolder(unfinished).episodes)[last.id]
    assert (episode.outcome.status, episode.outcome.reason) == (
        "failed",
        "RuntimeError: out of tea",
    )

    assert build(source, unfinished) == 1  # all that was left to run has failed
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("toolalpaca: error: 1 of 1 runs failed")
    assert models[1].asked == {last.instruction}
    assert len(list(read_traces(unfinished / "traces.jsonl"))) > 0
