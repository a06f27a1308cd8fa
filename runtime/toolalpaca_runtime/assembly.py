"""What the agents of one command are made from: tools, a model, a format, limits, a trace file."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import TracebackType

from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.openapi.names import document_name
from toolalpaca.trace import TraceWriter
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.formats import PromptFormat, format_for
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.listener import Listener
from toolalpaca_runtime.storage import Storage
from toolalpaca_runtime.toolbox import MOST_SHOWN, MakeIndex, Toolbox
from toolalpaca_runtime.tools.api import ApiTools
from toolalpaca_runtime.tools.bm25 import Bm25Index
from toolalpaca_runtime.tools.source import ToolSource
from toolalpaca_runtime.user import User

TRACES = Path("traces")


class Assembly:
    """Makes agents that share tools, model and trace file; each has a conversation of its own.

    The trace file is made with the first agent's first words: an assembly that nobody uses leaves
    nothing behind.

    Args:
        sources: The tools, closed by whoever opened them, as is the model.
        model: Decides.
        trace_path: Where traces are appended; None for a new file in ``traces/``.
        prompt_format: By default the one that suits the model.
        limits: Of each turn.
        most_shown: Tools that a model is shown at once.
        index: Ranks the tools, where there are more.
        listeners: Hear what happens to the agents.
        seed: For sampling.
    """

    def __init__(
        self,
        sources: Sequence[ToolSource],
        model: LanguageModel,
        *,
        trace_path: Path | None = None,
        prompt_format: PromptFormat | None = None,
        limits: Limits | None = None,
        most_shown: int = MOST_SHOWN,
        index: MakeIndex = Bm25Index,
        listeners: Sequence[Listener] = (),
        seed: int = 0,
    ) -> None:
        self.sources = tuple(sources)
        self.model = model
        self.prompt_format = prompt_format or format_for(model)
        self._limits = limits
        self._most_shown = most_shown
        self._listeners = tuple(listeners)
        self._index = index
        self._seed = seed
        self._trace_path = trace_path
        self._recorder: TraceWriter | None = None

    @property
    def name(self) -> str:
        """The name of the first source, as traces have it."""
        return self.sources[0].name if self.sources else "none"

    @property
    def trace_path(self) -> Path | None:
        """Where the traces are; None before the first agent was made."""
        return self._recorder.path if self._recorder else None

    def new_agent(
        self,
        user: User | None = None,
        *,
        task: str | None = None,
        storage: Storage | None = None,
        alone: bool = False,
    ) -> Agent:
        """An agent at the beginning of a conversation.

        Args:
            user: Answers its questions and approves its calls.
            task: The id of its task, for the trace.
            storage: What was kept of a conversation that it goes on with; by default a new one.
            alone: Whether it has a session of its own on a mock server: what it changes there, no
                other agent sees.

        Raises:
            ToolAlpacaError: The trace file cannot be written.
        """
        if self._recorder is None:
            self._recorder = TraceWriter(self._trace_path or new_trace_path(self.name))
        conversation = uuid.uuid4().hex
        folder = self._recorder.path.with_suffix(".files") / conversation
        sources = [_in_session(s, conversation) for s in self.sources] if alone else self.sources
        agent = Agent(
            self.model,
            Toolbox(
                sources,
                storage=storage or Storage(folder),
                most_shown=self._most_shown,
                index=self._index,
            ),
            prompt_format=self.prompt_format,
            limits=self._limits,
            user=user,
            recorder=self._recorder,
            listeners=self._listeners,
            task=task,
            seed=self._seed,
        )
        agent.trace.id = conversation  # so that one finds the files of a trace, and its session
        return agent

    def use(self, model: LanguageModel, prompt_format: PromptFormat | None = None) -> None:
        """Make the agents from now on with another *model*, and the format that suits it."""
        self.model = model
        self.prompt_format = prompt_format or format_for(model)

    def close(self) -> None:
        """Close the trace file; agents are finished before."""
        if self._recorder is not None:
            self._recorder.close()

    def __enter__(self) -> Assembly:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _in_session(source: ToolSource, session: str) -> ToolSource:
    return source.in_session(session) if isinstance(source, ApiTools) else source


def new_trace_path(api: str) -> Path:
    """A file in ``traces/`` that is not there yet, named after the API and the time.

    An API may call itself what it likes, a path included.
    """
    stem = f"{document_name(api)}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    names = (f"{stem}.jsonl" if n == 1 else f"{stem}-{n}.jsonl" for n in count(1))
    return next(path for name in names if not (path := TRACES / name).exists())
