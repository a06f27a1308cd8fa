"""What a corpus holds, in numbers."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from toolalpaca.task import ASK_TOOL, Task, Toolset
from toolalpaca.trace import AssistantEvent, Trace
from toolalpaca_corpus.filters import Dropped, count_words


class Spread(BaseModel):
    """How a number varies; all zero when there is nothing to count."""

    mean: float = 0.0
    median: float = 0.0
    highest: int = 0

    @classmethod
    def of(cls, values: Sequence[int]) -> Spread:
        """The spread of *values*."""
        if not values:
            return cls()
        return cls(
            mean=round(statistics.fmean(values), 2),
            median=statistics.median(values),
            highest=max(values),
        )


class Variety(BaseModel):
    """How instructions vary.

    Attributes:
        words: Of an instruction.
        distinct_words: Different words as a share of all (distinct-1: Li et al., NAACL 2016).
        distinct_pairs: Different pairs of neighbouring words as a share of all (distinct-2).
        templates: Different templates among the instructions that were made from one.
    """

    words: Spread = Spread()
    distinct_words: float = 0.0
    distinct_pairs: float = 0.0
    templates: int = 0

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> Variety:
        """The variety of the tasks' instructions."""
        instructions = [task.instruction for task in tasks]
        return cls(
            words=Spread.of([len(text.split()) for text in instructions]),
            distinct_words=distinct(instructions, 1),
            distinct_pairs=distinct(instructions, 2),
            templates=len({task.source for task in tasks if "$" in task.source}),
        )


class Statistics(BaseModel):
    """The numbers of a corpus.

    Attributes:
        toolsets: APIs.
        functions: Tools of all APIs together.
        tasks: By kind.
        kept: Kept traces by the kind of their task.
        kept_by_toolset: Kept traces by API.
        dropped: Traces that were dropped.
        drop_reasons: How often each filter dropped one; a trace may have several reasons.
        not_run: Tasks without a trace.
        functions_called: Tools that a kept trace calls.
        steps: Of the assistant in a kept trace.
        calls: Of tools in a kept trace.
        words: In a kept trace; tokens are about four thirds of it.
        variety: Of all tasks' instructions.
        kept_variety: Of those whose trace was kept.
    """

    toolsets: int = 0
    functions: int = 0
    tasks: dict[str, int] = {}
    kept: dict[str, int] = {}
    kept_by_toolset: dict[str, int] = {}
    dropped: int = 0
    drop_reasons: dict[str, int] = {}
    not_run: int = 0
    functions_called: int = 0
    steps: Spread = Spread()
    calls: Spread = Spread()
    words: Spread = Spread()
    variety: Variety = Variety()
    kept_variety: Variety = Variety()


def count(
    toolsets: Sequence[Toolset],
    tasks: Sequence[Task],
    kept: Sequence[Trace],
    dropped: Sequence[Dropped],
) -> Statistics:
    """The numbers of a corpus out of what its files hold."""
    by_id = {task.id: task for task in tasks}
    done = [by_id[trace.task] for trace in kept if trace.task in by_id]
    known = {(t.name, function.name) for t in toolsets for function in t.functions}
    called = {(trace.toolset, call.tool) for trace in kept for call in trace.calls()}
    run = {trace.task for trace in kept} | {item.task for item in dropped}
    return Statistics(
        toolsets=len(toolsets),
        functions=len(known),
        tasks=_counted(task.kind for task in tasks),
        kept=_counted(task.kind for task in done),
        kept_by_toolset=_counted(trace.toolset for trace in kept),
        dropped=len(dropped),
        drop_reasons=_counted(reason.filter for item in dropped for reason in item.reasons),
        not_run=sum(task.id not in run for task in tasks),
        functions_called=len(called & known),
        steps=Spread.of([_steps(trace) for trace in kept]),
        calls=Spread.of([sum(call.tool != ASK_TOOL for call in t.calls()) for t in kept]),
        words=Spread.of([count_words(trace) for trace in kept]),
        variety=Variety.of(tasks),
        kept_variety=Variety.of(done),
    )


def distinct(texts: Iterable[str], length: int) -> float:
    """Different runs of *length* words as a share of all; 0 without any, 1 when none repeats."""
    runs: list[tuple[str, ...]] = []
    for text in texts:
        words = text.casefold().split()
        runs += zip(*(words[start:] for start in range(length)), strict=False)
    return round(len(set(runs)) / len(runs), 3) if runs else 0.0


def _steps(trace: Trace) -> int:
    return sum(isinstance(event, AssistantEvent) for event in trace.events)


def _counted(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, the most frequent first."""
    return dict(Counter(names).most_common())
