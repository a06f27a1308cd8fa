"""Prompt formats: how a trace is told to a model, and how its reply is read.

A format is one class. It turns a trace into messages and a completion into a step; the agent does
the rest. **The law of formats**: every event appends messages and changes none, so the messages of
each step's request are a prefix of the messages of the finished trace. Training relies on it: what
a model learns from is exactly what it saw. It also lets a backend keep its prefix cache.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import Completion, LanguageModel, Message, Request
from toolalpaca.trace import Call, Trace
from toolalpaca_runtime.limits import Limits


@dataclass(frozen=True, slots=True)
class Step:
    """A model's reply, read.

    Exactly one of *calls*, *answer* and *problem* says what to do next.

    Attributes:
        thought: Why, in the model's words.
        calls: The tools to use, in order. A call whose arguments could not be read carries a
            ``problem`` of its own.
        answer: What the user is told; it ends the turn.
        problem: Why the reply is no step, as a sentence that tells the model what to write instead.
        raw: What the trace keeps as the model's own words; None for the completion's text.
    """

    thought: str = ""
    calls: tuple[Call, ...] = ()
    answer: str | None = None
    problem: str | None = None
    raw: str | None = None


class PromptFormat(Protocol):
    """A way to talk to a model about tools."""

    @property
    def name(self) -> str:
        """The name that ``--format`` takes and traces carry."""
        ...

    def messages(self, trace: Trace) -> tuple[Message, ...]:
        """The system's message and everything so far, from ``trace.tools`` and ``trace.events``.

        An assistant event of a trace in this format is told with its ``raw`` text, verbatim; one
        of another format (or without raw text) is told by its parsed form.
        """
        ...

    def request(self, trace: Trace, limits: Limits) -> Request:
        """The request for the next step."""
        ...

    def parse(self, completion: Completion, trace: Trace) -> Step:
        """Read a reply to the request of *trace*. Never raises, whatever the model wrote."""
        ...


FORMATS = {
    "native": "toolalpaca_runtime.formats.native:Native",
    "react": "toolalpaca_runtime.formats.react:React",
}
"""Every prompt format, as an import string: nothing loads until it is chosen."""


def get_format(name: str) -> PromptFormat:
    """The prompt format of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in FORMATS:
        raise UsageError(
            f"there is no prompt format {name!r}", hint=f"the formats are {', '.join(FORMATS)}"
        )
    module, _, attribute = FORMATS[name].partition(":")
    make = cast(Callable[[], PromptFormat], getattr(importlib.import_module(module), attribute))
    return make()


def format_for(model: LanguageModel) -> PromptFormat:
    """The format that suits *model*: native tool calls when it has them, text otherwise."""
    return get_format("native" if model.capabilities.tools else "react")


def call_id(trace: Trace, position: int = 0) -> str:
    """An id for the call at *position* (from 0) in the step that comes next, unique in *trace*."""
    return f"call_{sum(1 for _ in trace.calls()) + position + 1}"
