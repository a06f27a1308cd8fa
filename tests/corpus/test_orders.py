"""Steps in words, as a person would say them."""

from random import Random
from typing import Any

import pytest

from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.openapi.loading import load_document
from toolalpaca_corpus.orders import word_step
from toolalpaca_corpus.steps import Step


def tool(
    path: str, summary: str, *parameters: dict[str, Any], method: str = "get", body: Any = None
) -> Tool:
    operation: dict[str, Any] = {
        "summary": summary,
        "parameters": [{"in": "query", "schema": {"type": "string"}} | p for p in parameters],
        "responses": {"200": {"description": "ok"}},
    }
    if body is not None:
        content = {"application/json": {"schema": {"type": "object", "properties": body}}}
        operation["requestBody"] = {"content": content}
    document = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "paths": {path: {method: operation}},
        },
        name="t",
    )
    (made,) = make_tools(document)
    return made


def in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True}


def orders(of: Tool, arguments: dict[str, Any], **more: Any) -> set[str]:
    """The order in many wordings, in lower case."""
    step = Step(of, arguments, **more)
    return {word_step(step, Random(seed)).task for seed in range(40)}


def test_what_is_searched_is_named_with_the_place() -> None:
    search = tool("/books", "Search the catalogue by title", {"name": "title"})
    for order in orders(search, {"title": "Emma"}):
        assert order.startswith("search the catalogue for books ")
        assert "Emma" in order


def test_relative_clauses_and_limits_come_last_and_one_with_holds_the_rest() -> None:
    stations = tool(
        "/stations",
        "List stations",
        {"name": "limit", "schema": {"type": "integer"}},
        {
            "name": "fresh",
            "description": "Only stations that have reported today.",
            "schema": {"type": "boolean"},
        },
        {"name": "country"},
        {
            "name": "min_elevation",
            "schema": {"type": "number"},
            "description": "Lowest height above the sea.",
        },
        {"name": "owner", "description": "Owner of the station"},
    )
    arguments = {
        "limit": 5,
        "fresh": True,
        "country": "NO",
        "min_elevation": 300,
        "owner": "Maya",
    }
    for order in orders(stations, arguments):
        places = [order.index(w) for w in ("in NO", "with", "that have reported today", "5")]
        assert places == sorted(places)
        assert order.count(" with ") == 1
        assert " ," not in order


def test_units_stand_behind_their_number() -> None:
    alert = tool("/alerts", "List alerts", {"name": "min_delay_minutes"})
    said = orders(alert, {"min_delay_minutes": 15})
    assert {order.split(" with ")[1] for order in said} == {
        "a delay of at least 15 minutes",
        "a delay of 15 minutes or more",
    }


@pytest.mark.parametrize(
    ("value", "never"), [("8c6cb650-944d-41c3-98b5-935534e7dc1e", "number"), ("north", "number")]
)
def test_only_short_numbers_are_numbers(value: str, never: str) -> None:
    get = tool("/bookings/{booking_id}", "Get one booking", in_path("booking_id"))
    assert not any(never in order for order in orders(get, {"booking_id": value}))
    assert any("booking number 42" in order for order in orders(get, {"booking_id": "42"}))


def test_what_is_withheld_is_spoken_of_as_if_it_were_known() -> None:
    cancel = tool(
        "/bookings/{booking_id}", "Cancel a booking", in_path("booking_id"), method="delete"
    )
    withheld = frozenset({"booking_id"})
    assert orders(cancel, {"booking_id": "42"}, withheld=withheld) == {"cancel the booking"}


def test_neighbouring_parameters_are_told_apart() -> None:
    get = tool("/repos/{owner}/{repo}", "Get a repo", in_path("owner"), in_path("repo"))
    for order in orders(get, {"owner": "maya", "repo": "alpaca"}):
        assert "owner" in order
        assert "repo alpaca" in order


def test_two_names_of_one_change_are_a_change() -> None:
    renew = tool(
        "/loans/{loan_id}",
        "Renew a loan or mark it as returned",
        in_path("loan_id"),
        method="patch",
        body={"status": {"type": "string"}},
    )
    for order in orders(renew, {"loan_id": 5, "status": "returned"}):
        assert order.split()[0] in ("change", "update", "set")
        assert "the status of " in order
        assert order.endswith(" to returned")
        assert " or mark" not in order


def test_parts_of_a_small_object_stand_in_brackets() -> None:
    place = {
        "type": "object",
        "description": "Place on the map.",
        "properties": {"latitude": {"type": "number"}, "longitude": {"type": "number"}},
    }
    add = tool("/stations", "Add a station", method="post", body={"position": place})
    for order in orders(add, {"position": {"latitude": 60.4, "longitude": 5.3}}):
        assert order.endswith("with the place on the map (latitude 60.4 and longitude 5.3)")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("include_drafts", True, "with drafts"),
        ("with_stops", False, "without stops"),
        ("complete", True, "with complete set to yes"),
        ("exclude_sources", "wiki", "with exclude sources set to wiki"),
    ],
)
def test_switches(name: str, value: Any, said: str) -> None:
    kind = "boolean" if isinstance(value, bool) else "string"
    trains = tool("/trains", "List trains", {"name": name, "schema": {"type": kind}})
    assert {order.split(" trains ")[1] for order in orders(trains, {name: value})} == {said}


@pytest.mark.parametrize(
    ("summary", "order"),
    [
        ("Delete the value ':name' of :project", "the value a name of a project"),
        ("Given a word as a string, returns its score", "its score"),
        ("Trigger a build, returns a summary", "trigger a build"),
        ("Get the [country](https://x.example/codes) [DEPRECATED]", "the country"),
        ("Pay for a booking by card or voucher", "pay for a booking"),
        ("Order thing by ID", "order a thing"),
        ("List what a thing has measured", "list what a thing has measured"),
    ],
)
def test_what_summaries_hold_besides_the_order_is_left_out(summary: str, order: str) -> None:
    plain = tool("/things", summary, method="post")
    for said in orders(plain, {}):
        assert said.endswith(order)
