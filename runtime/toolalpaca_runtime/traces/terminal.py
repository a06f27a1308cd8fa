"""Traces in a terminal: a list of several, or one in full."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.text import Text

from toolalpaca.counting import counted
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    HttpRequest,
    HttpResponse,
    ObservationEvent,
    Trace,
    UserEvent,
)
from toolalpaca_runtime.event_text import call_line, observation_line, printable
from toolalpaca_runtime.http_text import pretty_json
from toolalpaca_runtime.traces.summary import (
    answered_at,
    began,
    durations,
    first_words,
    notes,
    seconds_text,
    time_parts,
    totals,
    usage_parts,
)

SHORT_ID = 8
"""Characters of an id in lists: enough to tell a few thousand random ids apart."""

_NARROWEST = 20
_WIDEST = {"id": 8, "began": 11, "model": 12, "API": 12, "outcome": 11, "first words": 200}
"""The columns of the list, and the cells that they may have; the terminal cuts the last one."""

OUTCOME_STYLES: Mapping[str, str] = {
    "answered": "green",
    "asked": "cyan",
    "stopped": "yellow",
    "failed": "red",
    "interrupted": "red",
}


def print_traces(traces: Sequence[Trace], console: Console, *, full: bool, whole: bool) -> None:
    """Print one trace in full, or a list of several; long ones through the pager of a terminal.

    Args:
        traces: What to print.
        console: Where.
        full: Whether everything is unfolded: raw texts, headers and whole bodies.
        whole: Whether each of several is printed, and not their list.
    """
    parts = list(_list(traces))
    if len(traces) == 1 or whole:
        parts = []
        for number, trace in enumerate(traces):
            parts += [Text(), Rule(style="dim"), Text()] if number else []
            parts += _TraceText(trace, full).parts()
    if not console.is_terminal or _lines(parts, console) < console.height:
        for part in parts:
            console.print(part)
        return
    os.environ.setdefault("LESS", "FRX")  # as git does: colours, and no screen of its own
    with console.pager(styles=True):
        for part in parts:
            console.print(part)


def _lines(parts: Iterable[RenderableType], console: Console) -> int:
    return sum(len(console.render_lines(part, pad=False)) for part in parts)


def _list(traces: Sequence[Trace]) -> Iterator[RenderableType]:
    rows = [tuple(_WIDEST)]
    rows += [
        (
            trace.id[:SHORT_ID],
            began(trace, "%m-%d %H:%M") or "unknown",
            trace.model,
            trace.toolset,
            trace.outcome.status,
            first_words(trace),
        )
        for trace in traces
    ]
    cells = [[printable(cell, keep_lines=False) for cell in row] for row in rows]
    columns = zip(*cells, strict=True)
    widths = [
        min(max(map(cell_len, column)), widest)
        for column, widest in zip(columns, _WIDEST.values(), strict=True)
    ]
    for number, row in enumerate(cells):
        line = Text()
        for cell, width, name in zip(row, widths, _WIDEST, strict=True):
            style = "dim" if number == 0 else OUTCOME_STYLES[cell] if name == "outcome" else ""
            text = Text(cell, style=style)
            text.truncate(width, overflow="ellipsis", pad=True)
            line.append_text(text).append(" ")
        line.rstrip()
        yield _Cut(line)


class _TraceText:
    """One trace as text."""

    def __init__(self, trace: Trace, full: bool) -> None:
        self._trace = trace
        self._full = full
        self._answered_at = answered_at(trace)
        self._durations = durations(trace)

    def parts(self) -> Iterator[RenderableType]:
        """Head, events and outcome."""
        yield from self._head()
        shown: set[int] = set()
        for place, event in enumerate(self._trace.events):
            if place not in shown:
                yield from self._event(event, place, shown)
        yield from self._outcome()

    def _head(self) -> Iterator[RenderableType]:
        trace = self._trace
        yield Text(printable(f"trace {trace.id}", keep_lines=False), style="bold")
        facts = [
            began(trace, "%Y-%m-%d %H:%M:%S") or "nobody knows when",
            f"{trace.model} on {trace.toolset}",
            f"{trace.prompt_format} format",
            *([f"task {trace.task}"] if trace.task else []),
        ]
        yield Text(printable(", ".join(facts), keep_lines=False), style="dim")
        where = f" at {trace.base_url}" if trace.base_url else ""
        yield Text(
            printable(f"{counted(len(trace.known_tools()), 'tool')}{where}", keep_lines=False),
            style="dim",
        )
        yield Text()

    def _event(self, event: Event, place: int, shown: set[int]) -> Iterator[RenderableType]:
        match event:
            case UserEvent():
                yield _marked("You: ", event.text, "bold")
                yield Text()
            case AssistantEvent():
                yield from self._step(event, place, shown)
                yield Text()
            case ObservationEvent() if event.source == "user":
                yield _marked("You: ", event.text, "bold")
                yield Text()
            case ObservationEvent():
                yield from self._observation(event, place)
                yield Text()

    def _step(self, step: AssistantEvent, place: int, shown: set[int]) -> Iterator[RenderableType]:
        taken = [*time_parts(self._durations[place]), *usage_parts(step.usage)]
        facts = f" ({', '.join(taken)})" if taken else ""
        yield Text(f"{_step_name(self._trace, place)}{facts}", style="dim")
        if step.thought:
            yield _marked("  ", step.thought, "italic")
        if step.problem:
            yield _marked("! ", step.problem, "yellow")
        for call in step.calls:
            yield from self._call(call, shown)
        if step.answer is not None:
            yield _marked("  ", step.answer, "bold")
        if self._full and step.raw:
            yield from _block("raw", step.raw)

    def _call(self, call: Call, shown: set[int]) -> Iterator[RenderableType]:
        yield _marked("→ ", call_line(call), "cyan")
        if call.problem:
            yield _marked("! ", call.problem, "yellow")
        place = self._answered_at.get(call.id)
        if place is None:
            yield _marked("  ", "(no answer)", "dim")
            return
        observation = self._trace.events[place]
        assert isinstance(observation, ObservationEvent)
        if observation.source != "user":  # what a person said stands where it was said
            shown.add(place)
            yield from self._observation(observation, place)

    def _observation(self, event: ObservationEvent, place: int) -> Iterator[RenderableType]:
        good = event.response is not None and event.response.status < 400
        style = "green" if good else "red"
        seconds = event.response.seconds if event.response else self._durations[place]
        facts = f" ({seconds_text(seconds)})" if event.response and seconds else ""
        if not self._full:
            line = Text("  ").append(observation_line(event), style=style)
            yield _Cut(line, Text(facts, style="dim"))
            return
        first = f"{event.response.status}" if event.response else event.source
        said = f"{first}{facts} {', '.join(notes(event))}".rstrip()
        yield _marked("  ", printable(said, keep_lines=False), style)
        if event.request is not None:
            yield from _request(event.request)
        if event.response is not None:
            yield from _response(event.response)
        yield from _block("what the model reads", event.text)
        for file in event.files:
            kept = f"{file.name} ({file.content_type}, {file.size:,} bytes)"
            yield _marked("    kept: ", kept, "dim")

    def _outcome(self) -> Iterator[RenderableType]:
        outcome = self._trace.outcome
        reason = f": {outcome.reason}" if outcome.reason else ""
        yield _marked("", f"{outcome.status}{reason}", OUTCOME_STYLES[outcome.status])
        yield Text(str(totals(self._trace)), style="dim")


class _Cut:
    """A line that ends with *end* and is cut before it where the terminal ends."""

    def __init__(self, line: Text, end: Text | None = None) -> None:
        self._line = line
        self._end = end or Text()

    def __rich_console__(self, console: Console, _options: object) -> Iterator[RenderableType]:
        line = self._line.copy()
        line.truncate(max(console.width - len(self._end), _NARROWEST), overflow="ellipsis")
        yield line + self._end


def _step_name(trace: Trace, place: int) -> str:
    """``Step 3`` for the third reply of the model, which is the event at *place*."""
    steps = sum(isinstance(event, AssistantEvent) for event in trace.events[: place + 1])
    return f"Step {steps}"


def _request(request: HttpRequest) -> Iterator[RenderableType]:
    yield _marked("    ", f"{request.method} {request.url}", "cyan")
    yield from _headers(request.headers)
    if request.body:
        yield from _block("", request.body)


def _response(response: HttpResponse) -> Iterator[RenderableType]:
    yield _marked("    ", f"HTTP {response.status}", "cyan")
    yield from _headers(response.headers)
    if response.body:
        yield from _block("", response.body)


def _headers(headers: Mapping[str, str]) -> Iterator[RenderableType]:
    for name, value in headers.items():
        yield _marked("    ", f"{name}: {value}", "dim")


def _block(title: str, text: str) -> Iterator[RenderableType]:
    if title:
        yield Text(f"    {title}:", style="dim")
    yield _marked(" " * 6, pretty_json(text), "none")


def _marked(mark: str, text: str, style: str) -> RenderableType:
    """*text* that stands beside its mark, however many lines it takes."""
    return _Marked(mark, Text(printable(text), style=style))


class _Marked:
    def __init__(self, mark: str, text: Text) -> None:
        self._mark = mark
        self._text = text

    def __rich_console__(self, console: Console, _options: object) -> Iterator[RenderableType]:
        width = max(console.width - len(self._mark), _NARROWEST)
        for place, line in enumerate(self._text.wrap(console, width)):
            line.rstrip()
            mark = self._mark if place == 0 else " " * len(self._mark)
            yield Text(mark, style=self._text.style) + line
