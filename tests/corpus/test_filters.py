"""Each filter drops what it is for and nothing else."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.openapi.model import Document
from toolalpaca.task import GoldenCall, Task, Toolset
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
from toolalpaca_corpus.filters import (
    MOST_STEPS,
    MOST_WORDS,
    NEARLY_THE_SAME,
    Candidate,
    KeptInstructions,
    reasons_to_drop,
)
from toolalpaca_corpus.toolsets import make_toolset

LISTED = '{"items": [{"id": 7, "name": "Rex", "kind": "dog"}]}'


@pytest.fixture
def toolset(pets: Document) -> Toolset:
    return make_toolset(pets)


@pytest.fixture
def good(toolset: Toolset) -> Candidate:
    """Find the dogs and remove the first: what no filter objects to."""
    task = Task(
        id="pets-1",
        toolset="pets",
        instruction="Find the dogs and remove the first one.",
        golden=(
            GoldenCall(function="listPets", arguments={"kind": "dog"}),
            GoldenCall(
                function="removePet",
                arguments={"pet_id": {"$from": "listPets", "path": "/items/0/id"}},
            ),
        ),
        kind="multi",
    )
    events = [
        UserEvent(index=0, at=0, text=task.instruction),
        *step("listPets", {"kind": "dog"}, body=LISTED),
        *step("removePet", {"pet_id": 7}, status=204),
        AssistantEvent(index=9, at=0, answer="Rex is gone.", raw="Rex is gone."),
    ]
    return Candidate(task, trace_of(events), toolset)


def trace_of(events: list[Any], **outcome: Any) -> Trace:
    numbered = [event.model_copy(update={"index": i}) for i, event in enumerate(events)]
    ended = {"status": "answered", "answer": "Rex is gone.", **outcome}
    return Trace(
        toolset="pets", model="m", prompt_format="native", events=numbered, outcome=Outcome(**ended)
    )


def step(
    tool: str,
    arguments: dict[str, Any],
    *,
    status: int = 200,
    body: str = "",
    conforming: bool = True,
    problem: str | None = None,
) -> list[Event]:
    call = Call(id=f"{tool}{arguments}", tool=tool, arguments=arguments, problem=problem)
    return [
        AssistantEvent(index=0, at=0, calls=(call,), raw=f"{tool} {arguments}"),
        ObservationEvent(
            index=0,
            at=0,
            source="simulator",
            call=call.id,
            tool=tool,
            text=f"Status Code: {status}. Response: {body}",
            request=HttpRequest(method="GET", url="http://127.0.0.1/"),
            response=HttpResponse(status=status, body=body),
            conforming=conforming,
        ),
    ]


def with_events(candidate: Candidate, *events: Any, **outcome: Any) -> Candidate:
    return Candidate(candidate.task, trace_of(list(events), **outcome), candidate.toolset)


def found(candidate: Candidate) -> dict[str, str]:
    return {reason.filter: reason.detail for reason in reasons_to_drop(candidate)}


def test_a_good_trace_is_kept(good: Candidate) -> None:
    assert found(good) == {}


def test_a_run_must_answer(good: Candidate) -> None:
    stopped = with_events(good, *good.trace.events, status="stopped", reason="12 steps", answer="")
    silent = with_events(good, *good.trace.events, answer=" ")

    assert found(stopped) == {"finished": "it ended as stopped: 12 steps"}
    assert found(silent) == {"finished": "its answer is empty"}


def test_a_response_must_not_break_the_document(good: Candidate) -> None:
    user, first, _, *rest = good.trace.events
    broken = step("listPets", {"kind": "dog"}, body=LISTED, conforming=False)[1]

    assert found(with_events(good, user, first, broken, *rest)) == {
        "conforming_responses": "the response of listPets with 200 breaks the document"
    }


def test_steps_must_be_readable(good: Candidate) -> None:
    user, *rest = good.trace.events
    babble = AssistantEvent(index=0, at=0, problem="no JSON", raw="...")
    unread = step("listPets", {}, problem="no JSON")

    assert found(with_events(good, user, babble, *rest)) == {
        "readable_steps": "step 1 could not be read: no JSON"
    }
    assert found(with_events(good, user, *unread, *rest)) == {
        "readable_steps": "a call of listPets could not be read: no JSON"
    }


def test_golden_calls_must_be_made(good: Candidate) -> None:
    user, *rest = good.trace.events

    assert found(with_events(good, user, rest[-1])) == {"golden_calls": "listPets was not called"}
    others = with_events(good, user, *step("listPets", {"kind": "cat"}, body=LISTED), *rest[2:])
    assert found(others) == {"golden_calls": "listPets was called with other arguments"}


def test_nothing_may_be_called_where_nothing_helps(good: Candidate) -> None:
    task = good.task.model_copy(update={"golden": (), "kind": "abstain"})
    user, *rest = good.trace.events

    assert found(Candidate(task, trace_of([user, rest[-1]]), good.toolset)) == {}
    assert found(Candidate(task, trace_of([user, *rest[:2], rest[-1]]), good.toolset)) == {
        "golden_calls": "it called listPets where the API cannot help"
    }


def test_golden_calls_must_succeed(good: Candidate) -> None:
    user, *rest = good.trace.events
    refused = step("removePet", {"pet_id": 7}, status=404)

    assert found(with_events(good, user, *rest[:2], *refused, rest[-1])) == {
        "successful_calls": "removePet was answered with 404"
    }


def test_nothing_may_be_called_unasked(good: Candidate) -> None:
    *before, answer = good.trace.events
    unasked = step("addPet", {"name": "Tom", "kind": "cat"}, body='{"id": 8}')
    refused = step("addPet", {"name": "Tom", "kind": "cat"}, status=422)

    assert found(with_events(good, *before, *unasked, answer)) == {
        "asked_for_calls": "nobody asked for addPet"
    }
    assert found(with_events(good, *before, *refused, answer)) == {}


def test_calls_must_differ(good: Candidate) -> None:
    user, *rest = good.trace.events
    again = step("listPets", {"kind": "dog"}, body=LISTED)

    assert found(with_events(good, user, *again, *rest)) == {
        "asked_for_calls": "nobody asked for listPets",
        "distinct_calls": "listPets was called 2 times with the same arguments",
    }


@pytest.mark.parametrize(
    ("text", "invented"), [("Remove the pet 7.", False), ("Remove the pet 17.", True)]
)
def test_ids_must_come_from_somewhere(good: Candidate, text: str, invented: bool) -> None:
    golden = GoldenCall(function="removePet", arguments={"pet_id": {"$any": "the id"}})
    task = good.task.model_copy(update={"golden": (golden,), "instruction": text})
    user = UserEvent(index=0, at=0, text=text)
    answer = good.trace.events[-1]
    trace = trace_of([user, *step("removePet", {"pet_id": 7}, status=204), answer])

    reasons = found(Candidate(task, trace, good.toolset))

    assert ("grounded_ids" in reasons) is invented


def test_traces_must_be_short_enough(good: Candidate) -> None:
    *before, answer = good.trace.events
    many = [e for n in range(MOST_STEPS) for e in step("getPet", {"pet_id": 7, "page": n})]
    long = step("getPet", {"pet_id": 7}, body="word " * MOST_WORDS)

    assert "steps" in found(with_events(good, *before, *many, answer))["bounded_length"]
    assert "words" in found(with_events(good, *before, *long, answer))["bounded_length"]


def test_an_instruction_that_was_kept_is_not_kept_again(good: Candidate) -> None:
    kept = KeptInstructions()
    words = " ".join(f"word{n}" for n in range(40))

    def add(name: str, text: str, toolset: str = "pets") -> str | None:
        task = good.task.model_copy(update={"id": name, "instruction": text, "toolset": toolset})
        reason = kept.add(task)
        return reason.detail if reason else None

    assert add("a", words) is None
    assert add("b", f"{words.upper()}!") == "it repeats that of a"
    assert add("c", f"{words} please") == "it repeats that of a"
    assert add("d", words, toolset="others") is None
    assert add("e", "Find the dogs.") is None
    assert add("f", "Find the cats.") is None


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=12), max_size=12))
def test_comparing_only_candidates_finds_every_repetition(texts: list[list[str]]) -> None:
    """Prefix filtering is exact: it agrees with comparing everything."""
    kept = KeptInstructions()
    sets: list[set[tuple[str, str]]] = []
    for number, words in enumerate(texts):
        padded = ["", *words, ""]
        pairs = set(pairwise(padded))
        repeats = any(len(pairs & o) / len(pairs | o) >= NEARLY_THE_SAME for o in sets)
        if not repeats:
            sets.append(pairs)
        task = Task(id=str(number), toolset="pets", instruction=" ".join(words))

        assert (kept.add(task) is not None) is repeats


def test_a_candidate_is_judged_by_its_own_toolset(good: Candidate) -> None:
    empty = replace(good, toolset=good.toolset.model_copy(update={"functions": ()}))

    assert "grounded_ids" not in found(empty)
