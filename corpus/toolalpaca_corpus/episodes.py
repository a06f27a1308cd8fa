"""Episodes: each task run by an agent against a mock server, in a world of its own.

What was run is on disk before the next event happens, so a crash or an interruption loses nothing:
the next run does the tasks that have no finished trace.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolalpaca.errors import ModelUnavailable, ToolAlpacaError
from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import Outcome, Trace, TraceStart, TraceWriter, read_traces
from toolalpaca_runtime.episode import run_episode
from toolalpaca_runtime.limits import Limits

_log = logging.getLogger(__name__)

_UNFINISHED = ("failed", "interrupted")
"""How a run ends that says nothing about the model: it is done again."""


class EpisodeWriter(TraceWriter):
    """Writes the episodes of many tasks to one file, interleaved.

    Attributes:
        begun: The id of the trace of each task that has one, by task.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.begun: dict[str, str] = {}

    def __enter__(self) -> EpisodeWriter:
        return self

    def start(self, trace: TraceStart) -> None:
        """Write the first line of a run."""
        super().start(trace)
        if trace.task is not None:
            self.begun[trace.task] = trace.id


def read_episodes(path: Path) -> dict[str, Trace]:
    """The last trace of each task in an episodes file, by task; none when there is no file.

    Raises:
        DataError: The file holds something else.
    """
    if not path.exists():
        return {}
    return {trace.task: trace for trace in read_traces(path) if trace.task is not None}


def tasks_to_run(tasks: Iterable[Task], episodes: Mapping[str, Trace]) -> list[Task]:
    """The tasks without a finished trace."""
    return [
        task
        for task in tasks
        if task.id not in episodes or episodes[task.id].outcome.status in _UNFINISHED
    ]


@dataclass(frozen=True, slots=True)
class EpisodeRunner:
    """Runs tasks, several at a time, and writes their traces as they happen.

    Attributes:
        toolsets: Those of the tasks, by name.
        model: Decides; it is closed at the end.
        urls: Where a mock server serves each toolset's document.
        writer: Where the traces go.
        limits: Of each run.
        seed: For sampling.
    """

    toolsets: Mapping[str, Toolset]
    model: LanguageModel
    urls: Mapping[str, str]
    writer: EpisodeWriter
    limits: Limits | None = None
    seed: int = 0

    async def run(
        self,
        tasks: Sequence[Task],
        *,
        concurrency: int = 4,
        done: Callable[[Task], None] = lambda _: None,
    ) -> dict[str, str]:
        """Run *tasks*; *done* is called after each. One that fails leaves the others alone.

        Returns:
            Why runs failed, by task.

        Raises:
            ModelUnavailable: The model cannot be used at all; what was run is kept.
        """
        waiting = iter(tasks)
        failures: dict[str, str] = {}

        async def work() -> None:
            for task in waiting:
                if reason := await self._attempt(task):
                    failures[task.id] = reason
                done(task)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(tasks))):
                    group.create_task(work())
        except ExceptionGroup as errors:
            # Workers let nothing but ModelUnavailable out, and each may have met it: one says it.
            raise errors.exceptions[0] from errors
        finally:
            await self.model.aclose()
        return failures

    async def _attempt(self, task: Task) -> str:
        """Run *task*, and return why that failed, ``""`` when it did not."""
        try:
            await run_episode(
                task,
                self.toolsets[task.toolset],
                model=self.model,
                base_url=self.urls[task.toolset],
                session=task.id,
                limits=self.limits,
                recorder=self.writer,
                seed=self.seed,
            )
        except ModelUnavailable:
            raise
        except Exception as error:
            return _note_failure(task, error, self.model, self.writer)
        return ""


def _note_failure(task: Task, error: Exception, model: LanguageModel, writer: EpisodeWriter) -> str:
    """See that a run that raised has a trace that says so, and return the reason."""
    expected = isinstance(error, ToolAlpacaError)
    reason = str(error) if expected else f"{type(error).__name__}: {error}"
    _log.debug("%s failed", task.id, exc_info=error)
    outcome = Outcome(status="failed", reason=reason)
    trace = writer.begun.get(task.id)
    if trace is None:
        writer.whole(
            Trace(
                task=task.id,
                toolset=task.toolset,
                model=model.name,
                prompt_format="",
                outcome=outcome,
            )
        )
    elif not expected:
        # The agent has written that it was interrupted: it knows of no such error.
        writer.end(trace, outcome)
    return reason
