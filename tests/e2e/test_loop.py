"""The whole loop by its commands, offline: what one room hands on, the next can use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.cli import main
from toolalpaca.jsonl import read_jsonl
from toolalpaca.serving import MockServer, mock_server
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import AssistantEvent, Trace, read_traces

EXAMPLES = Path(__file__).parents[2] / "examples"
QUESTION = "Show me the direct trains from VIE to SZG on 2027-05-14"
TASKS = 6


@dataclass(frozen=True)
class Loop:
    """What the commands leave behind, each made of what stands before it."""

    server: MockServer
    folder: Path

    @property
    def asked(self) -> Path:
        """The trace of a question to the baseline."""
        return self.folder / "asked.jsonl"

    @property
    def corpus(self) -> Path:
        """A small corpus."""
        return self.folder / "corpus"

    @property
    def checkpoint(self) -> Path:
        """A model that was trained on it."""
        return self.folder / "checkpoint"


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Everything up to the trained model."""
    with mock_server([str(EXAMPLES)]) as server:
        loop = Loop(server, tmp_path_factory.mktemp("loop"))
        railway = server.apis["railway"]
        run("ask", railway, QUESTION, "--model", "baseline", "--trace", loop.asked)
        run(
            *("corpus", "build", EXAMPLES / "railway.yaml"),
            *("--out", loop.corpus, "--tasks", TASKS, "--model", "baseline"),
        )
        run(
            *("train", loop.corpus, "--base", "tiny", "--out", loop.checkpoint),
            *("--max-steps", 2, "--threads", 1, "--batch-size", 1),
        )
        yield loop


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def only_trace(path: Path) -> Trace:
    (trace,) = read_traces(path)
    return trace


def test_a_question_leaves_a_trace_of_what_the_server_answered(loop: Loop) -> None:
    trace = only_trace(loop.asked)

    assert trace.outcome.status == "answered"
    assert trace.base_url == loop.server.apis["railway"]
    (call,) = trace.calls()
    assert call.tool == "searchTrains"
    observation = trace.observation(call.id)
    assert observation is not None
    assert observation.response is not None
    assert observation.conforming
    trains = json.loads(observation.response.body)["items"]
    assert trains
    assert f"found {len(trains)} trains" in trace.outcome.answer


def test_the_corpus_holds_tasks_and_the_traces_that_passed(loop: Loop) -> None:
    toolsets = {toolset.name for toolset in read_jsonl(loop.corpus / "toolsets.jsonl", Toolset)}
    tasks = {task.id: task for task in read_jsonl(loop.corpus / "tasks.jsonl", Task)}
    kept = list(read_traces(loop.corpus / "traces.jsonl"))

    assert toolsets == {"railway"}
    assert len(tasks) == TASKS
    assert kept
    for trace in kept:
        task = tasks[str(trace.task)]
        called = {call.tool for call in trace.calls()}
        assert called == {golden.function for golden in task.golden}


def test_the_trained_model_acts_on_the_same_server(loop: Loop) -> None:
    path = loop.folder / "acted.jsonl"
    model = f"transformers:{loop.checkpoint}"
    run(
        *("ask", loop.server.apis["railway"], QUESTION, "--model", model),
        *("--trace", path, "--max-steps", 1),
    )

    acted, learned = only_trace(path), json.loads((loop.checkpoint / "training.json").read_text())
    assert acted.model == model
    assert acted.prompt_format == learned["prompt_format"]
    assert acted.outcome.status in ("answered", "asked", "stopped")
    assert acted.tools == only_trace(loop.asked).tools
    reply = next(event for event in acted.events if isinstance(event, AssistantEvent))
    assert reply.raw


def test_training_takes_every_trace_that_the_corpus_kept(loop: Loop) -> None:
    kept = len(list(read_traces(loop.corpus / "traces.jsonl")))
    learned = json.loads((loop.checkpoint / "training.json").read_text())

    assert learned["counts"]["train"]["traces"] == kept
    assert learned["counts"]["train"]["learned_steps"] >= kept
    assert learned["corpus"] == str(loop.corpus)


def test_the_trained_model_is_scored_on_the_corpus_beside_the_baseline(
    loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    model = f"transformers:{loop.checkpoint}"
    capsys.readouterr()
    run(
        *("evaluate", loop.corpus, "--model", model, "--limit", 1, "--steps", 2),
        *("--threads", 1, "--out", loop.folder / "results", "--json"),
    )

    scores: dict[str, Any] = json.loads(capsys.readouterr().out)["models"]
    assert set(scores) == {model, "baseline"}
    assert all(score["tasks"] == 1 and score["failed"] == 0 for score in scores.values())
    # What the corpus kept of the baseline is what evaluation counts as its success.
    runs = list(read_traces(loop.folder / "results" / "traces.jsonl"))
    evaluated = {trace.task for trace in runs}
    kept = {trace.task for trace in read_traces(loop.corpus / "traces.jsonl")}
    assert len(runs) == 2
    assert scores["baseline"]["success"] == len(evaluated & kept)
