"""A model plays the API, and can never answer what the document does not allow."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    JsonReply,
    Piece,
    Request,
    Restart,
)
from toolalpaca.llm.scripted import Scripted
from toolalpaca_mockserver.engines.asking import Asker
from toolalpaca_mockserver.engines.llm import LlmEngine
from toolalpaca_mockserver.engines.reading import LONGEST_REPLY
from toolalpaca_mockserver.engines.schema import SchemaEngine

Open = Callable[..., httpx2.Client]

JOKE = {
    "type": "object",
    "required": ["text", "stars"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string"}, "stars": {"type": "integer", "maximum": 5}},
}
GOOD = json.dumps({"text": "Knock knock.", "stars": 4})


@pytest.fixture
def joker(open_client: Open, make_document: Callable[..., Any]) -> Callable[..., Any]:
    """A client on an API of jokes that a model with these replies plays."""

    def start(*replies: str) -> tuple[httpx2.Client, Scripted]:
        model = Scripted(replies)
        responses = {
            "200": {"description": "A joke", "content": {"application/json": {"schema": JOKE}}}
        }
        topic = {"name": "topic", "in": "query", "schema": {"type": "string", "maxLength": 9}}
        paths = {"/joke": {"get": {"parameters": [topic], "responses": responses}}}
        client = open_client(
            make_document(paths),
            engine=lambda values: LlmEngine(Asker(model), SchemaEngine(values)),
        )
        return client, model

    return start


def test_a_valid_reply_is_the_answer(joker: Callable[..., Any]) -> None:
    client, model = joker(GOOD)
    response = client.get("/joke", params={"topic": "doors"})
    assert response.json() == {"text": "Knock knock.", "stars": 4}
    assert response.headers["toolalpaca-source"] == "llm"
    (request,) = model.requests
    assert "doors" in str(request.messages)
    assert isinstance(request.constraint, JsonReply)


@pytest.mark.parametrize(
    "reply",
    ["not JSON", '{"text": 1}', '{"text": "x", "stars": 9}', "", "[]", '{"text": "\\ud800"}'],
)
def test_an_invalid_reply_is_repaired_once_with_its_faults_named(
    joker: Callable[..., Any], reply: str
) -> None:
    client, model = joker(reply, GOOD)
    response = client.get("/joke")
    assert (response.json()["stars"], response.headers["toolalpaca-source"]) == (4, "llm")
    assert len(model.requests) == 2
    assert model.requests[1].messages[-1].role == "user"


class Stumbling:
    """A model whose first attempt at a reply breaks off when it is nearly too long."""

    name = "stumbling"
    capabilities = Capabilities(json_schema=True)

    async def stream(self, request: Request) -> AsyncIterator[Piece]:
        yield "x" * LONGEST_REPLY
        yield Restart("the server broke off its reply")
        yield GOOD
        yield Completion(GOOD)

    async def aclose(self) -> None:
        """Nothing is held."""


def test_a_reply_that_begins_again_is_as_long_as_its_last_attempt(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    content = {"application/json": {"schema": JOKE}}
    paths = {"/joke": {"get": {"responses": {"200": {"description": "A", "content": content}}}}}
    client = open_client(
        make_document(paths),
        engine=lambda values: LlmEngine(Asker(Stumbling()), SchemaEngine(values)),
    )
    assert client.get("/joke").json() == json.loads(GOOD)


def test_a_reply_in_a_code_block_counts(joker: Callable[..., Any]) -> None:
    client, _ = joker(f"```json\n{GOOD}\n```")
    assert client.get("/joke").headers["toolalpaca-source"] == "llm"


@pytest.mark.parametrize(
    ("replies", "reason"), [(("no", "no"), "llm-invalid"), ((), "llm-unavailable")]
)
def test_what_cannot_be_repaired_is_replaced_and_labelled(
    joker: Callable[..., Any], replies: tuple[str, ...], reason: str
) -> None:
    client, _ = joker(*replies)
    response = client.get("/joke")
    assert response.status_code == 200
    assert response.json().keys() == {"text", "stars"}
    assert response.headers["toolalpaca-source"] == f"schema; reason={reason}"


def test_invalid_requests_never_reach_the_model(joker: Callable[..., Any]) -> None:
    client, model = joker(GOOD)
    assert client.get("/joke", params={"topic": "x" * 10}).status_code == 422
    assert model.requests == []


def test_a_preferred_example_is_not_the_models(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    model = Scripted([GOOD])
    example = {"text": "Who is there?", "stars": 1}
    content = {"application/json": {"schema": JOKE, "examples": {"old": {"value": example}}}}
    paths = {"/joke": {"get": {"responses": {"200": {"description": "A", "content": content}}}}}
    client = open_client(
        make_document(paths), engine=lambda values: LlmEngine(Asker(model), SchemaEngine(values))
    )
    assert client.get("/joke", headers={"prefer": "example=old"}).json() == example
    assert client.get("/joke").headers["toolalpaca-source"] == "llm"
