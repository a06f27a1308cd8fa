"""Golden calls are made before anybody is asked to: what cannot be done is no task."""

from collections.abc import Iterator
from typing import Any

import pytest

from toolalpaca.errors import ApiError
from toolalpaca.openapi.model import Document
from toolalpaca.task import ASK_TOOL, GoldenCall, Task
from toolalpaca_corpus.instructions import make_tasks
from toolalpaca_corpus.rehearsal import Rehearsals, resolved

NEW_MEMBER = {"name": "Maya", "email": "maya@mail.example", "birth_date": "1988-07-21"}


@pytest.fixture
def rehearse(library: Document, library_url: str) -> Iterator[Rehearsals]:
    with Rehearsals([library], {"library": library_url}) as rehearsals:
        yield rehearsals


def task(*golden: tuple[str, dict[str, Any]]) -> Task:
    calls = tuple(GoldenCall(function=name, arguments=given) for name, given in golden)
    return Task(id="t", toolset="library", instruction="Do it.", golden=calls)


def out_of(function: str, path: str) -> dict[str, str]:
    return {"$from": function, "path": path}


def test_a_chain_that_hands_on_what_it_finds_works(rehearse: Rehearsals) -> None:
    found = out_of("listMembers", "/data/0/id")
    assert rehearse(task(("listMembers", {}), ("getMember", {"member_id": found}))) == "works"


def test_a_question_to_the_user_is_not_for_the_api(rehearse: Rehearsals) -> None:
    assert rehearse(task((ASK_TOOL, {"question": {"$any": "id"}}), ("listHolds", {}))) == "works"


def test_what_has_just_been_made_has_nothing_yet(rehearse: Rehearsals) -> None:
    member = out_of("registerMember", "/id")
    loan = out_of("listLoans", "/data/0/id")
    chain = (("registerMember", NEW_MEMBER), ("listLoans", {"member_id": member}))

    assert rehearse(task(*chain)) == "finds nothing"
    renewed = {"member_id": member, "loan_id": loan, "status": "returned"}
    assert rehearse(task(*chain, ("updateLoan", renewed))) == "finds nothing"


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("getMember", {"member_id": 999_999}),
        ("getMember", {}),
        ("getMember", {"member_id": {"$from": "listMembers", "path": "/data/0/id"}}),
        ("feedMembers", {}),
    ],
    ids=["not found", "no argument", "no earlier call", "no such function"],
)
def test_what_the_api_refuses_fails(
    rehearse: Rehearsals, function: str, arguments: dict[str, Any]
) -> None:
    assert rehearse(task((function, arguments))) == "fails"


def test_rehearsals_do_not_see_each_other(rehearse: Rehearsals) -> None:
    cancelled = out_of("listHolds", "/data/0/id")
    first = task(("listHolds", {}), ("cancelHold", {"hold_id": cancelled}))
    assert [rehearse(first), rehearse(first)] == ["works", "works"]


def test_nobody_there_is_an_error(library: Document) -> None:
    with (
        Rehearsals([library], {"library": "http://127.0.0.1:9"}) as rehearse,
        pytest.raises(ApiError),
    ):
        rehearse(task(("listMembers", {})))


def test_tasks_that_cannot_be_done_are_not_made(library: Document) -> None:
    tasks = make_tasks([library], 20, seed=0, rehearse=lambda _: "fails")
    assert {task.kind for task in tasks} == {"abstain"}


def test_only_now_and_then_is_something_sought_in_vain(library: Document) -> None:
    every = make_tasks([library], 60, seed=0)
    tasks = make_tasks([library], 60, seed=0, rehearse=lambda _: "finds nothing")
    kinds = [task.kind for task in tasks]
    assert {"multi", "ask"}.isdisjoint(kinds)
    assert 0 < kinds.count("single") < len(every) / 2


def test_references_are_resolved_at_any_depth() -> None:
    results = {"find": {"items": [{"id": 7}]}}
    reference = out_of("find", "/items/0/id")
    assert resolved({"a": [reference, 1], "b": {"c": reference}}, results) == {
        "a": [7, 1],
        "b": {"c": 7},
    }
    for path in ("/items/1/id", "/items/x/id", "/items/0/id/0", "/other"):
        with pytest.raises(LookupError):
            resolved(out_of("find", path), results)
