"""``Prefer``, as users of Prism expect it, and beside the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]

THING = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}},
    "example": {"name": "schema"},
}


def shown(**values: str) -> dict[str, Any]:
    return {
        "schema": THING,
        "examples": {name: {"value": {"name": value}} for name, value in values.items()},
    }


@pytest.fixture
def client(open_client: Open, make_document: Callable[..., Any]) -> httpx2.Client:
    responses = {
        "404": {"description": "No", "content": {"application/json": shown(cat="lost", gone="x")}},
        "200": {
            "description": "Fine",
            "content": {
                "application/json": shown(cat="Tom", dog="Rex"),
                "application/vnd.it+json": shown(cat="Thomas", fish="Nemo"),
            },
        },
        "204": {"description": "Nothing"},
    }
    return open_client(make_document({"/thing": {"get": {"responses": responses}}}))


@pytest.mark.parametrize(
    ("prefer", "accept", "status", "name"),
    [
        ("example=dog", "*/*", 200, "Rex"),
        ("example=cat", "*/*", 200, "Tom"),
        ("example=cat", "application/vnd.it+json", 200, "Thomas"),
        ("example=fish", "*/*", 200, "Nemo"),
        ("example=gone", "*/*", 404, "x"),
        ("code=404, example=cat", "*/*", 404, "lost"),
        ("code=404", "*/*", 404, "lost"),
        ("code=404; example=gone", "*/*", 404, "x"),
        ("code=200", "*/*", 200, "Tom"),
    ],
)
def test_what_is_preferred(
    client: httpx2.Client, prefer: str, accept: str, status: int, name: str
) -> None:
    response = client.get("/thing", headers={"prefer": prefer, "accept": accept})
    assert (response.status_code, response.json()["name"]) == (status, name)
    assert response.headers["preference-applied"] == prefer.replace(";", ",")


def test_a_query_says_the_same_and_the_header_wins(client: httpx2.Client) -> None:
    query = {"__code": "404", "__example": "gone"}
    assert client.get("/thing", params=query).json() == {"name": "x"}
    response = client.get("/thing", params=query, headers={"prefer": "example=dog"})
    assert response.json() == {"name": "Rex"}
    assert client.get("/thing", params={"__dynamic": "false"}).json() == {"name": "Tom"}
    # A header that is about something else leaves it to the query.
    response = client.get("/thing", params=query, headers={"prefer": "respond-async, wait=10"})
    assert response.json() == {"name": "x"}


def test_the_first_of_a_name_counts(client: httpx2.Client) -> None:
    """https://www.rfc-editor.org/rfc/rfc7240#section-2."""
    twice = client.get("/thing", headers={"prefer": "code=404, code=200"})
    assert (twice.status_code, twice.headers["preference-applied"]) == (404, "code=404")
    assert client.get("/thing?__code=404&__code=200").status_code == 404


def test_dynamic_answers_are_no_examples(client: httpx2.Client) -> None:
    response = client.get("/thing", headers={"prefer": "dynamic=true"})
    assert response.json()["name"] not in ("Tom", "Rex", "schema")
    refused = client.get("/thing", headers={"prefer": "code=404, dynamic=true"})
    assert refused.status_code == 404
    assert refused.json()["name"] not in ("lost", "x", "schema")


def test_without_a_schema_a_dynamic_answer_is_an_example(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    content = {"content": {"application/json": {"example": {"n": 1}}}}
    paths = {"/it": {"get": {"responses": {"200": {"description": "Fine", **content}}}}}
    response = open_client(make_document(paths)).get("/it", headers={"prefer": "dynamic=true"})
    assert response.json() == {"n": 1}


def test_named_examples_beside_a_single_one_are_found(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    content = {"application/json": {"example": {"n": 1}, "examples": {"two": {"value": {"n": 2}}}}}
    responses = {"200": {"description": "Fine", "content": content}}
    client = open_client(make_document({"/it": {"get": {"responses": responses}}}))
    assert client.get("/it").json() == {"n": 1}
    assert client.get("/it", headers={"prefer": "example=two"}).json() == {"n": 2}


@pytest.mark.parametrize(
    ("prefer", "accept", "said"),
    [
        ("code=418", "*/*", "no response 418; there are 404, 200, 204"),
        ("code=999", "*/*", "no response '999'; there are 404, 200, 204"),
        ("code=abc", "*/*", "no response 'abc'; there are 404, 200, 204"),
        ("code=", "*/*", "no response ''; there are 404, 200, 204"),
        ("code=101", "*/*", "no response '101'; there are 404, 200, 204"),
        ("example=cow", "*/*", "no example 'cow' that fits its schema; there are cat, dog"),
        ("example=dog", "application/vnd.it+json", "no example 'dog'"),
        ("code=204, example=dog", "*/*", "no example 'dog'"),
    ],
)
def test_what_cannot_be_is_said(client: httpx2.Client, prefer: str, accept: str, said: str) -> None:
    response = client.get("/thing", headers={"prefer": prefer, "accept": accept})
    assert response.status_code == 404
    assert said in response.json()["detail"]
    # A 404 that the document describes looks otherwise.
    assert response.headers["toolalpaca-source"] == "router; reason=preference"
    assert said in response.headers["toolalpaca-problem"]
    assert "preference-applied" not in response.headers


def test_a_preferred_success_is_a_true_one(open_client: Open, pets: dict[str, Any]) -> None:
    post = pets["paths"]["/pets"]["post"]["responses"]
    post["202"] = {**post["201"], "description": "Later"}
    client = open_client(pets)
    rex = {"name": "Rex", "kind": "dog"}
    made = client.post("/pets", json=rex, headers={"prefer": "code=202"})
    assert (made.status_code, made.headers["preference-applied"]) == (202, "code=202")
    assert client.get(f"/pets/{made.json()['id']}").json() == made.json()
    # What is not there is made up, because a success was asked for.
    assert client.get("/pets/987654", headers={"prefer": "code=200"}).status_code == 200


@pytest.mark.parametrize("prefer", ["code=400", "dynamic=true"])
def test_other_preferences_change_nothing(
    open_client: Open, pets: dict[str, Any], prefer: str
) -> None:
    client = open_client(pets)
    before = client.get("/pets").json()
    client.post("/pets", json={"name": "Rex", "kind": "dog"}, headers={"prefer": prefer})
    assert client.get("/pets").json() == before


def test_a_preferred_error_says_what_it_is(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    error = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    content = {"application/json": {"schema": error}}
    responses = {"200": {"description": "Fine"}, "404": {"description": "No", "content": content}}
    client = open_client(make_document({"/thing": {"get": {"responses": responses}}}))
    response = client.get("/thing", headers={"prefer": "code=404"})
    assert response.status_code == 404
    assert response.json() == {"error": "Not Found"}
