"""Which traces a model learns from: those of a corpus, and how they are split."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolalpaca.errors import DataError
from toolalpaca.jsonl import read_jsonl
from toolalpaca.task import Split, Task
from toolalpaca.trace import Trace, read_traces


@dataclass(frozen=True, slots=True)
class TraceSplits:
    """The traces of a corpus.

    Attributes:
        train: To learn from.
        validation: To measure the loss on; perhaps empty.
        held_out: How many belong to tasks of the test split; they are never looked at.
        sha256: Hash of the file's bytes, so that a checkpoint says what it has learned from.
    """

    train: list[Trace]
    validation: list[Trace]
    held_out: int
    sha256: str


def load_traces(corpus: Path, *, validation: float = 0.0, seed: int = 0) -> TraceSplits:
    """The traces of *corpus*.

    A trace of a task in the split ``test`` is left out, and one in ``validation`` is kept apart,
    where a ``tasks.jsonl`` beside the traces says so.

    Args:
        corpus: A file of traces, or a folder with a ``traces.jsonl``; no other file of a folder is
            read, for its runs may not have been checked.
        validation: Share of the other traces to keep apart too, from 0 to below 1. Traces of one
            task stay together.
        seed: For the choice of that share.

    Raises:
        DataError: Nothing can be read, or there is no trace to train on.
    """
    file = _trace_file(corpus)
    sha256 = hashlib.sha256(_bytes(file)).hexdigest()
    splits = _task_splits(file.parent)
    by_split: dict[Split, list[Trace]] = {"train": [], "validation": [], "test": []}
    for trace in read_traces(file):
        by_split[splits.get(trace.task or "", "train")].append(trace)
    kept_apart, train = _divide(by_split["train"], validation, seed)
    if not train:
        raise DataError(
            "there is no trace to train on",
            where=str(corpus),
            hint="build a corpus with: toolalpaca corpus build SOURCE --out DIR",
        )
    return TraceSplits(
        train=train,
        validation=by_split["validation"] + kept_apart,
        held_out=len(by_split["test"]),
        sha256=sha256,
    )


def _trace_file(corpus: Path) -> Path:
    if not corpus.is_dir():
        return corpus
    file = corpus / "traces.jsonl"
    if not file.exists():
        raise DataError(
            "there is no traces.jsonl, and nothing else in a folder is learned from",
            where=str(corpus),
            hint="'toolalpaca corpus build' writes it once the runs are checked; a single file of "
            "traces may be given by its name",
        )
    return file


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(file)) from error


def _task_splits(folder: Path) -> dict[str, Split]:
    tasks = folder / "tasks.jsonl"
    if not tasks.is_file():
        return {}
    return {task.id: task.split for task in read_jsonl(tasks, Task)}


def _divide(traces: Sequence[Trace], share: float, seed: int) -> tuple[list[Trace], list[Trace]]:
    """Split off about *share* of the traces, and always one where a share is wanted and can be."""
    groups: dict[str, list[Trace]] = {}
    for trace in traces:
        groups.setdefault(trace.task or trace.id, []).append(trace)
    keys = sorted(groups)
    random.Random(seed).shuffle(keys)  # noqa: S311 - a reproducible choice, not a secret
    wanted = min(max(1, round(share * len(keys))), len(keys) - 1) if share > 0 else 0
    chosen = set(keys[: max(wanted, 0)])
    apart = [trace for trace in traces if (trace.task or trace.id) in chosen]
    train = [trace for trace in traces if (trace.task or trace.id) not in chosen]
    return apart, train
