"""ToolAlpaca's training runs as rows of JSON Lines, as they are passed on elsewhere.

A row is ``{"id", "question", "answer", "tags", "metadata"}``. The question describes the API in
words and ends with ``User request:`` and the instruction; the metadata hold ``intermediate_steps``
and ``final_thought`` of :mod:`toolalpaca_corpus.formats.toolalpaca_run`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from toolalpaca.trace import Trace
from toolalpaca_corpus.formats.corrections import corrected, corrections
from toolalpaca_corpus.formats.described import listed_tools
from toolalpaca_corpus.formats.imported import Imported, ImportProblem, toolset_name
from toolalpaca_corpus.formats.toolalpaca_run import (
    final_step,
    imported_trace,
    instruction_of,
    kept,
    read_run,
    write_steps,
)

NAME: Final = "toolalpaca-rows"
_REQUEST = "User request:\n"


def are_rows(values: Sequence[Any]) -> bool:
    """Whether the lines of a file have this form, by the first of them."""
    first = values[0] if values else None
    metadata = first.get("metadata") if isinstance(first, dict) else None
    return isinstance(metadata, dict) and "intermediate_steps" in metadata


def read_rows(path: Path, values: Iterable[Any]) -> Imported:
    """The runs of a file's lines."""
    imported = Imported()
    for index, row in enumerate(values):
        try:
            trace = _read(row, f"{path.name}#/{index}")
        except (KeyError, TypeError, AttributeError, ValueError):
            imported.problems.append(
                ImportProblem(
                    api=path.name,
                    message=f"line {index + 1} is no row of this form",
                    consequence="the run is not imported",
                    index=index,
                    original=row,
                )
            )
            continue
        imported.traces.append(trace)
        if trace.outcome.status != "answered":
            imported.problems.append(
                ImportProblem(
                    api=row["metadata"].get("tool_name", ""),
                    message=f"{row['id']}: the run has no answer",
                    consequence="kept as it stands",
                )
            )
    return imported


def write_rows(traces: Iterable[Trace], problems: Iterable[ImportProblem] = ()) -> list[Any]:
    """The rows of *traces*, and those that were not imported at their old places."""
    rows = [
        corrected(_made(trace), trace.extra.get(NAME, {}).get("corrections", {}))
        for trace in traces
    ]
    for problem in problems:
        if problem.index is not None:
            rows.insert(problem.index, problem.original)
    return rows


def _read(row: Any, where: str) -> Trace:
    metadata = row["metadata"]
    described, _, instruction = row["question"].rpartition(_REQUEST)
    trace = imported_trace(
        where,
        read_run(
            instruction,
            metadata["intermediate_steps"] or (),
            row["answer"],
            metadata.get("final_thought") or "",
            trainable=metadata.get("split") == "train",
        ),
        toolset=toolset_name(metadata["tool_name"]),
        tools=listed_tools(described),
    )
    trace = kept(trace, NAME, {}, api=described)
    return kept(trace, NAME, corrections(_made(trace), row), api=described)


def _made(trace: Trace) -> dict[str, Any]:
    last = final_step(trace)
    described = trace.extra.get(NAME, {}).get("api") or _described(trace)
    return {
        "id": trace.id,
        "question": f"{described}{_REQUEST}{instruction_of(trace)}",
        "answer": last.answer if last else "",
        "metadata": {
            "intermediate_steps": write_steps(trace),
            "final_thought": last.thought if last else "",
        },
    }


def _described(trace: Trace) -> str:
    functions = "".join(
        f"{number}. Name: {tool.name}\nDescription: {tool.description}\n\n"
        for number, tool in enumerate(trace.tools, start=1)
    )
    return f"Tool: {trace.toolset}\n\nAvailable functions:\n{functions}"
