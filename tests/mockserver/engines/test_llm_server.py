"""A model behind a server that answers well, wrongly, slowly, in pieces, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from toolalpaca.llm.pricing import Price
from toolalpaca.llm.remote import Remote
from toolalpaca.llm.settings import ModelSettings

Open = Callable[..., httpx2.Client]

GOOD = {"text": "Knock knock.", "stars": 4}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
REFUSED = b"HTTP/1.1 %s\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def event(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def saying(text: str, finish: str | None = "stop") -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return HEAD + event({"choices": [choice]}) + b"data: [DONE]\n\n"


@pytest.fixture
def jokes(open_client: Open, make_document: Callable[..., Any]) -> Callable[..., httpx2.Client]:
    """Opens a client on an API of jokes whose answers an engine makes."""

    def start(engine: Any) -> httpx2.Client:
        schema = {
            "type": "object",
            "required": ["text", "stars"],
            "additionalProperties": False,
            "properties": {"text": {"type": "string"}, "stars": {"type": "integer", "maximum": 5}},
        }
        content = {"application/json": {"schema": schema}}
        topic = {"name": "topic", "in": "query", "schema": {"type": "string"}}
        get = {
            "parameters": [topic],
            "responses": {"200": {"description": "A", "content": content}},
        }
        return open_client(make_document({"/joke": {"get": get}}), engine=engine)

    return start


def test_what_a_server_says_is_the_answer_and_is_counted(
    jokes: Callable[..., httpx2.Client], model_server: Any, engine_of: Any
) -> None:
    model_server.say(json.dumps(GOOD))
    priced = Remote(model_server.model(), ModelSettings(price=Price(1e6, 2e6)))
    client = jokes(engine_of(priced))
    response = client.get("/joke")
    assert response.json() == GOOD
    assert response.headers["toolalpaca-source"] == "llm"
    assert response.headers["toolalpaca-model"].startswith("tokens=11+5, seconds=")
    (body,) = model_server.requests
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["text", "stars"]
    report = client.get("/_toolalpaca/engine").json()
    (counts,) = report["apis"].values()
    assert (report["engine"], counts["model"]) == ("llm", "openai:fake")
    assert (counts["made"], counts["calls"], counts["cost"]) == (1, 1, 21)
    assert (counts["prompt_tokens"], counts["completion_tokens"]) == (11, 5)


SURROGATE = json.dumps({"text": "\ud800", "stars": 1})
DEEP = '{"text": ' + "[" * 60_000
BAD_REPLIES = {
    "empty": b"",
    "no reply": HEAD,
    "no completion": HEAD + b"data: [DONE]\n\n",
    "empty text": saying(""),
    "broken off": HEAD + event({"choices": [{"index": 0, "delta": {"content": '{"text'}}]}),
    "cut off": saying('{"text": "Kno', "length"),
    "no JSON": HEAD + event(b"{nonsense"),
    "no object": HEAD + event(b"[1, 2]") + event(b'"text"') + event(b"null"),
    "odd choices": HEAD + event({"choices": ["x", 7, None, {"delta": "y"}, {"delta": [1]}]}),
    "odd delta": HEAD + event({"choices": [{"delta": {"content": 7, "tool_calls": "z"}}]}),
    "odd usage": saying("x") + event({"choices": [], "usage": {"prompt_tokens": "many"}}),
    "error inside": HEAD + event({"error": {"message": "out of memory"}}),
    "no UTF-8": HEAD + event(b'{"choices": [{"delta": {"content": "\xff\xfe"}}]}'),
    "page": b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n<html/>",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "NaN": saying('{"text": "x", "stars": NaN}'),
    "lone surrogate": saying(SURROGATE),
    "deep": saying(DEEP),
    "deep and closed": saying('{"text": ' + "[" * 900 + "]" * 900 + "}"),
    "huge": saying("y" * 2_000_000),
    "huge number": saying('{"text": "x", "stars": ' + "9" * 10_000 + "}"),
    "wrong": saying('{"text": "x", "stars": 9}'),
    "400": REFUSED % b"400 Bad Request",
    "401": REFUSED % b"401 Unauthorized",
    "429": REFUSED % b"429 Too Many Requests",
    "500": REFUSED % b"500 Internal Server Error",
    "503": REFUSED % b"503 Service Unavailable",
}


@pytest.mark.parametrize("reply", BAD_REPLIES.values(), ids=BAD_REPLIES)
def test_whatever_a_server_does_the_answer_is_sound_and_labelled(
    jokes: Callable[..., httpx2.Client],
    model_server: Any,
    engine_of: Any,
    caplog: pytest.LogCaptureFixture,
    reply: bytes,
) -> None:
    model_server.send(reply)
    response = jokes(engine_of(model_server.model())).get("/joke")
    assert response.status_code == 200
    assert response.json().keys() == {"text", "stars"}
    assert response.json()["stars"] <= 5
    assert response.headers["toolalpaca-source"] in {
        "schema; reason=llm-invalid",
        "schema; reason=llm-unavailable",
    }
    assert not [record for record in caplog.records if record.exc_info]
    assert len(model_server.requests) <= 2


def test_a_server_that_takes_no_schema_is_asked_without(
    jokes: Callable[..., httpx2.Client], model_server: Any, engine_of: Any
) -> None:
    async def speak(body: dict[str, Any], _: Any, writer: asyncio.StreamWriter) -> None:
        refused = "response_format" in body
        writer.write(REFUSED % b"400 Bad Request" if refused else saying(json.dumps(GOOD)))

    model_server.speak = speak
    response = jokes(engine_of(model_server.model())).get("/joke")
    assert (response.json(), response.headers["toolalpaca-source"]) == (GOOD, "llm")


def test_a_model_that_is_slow_is_not_waited_for(
    jokes: Callable[..., httpx2.Client], model_server: Any, engine_of: Any
) -> None:
    async def stall(_: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        await reader.read()  # until the client hangs up

    model_server.speak = stall
    client = jokes(engine_of(model_server.model(), seconds=0.2))
    for topic in range(4):
        response = client.get("/joke", params={"topic": topic})
        assert response.status_code == 200
        # After three times it is left alone.
        reason = "llm-timeout" if topic < 3 else "llm-unavailable"
        assert response.headers["toolalpaca-source"] == f"schema; reason={reason}"
    assert len(model_server.requests) == 3
    (counts,) = client.get("/_toolalpaca/engine").json()["apis"].values()
    assert counts["down"] is True
    assert counts["fallbacks"] == {"llm-timeout": 3, "llm-unavailable": 1}


def test_questions_are_asked_a_few_at_a_time_and_each_once(
    jokes: Callable[..., httpx2.Client], model_server: Any, engine_of: Any
) -> None:
    async def speak(body: dict[str, Any], _: Any, writer: asyncio.StreamWriter) -> None:
        two.add(len(model_server.requests))
        if len(two) > 1:
            both.set()
        await both.wait()  # two are there at the same time
        writer.write(saying(json.dumps(GOOD)))

    two: set[int] = set()
    both = asyncio.Event()
    model_server.speak = speak
    client = jokes(engine_of(model_server.model(), concurrency=2, seconds=20))

    def ask(number: int) -> tuple[int, str]:
        # In a session of its own, a question does not depend on what was answered before.
        session = {"toolalpaca-session": f"s{number}"}
        response = client.get("/joke", params={"topic": number % 6}, headers=session)
        return response.status_code, response.headers["toolalpaca-source"]

    with ThreadPoolExecutor(12) as pool:
        answers = set(pool.map(ask, range(12)))
    assert answers <= {(200, "llm"), (200, "cache")}
    assert (model_server.at_once, len(model_server.requests)) == (2, 6)
