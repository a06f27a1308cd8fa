"""Files of tasks for ``ask --tasks``: what to do, and what has been done before.

A line is a task of :class:`toolalpaca.task.Task`, an object with an ``instruction`` (and perhaps an
``id`` and ``facts`` that only the user knows), or a text that is the instruction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field

from toolalpaca.errors import DataError
from toolalpaca.jsonl import parse_record
from toolalpaca.task import Task
from toolalpaca.trace import Trace, UserEvent, read_traces

UNFINISHED: Final = ("failed", "interrupted")
"""How a run ends that says nothing about the agent: it is done again."""

_ID_BYTES = 5


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    instruction: str
    id: Annotated[str, Field(min_length=1)] | None = None
    facts: dict[str, Any] = {}


def read_tasks(path: Path) -> list[Task]:
    """The tasks of *path*, in order; of those that name no toolset it is ``""``.

    A task without an id is called after a hash of its instruction: it keeps its name when lines
    are added or moved.

    Raises:
        DataError: The file cannot be read, a line is no task, or an id comes twice.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DataError(f"cannot be read: {reason}", where=str(path)) from error
    tasks: dict[str, Task] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        task = _task(line.strip(), where, taken=tasks.keys())
        if task.id in tasks:
            raise DataError(f"the id {task.id!r} comes twice", where=where)
        tasks[task.id] = task
    if not tasks:
        raise DataError("holds no task", where=str(path))
    return list(tasks.values())


def finished_tasks(tasks: Sequence[Task], path: Path, *, toolset: str, model: str) -> set[str]:
    """The ids of the *tasks* that a trace file has seen to an end.

    Args:
        tasks: What is to be done.
        path: The trace file; it need not be there.
        toolset: The API's name.
        model: The model's name.

    Raises:
        DataError: The file holds something else than traces.
    """
    if not path.exists():
        return set()
    wanted = {task.id: task.instruction for task in tasks}
    return {
        trace.task
        for trace in read_traces(path)
        if trace.task in wanted
        and (trace.toolset, trace.model) == (toolset, model)
        and trace.outcome.status not in UNFINISHED
        and _first_words(trace) == wanted[trace.task]
    }


def _task(line: str, where: str, *, taken: Any) -> Task:
    if not line.startswith("{"):
        return _named(_Line(instruction=line), taken)
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error}", where=where) from error
    if "schema" in record:
        task = parse_record(record, Task, where)
    else:
        task = _named(parse_record(record, _Line, where), taken)
    if not task.instruction.strip():
        raise DataError("instruction: it is empty", where=where)
    return task


def _named(line: _Line, taken: Any) -> Task:
    """*line* as a task; the same instruction a second time is another task."""
    name = line.id
    number = 1
    while name is None:
        digest = hashlib.blake2s(line.instruction.encode(), digest_size=_ID_BYTES).hexdigest()
        candidate = digest if number == 1 else f"{digest}-{number}"
        name = None if candidate in taken else candidate
        number += 1
    return Task(id=name, toolset="", instruction=line.instruction, facts=line.facts)


def _first_words(trace: Trace) -> str:
    return next((event.text for event in trace.events if isinstance(event, UserEvent)), "")
