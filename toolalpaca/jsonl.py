"""Files of one JSON object a line, which every room reads and writes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from io import FileIO
from pathlib import Path
from typing import IO, Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from toolalpaca.errors import DataError

Model = TypeVar("Model", bound=BaseModel)

_CHUNK = 65_536
_BEGINNING = b'{"schema":"toolalpaca.'  # of every record


def read_jsonl(path: Path, model: type[Model]) -> Iterator[Model]:
    """The objects of *path*, each checked against *model*. Blank lines are skipped.

    Raises:
        DataError: The file cannot be read, or a line does not fit; it names file, line and field.
    """
    for number, record in read_records(path):
        yield parse_record(record, model, f"{path}:{number}")


STDIN = Path("-")
"""Stands for standard input wherever records are read."""


def read_records(path: Path, *, cut_off: bool = False) -> Iterator[tuple[int, Any]]:
    """Line numbers (from 1) and decoded JSON values of *path*.

    Args:
        path: The file; :data:`STDIN` for standard input.
        cut_off: Whether a last line without its newline, which a crash leaves behind, is left out
            instead of being an error.

    Raises:
        DataError: The file cannot be read, or a line is not JSON.
    """
    try:
        file = nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    with file as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError as error:
                if cut_off and not line.endswith(b"\n"):
                    return
                raise DataError(f"is not JSON: {error}", where=f"{path}:{number}") from error


def parse_record(record: Any, model: type[Model], where: str) -> Model:
    """*record* as a *model*.

    Raises:
        DataError: It does not fit; the message names the first field that does not.
    """
    try:
        return model.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the object"
        raise DataError(f"{field}: {first['msg']}", where=where) from error


def write_jsonl(path: Path, objects: Iterable[BaseModel]) -> int:
    """Write *objects* to *path* at once or not at all, and return how many there were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    count = 0
    with partial.open("wb") as file:
        for count, item in enumerate(objects, start=1):  # noqa: B007 - the count is the result
            file.write(json_line(item))
    partial.replace(path)
    return count


class JsonlWriter:
    """Appends objects to a file: a crash keeps what there is.

    A last line that a crash cut off is taken away, so that what is appended begins a line. A file
    of anything else is left alone.

    Args:
        path: The file.
        durable: Whether each object is on disk before the next, so that even the machine may
            crash; otherwise it is with the operating system, which survives the process alone.

    Raises:
        DataError: The file cannot be written, or holds something else than records of ours.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                _expect_records(path)
                _end_last_line(path)
            # Without a buffer a line is one write, which lines of other processes do not divide,
            # and nothing is left for the end to write when the disk is full.
            self._file: FileIO = path.open("ab", buffering=0)
        except OSError as error:
            raise DataError(f"cannot be written: {error.strerror}", where=str(path)) from error

    def write(self, item: BaseModel) -> None:
        """Append *item*.

        Raises:
            OSError: There is no room for it.
        """
        line = json_line(item)
        while line:
            line = line[self._file.write(line) :]
        if self._durable:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; further writes raise ValueError."""
        self._file.close()

    def __enter__(self) -> JsonlWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _expect_records(path: Path) -> None:
    """Refuse a file whose first line is no record of ours, nor the beginning of one.

    Raises:
        DataError: It is something else.
    """
    with path.open("rb") as file:
        first = file.readline(_CHUNK)
    ours = first[: len(_BEGINNING)] == _BEGINNING[: len(first.rstrip(b"\n"))]
    if not ours:
        raise DataError(
            "holds something else than records, and is left as it is",
            where=str(path),
            hint="choose another file",
        )


def _end_last_line(path: Path) -> None:
    """Let *path* end with a newline: a whole line is ended, a part taken away."""
    with path.open("r+b") as file:
        start = _last_line(file)
        file.seek(start)
        rest = file.read()
        if not rest:
            return
        try:
            orjson.loads(rest)
        except orjson.JSONDecodeError:
            file.truncate(start)
        else:
            file.write(b"\n")


def _last_line(file: IO[bytes]) -> int:
    """The position after the last newline of *file*; traces are large, so it is read backwards."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(end - _CHUNK, 0)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def json_line(item: BaseModel) -> bytes:
    """*item* as one line of JSON; fields that are None are left out."""
    return orjson.dumps(
        item.model_dump(mode="json", by_alias=True, exclude_none=True),
        option=orjson.OPT_APPEND_NEWLINE,
    )
