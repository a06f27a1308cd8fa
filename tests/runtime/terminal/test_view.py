from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.cells import cell_len
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


def shown(
    *items: Event | TextDelta,
    outcome: Outcome | None = None,
    prompt_format: str = "native",
    folded: bool = False,
    **console: Any,
) -> str:
    file = io.StringIO()
    options = {"width": 80, "highlight": False, "markup": False, "emoji": False, **console}
    view = TerminalView(Console(file=file, **options), echo=True, folded=folded)
    play(view, *items, outcome=outcome, prompt_format=prompt_format)
    return file.getvalue()


def dumb(*items: Event | TextDelta, **options: Any) -> str:
    """What a terminal shows that can only print."""
    environment = {"TERM": "dumb"}
    return shown(*items, force_terminal=True, _environ=environment, color_system=None, **options)


def play(
    view: View,
    *items: Event | TextDelta,
    outcome: Outcome | None = None,
    prompt_format: str = "native",
) -> None:
    trace = Trace(
        id="t", toolset="pets", model="m", prompt_format=prompt_format,
        outcome=outcome or Outcome(status="answered"),
    )  # fmt: skip
    view.begin(trace)
    for item in items:
        if not isinstance(item, TextDelta):
            trace.events.append(item)
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


@pytest.mark.parametrize("folded", [True, False])
def test_a_problem_of_a_reply_is_told_once(folded: bool) -> None:
    told = observed("", source="runtime", text="The reply was empty.", request=None, response=None)
    told_twice = shown(step(problem="The reply was empty."), told, folded=folded)
    assert told_twice.count("The reply was empty.") == 1
    assert "  The reply was empty." in shown(step(), told, folded=folded)


def test_a_folded_call_is_one_line_with_its_number() -> None:
    first, second = (Call(id=str(n), tool="getPet", arguments={"id": n}) for n in (1, 2))
    text = shown(
        step(calls=(first, second)),
        observed("{}", call="1"),
        observed("{}", 404, call="2", source="real"),
        folded=True,
    )
    assert text.splitlines() == [
        "→ getPet(id=1)  200 (simulator) in 0.0 s  [1]",
        "→ getPet(id=2)  404 in 0.0 s  [2]",
    ]


def test_a_folded_call_fits_its_line_and_keeps_its_result() -> None:
    call = Call(id="1", tool="f", arguments={"a": "猫" * 80})
    for width in (20, 40, 80):
        (line,) = shown(
            step(calls=(call,)), observed("", call="1"), folded=True, width=width
        ).splitlines()
        assert cell_len(line) <= width
        assert "200" in line
        assert line.endswith("  [1]")


def test_a_folded_call_that_was_not_sent_says_why() -> None:
    call = Call(id="1", tool="f")
    refused = observed("", call="1", text="Mend this:\n- a", response=None, source="validator")
    text = shown(step(calls=(call,)), refused, folded=True)
    assert text == "→ f()  Mend this: - a  [1]\n"


def test_a_call_that_was_interrupted_is_shown() -> None:
    text = shown(
        step(calls=(Call(id="1", tool="f"),)), folded=True, outcome=Outcome(status="interrupted")
    )
    assert text == "→ f()  interrupted  [1]\n"


def test_text_is_shown_once_while_it_comes() -> None:
    pieces = [
        TextDelta(piece) for piece in ("Thought: I", " know", ".\nAns", "wer: It is", " Rex.")
    ]
    text = dumb(*pieces, step(thought="I know.", answer="It is Rex."), prompt_format="react")
    assert text == "  I know.\nIt is Rex.\n"


def test_text_before_native_calls_is_not_repeated() -> None:
    call = Call(id="1", tool="f")
    said = step(thought="I look.", calls=(call,))
    assert dumb(TextDelta("I look."), said) == "I look.\n→ f()\n"


def test_a_reply_that_begins_again_is_told_from_what_it_replaces() -> None:
    pieces = ("Thought: I kn", "Thought: I know.\nAnswer: Rex.")
    items = [TextDelta(pieces[0]), TextDelta("", restart=True), TextDelta(pieces[1])]
    said = step(thought="I know.", answer="Rex.")
    assert dumb(*items, said, prompt_format="react").splitlines() == [
        "  I kn…",
        "! The model broke off, and begins again.",
        "  I know.",
        "Rex.",
    ]


def test_what_was_written_before_an_interruption_is_shown() -> None:
    assert dumb(TextDelta("It is Re"), outcome=Outcome(status="interrupted")) == "It is Re\n"


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
