from __future__ import annotations

import io
import json
from typing import Any

from rich.console import Console

from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    HttpRequest,
    HttpResponse,
    ObservationEvent,
    Outcome,
    Trace,
    UserEvent,
)
from toolalpaca_runtime.agent import TextDelta
from toolalpaca_runtime.terminal import JsonView, TerminalView, View

GET = HttpRequest(method="GET", url="http://h/x")


def observed(body: str, status: int = 200, **more: Any) -> ObservationEvent:
    response = HttpResponse(status=status, body=body)
    options = {"source": "simulator", "text": "t", "request": GET, "response": response, **more}
    return ObservationEvent(index=0, at=0, **options)


def shown(*items: Event | TextDelta, outcome: Outcome | None = None, **console: Any) -> str:
    file = io.StringIO()
    options = {"width": 80, "highlight": False, "markup": False, "emoji": False, **console}
    view = TerminalView(Console(file=file, **options), echo=True)
    play(view, *items, outcome=outcome)
    return file.getvalue()


def play(view: View, *items: Event | TextDelta, outcome: Outcome | None = None) -> None:
    trace = Trace(
        id="t", toolset="pets", model="m", prompt_format="native",
        outcome=outcome or Outcome(status="answered"),
    )  # fmt: skip
    view.begin(trace)
    for item in items:
        view.show(item)
    view.end(trace)


def step(**fields: Any) -> AssistantEvent:
    return AssistantEvent(index=0, at=0, **fields)


def test_a_turn_reads_from_top_to_bottom() -> None:
    call = Call(id="1", tool="searchTrains", arguments={"origin": "VIE", "direct": True})
    text = shown(
        UserEvent(index=0, at=0, text="Find a train"),
        TextDelta("I loo"),
        step(thought="I look for one.", calls=(call,)),
        observed('{\n  "items": []\n}'),
        step(answer="There is none."),
    )
    assert text.splitlines() == [
        "You: Find a train",
        "  I look for one.",
        '→ searchTrains(origin="VIE", direct=true)',
        '  200 (simulator) { "items": [] }',
        "There is none.",
    ]


def test_nothing_is_wider_than_the_terminal() -> None:
    long = "word " * 60
    call = Call(id="1", tool="f", arguments={"a": "y" * 300})
    text = shown(
        UserEvent(index=0, at=0, text=long),
        step(thought=long, calls=(call,)),
        observed("z" * 500),
        step(answer=long),
    )
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if "z" in line] == [f"  200 (simulator) {'z' * 61}…"]
    assert sum(line.count("y") for line in lines) >= 300  # arguments are shown whole


def test_without_a_terminal_there_are_no_colours() -> None:
    items = (step(thought="Why", calls=(Call(id="1", tool="f"),)), observed("x"))
    assert "\x1b" not in shown(*items)
    assert "\x1b[" in shown(*items, force_terminal=True, color_system="standard")


def test_what_an_api_sends_does_not_drive_the_terminal() -> None:
    evil = "\x1b]0;title\x07\x1b[2J\r"
    text = shown(step(thought=evil, answer=evil), observed(evil), observed("", text=evil))
    assert not {"\x1b", "\x07", "\r"} & set(text)


def test_markup_in_texts_is_text() -> None:
    assert "[red]:smile:[/nope]" in shown(step(answer="[red]:smile:[/nope]"))


def test_errors_and_broken_responses_are_told_apart() -> None:
    assert "404 (simulator) no" in shown(observed("no", 404))
    assert "breaks its document" in shown(observed("{}", conforming=False))
    assert "  Mend this: - a" in shown(observed("", text="Mend this:\n- a", response=None))
    assert "! The reply was empty." in shown(step(problem="The reply was empty."))


def test_ends_that_are_no_answer_are_said() -> None:
    stopped = Outcome(status="stopped", reason="r", answer="I stopped without an answer: r.")
    assert "! I stopped without an answer: r." in shown(outcome=stopped)
    asked = Outcome(status="asked", reason="r", answer="Which day?")
    question = Call(id="1", tool=ASK_TOOL, arguments={"question": "Which day?"})
    assert shown(step(calls=(question,)), outcome=asked) == "? Which day?\n"


def test_as_json_a_run_is_the_records_of_its_trace() -> None:
    file = io.StringIO()
    play(JsonView(file), UserEvent(index=0, at=0, text="Hi"), TextDelta("x"), step(answer="Ho"))
    records = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [record["record"] for record in records] == ["start", "event", "event", "end"]
    assert {record["schema"] for record in records} == {"toolalpaca.trace/1"}
    assert records[-1]["outcome"]["status"] == "answered"
