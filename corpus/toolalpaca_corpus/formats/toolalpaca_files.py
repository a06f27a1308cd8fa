"""ToolAlpaca's kinds of files: which one a file is, and what each is read and written by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from toolalpaca.errors import DataError
from toolalpaca.task import Split
from toolalpaca_corpus.formats import toolalpaca_export, toolalpaca_judged, toolalpaca_rows
from toolalpaca_corpus.formats.imported import Imported
from toolalpaca_corpus.formats.toolalpaca import read_toolalpaca

_INDENTED = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def read_file(path: Path, *, split: Split = "test", licence: str = "") -> Imported:
    """Read a file of APIs, of judged runs or of rows; which one is seen from its content.

    Args:
        path: JSON, or JSON Lines for rows.
        split: What tasks may be used for.
        licence: The file's licence; the formats have no field for it.

    Raises:
        DataError: The file cannot be read, or is none of these.
    """
    value = _content(path)
    if toolalpaca_rows.are_rows([value]):  # a file of one line
        value = [value]
    if isinstance(value, list) and toolalpaca_rows.are_rows(value):
        return toolalpaca_rows.read_rows(path, value)
    if toolalpaca_judged.is_judged(value):
        return toolalpaca_judged.read_judged(path, value)
    return read_toolalpaca(path, split=split, licence=licence)


def _apis(corpus: Imported) -> bytes:
    written = toolalpaca_export.write_apis(
        corpus.toolsets, corpus.tasks, corpus.traces, corpus.problems
    )
    return orjson.dumps(written, option=_INDENTED)


def _judged(corpus: Imported) -> bytes:
    written = toolalpaca_judged.write_judged(corpus.traces, corpus.problems)
    return orjson.dumps(written, option=_INDENTED)


def _rows(corpus: Imported) -> bytes:
    rows = toolalpaca_rows.write_rows(corpus.traces, corpus.problems)
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


WRITERS: Final[Mapping[str, Callable[[Imported], bytes]]] = {
    toolalpaca_export.NAME: _apis,
    toolalpaca_judged.NAME: _judged,
    toolalpaca_rows.NAME: _rows,
}
"""What makes a file of a corpus, by the format's name."""


def _content(path: Path) -> Any:
    """The JSON value of *path*, or the list of its lines; None when it is neither."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return [orjson.loads(line) for line in data.splitlines() if line.strip()]
        except orjson.JSONDecodeError:
            return None
