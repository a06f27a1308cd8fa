"""The protocol, byte for byte: what is sent, and what becomes of what servers send back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from toolalpaca.errors import ModelError, ModelReplyError, ModelUnavailable
from toolalpaca.llm.openai import OpenAI
from toolalpaca.llm.protocol import (
    Completion,
    Grammar,
    JsonReply,
    Message,
    Request,
    ToolCall,
    ToolSpec,
    Usage,
    complete,
)
from toolalpaca.llm.registry import open_model
from toolalpaca.llm.settings import ModelSettings

KEY = "sk-secret-0123456789"
URL = "http://llm.example/v1"
HELLO = Request(messages=(Message(role="user", content="Hello"),))
Handler = Callable[[httpx2.Request], httpx2.Response]


def model_of(handler: Handler, *, retries: int = 0) -> OpenAI:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    client = AsyncOpenAI(base_url=URL, api_key=KEY, max_retries=retries, http_client=http)
    return OpenAI("small", client)


def events(*chunks: Any, done: bool = True) -> httpx2.Response:
    lines = [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}" for chunk in chunks]
    body = "\n\n".join([*lines, *(["data: [DONE]"] if done else [])]) + "\n\n"
    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, text=body)


def delta(finish: str | None = None, **members: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": members, "finish_reason": finish}]}


def call(index: int | None, name: str | None, arguments: str, id: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"function": {"arguments": arguments}}
    told |= {} if index is None else {"index": index}
    told |= {} if id is None else {"id": id, "type": "function"}
    if name is not None:
        told["function"]["name"] = name
    return told


def ask(handler: Handler, request: Request = HELLO) -> list[str | Completion]:
    async def run() -> list[str | Completion]:
        model = model_of(handler)
        try:
            return [piece async for piece in model.stream(request)]
        finally:
            await model.aclose()

    return asyncio.run(run())


def reply_to(*chunks: Any) -> Completion:
    whole = ask(lambda _: events(*chunks))[-1]
    assert isinstance(whole, Completion)
    return whole


def failure(response: httpx2.Response) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ask(lambda _: response)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{URL}: ")
    assert KEY not in text
    return caught.value


def sent(request: Request) -> tuple[httpx2.Request, dict[str, Any]]:
    seen: list[httpx2.Request] = []

    def handler(received: httpx2.Request) -> httpx2.Response:
        seen.append(received)
        return events(delta("stop", content="Hi"))

    ask(handler, request)
    (only,) = seen
    return only, json.loads(only.content)


def test_a_plain_request_asks_for_a_stream_with_usage() -> None:
    request, body = sent(HELLO)
    assert (request.method, str(request.url)) == ("POST", f"{URL}/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert body == {
        "model": "small",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 1024,
        "temperature": 0.0,
        "seed": 0,
    }


def test_tools_calls_and_results_are_told_as_openai_has_them() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    written = ToolCall(id="call_7", name="getForecast", arguments='{"city": "Bern"}')
    messages = (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Weather?"),
        Message(role="assistant", tool_calls=(written,)),
        Message(role="tool", content="rain", tool_call_id="call_7"),
    )
    tool = ToolSpec(name="getForecast", description="Forecast.", parameters=schema, returns=schema)
    _, body = sent(Request(messages=messages, tools=(tool,), stop=("\nObservation",)))
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_7",
                    "type": "function",
                    "function": {"name": "getForecast", "arguments": '{"city": "Bern"}'},
                }
            ],
        },
        {"role": "tool", "content": "rain", "tool_call_id": "call_7"},
    ]
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "getForecast", "description": "Forecast.", "parameters": schema,
            },
        }
    ]  # fmt: skip
    assert body["stop"] == ["\nObservation"]


def test_a_json_reply_is_asked_for_by_its_schema_and_a_grammar_is_not() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    _, body = sent(Request(messages=HELLO.messages, constraint=JsonReply(schema, name="pet")))
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "pet", "schema": schema},
    }
    _, body = sent(Request(messages=HELLO.messages, constraint=Grammar("start: /a/")))
    assert "response_format" not in body
    assert not model_of(lambda _: events()).capabilities.grammar


def test_text_comes_in_pieces_and_whole_with_usage() -> None:
    usage = {
        "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 5},
    }  # fmt: skip
    pieces = ask(
        lambda _: events(
            delta(role="assistant", content=""),
            delta(content="Grü"),
            delta(content="ezi"),
            delta("stop"),
            {"choices": [], "usage": usage},
        )
    )
    assert pieces[:-1] == ["Grü", "ezi"]
    assert pieces[-1] == Completion(
        "Grüezi", usage=Usage(prompt_tokens=9, completion_tokens=2, cached_tokens=5)
    )


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}])
def test_a_server_without_usage_counts_nothing(usage: Any) -> None:
    reply = reply_to(delta(content="Hi"), {**delta("stop"), "usage": usage})
    assert reply.usage == Usage()


@pytest.mark.parametrize(
    ("said", "finish"),
    [("stop", "stop"), ("length", "length"), ("eos", "stop"), ("tool_calls", "tool_calls")],
)
def test_finishes_are_told_in_our_words(said: str, finish: str) -> None:
    assert reply_to(delta(content="Hi"), delta(said)).finish == finish


FIRST = ToolCall(id="a", name="getPet", arguments='{"id": 1}')
SECOND = ToolCall(id="b", name="listPets", arguments="{}")


@pytest.mark.parametrize(
    "deltas",
    [
        # OpenAI: by index, interleaved or not.
        [call(0, "getPet", "", "a"), call(0, None, '{"id"', None), call(1, "listPets", "{", "b"),
         call(0, None, ": 1}", None), call(1, None, "}", None)],
        # Whole calls that are all numbered 0 (ollama/ollama#15457), or not at all.
        [call(0, "getPet", '{"id": 1}', "a"), call(0, "listPets", "{}", "b")],
        [call(None, "getPet", '{"id": 1}', "a"), call(None, "listPets", "{}", "b")],
        # The id in every delta.
        [call(0, "getPet", "", "a"), call(0, None, '{"id": 1}', "a"),
         call(1, "listPets", "{}", "b")],
    ],
)  # fmt: skip
def test_parallel_calls_are_put_together(deltas: list[dict[str, Any]]) -> None:
    reply = reply_to(*(delta(tool_calls=[one]) for one in deltas), delta("tool_calls"))
    assert reply.tool_calls == (FIRST, SECOND)
    assert reply.finish == "tool_calls"
    together = reply_to(delta(tool_calls=deltas), delta("stop"))
    assert together.tool_calls == (FIRST, SECOND)
    assert together.finish == "tool_calls"


def test_a_call_without_an_id_gets_one() -> None:
    reply = reply_to(delta("tool_calls", tool_calls=[call(0, "getPet", "{}", None)]))
    assert reply.tool_calls == (ToolCall(id="call_1", name="getPet", arguments="{}"),)


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ((), "empty reply; does its URL end as it should"),
        (({"choices": []},), "empty reply"),
        ((delta(content="Hi"),), "ended its reply in the middle"),
        ((delta("content_filter"),), "content filter"),
        ((delta(content="Hi"), {"error": {"message": f"GPU lost, {KEY}"}}), "GPU lost, \\*\\*\\*"),
        ((delta(content="Hi"), {"error": "GPU lost"}), "broke off its reply: GPU lost"),
        ((delta(content="Hi"), "{no json"), "the reply cannot be read"),
    ],
)
def test_a_reply_that_is_none_is_an_error(chunks: Iterable[Any], message: str) -> None:
    error = failure(events(*chunks))
    assert isinstance(error, ModelReplyError)
    with pytest.raises(ModelReplyError, match=message):
        raise error


def openai_error(message: str, **members: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error"} | members}


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, openai_error(f"Incorrect API key provided: {KEY}"), ModelUnavailable,
         "refuses the key (HTTP 401) (set OPENAI_API_KEY, or give --model-key)"),
        (403, {}, ModelUnavailable, "refuses the key (HTTP 403)"),
        (404, openai_error("The model 'small' does not exist"), ModelUnavailable,
         "has no model 'small': The model 'small' does not exist"),
        (404, "<html>Not Found</html>", ModelUnavailable, "usually in /v1"),
        (429, openai_error("Rate limit reached"), ModelUnavailable,
         "lets no more requests through: Rate limit reached (it was tried 1 times"),
        (503, openai_error("Loading model"), ModelUnavailable, "is not ready (HTTP 503)"),
        (500, {"detail": "template failed"}, ModelReplyError, "(HTTP 500): template failed"),
        (400, openai_error("too long", code="context_length_exceeded"), ModelReplyError,
         "the conversation is longer than the context of 'small': too long"),
        (400, openai_error("the request exceeds the available context size"), ModelReplyError,
         "the conversation is longer than the context"),
        (400, openai_error("response_format json_schema is not supported"), ModelReplyError,
         "refuses the request (HTTP 400): response_format json_schema is not supported"),
        (422, {"detail": [{"loc": ["tools"]}]}, ModelReplyError, "refuses the request (HTTP 422)"),
        (400, "x" * 5000, ModelReplyError, "xxx…"),
    ],
)  # fmt: skip
def test_an_error_of_the_server_is_told_in_one_line(
    status: int, body: Any, kind: type[ModelError], message: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    error = failure(httpx2.Response(status, text=text))
    assert type(error) is kind
    assert message in str(error)


def test_what_a_model_does_not_take_is_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bodies: list[dict[str, Any]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        bodies.append(body)
        for name in ("max_tokens", "temperature"):
            if name in body:
                refusal = openai_error("Unsupported", param=name, code="unsupported_parameter")
                return httpx2.Response(400, json=refusal)
        return events(delta("stop", content="Hi"))

    async def twice() -> None:
        model = model_of(handler)
        for _ in range(2):
            assert (await complete(model, HELLO)).text == "Hi"
        await model.aclose()

    with caplog.at_level(logging.WARNING):
        asyncio.run(twice())
    assert len(bodies) == 4  # the second request knows
    assert bodies[-1]["max_completion_tokens"] == 1024
    assert "temperature" not in bodies[-1]
    assert [record.getMessage() for record in caplog.records] == [
        "openai:small does not take temperature: it decides by itself"
    ]


def test_what_is_refused_and_needed_is_an_error() -> None:
    refusal = openai_error("Unsupported: stop", param="stop", code="unsupported_parameter")
    assert "Unsupported: stop" in str(failure(httpx2.Response(400, json=refusal)))
    # A server that goes on refusing what is not sent any more is not asked for ever.
    stubborn = openai_error("No", param="seed", code="unsupported_parameter")
    assert "(HTTP 400): No" in str(failure(httpx2.Response(400, json=stubborn)))


def test_what_may_pass_is_tried_again() -> None:
    answers = [
        httpx2.Response(429, headers={"retry-after-ms": "1"}),
        httpx2.Response(503, headers={"retry-after-ms": "1"}),
        events(delta("stop", content="Hi")),
    ]

    async def run() -> None:
        model = model_of(lambda _: answers.pop(0), retries=2)
        assert (await complete(model, HELLO)).text == "Hi"
        await model.aclose()
        await model.aclose()
        with pytest.raises(ModelUnavailable, match="has been closed"):
            await complete(model, HELLO)

    asyncio.run(run())


def test_without_a_server_and_a_key_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ModelUnavailable, match=r"set OPENAI_API_KEY .* --model-url"):
        open_model("openai:gpt-5")
    with pytest.raises(ModelUnavailable, match="characters that are in no key") as caught:
        open_model("openai:gpt-5", ModelSettings(api_key="sk-a\nb"))
    assert "sk-a" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "environment", "server"),
    [
        (ModelSettings(api_key="k"), {}, "https://api.openai.com/v1/"),
        (ModelSettings(), {"OPENAI_API_KEY": "k\n"}, "https://api.openai.com/v1/"),
        (ModelSettings(base_url="http://a/v1"), {"OPENAI_BASE_URL": "http://b"}, "http://a/v1/"),
        (ModelSettings(), {"OPENAI_BASE_URL": "http://b/v1"}, "http://b/v1/"),
    ],
)
def test_settings_come_before_the_environment(
    settings: ModelSettings,
    environment: dict[str, str],
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    model: Any = open_model("openai:small", settings)
    assert str(model._client.base_url) == server
    assert model.name == "openai:small"
    asyncio.run(model.aclose())


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [{"delta": "y"}]},
        {"choices": [{"delta": {"content": 7}}]},
        {"choices": [{"delta": {"tool_calls": "z"}}]},
        {"choices": 3},
    ],
)
def test_a_chunk_of_another_form_is_an_error(chunk: Any) -> None:
    model = model_of(lambda _: events(chunk, delta("stop", content="Hello")))

    async def run() -> None:
        with pytest.raises(ModelReplyError, match="another form"):
            await complete(model, HELLO)
        await model.aclose()

    asyncio.run(run())
