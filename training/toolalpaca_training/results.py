"""Where results are kept while an evaluation runs, so that it can go on where it stopped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from toolalpaca.errors import DataError, UsageError
from toolalpaca.jsonl import JsonlWriter, parse_record, read_records
from toolalpaca.trace import Trace, TraceWriter
from toolalpaca_training.metrics import TaskResult

EVALUATION_SCHEMA: Final = "toolalpaca.evaluation/1"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must be the same for two results to be compared.

    Attributes:
        tasks_sha256: Hash of the tasks and toolsets.
        seed: Of the mock server and of sampling.
        steps: How often a model is asked in one task at most.
        prompt_format: ``""`` for the one that suits each model.
    """

    tasks_sha256: str
    seed: int
    steps: int
    prompt_format: str


class ResultStore:
    """The results of an evaluation: in memory, and in a folder if there is one.

    A folder holds ``evaluation.json`` (the conditions), ``results.jsonl`` and ``traces.jsonl``.

    Args:
        folder: Where to keep them, or None.
        conditions: Those of this evaluation.

    Raises:
        UsageError: The folder holds results that were made under other conditions.
        DataError: It holds something else under these names.
    """

    def __init__(self, folder: Path | None, conditions: Conditions) -> None:
        self._results: dict[tuple[str, str], TaskResult] = {}
        self._writers: tuple[JsonlWriter, TraceWriter] | None = None
        if folder is None:
            return
        _agree(folder / "evaluation.json", conditions)
        results = folder / "results.jsonl"
        if results.exists():
            for number, record in read_records(results, cut_off=True):
                self._remember(parse_record(record, TaskResult, f"{results}:{number}"))
        self._writers = JsonlWriter(results), TraceWriter(folder / "traces.jsonl")

    def done(self, model: str, task: str) -> bool:
        """Whether there is a result; a run that failed will be tried again."""
        result = self._results.get((model, task))
        return result is not None and result.status != "failed"

    def add(self, result: TaskResult, trace: Trace | None) -> None:
        """Keep *result*, and the *trace* that it was read from."""
        self._remember(result)
        if self._writers is not None:
            results, traces = self._writers
            if trace is not None:
                traces.whole(trace)
            results.write(result)

    def of(self, model: str) -> list[TaskResult]:
        """The results of *model*, by task id."""
        found = [result for (name, _), result in self._results.items() if name == model]
        return sorted(found, key=lambda result: result.task)

    def _remember(self, result: TaskResult) -> None:
        self._results[result.model, result.task] = result

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers or ():
            writer.close()

    def __enter__(self) -> ResultStore:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _agree(file: Path, conditions: Conditions) -> None:
    """Write the conditions down, or hold them against those that are written there."""
    now: dict[str, Any] = {"schema": EVALUATION_SCHEMA, **asdict(conditions)}
    try:
        before = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(orjson.dumps(now, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except orjson.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error}", where=str(file)) from error
    if before != now:
        differing = [
            key for key in now if not isinstance(before, dict) or before.get(key) != now[key]
        ]
        raise UsageError(
            f"the folder holds results that were made with another {', '.join(differing)}",
            where=str(file.parent),
            hint="choose another folder for --out",
        )
