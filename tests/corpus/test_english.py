"""What summaries, names and values are to a person."""

from random import Random
from typing import Any

import pytest

from toolalpaca.openapi.model import Operation
from toolalpaca_corpus.english import noun_phrase, spoken
from toolalpaca_corpus.imperative import imperative, other_verb


@pytest.mark.parametrize(
    ("operation", "order"),
    [
        ({"summary": "List stations, by name, city or country"}, "list stations"),
        ({"summary": "Get one station by its code"}, "get one station"),
        ({"summary": "Returns a list of users."}, "return users"),
        ({"summary": "Find pet by ID"}, "find pet"),
        ({"summary": "Search the catalogue by title or author"}, "search the catalogue"),
        ({"description": "Retrieve a random image, with its source.\nMore."},
         "retrieve a random image, with its source"),
        ({"summary": "Public holidays of a country"}, "get public holidays of a country"),
        ({"summary": "Ask for an e-mail", "method": "post"}, "ask for an e-mail"),
        ({"summary": "Lend a book to a member", "method": "post"}, "lend a book to a member"),
        ({"operation_id": "listUserOrders"}, "list user orders"),
        ({"operation_id": "weather"}, "get weather"),
        ({"summary": "User login", "method": "post"}, "submit user login"),
        ({"summary": "Get `name` of <b>pet</b>"}, "get name of pet"),
    ],
)  # fmt: skip
def test_an_operation_is_an_order(operation: dict[str, Any], order: str) -> None:
    given = {"name": "op", "operation_id": "", "method": "get", "path": "/", **operation}

    found = imperative(Operation(**given))
    assert f"{found.verb} {found.object}".strip() == order


@pytest.mark.parametrize(
    ("name", "description", "noun"),
    [
        ("date", "Day of travel, as YYYY-MM-DD.", "day of travel"),
        ("title", "The title, or part of it", "title"),
        ("maxPrice", "Only return cheaper ones.", "max price"),
        ("petId", "", "pet ID"),
        ("isbn", "ISBN of the book", "ISBN of the book"),
        ("x", "This one is described in so many words that nobody would say them all", "x"),
    ],
)
def test_an_argument_has_a_name_that_people_use(name: str, description: str, noun: str) -> None:
    assert noun_phrase(name, description) == noun


def test_colourless_verbs_vary_and_telling_ones_stay() -> None:
    def verbs(summary: str, method: str) -> set[str]:
        operation = Operation(name="op", operation_id="", method=method, path="/", summary=summary)
        order = imperative(operation)
        return {other_verb(order, Random(seed)) for seed in range(50)}

    assert len(verbs("List stations", "get")) > 4
    assert verbs("Cancel a booking", "delete") == {"cancel"}


@pytest.mark.parametrize(
    ("value", "words"),
    [(3.0, {"3"}), (2.5, {"2.5"}), (True, {"yes"}), (["a", "b", "c"], {"a, b and c"}),
     ("2027-05-04", {"2027-05-04", "4 May 2027", "May 4, 2027"}), ("2027-13-99", {"2027-13-99"})],
)  # fmt: skip
def test_values_are_said_as_people_say_them(value: Any, words: set[str]) -> None:
    assert {spoken(value, Random(seed)) for seed in range(50)} == words
