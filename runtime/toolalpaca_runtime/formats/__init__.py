"""Prompt formats: how a trace is told to a model, and how its reply is read.

A format is one class. It turns a trace into messages and a completion into a step; the agent does
the rest. **The law of formats**: every event appends messages and changes none, so the messages of
each step's request are a prefix of the messages of the finished trace. Training relies on it: what
a model learns from is exactly what it saw. It also lets a backend keep its prefix cache.

**Responses are data**: what came from outside is told through
:mod:`toolalpaca_runtime.formats.quoting`, so that it can pass for nobody's turn.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import Capabilities, Completion, LanguageModel, Message, Request
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
        """The request for the next step. Tools that events added are known in it."""
        ...

    def parse(self, completion: Completion, trace: Trace) -> Step:
        """Read a reply to the request of *trace*. Never raises, whatever the model wrote."""
        ...

    def for_model(self, can: Capabilities) -> PromptFormat:
        """The same format for such a model.

        The requests to one that continues a text (``can.text``) have one message, whose content
        the model continues; what it writes is read together with what of the step stood in the
        prompt already.

        Raises:
            UsageError: The format is not for such a model.
        """
        ...


FORMATS = {
    "native": "toolalpaca_runtime.formats.native:Native",
    "react": "toolalpaca_runtime.formats.react:React",
    "toolalpaca": "toolalpaca_runtime.formats.toolalpaca:ToolAlpaca",
}
"""Every prompt format, as an import string: nothing loads until it is chosen."""


def get_format(name: str) -> PromptFormat:
    """The prompt format of that name, or of an import string ``module:Class``.

    The ``name`` of a format from elsewhere is its import string, so that traces and models that
    were made with it find it again.

    Raises:
        UsageError: There is none, or it cannot be imported.
    """
    if name not in FORMATS and ":" not in name:
        raise UsageError(
            f"there is no prompt format {name!r}",
            hint=f"the formats are {', '.join(FORMATS)}, or module:Class for one of your own",
        )
    module, _, attribute = FORMATS.get(name, name).partition(":")
    try:
        make = cast(Callable[[], PromptFormat], getattr(importlib.import_module(module), attribute))
        return make()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise UsageError(
            f"the prompt format {name!r} cannot be imported: {error}",
            hint="name a class that needs no arguments as module:Class, and put its folder into "
            "PYTHONPATH",
        ) from error


def format_for(model: LanguageModel, chosen: PromptFormat | None = None) -> PromptFormat:
    """The format in which *model* is spoken to.

    Args:
        model: The model.
        chosen: A format to use; by default the one that suits: ToolAlpaca's protocol for models
            that continue a text, native tool calls where the model has them, else ReAct.

    Raises:
        UsageError: The model cannot be spoken to in the chosen format.
    """
    can = model.capabilities
    if chosen is None:
        chosen = get_format("toolalpaca" if can.text else "native" if can.tools else "react")
    return chosen.for_model(can)


def call_id(trace: Trace, position: int = 0) -> str:
    """An id for the call at *position* (from 0) in the step that comes next, unique in *trace*."""
    return f"call_{sum(1 for _ in trace.calls()) + position + 1}"
