"""What a model is evaluated on: the tasks of a folder and the toolsets that they need."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from toolalpaca.corpus_file import corpus_file
from toolalpaca.errors import DataError, DocumentError
from toolalpaca.jsonl import json_line, read_jsonl
from toolalpaca.openapi.loading import load_document
from toolalpaca.task import Split, Task, Toolset


@dataclass(frozen=True, slots=True)
class Skipped:
    """A toolset that cannot be used.

    Attributes:
        toolset: Its name.
        reason: Why, as a clause.
        tasks: How many tasks go with it.
    """

    toolset: str
    reason: str
    tasks: int


@dataclass(frozen=True, slots=True)
class TaskSet:
    """Tasks to run, in order, with their toolsets.

    Attributes:
        tasks: To run.
        toolsets: By name; each has a document that can be served.
        skipped: Toolsets that cannot be used, whose tasks are not among *tasks*.
        sha256: Hash of everything in the folder, whatever was selected.
        seed: Of the mock server on which the tasks can be done; 0 where that is not known.
    """

    tasks: tuple[Task, ...]
    toolsets: dict[str, Toolset]
    skipped: tuple[Skipped, ...]
    sha256: str
    seed: int = 0


def load_tasks(folder: Path, *, split: Split | None = None, limit: int | None = None) -> TaskSet:
    """The tasks of *folder*, which has a ``toolsets.jsonl`` and a ``tasks.jsonl``.

    Args:
        folder: A corpus, or what ``toolalpaca corpus import`` made.
        split: Take only the tasks of this split.
        limit: Take only so many: the first of each toolset, then the second, and so on.

    Raises:
        DataError: A file cannot be read, an id is there twice, or no task is left.
    """
    toolsets = list(read_jsonl(corpus_file(folder, "toolsets.jsonl"), Toolset))
    tasks = list(read_jsonl(corpus_file(folder, "tasks.jsonl"), Task))
    _refuse_twins([toolset.name for toolset in toolsets], "toolset", folder / "toolsets.jsonl")
    _refuse_twins([task.id for task in tasks], "task", folder / "tasks.jsonl")
    digest = hashlib.sha256(b"".join(json_line(item) for item in (*toolsets, *tasks)))

    wanted = [task for task in tasks if split in (None, task.split)]
    usable, skipped = _usable({toolset.name: toolset for toolset in toolsets}, wanted)
    chosen = spread([task for task in wanted if task.toolset in usable], limit)
    if not chosen:
        reasons = "; ".join(f"{item.toolset}: {item.reason}" for item in skipped)
        raise DataError(
            f"there is no task to run{f' ({reasons})' if reasons else ''}", where=str(folder)
        )
    return TaskSet(tuple(chosen), usable, tuple(skipped), digest.hexdigest(), seed=_seed(folder))


def _seed(folder: Path) -> int:
    """The seed that a corpus was built with: its tasks are about what that world holds."""
    try:
        recipe = orjson.loads((folder / "recipe.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return 0  # imported tasks are about no world
    seed = recipe.get("seed") if isinstance(recipe, dict) else None
    return seed if isinstance(seed, int) else 0


def spread(tasks: Sequence[Task], limit: int | None) -> list[Task]:
    """The first *limit* tasks, taken in turn from each toolset; their order stays."""
    if limit is None or limit >= len(tasks):
        return list(tasks)
    turns: dict[str, int] = {}
    ranks = []
    for position, task in enumerate(tasks):
        turn = turns.get(task.toolset, 0)
        turns[task.toolset] = turn + 1
        ranks.append((turn, position))
    return [
        tasks[position] for position in sorted(position for _, position in sorted(ranks)[:limit])
    ]


def _usable(
    toolsets: dict[str, Toolset], tasks: Sequence[Task]
) -> tuple[dict[str, Toolset], list[Skipped]]:
    """The toolsets of *tasks* that can be served, and why the others cannot."""
    counts: dict[str, int] = {}
    for task in tasks:
        counts[task.toolset] = counts.get(task.toolset, 0) + 1
    usable, skipped = {}, []
    for name, count in counts.items():
        reason = _fault(toolsets.get(name))
        if reason is None:
            usable[name] = toolsets[name]
        else:
            skipped.append(Skipped(toolset=name, reason=reason, tasks=count))
    return usable, skipped


def _fault(toolset: Toolset | None) -> str | None:
    """Why a toolset cannot be used, or None."""
    if toolset is None:
        return "it is not in toolsets.jsonl"
    try:
        document = load_document(toolset.document, name=toolset.name)
    except DocumentError as error:
        return f"its document cannot be read: {error}"
    return None if document.operations else "its document has no operations"


def _refuse_twins(names: Sequence[str], what: str, file: Path) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"the {what} {name!r} is there twice", where=str(file))
        seen.add(name)
