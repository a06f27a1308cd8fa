"""An agent at work for a person: opened from the command line, closed whatever happens."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from toolalpaca.llm.options import model_from_options
from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.trace import Outcome, TraceWriter
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.auth import variable
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.formats import PromptFormat
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.terminal import JsonView, TerminalView, View
from toolalpaca_runtime.toolbox import Toolbox

TRACES = Path("traces")


class Session:
    """Turns of one agent on one API, in an event loop that lives as long.

    The trace file is made with the first turn; a session without a turn leaves nothing behind.

    Args:
        runner: The event loop.
        toolbox: Acts.
        model: Decides.
        view: Shows what happens.
        trace_path: Where traces are appended; None for a new file in ``traces/``.
    """

    def __init__(
        self,
        runner: asyncio.Runner,
        toolbox: Toolbox,
        model: LanguageModel,
        view: View,
        *,
        trace_path: Path | None = None,
        prompt_format: PromptFormat | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> None:
        self.toolbox = toolbox
        self.view = view
        self._runner = runner
        self._model = model
        self._format = prompt_format
        self._limits = limits
        self._seed = seed
        self._trace_path = trace_path
        self._recorder: TraceWriter | None = None
        self.agent: Agent | None = None

    @property
    def trace_path(self) -> Path | None:
        """Where the trace is; None before the first turn."""
        return self._recorder.path if self._recorder else None

    def turn(self, text: str) -> Outcome:
        """Let the agent act on *text*, showing what happens, and return how it ended.

        Raises:
            ToolAlpacaError: The model or the API cannot be used.
            KeyboardInterrupt: The person stopped it; the next turn goes on from there.
        """
        agent = self.agent or self._new_agent()
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

    def close(self) -> None:
        """Write the end of the trace."""
        self.reset()
        if self._recorder is not None:
            self._recorder.close()

    async def _run(self, agent: Agent, text: str) -> None:
        async with aclosing(agent.run(text)) as items:
            async for item in items:
                self.view.show(item)

    def _new_agent(self) -> Agent:
        if self._recorder is None:
            self._recorder = TraceWriter(self._trace_path or new_trace_path(self.toolbox.name))
        self.agent = Agent(
            self._model,
            self.toolbox,
            prompt_format=self._format,
            limits=self._limits,
            recorder=self._recorder,
            seed=self._seed,
        )
        return self.agent


@contextmanager
def open_session(options: Namespace) -> Iterator[Session]:
    """The session that the command line describes.

    Raises:
        ToolAlpacaError: The API or the model cannot be opened.
    """
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        source = options.source
        if options.mock:
            source = _mock(source, stack)
        toolbox = runner.run(
            open_api(
                source,
                base_url=options.base_url,
                auth=getattr(options, "auth", None) or (),
                allow_unsafe=options.yes,
            )
        )
        stack.callback(lambda: runner.run(toolbox.aclose()))
        warn_of_missing_credentials(toolbox)
        model = model_from_options(options)
        stack.callback(lambda: runner.run(model.aclose()))
        session = Session(
            runner,
            toolbox,
            model,
            JsonView() if options.json else TerminalView(),
            trace_path=options.trace,
            prompt_format=options.format,
            limits=Limits(steps=options.max_steps, seconds=options.max_seconds),
            seed=options.seed,
        )
        stack.callback(session.close)
        yield session


def _mock(source: str, stack: ExitStack) -> str:
    from toolalpaca.serving import mock_server

    server = stack.enter_context(mock_server([source]))
    return next(iter(server.apis.values()))


def warn_of_missing_credentials(toolbox: Toolbox) -> None:
    """Say on standard error which security schemes lack their credentials."""
    missing = toolbox.lacking()
    if missing:
        schemes = sorted({scheme for names in missing.values() for scheme in names})
        print(
            f"toolalpaca: {len(missing)} of {len(toolbox.specs) - 1} operations need credentials "
            f"that are not there: {', '.join(schemes)} (give --auth {schemes[0]}=VALUE or set "
            f"{variable(schemes[0])})",
            file=sys.stderr,
        )


def new_trace_path(api: str) -> Path:
    """A file in ``traces/`` that is not there yet, named after the API and the time."""
    stem = f"{api}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    names = (f"{stem}.jsonl" if n == 1 else f"{stem}-{n}.jsonl" for n in count(1))
    return next(path for name in names if not (path := TRACES / name).exists())
