"""An agent at work for a person: opened from the command line, closed whatever happens."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from toolalpaca.llm.options import model_from_options, settings_from_options
from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.trace import Outcome
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.commands.interrupting import interruptible
from toolalpaca_runtime.commands.sources import open_sources
from toolalpaca_runtime.formats import PromptFormat
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.listener import Listener
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.terminal import JsonView, TerminalView, View
from toolalpaca_runtime.terminal.person import Person, somebody_is_there
from toolalpaca_runtime.toolbox import MakeIndex
from toolalpaca_runtime.tools.bm25 import Bm25Index
from toolalpaca_runtime.user import User

_Result = TypeVar("_Result")


def _nobody() -> User | None:
    return None


class Session:
    """Turns of one agent at a time, in an event loop that lives as long.

    Args:
        runner: The event loop.
        assembly: Makes the agents.
        view: Shows what happens.
        new_user: Whoever answers questions and approves calls in a conversation that begins; None
            when nobody does.
    """

    def __init__(
        self,
        runner: asyncio.Runner,
        assembly: Assembly,
        view: View,
        *,
        new_user: Callable[[], User | None] = _nobody,
    ) -> None:
        self.assembly = assembly
        self.view = view
        self.agent: Agent | None = None
        self._runner = runner
        self._new_user = new_user

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
            self.agent = self.assembly.new_agent(self._new_user())
        agent = self.agent
        self.view.begin(agent.trace)
        try:
            self.wait(self._run(agent, text))
        finally:
            self.view.end(agent.trace)
        return agent.trace.outcome

    def reset(self) -> None:
        """Forget the conversation: the next turn begins a new trace in the same file."""
        if self.agent is not None:
            self.agent.finish()
            self.agent = None

    def use_model(self, model: LanguageModel, prompt_format: PromptFormat | None) -> None:
        """Go on with another *model*, in a new conversation; the model before it is closed."""
        self.reset()
        before = self.assembly.model
        self.assembly.use(model, prompt_format)
        self._runner.run(before.aclose())

    def wait(self, something: Coroutine[Any, Any, _Result]) -> _Result:
        """What *something* brings that goes on in the session's event loop.

        Raises:
            KeyboardInterrupt: Ctrl-C has cancelled it.
        """
        return self._runner.run(interruptible(something))

    async def _run(self, agent: Agent, text: str) -> None:
        async with aclosing(agent.run(text)) as items:
            async for item in items:
                self.view.show(item)


@contextmanager
def open_session(options: Namespace, *, folded: bool = False) -> Iterator[Session]:
    """The session that the command line describes.

    Args:
        options: The command line.
        folded: Whether calls are shown as one line each.

    Raises:
        ToolAlpacaError: The API or the model cannot be opened.
    """
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        runner.get_loop().set_exception_handler(_tell)
        opened = AsyncExitStack()
        stack.callback(lambda: runner.run(opened.aclose()))
        assembly = runner.run(opened.enter_async_context(open_assembly(options)))
        if options.json:
            session = Session(runner, assembly, JsonView())
        else:
            view = TerminalView(folded=folded)
            session = Session(runner, assembly, view, new_user=lambda: _person(view))
        stack.callback(session.reset)
        yield session


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what went wrong in a task; one that a signal to end has broken off tells nothing."""
    if not isinstance(context.get("exception"), SystemExit):
        loop.default_exception_handler(context)


def _person(view: TerminalView) -> Person | None:
    return Person(view) if somebody_is_there() else None


@asynccontextmanager
async def open_assembly(options: Namespace) -> AsyncIterator[Assembly]:
    """What the command line names: tools, model, format, limits and trace file.

    Raises:
        ToolAlpacaError: The API or the model cannot be opened.
    """
    async with AsyncExitStack() as stack:
        sources = await open_sources(options, policy_from_options(options), stack)
        listeners = _listeners(options, stack)
        index = await _index(options, stack)
        assembly = Assembly(
            sources,
            model_from_options(options),
            trace_path=options.trace,
            prompt_format=options.format,
            limits=limits_from_options(options),
            most_shown=options.max_tools,
            listeners=listeners,
            index=index,
            seed=options.seed,
        )
        stack.push_async_callback(lambda: assembly.model.aclose())  # it may be another by then
        yield stack.enter_context(assembly)


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
