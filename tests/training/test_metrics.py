from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from toolalpaca.llm.protocol import Usage
from toolalpaca.task import GoldenCall, Kind, Task
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    HttpRequest,
    HttpResponse,
    ObservationEvent,
    Outcome,
    Source,
    Status,
    Trace,
    UserEvent,
)
from toolalpaca_training.metrics import failure, score, summarize


def golden(function: str, optional: bool = False, **arguments: Any) -> GoldenCall:
    return GoldenCall(function=function, arguments=arguments, optional=optional)


def task(*calls: GoldenCall, kind: Kind = "single") -> Task:
    return Task(id="t", toolset="library", instruction="?", golden=calls, kind=kind)


def made(
    tool: str,
    method: str | None = "GET",
    status: int = 200,
    source: Source = "simulator",
    problem: str | None = None,
    **arguments: Any,
) -> tuple[Call, str | None, int, Source]:
    return Call(id="", tool=tool, arguments=arguments, problem=problem), method, status, source


def run(*calls: tuple[Call, str | None, int, Source], status: Status = "answered") -> Trace:
    events: list[Event] = [UserEvent(index=0, at=0, text="?")]
    for number, (call, method, code, source) in enumerate(calls, 1):
        named = call.model_copy(update={"id": f"call_{number}"})
        sent = HttpRequest(method=method, url="http://x/") if method else None
        events.append(AssistantEvent(index=0, at=0, calls=(named,)))
        events.append(
            ObservationEvent(
                index=0, at=0, source=source, call=named.id, tool=named.tool, text="{}",
                request=sent, response=HttpResponse(status=code, body="{}") if sent else None,
            )
        )  # fmt: skip
    events.append(AssistantEvent(index=0, at=0, answer="Done."))
    return Trace(
        toolset="library", model="m", prompt_format="native", events=events,
        outcome=Outcome(
            status=status, usage=Usage(prompt_tokens=10, completion_tokens=2), seconds=3
        ),
    )  # fmt: skip


def test_what_was_done_right_counts_in_full() -> None:
    result = score(task(golden("getBook", id=7)), run(made("getBook", id=7)))
    assert result.success
    assert result.finished
    summary = summarize([result])
    assert (summary.tool_precision, summary.tool_recall, summary.arguments) == (1, 1, 1)
    assert (summary.valid_calls, summary.success, summary.finished) == (1, 1, 1)
    assert (summary.steps, summary.tokens, summary.seconds) == (2, 12, 3)
    assert summary.asks is None


def test_a_call_too_many_costs_precision_and_a_missing_one_recall() -> None:
    right = task(golden("listBooks"), golden("getBook", id=7))
    result = score(right, run(made("listBooks"), made("listShelves")))
    summary = summarize([result])
    assert summary.tool_precision == 0.5
    assert summary.tool_recall == 0.5
    assert not result.success


def test_arguments_are_measured_on_the_calls_that_match() -> None:
    right = task(golden("getBook", id=7, language="de"))
    result = score(right, run(made("getBook", id=7, language="fr")))
    assert summarize([result]).arguments == 0.5
    assert not result.success


def test_an_optional_call_may_be_made_or_left_out() -> None:
    right = task(golden("listBooks", optional=True), golden("getBook", id=7))
    for calls in ([made("getBook", id=7)], [made("listBooks"), made("getBook", id=7)]):
        result = score(right, run(*calls))
        summary = summarize([result])
        assert result.success
        assert (summary.tool_precision, summary.tool_recall) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "valid"),
    [
        (made("getBook", None, source="validator"), 0),
        (made("noSuchTool", None, source="runtime"), 0),
        (made("getBook", None, source="runtime", problem="not JSON"), 0),
        (made("getBook", status=404), 0),
        (made("getBook", status=422, source="validator"), 0),
        (made("getBook", status=503), 1),
        (made("getBook", status=201), 1),
    ],
)
def test_a_valid_call_is_one_that_was_sent_and_not_answered_with_4xx(
    wrong: tuple[Call, str | None, int, Source], valid: int
) -> None:
    assert score(task(golden("getBook")), run(wrong)).valid_calls == valid


def test_reading_more_than_needed_is_no_failure_but_changing_more_is() -> None:
    right = task(golden("getBook", id=7))
    assert score(right, run(made("listBooks"), made("getBook", id=7))).success
    assert not score(right, run(made("getBook", id=7), made("deleteBook", "DELETE", 204))).success
    # What the API refused has changed nothing.
    assert score(right, run(made("getBook", id=7), made("deleteBook", "DELETE", 404))).success


def test_changes_come_in_order_and_reads_may_change_places() -> None:
    reads = task(golden("getBook", id=1), golden("getBook", id=2))
    assert score(reads, run(made("getBook", id=2), made("getBook", id=1))).success
    change = task(golden("createBook", title="A"), golden("listBooks"))
    create, look = made("createBook", "POST", 201, title="A"), made("listBooks")
    assert score(change, run(create, look)).success
    assert not score(change, run(look, create)).success


def test_without_an_answer_a_task_is_not_done() -> None:
    result = score(task(golden("getBook", id=7)), run(made("getBook", id=7), status="stopped"))
    assert not result.success
    assert not result.finished


def test_a_task_to_abstain_from_is_done_by_an_answer_alone() -> None:
    assert score(task(kind="abstain"), run()).success
    assert not score(task(kind="abstain"), run(made("getBook", id=7))).success
    assert summarize([score(task(kind="abstain"), run())]).tool_precision is None


def test_asking_is_measured_where_it_is_due() -> None:
    due = task(golden("getDetails"), golden("getBook", id=7), kind="ask")
    question = made("getDetails", None, source="user", question="Which book?")
    asked = score(due, run(question, made("getBook", id=7)))
    guessed = score(due, run(made("getBook", id=7)))
    assert asked.success
    assert not guessed.success
    assert asked.calls == 1
    assert summarize([asked, guessed]).asks == 0.5
    refused = made("getDetails", None, source="runtime", question="")
    assert not score(due, run(refused, made("getBook", id=7))).asked


def test_a_model_that_does_nothing_gets_nothing() -> None:
    summary = summarize([score(task(golden("getBook", id=7)), run(status="stopped"))])
    shares = (
        summary.success, summary.finished, summary.tool_precision, summary.tool_recall,
        summary.arguments, summary.valid_calls,
    )  # fmt: skip
    assert shares == (0, 0, 0, 0, 0, 0)


def test_a_failed_run_counts_as_not_done_and_takes_no_time() -> None:
    right = task(golden("getBook", id=7))
    summary = summarize([score(right, run(made("getBook", id=7))), failure(right, "m", "gone")])
    assert (summary.tasks, summary.failed) == (2, 1)
    assert (summary.success, summary.tool_recall, summary.seconds) == (0.5, 0.5, 3)


def test_calls_weigh_the_same_in_whatever_task_they_are() -> None:
    one = score(task(golden("getBook", id=7)), run(made("getBook", id=7)))
    many: Sequence[Any] = [made("listShelves") for _ in range(3)]
    other = score(task(golden("getBook", id=7)), run(*many))
    assert summarize([one, other]).tool_precision == 0.25


def test_no_results_are_no_numbers() -> None:
    summary = summarize([])
    assert summary.tasks == 0
    assert summary.success is None
