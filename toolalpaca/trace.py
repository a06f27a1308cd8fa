"""The trace: what happened in one run of an agent, in order.

It is the seam between running and learning: the runtime writes traces, the corpus checks them,
training learns from them, and anyone may write them who keeps to this schema.

A trace file is JSON Lines of *records*. A run in progress appends ``start``, then ``event`` lines,
then ``end``; finished traces may also stand on one line each, as a ``trace`` record::

    {"schema": "toolalpaca.trace/1", "record": "start", "id": ..., "model": ..., "tools": [...]}
    {"schema": "toolalpaca.trace/1", "record": "event", "trace": ..., "event": {...}}
    {"schema": "toolalpaca.trace/1", "record": "end", "trace": ..., "outcome": {...}}
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from toolalpaca.errors import DataError
from toolalpaca.jsonl import JsonlWriter, parse_record, read_records
from toolalpaca.llm.protocol import ToolSpec, Usage

TRACE_SCHEMA: Final = "toolalpaca.trace/1"

Source = Literal["assistant", "user", "simulator", "real", "cache", "validator", "runtime"]
Status = Literal["answered", "asked", "stopped", "failed", "interrupted"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(_Part):
    """One use of a tool, parsed.

    Attributes:
        id: Unique within the trace.
        tool: The tool's name as the model wrote it.
        arguments: The arguments; empty when *problem* says why they could not be read.
        problem: What was wrong with the call, or None.
    """

    id: str
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    problem: str | None = None


class HttpRequest(_Part):
    """A request as it was sent; secrets are redacted."""

    method: str
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None


class HttpResponse(_Part):
    """A response as it came; a body that is no text is described instead.

    Attributes:
        seconds: What the call took.
        cut_off: Whether the body went on, beyond what is read of one.
    """

    status: int
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0
    cut_off: bool = False


class _Event(_Part):
    """What every event has.

    Attributes:
        index: Position in the trace, from 0.
        at: Seconds since the trace began.
        source: Who made it.
        raw: The text exactly as the model wrote or read it; ``""`` where there was none.
        trainable: Whether these are the assistant's own words, to be learned.
    """

    index: int
    at: float
    source: Source
    raw: str = ""
    trainable: bool = False


class StoredFile(_Part):
    """What was too long or no text, and was kept beside the trace.

    Attributes:
        name: Its name there, which the model may give to ``retrievalDataFromFile``.
        content_type: Its media type.
        size: Bytes.
    """

    name: str
    content_type: str
    size: int


class UserEvent(_Event):
    """The user says something: an instruction, or another turn of a chat.

    Attributes:
        tools: Tools that were not there before and that these words made worth showing.
    """

    kind: Literal["user"] = "user"
    source: Source = "user"
    text: str
    tools: tuple[ToolSpec, ...] = ()


class AssistantEvent(_Event):
    """The model's step: a thought, and calls or an answer.

    Attributes:
        thought: Why, in the model's words.
        calls: What it uses.
        answer: What it tells the user; a step that answers ends the turn.
        problem: Why the text could not be read as a step, or None.
        usage: Tokens that the step took.
    """

    kind: Literal["assistant"] = "assistant"
    source: Source = "assistant"
    trainable: bool = True
    thought: str = ""
    calls: tuple[Call, ...] = ()
    answer: str | None = None
    problem: str | None = None
    usage: Usage = Usage()


class ObservationEvent(_Event):
    """What came back of a call, or what the runtime says of a step that could not be read.

    Attributes:
        call: The id of the call, or None when it answers an unreadable step.
        tool: The tool's name.
        text: What the model sees.
        request: The HTTP request, when one was sent.
        response: The HTTP response, when one came.
        conforming: Whether the response satisfies the document; None when that is not known.
        fault: The disturbance that was injected, or None.
        tools: Tools that were not there before and that the model can use from now on.
        files: What of the response was kept beside the trace.
        approved: What a person said when asked whether to send it; None when nobody was asked.
    """

    kind: Literal["observation"] = "observation"
    call: str | None = None
    tool: str = ""
    text: str
    request: HttpRequest | None = None
    response: HttpResponse | None = None
    conforming: bool | None = None
    fault: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    files: tuple[StoredFile, ...] = ()
    approved: bool | None = None


Event = Annotated[UserEvent | AssistantEvent | ObservationEvent, Field(discriminator="kind")]


class Outcome(_Part):
    """How a run ended.

    Attributes:
        status: ``answered``; ``asked`` (it waits for the user); ``stopped`` (a limit); ``failed``
            (an error outside the model); ``interrupted`` (nobody wrote an end).
        reason: Why, for every status but ``answered``.
        answer: The final words to the user.
    """

    status: Status
    reason: str = ""
    answer: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0


class TraceStart(BaseModel):
    """What is known before the first event.

    Attributes:
        id: Unique.
        task: The id of the task, or None for a person's own run.
        toolset: The name of the API.
        model: The name of the model.
        prompt_format: The name of the prompt format that made ``raw``.
        tools: The tools as the model was shown them first: a trace can be rendered without its
            document. Events may add more.
        base_url: Where the API was.
        extra: What a format that the trace was imported from says besides, by the format's name,
            for its exporter.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default_factory=lambda: uuid.uuid4().hex)
    task: str | None = None
    toolset: str
    model: str
    prompt_format: str
    seed: int = 0
    base_url: str = ""
    started: datetime = Field(default_factory=lambda: datetime.now(UTC))
    tools: tuple[ToolSpec, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)


class Trace(TraceStart):
    """A whole run: its start, its events and its outcome."""

    events: list[Event] = Field(default_factory=list)
    outcome: Outcome = Outcome(status="interrupted", reason="the run wrote no end")

    def known_tools(self) -> tuple[ToolSpec, ...]:
        """The tools that the model knows by now: those of the start and those of events."""
        found = {tool.name: tool for tool in self.tools}
        for event in self.events:
            if not isinstance(event, AssistantEvent):
                found.update({tool.name: tool for tool in event.tools})
        return tuple(found.values()) if len(found) > len(self.tools) else self.tools

    def calls(self) -> Iterator[Call]:
        """Every call that the assistant made, in order."""
        for event in self.events:
            if isinstance(event, AssistantEvent):
                yield from event.calls

    def observation(self, call: str) -> ObservationEvent | None:
        """The observation that answers the call with that id."""
        for event in self.events:
            if isinstance(event, ObservationEvent) and event.call == call:
                return event
        return None


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_: Literal["toolalpaca.trace/1"] = Field(alias="schema", default=TRACE_SCHEMA)


class StartRecord(TraceStart, _Record):
    """The first line of a run."""

    record: Literal["start"] = "start"


class EventRecord(_Record):
    """A line for each event."""

    record: Literal["event"] = "event"
    trace: str
    event: Event


class EndRecord(_Record):
    """The last line of a run."""

    record: Literal["end"] = "end"
    trace: str
    outcome: Outcome


class TraceRecord(Trace, _Record):
    """A finished trace on one line."""

    record: Literal["trace"] = "trace"


AnyRecord = StartRecord | EventRecord | EndRecord | TraceRecord

_RECORDS: dict[str, type[AnyRecord]] = {
    "start": StartRecord,
    "event": EventRecord,
    "end": EndRecord,
    "trace": TraceRecord,
}


class TraceWriter:
    """Writes a run as it happens; what is written survives a crash."""

    def __init__(self, path: Path) -> None:
        self._file = JsonlWriter(path)
        self.path = path

    def start(self, trace: TraceStart) -> None:
        """Write the first line of a run."""
        self._file.write(StartRecord(**{name: getattr(trace, name) for name in _START_FIELDS}))

    def event(self, trace: str, event: Event) -> None:
        """Write one event of the run with that id."""
        self._file.write(EventRecord(trace=trace, event=event))

    def end(self, trace: str, outcome: Outcome) -> None:
        """Write the last line of a run."""
        self._file.write(EndRecord(trace=trace, outcome=outcome))

    def whole(self, trace: Trace) -> None:
        """Write a finished trace on one line."""
        self._file.write(TraceRecord(**{name: getattr(trace, name) for name in _TRACE_FIELDS}))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


_START_FIELDS = tuple(TraceStart.model_fields)
_TRACE_FIELDS = tuple(Trace.model_fields)


def read_traces(path: Path) -> Iterator[Trace]:
    """The traces of a file, in the order in which they began.

    A last line that was cut off by a crash is left out; a run without an end has the outcome
    ``interrupted``. A trace on one line is final, and given as soon as no run before it is open:
    a file of such lines is never in memory as a whole.

    Args:
        path: The file; ``-`` for standard input.

    Raises:
        DataError: The file cannot be read, or a line is no record of this schema.
    """
    open_traces: dict[str, Trace] = {}
    for where, record in _records(path):
        if isinstance(record, TraceRecord):
            trace = Trace(**{n: getattr(record, n) for n in _TRACE_FIELDS})
            if open_traces:
                open_traces[record.id] = trace
            else:
                yield trace
        elif isinstance(record, StartRecord):
            open_traces[record.id] = Trace(**{n: getattr(record, n) for n in _START_FIELDS})
        else:
            if record.trace not in open_traces:
                raise DataError(f"the trace {record.trace} has not begun", where=where)
            if isinstance(record, EventRecord):
                open_traces[record.trace].events.append(record.event)
            else:
                open_traces[record.trace].outcome = record.outcome
    yield from open_traces.values()


def _records(path: Path) -> Iterator[tuple[str, AnyRecord]]:
    for number, value in read_records(path, cut_off=True):
        kind = value.get("record") if isinstance(value, dict) else None
        model = _RECORDS.get(str(kind))
        where = f"{path}:{number}"
        if model is None:
            raise DataError(
                f"record: {kind!r} is none of {', '.join(_RECORDS)}",
                where=where,
                hint=f"a trace file holds records of {TRACE_SCHEMA}",
            )
        yield where, parse_record(value, model, where)
