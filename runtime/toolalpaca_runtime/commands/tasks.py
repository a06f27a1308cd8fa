"""``toolalpaca ask --tasks``: many runs at once, shown as they end."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.counting import counted
from toolalpaca.errors import DataError
from toolalpaca.jsonl import json_line
from toolalpaca.llm.protocol import Usage
from toolalpaca.task import Task
from toolalpaca.trace import Trace, TraceRecord
from toolalpaca_runtime.assembly import TRACES, Assembly
from toolalpaca_runtime.batch import Batch
from toolalpaca_runtime.commands.interrupting import interruptible
from toolalpaca_runtime.commands.session import open_assembly
from toolalpaca_runtime.event_text import printable
from toolalpaca_runtime.task_file import finished_tasks, read_tasks

if TYPE_CHECKING:
    from rich.progress import Progress

_STATUSES = ("answered", "asked", "stopped", "failed")


def run_tasks(options: Namespace) -> int:
    """Do the tasks of a file that are not done yet; 0 unless some failed."""
    tasks = read_tasks(options.tasks)
    # A name that is the same next time: the trace file says what is done.
    options.trace = options.trace or TRACES / f"{options.tasks.stem}.jsonl"
    with asyncio.Runner() as runner:
        return runner.run(interruptible(_run(options, tasks)))


async def _run(options: Namespace, tasks: Sequence[Task]) -> int:
    async with open_assembly(options) as assembly:
        own = _own_tasks(tasks, assembly.name, options.tasks)
        done = finished_tasks(own, options.trace, toolset=assembly.name, model=assembly.model.name)
        waiting = [task for task in own if task.id not in done]
        if done:
            _say(f"{len(done)} of {counted(len(own), 'task')} have been done before")
        report = _Report(len(waiting), as_json=options.json)
        try:
            with report.progress():
                await Batch(assembly, options.concurrency).run(waiting, report.done)
        except asyncio.CancelledError:
            _say(
                f"{len(done) + report.ended} of {counted(len(own), 'task')} are done; the same "
                "command goes on with the others"
            )
            report.summarise(assembly)
            raise
        report.summarise(assembly)
        return 1 if report.statuses["failed"] else 0


def _own_tasks(tasks: Sequence[Task], toolset: str, path: Path) -> list[Task]:
    """The tasks for this API: those that name no toolset, and those that name it.

    Raises:
        DataError: There is none.
    """
    own = [task for task in tasks if task.toolset in ("", toolset)]
    others = Counter(task.toolset for task in tasks if task.toolset not in ("", toolset))
    if not own:
        raise DataError(
            f"no task is for {toolset}; they are for {', '.join(others)}",
            where=str(path),
            hint="leave out schema and toolset to give an instruction to any API",
        )
    if others:
        _say(f"{counted(others.total(), 'task')} for {', '.join(others)} are left out")
    return own


class _Report:
    """Counts what ends, and shows it.

    Args:
        waiting: Tasks that will be run.
        as_json: Whether each trace is printed as a record of its own, instead of a line for people.
    """

    def __init__(self, waiting: int, *, as_json: bool) -> None:
        self.statuses: Counter[str] = Counter()
        self._waiting = waiting
        self._as_json = as_json
        self._usage = Usage()
        self._began = time.monotonic()
        self._failure = ""
        self._progress: Progress | None = None

    @property
    def ended(self) -> int:
        """Tasks that came to an end which stands."""
        return self.statuses.total() - self.statuses["failed"]

    def done(self, task: Task, trace: Trace) -> None:
        """A task has ended."""
        outcome = trace.outcome
        self.statuses[outcome.status] += 1
        self._usage += outcome.usage
        if outcome.status == "failed" and not self._failure:
            self._failure = f"the first of them ({task.id}): {outcome.reason}"
        if self._as_json:
            fields = {name: getattr(trace, name) for name in Trace.model_fields}
            print(json_line(TraceRecord(**fields)).decode(), end="", flush=True)
        else:
            said = printable(outcome.answer or outcome.reason, keep_lines=False)
            print(_fitting(f"{outcome.status:<8}  {task.id}  {said}"), flush=True)
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], advance=1, description=self._counts())

    @contextmanager
    def progress(self) -> Iterator[None]:
        """A progress bar on standard error, where that is a terminal."""
        if not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(
            *columns,
            console=Console(stderr=True, highlight=False, markup=False, emoji=False),
            # What goes to a file is none of the bar's.
            redirect_stdout=sys.stdout.isatty(),
        )
        with self._progress:
            self._progress.add_task("", total=self._waiting)
            yield
        self._progress = None

    def summarise(self, assembly: Assembly) -> None:
        """Say what came of it, and what it took."""
        ran = counted(self.statuses.total(), "task")
        if not self._waiting:
            _say("there is nothing left to do")
        else:
            usage = self._usage
            tokens = f"{usage.prompt_tokens + usage.completion_tokens:,} tokens"
            cost = f", ${usage.cost:.4f}" if usage.cost else ""
            seconds = time.monotonic() - self._began
            _say(f"{ran}: {self._counts() or 'none ended'}; {tokens}{cost}, {seconds:.1f} s")
        if self._failure:
            _say(f"{self._failure} (the same command runs them again)")
        if assembly.trace_path is not None:
            _say(f"trace: {assembly.trace_path}")

    def _counts(self) -> str:
        known = [status for status in _STATUSES if self.statuses[status]]
        return ", ".join(f"{self.statuses[status]} {status}" for status in known)


def _fitting(line: str) -> str:
    """*line*, cut to the width of the terminal where standard output is one."""
    if not sys.stdout.isatty():
        return line
    from rich.console import Console
    from rich.text import Text

    text = Text(line)
    text.truncate(Console().width, overflow="ellipsis")
    return text.plain


def _say(text: str) -> None:
    print(f"toolalpaca: {text}", file=sys.stderr, flush=True)
