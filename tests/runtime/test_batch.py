"""Many runs at once, of which one meets a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from toolalpaca.llm.protocol import Capabilities, Completion, Piece, Request
from toolalpaca.task import Task
from toolalpaca.trace import Trace, read_traces
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.batch import Batch


class Faulty:
    """A model with a fault that shows when it is told to divide."""

    name = "faulty"
    capabilities = Capabilities(tools=True)

    async def stream(self, request: Request) -> AsyncIterator[Piece]:
        if request.messages[-1].content == "Divide":
            raise ZeroDivisionError("division by zero")
        yield Completion("Done.")

    async def aclose(self) -> None:
        """Nothing is held."""


def test_a_fault_of_ours_fails_its_run_and_leaves_the_others_alone(tmp_path: Path) -> None:
    words = ("Add", "Divide", "Multiply")
    tasks = [Task(id=word.lower(), toolset="", instruction=word) for word in words]
    seen: dict[str, Trace] = {}
    with Assembly([], Faulty(), trace_path=tmp_path / "t.jsonl") as assembly:
        asyncio.run(Batch(assembly).run(tasks, lambda task, trace: seen.update({task.id: trace})))
    statuses = {name: trace.outcome.status for name, trace in seen.items()}
    assert statuses == {"add": "answered", "divide": "failed", "multiply": "answered"}
    assert seen["divide"].outcome.reason == "ZeroDivisionError: division by zero"
    assert {t.task: t.outcome.status for t in read_traces(tmp_path / "t.jsonl")} == statuses
