"""Many runs at once: each task has a conversation of its own, and a world on a mock server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from toolalpaca.errors import ModelUnavailable, ToolAlpacaError
from toolalpaca.task import Task
from toolalpaca.trace import AssistantEvent, Trace
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.simulated_user import SimulatedUser

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """Runs tasks, several at a time, and writes their traces as they happen.

    Facts of a task are told by a simulated user, who approves nothing; a task without facts has no
    user at all.

    Attributes:
        assembly: Makes the agents.
        concurrency: Runs at the same time.
    """

    assembly: Assembly
    concurrency: int = 4
    _model_works: bool = field(default=False, init=False)

    async def run(self, tasks: Sequence[Task], done: Callable[[Task, Trace], None]) -> None:
        """Run *tasks*; *done* is called after each. One that fails leaves the others alone.

        Raises:
            ModelUnavailable: The model cannot be used from the very beginning.
        """
        waiting = iter(tasks)

        async def work() -> None:
            for task in waiting:
                done(task, await self._attempt(task))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, len(tasks))):
                    group.create_task(work())
        except ExceptionGroup as errors:
            # Each worker may have met the same error: one says it.
            raise errors.exceptions[0] from errors

    async def _attempt(self, task: Task) -> Trace:
        """Run *task* and return its trace, which says when it failed."""
        user = SimulatedUser(task.facts, approves=False) if task.facts else None
        agent = self.assembly.new_agent(user, task=task.id, alone=True)
        try:
            async with agent:
                await self._converse(agent, task.instruction)
        except ModelUnavailable:
            if not self._model_works:
                raise
        except ToolAlpacaError as error:
            _LOG.info("%s failed: %s", task.id, error)
        return agent.trace

    async def _converse(self, agent: Agent, instruction: str) -> None:
        try:
            async with aclosing(agent.run(instruction)) as items:
                async for item in items:
                    self._model_works |= isinstance(item, AssistantEvent)
        except (ToolAlpacaError, OSError):
            raise
        except Exception as error:
            # A fault of ours must not take the other runs along; the trace says what it was.
            _LOG.debug("%s failed", agent.trace.task, exc_info=error)
