"""Traces: every form of a file gives the same traces back, and a crash keeps what there is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from toolalpaca.errors import DataError
from toolalpaca.llm.protocol import ToolSpec, Usage
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    HttpRequest,
    HttpResponse,
    ObservationEvent,
    Outcome,
    Trace,
    TraceWriter,
    UserEvent,
    read_traces,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SECONDS = st.floats(0, 1e6, allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(TEXT, JSON, max_size=3)
USAGE = st.builds(Usage, prompt_tokens=st.integers(0, 99), completion_tokens=st.integers(0, 99))
CALLS = st.builds(Call, id=TEXT, tool=TEXT, arguments=ARGUMENTS, problem=st.none() | TEXT)
HEADERS = st.dictionaries(TEXT, TEXT, max_size=2)
COMMON: dict[str, Any] = {"index": st.integers(0, 99), "at": SECONDS, "raw": TEXT}
EVENTS = st.one_of(
    st.builds(UserEvent, text=TEXT, **COMMON),
    st.builds(
        AssistantEvent,
        thought=TEXT,
        calls=st.lists(CALLS, max_size=2).map(tuple),
        answer=st.none() | TEXT,
        problem=st.none() | TEXT,
        trainable=st.booleans(),
        usage=USAGE,
        **COMMON,
    ),
    st.builds(
        ObservationEvent,
        source=st.sampled_from(["simulator", "real", "cache", "validator", "runtime"]),
        call=st.none() | TEXT,
        tool=TEXT,
        text=TEXT,
        request=st.none()
        | st.builds(
            HttpRequest, method=st.just("GET"), url=TEXT, headers=HEADERS, body=st.none() | TEXT
        ),
        response=st.none()
        | st.builds(
            HttpResponse, status=st.integers(100, 599), headers=HEADERS, body=TEXT, seconds=SECONDS
        ),
        conforming=st.none() | st.booleans(),
        fault=st.none() | TEXT,
        **COMMON,
    ),
)
OUTCOMES = st.builds(
    Outcome,
    status=st.sampled_from(["answered", "asked", "stopped", "failed", "interrupted"]),
    reason=TEXT,
    answer=TEXT,
    usage=USAGE,
    seconds=SECONDS,
)
# exclude_none leaves out what is None, so a null inside arguments is the case to watch.
TRACES = st.builds(
    Trace,
    id=st.uuids().map(lambda value: value.hex),
    task=st.none() | TEXT,
    toolset=TEXT,
    model=TEXT,
    prompt_format=TEXT,
    seed=st.integers(0, 2**32),
    base_url=TEXT,
    started=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    tools=st.lists(
        st.builds(
            ToolSpec,
            name=TEXT,
            description=TEXT,
            parameters=ARGUMENTS,
            returns=st.none() | ARGUMENTS,
        ),
        max_size=2,
    ).map(tuple),
    events=st.lists(EVENTS, max_size=4),
    outcome=OUTCOMES,
)


def run(text: str = "Hello", **start: Any) -> Trace:
    call = Call(id="c1", tool="listPets", arguments={"limit": None})
    events: list[Any] = [
        UserEvent(index=0, at=0.0, text=text),
        AssistantEvent(index=1, at=0.1, thought="Look", calls=(call,), raw="Look"),
        ObservationEvent(
            index=2, at=0.2, source="simulator", call="c1", tool="listPets", text="[]"
        ),
        AssistantEvent(index=3, at=0.3, answer="None", raw="None"),
    ]
    return Trace(
        toolset="pets",
        model="scripted",
        prompt_format="react",
        events=events,
        outcome=Outcome(status="answered", answer="None"),
        **start,
    )


def write_as_it_happens(writer: TraceWriter, trace: Trace) -> None:
    writer.start(trace)
    for event in trace.events:
        writer.event(trace.id, event)
    writer.end(trace.id, trace.outcome)


@settings(max_examples=60, deadline=None)
@given(st.lists(TRACES, max_size=3, unique_by=lambda trace: trace.id), st.booleans())
def test_traces_are_read_back_as_they_were(traces: list[Trace], whole: bool) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "traces.jsonl"
        with TraceWriter(path) as writer:
            for trace in traces:
                writer.whole(trace) if whole else write_as_it_happens(writer, trace)
        assert list(read_traces(path)) == traces


def test_interleaved_runs_come_apart_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    first, second, third = run("a", id="1"), run("b", id="2"), run("c", id="3")
    with TraceWriter(tmp_path / "t.jsonl") as writer:
        writer.start(first)
        writer.start(second)
        writer.whole(third)
        for one, two in zip(first.events, second.events, strict=True):
            writer.event("2", two)
            writer.event("1", one)
        writer.end("2", second.outcome)
        writer.end("1", first.outcome)
    assert list(read_traces(tmp_path / "t.jsonl")) == [first, second, third]


def test_finished_traces_are_given_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with TraceWriter(path) as writer:
        writer.whole(run(id="1"))
    with path.open("a") as file:
        file.write("broken\n")
    traces = read_traces(path)
    assert next(traces).id == "1"  # before the line after it is read
    with pytest.raises(DataError, match=":2: is not JSON"):
        next(traces)


@pytest.mark.parametrize("kept", [1, 2, 3, 5])
def test_a_run_that_was_interrupted_keeps_what_there_is(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    trace = run()
    with TraceWriter(path) as writer:
        write_as_it_happens(writer, trace)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:kept]) + lines[kept][: len(lines[kept]) // 2])
    (read,) = read_traces(path)
    assert read.events == trace.events[: kept - 1]
    assert read.outcome.status == "interrupted"


def test_the_file_is_json_lines_of_the_documented_records(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with TraceWriter(path) as writer:
        write_as_it_happens(writer, run(id="x"))
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert [record["record"] for record in records] == ["start", *["event"] * 4, "end"]
    assert {record["schema"] for record in records} == {"toolalpaca.trace/1"}
    assert records[0]["id"] == records[1]["trace"] == records[-1]["trace"] == "x"
    assert [record["event"]["kind"] for record in records[1:-1]] == [
        "user", "assistant", "observation", "assistant",
    ]  # fmt: skip
    assert [record["event"]["trainable"] for record in records[1:-1]] == [False, True, False, True]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"record": "event", "trace": "x", "event": {}}', r":1: event"),
        ('{"record": "banana"}', r":1: record: 'banana' is none of start, event, end, trace"),
        ("[]", r":1: record: None is none of"),
        ('{"record": "end", "trace": "x", "outcome": {"status": "answered"}}', "has not begun"),
        (
            '{"schema": "toolalpaca.trace/2", "record": "end", "trace": "x", "outcome": {}}',
            r":1: schema: Input should be 'toolalpaca.trace/1'",
        ),
    ],
)
def test_a_line_that_is_no_record_is_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(DataError, match=message):
        list(read_traces(path))


def test_calls_and_their_observations() -> None:
    trace = run()
    assert [call.tool for call in trace.calls()] == ["listPets"]
    observation = trace.observation("c1")
    assert observation is not None
    assert observation.text == "[]"
    assert trace.observation("c2") is None


def test_events_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        run().events[0].raw = "other"
