"""The traces that a path holds, and the one of them that is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from toolalpaca.errors import DataError, UsageError
from toolalpaca.jsonl import STDIN
from toolalpaca.trace import TRACE_SCHEMA, Trace, read_traces

_LONGEST_SCHEMA = 4096  # bytes of a line in which a record of ours has named its schema


def find_traces(path: Path, identifier: str | None = None) -> list[Trace]:
    """The traces of *path*, in the order in which they began.

    Args:
        path: A file; a folder, whose trace files are read by name and whose other files are left
            alone; or ``-`` for standard input.
        identifier: The id of the one that is wanted, or its beginning.

    Raises:
        DataError: A file is broken, or there are no traces.
        UsageError: None has that id, or several have.
    """
    traces = list(_traces(path))
    if not traces:
        raise DataError("holds no traces", where=str(path))
    return traces if identifier is None else [_chosen(traces, identifier, path)]


def _traces(path: Path) -> Iterator[Trace]:
    if path == STDIN or not path.is_dir():
        yield from read_traces(path)
        return
    for file in sorted(path.rglob("*.jsonl")):
        if _holds_traces(file):
            yield from read_traces(file)


def _holds_traces(file: Path) -> bool:
    """Whether the first line of *file* is a record of a trace, or the beginning of one."""
    try:
        with file.open("rb") as lines:
            first = lines.readline(_LONGEST_SCHEMA)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(file)) from error
    return b'"' + TRACE_SCHEMA.encode() + b'"' in first


def _chosen(traces: Sequence[Trace], identifier: str, path: Path) -> Trace:
    matching = [trace for trace in traces if trace.id == identifier]
    matching = matching or [trace for trace in traces if trace.id.startswith(identifier)]
    if len(matching) == 1:
        return matching[0]
    what = f"{len(matching)} traces have" if matching else "no trace has"
    ids = ", ".join(trace.id[:8] for trace in (matching or traces)[:5])
    raise UsageError(
        f"{what} an id that begins with {identifier!r}",
        where=str(path),
        hint=f"give more of it; there are {ids}{', …' if len(traces) > 5 else ''}",
    )
