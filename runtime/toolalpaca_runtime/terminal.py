"""What a person sees of a run: each event as it happens, in lines that fit the terminal."""

from __future__ import annotations

import sys
from typing import IO, Protocol

import orjson
from rich.console import Console
from rich.status import Status
from rich.text import Text

from toolalpaca.jsonl import json_line
from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    EndRecord,
    Event,
    EventRecord,
    ObservationEvent,
    StartRecord,
    Trace,
    TraceStart,
    UserEvent,
)
from toolalpaca_runtime.agent import TextDelta
from toolalpaca_runtime.http_text import request_text

_LIVE_CHARACTERS = 60
_NARROWEST = 20


class View(Protocol):
    """Shows a run."""

    def begin(self, trace: Trace, /) -> None:
        """A turn begins; *trace* is what happened so far."""
        ...

    def show(self, item: Event | TextDelta, /) -> None:
        """Something happened."""
        ...

    def end(self, trace: Trace, /) -> None:
        """The turn is over; the outcome says how."""
        ...


class TerminalView:
    """Lines for a person: thoughts dim, calls with an arrow, one line for each observation.

    Args:
        console: Where to print; colours and motion only where it is a terminal.
        echo: Whether the user's own words are shown.
    """

    def __init__(self, console: Console | None = None, *, echo: bool = False) -> None:
        self.console = console or Console(highlight=False, markup=False, emoji=False)
        self._echo = echo
        self._status: Status | None = None
        self._live = ""

    def begin(self, _trace: Trace) -> None:
        """Show that the model thinks, until something is there to be shown."""
        if self.console.is_terminal:
            self._live = ""
            self._status = self.console.status("…", spinner_style="dim")
            self._status.start()

    def show(self, item: Event | TextDelta) -> None:
        """Print an event; pieces of text are shown while they come, and replaced by their event."""
        if isinstance(item, TextDelta):
            self._live = "" if item.restart else self._live
            self._show_live(item.text)
            return
        self._live = ""
        if self._status is not None:
            self._status.update("…")
        match item:
            case UserEvent():
                if self._echo:
                    self._print("You: ", item.text, "bold")
            case AssistantEvent():
                self._show_step(item)
            case ObservationEvent():
                self._show_observation(item)

    def end(self, trace: Trace) -> None:
        """Print how the turn ended, where no event has said it."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        outcome = trace.outcome
        if outcome.status == "stopped":
            self._print("! ", outcome.answer, "yellow")
        elif outcome.status == "asked":
            self._print("? ", outcome.answer, "bold cyan")

    def _show_live(self, text: str) -> None:
        if self._status is not None:
            self._live = (self._live + text)[-_LIVE_CHARACTERS:]
            self._status.update(Text(printable(self._live, keep_lines=False), style="dim"))

    def _show_step(self, step: AssistantEvent) -> None:
        if step.thought:
            self._print("  ", step.thought, "dim")
        for call in step.calls:
            if call.tool != ASK_TOOL:
                self._print("→ ", call_line(call), "cyan")
        if step.problem:
            self._print("! ", step.problem, "yellow")
        if step.answer is not None:
            self._print("", step.answer, "bold")

    def _show_observation(self, event: ObservationEvent) -> None:
        if event.source == "user":
            return
        good = event.response is not None and event.response.status < 400
        line = Text("  ").append(observation_line(event), style="green" if good else "red")
        line.truncate(self.console.width, overflow="ellipsis")
        self.console.print(line, soft_wrap=True)
        if event.source == "runtime" and event.request is not None:  # a dry run
            self._print("  ", request_text(event.request), "dim")

    def _print(self, mark: str, text: str, style: str) -> None:
        """Print *text*, wrapped and indented to stand beside its mark."""
        lines = Text(printable(text), style=style)
        width = max(self.console.width - len(mark), _NARROWEST)
        for place, line in enumerate(lines.wrap(self.console, width)):
            line.rstrip()
            start = Text(mark if place == 0 else " " * len(mark), style=style)
            self.console.print(start + line, soft_wrap=True)


class JsonView:
    """The records of the trace on standard output, one a line, as in a trace file."""

    def __init__(self, file: IO[str] | None = None) -> None:
        self._file = file or sys.stdout
        self._trace: Trace | None = None
        self._started = ""

    def begin(self, trace: Trace) -> None:
        """The trace whose events follow."""
        self._trace = trace

    def show(self, item: Event | TextDelta) -> None:
        """Print an event's record, and the start record before the first."""
        if isinstance(item, TextDelta) or self._trace is None:
            return
        if self._trace.id != self._started:
            self._started = self._trace.id
            start = {name: getattr(self._trace, name) for name in TraceStart.model_fields}
            self._print(StartRecord(**start))
        self._print(EventRecord(trace=self._trace.id, event=item))

    def end(self, trace: Trace) -> None:
        """Print the outcome of the turn."""
        self._print(EndRecord(trace=trace.id, outcome=trace.outcome))

    def _print(self, record: StartRecord | EventRecord | EndRecord) -> None:
        print(json_line(record).decode(), end="", file=self._file, flush=True)


def call_line(call: Call) -> str:
    """A call as one reads it: ``getPet(id=3, fields=["name"])``."""
    arguments = ", ".join(
        f"{name}={orjson.dumps(value).decode()}" for name, value in call.arguments.items()
    )
    return f"{call.tool}({arguments})"


def observation_line(event: ObservationEvent) -> str:
    """An observation on one line: status, who answered, and the beginning of the body."""
    if event.response is None:
        return printable(event.text, keep_lines=False)
    who = "" if event.source == "real" else f" ({event.source})"
    broken = " breaks its document" if event.conforming is False else ""
    body = " ".join(event.response.body.split())
    return printable(f"{event.response.status}{who}{broken} {body}".rstrip(), keep_lines=False)


def printable(text: str, *, keep_lines: bool = True) -> str:
    """*text* without control characters: what an API or a model sends must not drive a terminal."""
    if not keep_lines:
        text = " ".join(text.split())
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text.expandtabs(4))
