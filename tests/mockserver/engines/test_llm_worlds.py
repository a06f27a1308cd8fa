"""A model writes what a world holds; the state tells it, so that all calls agree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from toolalpaca.errors import ModelReplyError
from toolalpaca.llm.protocol import Capabilities, Grammar, JsonReply, Request

Open = Callable[..., httpx2.Client]
KINDS = ("cat", "dog", "hamster")


def task(request: Request) -> str:
    """What the model is asked to do: the last paragraph of the question."""
    return request.messages[1].content.rpartition("\n\n")[2]


def pet(number: int, **more: Any) -> dict[str, Any]:
    made = "2026-02-03T04:05:06Z"
    named = {"id": number, "name": f"Model {number}", "kind": KINDS[number % 3]}
    return {**named, "created_at": made, **more}


def pets_of_a_model(request: Request) -> str:
    """What a model says that does what it is told."""
    asked = task(request)
    several = re.search(r"Write (\d+) entries of the kind \"(\w+)\"", asked)
    about = re.search(r"with (\{.*?\}), as one", asked)
    if several is None:
        said = json.loads(about[1]) if about is not None else {}
        return json.dumps(pet(77, **said))
    items: list[dict[str, Any]]
    if several[2] == "visit":
        items = [{"id": "", "pet_id": 0, "reason": f"Reason {n}"} for n in range(int(several[1]))]
        for number, item in enumerate(items):
            item["id"] = f"00000000-0000-4000-8000-00000000000{number}"
    else:
        found = re.search(r"all have (\{.*?\}), as a", asked)
        said = json.loads(found[1]) if found is not None else {}
        items = [pet(n, **said) for n in range(11, 11 + int(several[1]))]
    return json.dumps({"items": items})


@pytest.fixture
def model(saying: Any) -> Any:
    """A model that writes pets."""
    return saying(pets_of_a_model)


@pytest.fixture
def client(open_client: Open, pets: Any, engine_of: Any, model: Any) -> httpx2.Client:
    """A client on a store of pets that the model writes."""
    return open_client(pets, engine=engine_of(model))


def test_the_first_items_of_a_collection_are_the_models(client: httpx2.Client, model: Any) -> None:
    listed = client.get("/pets")
    assert [one["name"] for one in listed.json()] == [f"Model {n}" for n in range(11, 16)]
    assert listed.headers["toolalpaca-source"] == "llm"
    again = client.get("/pets")
    assert (again.json(), again.headers["toolalpaca-source"]) == (listed.json(), "state")
    assert "toolalpaca-model" not in again.headers
    assert client.get("/pets/12").json() == listed.json()[1]
    assert client.delete("/pets/12").status_code == 204
    assert client.get("/pets/12").status_code == 404
    assert len(model.requests) == 1
    (constraint,) = [request.constraint for request in model.requests]
    assert isinstance(constraint, JsonReply)
    assert constraint.schema["properties"]["items"]["maxItems"] == 5


def test_what_the_model_creates_is_remembered(client: httpx2.Client, model: Any) -> None:
    response = client.post("/pets", json={"name": "Rex", "kind": "dog", "secret": "x"})
    assert response.status_code == 201
    assert response.headers["toolalpaca-source"] == "llm"
    assert (response.json()["name"], response.json()["kind"]) == ("Rex", "dog")
    assert client.get(f"/pets/{response.json()['id']}").json() == response.json()
    assert len(client.get("/pets").json()) == 6
    _, new = model.requests
    assert "11" in new.messages[1].content  # it sees what there is
    assert '"secret":"***"' in new.messages[1].content


def test_what_is_below_an_item_is_written_with_the_item_in_sight(
    client: httpx2.Client, model: Any
) -> None:
    answer = client.get("/pets/12/visits").json()
    assert [visit["reason"] for visit in answer["data"]] == ["Reason 0", "Reason 1", "Reason 2"]
    assert {visit["pet_id"] for visit in answer["data"]} == {12}
    assert "Model 12" in model.requests[-1].messages[1].content
    assert client.get("/pets/99/visits").status_code == 404
    assert len(model.requests) == 2


def test_a_search_that_finds_nothing_is_the_models(
    open_client: Open, make_document: Callable[..., Any], pets: Any, engine_of: Any, model: Any
) -> None:
    tag = {"name": "nickname", "in": "query", "required": True, "schema": {"type": "string"}}
    pets["paths"]["/pets"]["get"]["parameters"].append(tag)
    client = open_client(pets, engine=engine_of(model))
    found = client.get("/pets", params={"nickname": "Bo"})
    assert [one["nickname"] for one in found.json()] == ["Bo", "Bo"]
    assert found.headers["toolalpaca-source"] == "llm"
    assert client.get("/pets", params={"nickname": "Bo"}).headers["toolalpaca-source"] == "state"
    assert "search" in task(model.requests[-1])


def test_an_item_that_is_imagined_is_the_models(
    open_client: Open, pets: Any, engine_of: Any, model: Any
) -> None:
    client = open_client(pets, engine=engine_of(model), open_world=True)
    response = client.get("/pets/500")
    assert (response.json()["id"], response.json()["name"]) == (500, "Model 77")
    assert response.headers["toolalpaca-source"] == "llm"
    assert client.get("/pets/500").json() == response.json()
    assert client.delete("/pets/501").status_code == 204  # nobody looks at it
    assert len(model.requests) == 2


def test_sound_items_of_a_broken_list_count_and_schemas_make_the_others(
    open_client: Open, pets: Any, engine_of: Any, saying: Any
) -> None:
    broken = f'{{"items": [{json.dumps(pet(11))}, {{"id": 12}}, {json.dumps(pet(13))}, {{"id": 1'
    replies = iter([broken, "Sorry!"])
    model = saying(lambda _: next(replies))
    client = open_client(pets, engine=engine_of(model))
    listed = client.get("/pets")
    assert [one["id"] for one in listed.json()][:2] == [11, 13]
    assert len(listed.json()) == 5
    assert listed.headers["toolalpaca-source"] == "llm"
    assert len(model.requests) == 2


def test_of_a_list_that_is_not_done_in_time_the_whole_items_count(
    open_client: Open, pets: Any, engine_of: Any, saying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolalpaca_mockserver.engines.llm._SHARE_OF_TIME", 0)
    model = saying(lambda _: f'{{"items": [{json.dumps(pet(11))}, {{"id": 1')
    listed = open_client(pets, engine=engine_of(model)).get("/pets")
    assert listed.headers["toolalpaca-source"] == "llm"
    assert [one["name"] == "Model 11" for one in listed.json()] == [True, *[False] * 4]
    assert len(model.requests) == 1


def test_without_the_model_schemas_write_the_world_and_it_is_said(
    open_client: Open, pets: Any, engine_of: Any, saying: Any
) -> None:
    def fail(_: Request) -> str:
        raise ModelReplyError("it is out of order")

    model = saying(fail)
    answer = open_client(pets, engine=engine_of(model)).get("/pets")
    assert len(answer.json()) == 5
    assert answer.headers["toolalpaca-source"] == "state; reason=llm-unavailable"
    plain = open_client(pets).get("/pets")
    assert plain.json() == answer.json()


def test_of_two_who_come_first_one_writes(client: httpx2.Client, model: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        worlds = list(pool.map(lambda _: client.get("/pets").text, range(8)))
    assert len(set(worlds)) == 1
    assert len(model.requests) == 1


def test_every_session_begins_with_the_same_world(client: httpx2.Client, model: Any) -> None:
    first = client.get("/pets", headers={"toolalpaca-session": "a"})
    client.post("/pets", json={"name": "Rex", "kind": "dog"}, headers={"toolalpaca-session": "a"})
    asked = len(model.requests)
    other = client.get("/pets", headers={"toolalpaca-session": "b"})
    assert (other.text, other.headers["toolalpaca-source"]) == (first.text, "cache")
    assert len(model.requests) == asked


@pytest.fixture
def rails(make_document: Callable[..., Any]) -> Any:
    """Trains that leave from stations."""

    def collection(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        thing = {
            "type": "object",
            "required": ["id", *properties],
            "properties": {"id": {"type": "string"}, **properties},
        }

        def answer(schema: Any) -> dict[str, Any]:
            content = {"application/json": {"schema": schema}}
            return {"200": {"description": "Fine", "content": content}}

        key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        return {
            f"/{name}": {"get": {"responses": answer({"type": "array", "items": thing})}},
            f"/{name}/{{id}}": {"parameters": [key], "get": {"responses": answer(thing)}},
        }

    text = {"type": "string"}
    trains = collection("trains", {"station_id": text, "name": text})
    return make_document({**trains, **collection("stations", {"city": text})})


def test_what_is_referred_to_is_written_first_and_references_that_lead_there_stay(
    open_client: Open, rails: Any, engine_of: Any, saying: Any
) -> None:
    def say(request: Request) -> str:
        if '"station"' in task(request):
            items = [{"id": f"S{n}", "city": "Vienna"} for n in range(5)]
        else:
            items = [{"id": f"T{n}", "station_id": f"S{n}", "name": "IC"} for n in range(4)]
            items.append({"id": "T4", "station_id": "nowhere", "name": "IC"})
        return json.dumps({"items": items})

    model = saying(say)
    client = open_client(rails, engine=engine_of(model))
    trains = client.get("/trains").json()
    assert [train["station_id"] for train in trains[:4]] == ["S0", "S1", "S2", "S3"]
    assert trains[4]["station_id"] in {f"S{n}" for n in range(5)}
    stations, asked = model.requests
    assert '"station"' in task(stations)
    assert '"S4"' in asked.messages[1].content


QUESTIONS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Oracle", "version": "1"},
    "paths": {
        "/oracle": {
            "post": {
                "summary": "Ask the oracle",
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "200": {
                        "description": "An answer",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["answer"],
                                    "properties": {"answer": {"type": "string"}},
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}


def test_earlier_answers_are_told_and_the_same_question_has_the_same_answer(
    open_client: Open, engine_of: Any, saying: Any
) -> None:
    numbers = iter(range(1, 9))
    model = saying(lambda _: json.dumps({"answer": f"Answer {next(numbers)}"}))
    client = open_client(QUESTIONS, engine=engine_of(model))

    def ask(question: str, session: str = "a") -> str:
        headers = {"toolalpaca-session": session}
        answer = client.post("/oracle", json={"q": question}, headers=headers).json()["answer"]
        assert isinstance(answer, str)
        return answer

    assert (ask("who?"), ask("why?")) == ("Answer 1", "Answer 2")
    told = model.requests[1].messages[1].content
    assert 'POST /oracle [{},{},{"q":"who?"}] was answered {"answer":"Answer 1"}' in told
    assert (ask("who?"), ask("why?")) == ("Answer 1", "Answer 2")
    # Another session knows nothing of it: only its first question is one that was asked before.
    assert (ask("who?", "b"), ask("when?", "b")) == ("Answer 1", "Answer 3")
    snapshot = client.get("/_toolalpaca/sessions/a").json()
    assert client.put("/_toolalpaca/sessions/c", json=snapshot).status_code == 204
    assert ask("why?", "c") == "Answer 2"
    assert client.delete("/_toolalpaca/sessions/a").status_code == 204
    assert ask("why?") == "Answer 4"


def test_a_question_fits_the_context_of_the_model(
    open_client: Open, engine_of: Any, saying: Any
) -> None:
    long = {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "string"}}}
    long["properties"] = {
        "answer": {"type": "string"},
        **{f"field_{n}": {"type": "string", "description": "words " * 20} for n in range(300)},
    }
    media = {"application/json": {"schema": long}}
    post = QUESTIONS["paths"]["/oracle"]["post"] | {
        "responses": {"200": {"description": "A", "content": media}}
    }
    model = saying(lambda _: '{"answer": "x"}')
    model.capabilities = Capabilities(context=1500)
    client = open_client(
        {**QUESTIONS, "paths": {"/oracle": {"post": post}}}, engine=engine_of(model)
    )
    for number in range(3):
        body = {"q": "why? " * 2000, "n": number}
        answer = client.post("/oracle", json=body)
        assert answer.headers["toolalpaca-source"] == "llm"
    for request in model.requests:
        size = sum(len(message.content) for message in request.messages)
        assert size / 2.5 + request.max_tokens < 1500


def test_a_model_under_a_grammar_is_held_to_short_items(
    open_client: Open, pets: Any, engine_of: Any, model: Any
) -> None:
    model.capabilities = Capabilities(grammar=True)
    client = open_client(pets, engine=engine_of(model))
    assert client.get("/pets").headers["toolalpaca-source"] == "llm"
    (constraint,) = [request.constraint for request in model.requests]
    assert isinstance(constraint, Grammar)
    assert '"maxLength": 40' in constraint.lark
    assert '"minItems": 5, "maxItems": 5' in constraint.lark
