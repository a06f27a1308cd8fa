"""Many runs at a time: what happens to one leaves the others alone, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from toolalpaca.errors import ModelUnavailable
from toolalpaca.llm.baseline import Baseline
from toolalpaca.llm.protocol import Completion, Request
from toolalpaca.openapi.model import Document
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import Outcome, Trace
from toolalpaca_corpus.episodes import EpisodeRunner, EpisodeWriter, read_episodes, tasks_to_run
from toolalpaca_corpus.toolsets import make_toolset

pytestmark = pytest.mark.anyio

TASKS = [
    Task(id=f"t{number}", toolset="library", instruction=f"List the branches. [{number}]")
    for number in range(6)
]


class Moody(Baseline):
    """A planner that raises *error* at the tasks with those numbers, and is closed at the end."""

    def __init__(self, error: Exception, *at: int) -> None:
        super().__init__()
        self.error = error
        self.at = at
        self.closed = False

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        text = next(m.content for m in request.messages if m.role == "user")
        found = re.search(r"\[(\d+)\]", text)
        assert found
        if int(found[1]) in self.at:
            raise self.error
        async for piece in super().stream(request):
            yield piece

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def toolsets(library: Document) -> dict[str, Toolset]:
    return {"library": make_toolset(library)}


async def run(
    model: Moody, toolsets: dict[str, Toolset], url: str, path: Path
) -> tuple[dict[str, str], list[str]]:
    """Why runs failed, and the tasks that were said to be done."""
    done: list[str] = []
    with EpisodeWriter(path) as writer:
        runner = EpisodeRunner(toolsets, model, {"library": url}, writer)
        failures = await runner.run(TASKS, concurrency=3, done=lambda task: done.append(task.id))
    return failures, done


async def test_a_run_that_breaks_down_leaves_the_others_alone(
    toolsets: dict[str, Toolset], library_url: str, tmp_path: Path
) -> None:
    model = Moody(ValueError("oh"), 1, 4)

    failures, done = await run(model, toolsets, library_url, tmp_path / "episodes.jsonl")

    assert failures == {"t1": "ValueError: oh", "t4": "ValueError: oh"}
    assert sorted(done) == [task.id for task in TASKS]
    episodes = read_episodes(tmp_path / "episodes.jsonl")
    assert {task for task, trace in episodes.items() if trace.outcome.status == "failed"} == {
        "t1",
        "t4",
    }
    assert [task.id for task in tasks_to_run(TASKS, episodes)] == ["t1", "t4"]
    assert model.closed


async def test_a_model_that_cannot_be_used_ends_the_build_and_keeps_what_was_run(
    toolsets: dict[str, Toolset], library_url: str, tmp_path: Path
) -> None:
    model = Moody(ModelUnavailable("no credit", where="model"), 3, 4, 5)

    with pytest.raises(ModelUnavailable, match="no credit"):
        await run(model, toolsets, library_url, tmp_path / "episodes.jsonl")

    episodes = read_episodes(tmp_path / "episodes.jsonl")
    assert model.closed
    assert {"t3", "t4", "t5"} <= {task.id for task in tasks_to_run(TASKS, episodes)}


async def test_nobody_at_the_url_is_why_each_run_failed(
    toolsets: dict[str, Toolset], tmp_path: Path
) -> None:
    model = Moody(ValueError("never"))

    failures, _ = await run(model, toolsets, "http://127.0.0.1:9", tmp_path / "episodes.jsonl")

    assert set(failures) == {task.id for task in TASKS}
    assert all("127.0.0.1:9" in reason for reason in failures.values())


def trace(task: str, status: str) -> Trace:
    outcome = Outcome.model_validate({"status": status})
    return Trace(task=task, toolset="library", model="m", prompt_format="f", outcome=outcome)


def test_what_has_not_ended_by_itself_is_run_again() -> None:
    ends = ("answered", "failed", "interrupted", "stopped", "asked")
    episodes = {f"t{number}": trace(f"t{number}", end) for number, end in enumerate(ends)}

    assert [task.id for task in tasks_to_run(TASKS, episodes)] == ["t1", "t2", "t5"]


def test_the_last_run_of_a_task_counts_and_a_persons_own_run_none(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    assert read_episodes(path) == {}
    first, second = trace("t0", "failed"), trace("t0", "answered")
    with EpisodeWriter(path) as writer:
        writer.whole(first)
        writer.whole(second)
        writer.whole(second.model_copy(update={"id": "mine", "task": None}))

    assert {task: found.id for task, found in read_episodes(path).items()} == {"t0": second.id}
