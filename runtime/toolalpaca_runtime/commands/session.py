"""An agent at work for a person: opened from the command line, closed whatever happens."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager, contextmanager
from pathlib import Path

from toolalpaca.llm.options import model_from_options, settings_from_options
from toolalpaca.trace import Outcome
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.commands.sources import open_sources
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.listener import Listener
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.terminal import JsonView, TerminalView, View
from toolalpaca_runtime.toolbox import MakeIndex
from toolalpaca_runtime.tools.bm25 import Bm25Index
from toolalpaca_runtime.user import User


class Session:
    """Turns of one agent at a time, in an event loop that lives as long.

    Args:
        runner: The event loop.
        assembly: Makes the agents.
        view: Shows what happens.
        user: Answers questions and approves calls.
    """

    def __init__(
        self,
        runner: asyncio.Runner,
        assembly: Assembly,
        view: View,
        *,
        user: User | None = None,
    ) -> None:
        self.assembly = assembly
        self.view = view
        self.agent: Agent | None = None
        self._runner = runner
        self._user = user

    @property
    def trace_path(self) -> Path | None:
        """Where the trace is; None before the first turn."""
        return self.assembly.trace_path

    def turn(self, text: str) -> Outcome:
        """Let the agent act on *text*, showing what happens, and return how it ended.

        Raises:
            ToolAlpacaError: The model or the API cannot be used.
            KeyboardInterrupt: The person stopped it; the next turn goes on from there.
        """
        if self.agent is None:
            self.agent = self.assembly.new_agent(self._user)
        agent = self.agent
        self.view.begin(agent.trace)
        try:
            self._runner.run(self._run(agent, text))
        finally:
            self.view.end(agent.trace)
        return agent.trace.outcome

    def reset(self) -> None:
        """Forget the conversation: the next turn begins a new trace in the same file."""
        if self.agent is not None:
            self.agent.finish()
            self.agent = None

    async def _run(self, agent: Agent, text: str) -> None:
        async with aclosing(agent.run(text)) as items:
            async for item in items:
                self.view.show(item)


@contextmanager
def open_session(options: Namespace) -> Iterator[Session]:
    """The session that the command line describes.

    Raises:
        ToolAlpacaError: The API or the model cannot be opened.
    """
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        opened = AsyncExitStack()
        stack.callback(lambda: runner.run(opened.aclose()))
        assembly = runner.run(opened.enter_async_context(open_assembly(options)))
        session = Session(runner, assembly, JsonView() if options.json else TerminalView())
        stack.callback(session.reset)
        yield session


@asynccontextmanager
async def open_assembly(options: Namespace) -> AsyncIterator[Assembly]:
    """What the command line names: tools, model, format, limits and trace file.

    Raises:
        ToolAlpacaError: The API or the model cannot be opened.
    """
    async with AsyncExitStack() as stack:
        sources = await open_sources(options, policy_from_options(options), stack)
        model = model_from_options(options)
        stack.push_async_callback(model.aclose)
        yield stack.enter_context(
            Assembly(
                sources,
                model,
                trace_path=options.trace,
                prompt_format=options.format,
                limits=limits_from_options(options),
                most_shown=options.max_tools,
                listeners=_listeners(options, stack),
                index=await _index(options, stack),
                seed=options.seed,
            )
        )


def _listeners(options: Namespace, stack: AsyncExitStack) -> list[Listener]:
    """Who listens to the agents until *stack* is closed."""
    if not options.otel:
        return []
    from toolalpaca_runtime.telemetry import Export

    export = Export()
    stack.callback(export.close)
    return [export.telemetry]


async def _index(options: Namespace, stack: AsyncExitStack) -> MakeIndex:
    if options.tool_search is None:
        return Bm25Index
    from toolalpaca.llm.embeddings import open_embedder
    from toolalpaca_runtime.tools.embedding import EmbeddingIndexes

    embedder = open_embedder(options.tool_search, settings_from_options(options))
    stack.push_async_callback(embedder.aclose)
    return EmbeddingIndexes(embedder)


def limits_from_options(options: Namespace) -> Limits:
    """The limits that the command line chose."""
    return Limits(
        steps=options.max_steps,
        total_tokens=options.max_tokens,
        cost=options.max_cost,
        seconds=options.max_seconds,
    )


def policy_from_options(options: Namespace) -> Policy:
    """What may be called, as the command line says."""
    return Policy(
        unsafe="allow" if options.yes else None,
        rules=tuple(options.rule or ()),
        read_only=options.read_only,
    )
