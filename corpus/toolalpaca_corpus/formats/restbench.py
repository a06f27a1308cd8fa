"""RestBench's JSON: instructions for one API, each with the operations that solve it, in order.

Source: https://github.com/Yifan-Song793/RestGPT, ``datasets/*.json`` beside ``specs/*.json``::

    [{"query": "Follow Taylor Swift", "solution": ["GET /search", "PUT /me/following"]}, ...]

A solution says nothing of arguments, so golden calls accept any: their ``arguments`` are one
``{"$any": ...}``. A path that the document does not have, but for an ``s`` at the end of a word, is
read as the one that it has, and that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import orjson
from pydantic import BaseModel, ConfigDict

from toolalpaca.errors import DataError
from toolalpaca.jsonl import parse_record
from toolalpaca.openapi.loading import load_document
from toolalpaca.task import GoldenCall, Split, Task
from toolalpaca_corpus.formats.imported import Imported, ImportProblem
from toolalpaca_corpus.toolsets import make_toolset

_ANY_ARGUMENTS: Final = {"$any": "arguments; RestBench gives operations alone"}
_NOT_IMPORTED = "the task is not imported"
_PLURAL = re.compile(r"s(?=/|$)")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")

    query: str
    solution: list[str]


def read_restbench(
    path: Path, document: str, *, split: Split = "test", licence: str = ""
) -> Imported:
    """Read a file in RestBench's format.

    Args:
        path: The JSON file.
        document: The OpenAPI document of its API: a file or a URL.
        split: What the tasks may be used for.
        licence: The file's licence.

    Raises:
        DataError: The file cannot be read, or an entry is no instruction with its solution.
        DocumentError: The document cannot be read.
    """
    api = load_document(document)
    toolset = make_toolset(api, licence=licence)
    operations = _Operations({(f.method, f.path): f.name for f in toolset.functions})
    imported = Imported(toolsets=[toolset])
    for number, entry in enumerate(_entries(path), 1):
        golden = tuple(_golden(entry, number, operations, imported))
        if len(golden) == len(entry.solution) > 0:
            task = Task(
                id=f"{toolset.name}-{number:03}",
                toolset=toolset.name,
                instruction=entry.query,
                golden=golden,
                kind="multi" if len(golden) > 1 else "single",
                split=split,
                source="restbench",
            )
            imported.tasks.append(task)
    return imported


def _golden(
    entry: _Entry, number: int, operations: _Operations, imported: Imported
) -> Iterator[GoldenCall]:
    """The golden calls of an entry; what is doubtful about it becomes a problem of *imported*."""

    def note(message: str, consequence: str) -> None:
        api = imported.toolsets[0].title
        imported.problems.append(
            ImportProblem(api=api, instruction=number, message=message, consequence=consequence)
        )

    if not entry.solution:
        note("the solution is empty", _NOT_IMPORTED)
    for step in entry.solution:
        name, doubt = operations.find(step)
        if doubt:
            note(doubt, f"read as {name}" if name else _NOT_IMPORTED)
        if name:
            yield GoldenCall(function=name, arguments=dict(_ANY_ARGUMENTS))


def _entries(path: Path) -> Iterator[_Entry]:
    try:
        entries = orjson.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except orjson.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error}", where=str(path)) from error
    if not isinstance(entries, list):
        raise DataError("is no list of queries with their solutions", where=str(path))
    for index, entry in enumerate(entries):
        yield parse_record(entry, _Entry, f"{path}#/{index}")


class _Operations:
    """The operations of the document, found by what a solution calls them.

    Args:
        names: By method in lower case and path.
    """

    def __init__(self, names: Mapping[tuple[str, str], str]) -> None:
        self._names = names

    def find(self, step: str) -> tuple[str | None, str]:
        """The name of the operation ``METHOD /path``, and what is doubtful about it."""
        method, _, path = step.strip().partition(" ")
        method, path = method.lower(), path.strip()
        if name := self._names.get((method, path)):
            return name, ""
        doubt = f"the document has no operation {step!r}"
        near = [
            name
            for (other, place), name in self._names.items()
            if other == method and _PLURAL.sub("", place) == _PLURAL.sub("", path)
        ]
        return (near[0] if len(near) == 1 else None), doubt
