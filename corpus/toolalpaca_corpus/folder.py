"""A corpus on disk: a folder of JSONL files.

::

    toolsets.jsonl    the APIs
    tasks.jsonl       instructions with golden calls
    recipe.json       what the tasks were made of, and by whom they are run
    episodes.jsonl    every run, as it happened
    traces.jsonl      the runs that passed the checks, one a line: what training reads
    dropped.jsonl     the other runs, by id, with the reasons
    statistics.json   the numbers
    problems.jsonl    what an import could not read
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from toolalpaca.corpus_file import corpus_file
from toolalpaca.errors import DataError, UsageError
from toolalpaca.jsonl import parse_record, read_jsonl, write_jsonl
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import Trace, TraceRecord, read_traces
from toolalpaca_corpus.filters import Dropped
from toolalpaca_corpus.formats.imported import ImportProblem
from toolalpaca_corpus.statistics import Statistics


class Recipe(BaseModel):
    """What a corpus is made of: the same recipe makes the same tasks.

    Attributes:
        documents: A hash of each document, by its name.
        tasks: Tasks an API.
        model: Who runs them.
    """

    model_config = ConfigDict(extra="forbid")

    documents: dict[str, str]
    tasks: int
    seed: int
    model: str


class CorpusFolder:
    """The files of one corpus.

    Args:
        path: The folder; it is made when something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.episodes = path / "episodes.jsonl"

    @property
    def has_tasks(self) -> bool:
        """Whether tasks were written, which happens at once or not at all."""
        return (self.path / "tasks.jsonl").exists()

    def toolsets(self) -> list[Toolset]:
        """The APIs.

        Raises:
            DataError: The file is missing or broken; as for the other files.
        """
        return list(read_jsonl(corpus_file(self.path, "toolsets.jsonl"), Toolset))

    def tasks(self) -> list[Task]:
        """The instructions with their golden calls."""
        return list(read_jsonl(corpus_file(self.path, "tasks.jsonl"), Task))

    def kept(self) -> list[Trace]:
        """The runs that passed; none before any were checked."""
        path = self.path / "traces.jsonl"
        return list(read_traces(path)) if path.exists() else []

    def dropped(self) -> list[Dropped]:
        """The runs that did not pass; none before any were checked."""
        path = self.path / "dropped.jsonl"
        return list(read_jsonl(path, Dropped)) if path.exists() else []

    def write_tasks(self, toolsets: Iterable[Toolset], tasks: Iterable[Task]) -> None:
        """Write the APIs and the tasks."""
        write_jsonl(self.path / "toolsets.jsonl", toolsets)
        write_jsonl(self.path / "tasks.jsonl", tasks)

    def runs(self) -> list[Trace]:
        """Every run, checked or not; none when there were none."""
        return list(read_traces(self.episodes)) if self.episodes.exists() else []

    def problems(self) -> list[ImportProblem]:
        """What an import could not read; none for a corpus that was not imported."""
        path = self.path / "problems.jsonl"
        return list(read_jsonl(path, ImportProblem)) if path.exists() else []

    def write_runs(self, traces: Iterable[Trace]) -> None:
        """Write runs that were recorded elsewhere."""
        write_jsonl(self.episodes, map(_record, traces))

    def write_problems(self, problems: Iterable[ImportProblem]) -> None:
        """Write what an import could not read."""
        write_jsonl(self.path / "problems.jsonl", problems)

    def write_checked(self, kept: Iterable[Trace], dropped: Iterable[Dropped]) -> None:
        """Write which runs passed and which did not."""
        write_jsonl(self.path / "traces.jsonl", map(_record, kept))
        write_jsonl(self.path / "dropped.jsonl", dropped)

    def write_statistics(self, numbers: Statistics) -> None:
        """Write the numbers."""
        self._write("statistics.json", numbers)

    def refuse_to_mix(self) -> None:
        """See that no import overwrites what was built.

        Raises:
            UsageError: The folder holds a built corpus.
        """
        if (self.path / "recipe.json").exists():
            raise UsageError(
                "holds a corpus made by 'corpus build'",
                where=str(self.path),
                hint="choose another folder for --out",
            )

    def settle(self, recipe: Recipe) -> None:
        """Make this folder the one of *recipe*.

        Raises:
            UsageError: It is the folder of another: their runs must not mix.
        """
        path = self.path / "recipe.json"
        if not path.exists():
            if self.has_tasks:
                raise UsageError(
                    "holds tasks that were not made by 'corpus build'",
                    where=str(self.path),
                    hint="choose another folder for --out",
                )
            self._write("recipe.json", recipe)
            return
        try:
            known = parse_record(orjson.loads(path.read_bytes()), Recipe, str(path))
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
        except orjson.JSONDecodeError as error:
            raise DataError(f"is not JSON: {error}", where=str(path)) from error
        different = [name for name in Recipe.model_fields if _of(known, name) != _of(recipe, name)]
        if different:
            raise UsageError(
                f"holds a corpus with another choice of {' and '.join(different)}",
                where=str(self.path),
                hint="repeat the command as it was to go on with it, or choose another --out",
            )

    def _write(self, name: str, content: BaseModel) -> None:
        path = self.path / name
        partial = self.path / f"{name}.partial"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(orjson.dumps(content.model_dump(mode="json"), option=_PRETTY))
            partial.replace(path)
        except OSError as error:
            raise DataError(f"cannot be written: {error.strerror}", where=str(path)) from error


_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def _record(trace: Trace) -> TraceRecord:
    return TraceRecord(**{name: getattr(trace, name) for name in Trace.model_fields})


def _of(recipe: Recipe, name: str) -> object:
    return getattr(recipe, name)
