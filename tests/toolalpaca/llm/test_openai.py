"""The protocol, byte for byte: what is sent, and what becomes of what servers send back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from toolalpaca.errors import ModelError, ModelReplyError, ModelUnavailable
from toolalpaca.llm.pricing import Price
from toolalpaca.llm.protocol import (
    Completion,
    Grammar,
    JsonReply,
    Message,
    Piece,
    Regex,
    Request,
    ToolCall,
    ToolSpec,
    Usage,
)
from toolalpaca.llm.registry import open_model
from toolalpaca.llm.settings import ModelSettings

KEY = "sk-secret-0123456789"
DONE = "[DONE]"
HELLO = Request(messages=(Message(role="user", content="Hello"),))


class Client:
    """Talks to servers that say what a test says."""

    def __init__(self, converse: Any) -> None:
        self._converse = converse

    def ask(
        self, speak: Any, *requests: Request, name: str = "openai:small", **settings: Any
    ) -> list[Piece]:
        settings = {"api_key": KEY, "retries": 0} | settings
        pieces: list[Piece] = self._converse(speak, name, *requests or (HELLO,), **settings)
        return pieces

    def reply_to(self, *chunks: Any, name: str = "openai:small", **settings: Any) -> Completion:
        """The reply that the chunks of a proper stream make."""
        whole = self.ask(lambda talk: talk.stream(*chunks, DONE), name=name, **settings)[-1]
        assert isinstance(whole, Completion)
        return whole

    def failure(self, speak: Any, **settings: Any) -> ModelError:
        with pytest.raises(ModelError) as caught:
            self.ask(speak, **settings)
        text = str(caught.value)
        assert "\n" not in text
        assert text.startswith("http://127.0.0.1:")
        assert KEY not in text
        return caught.value

    def sent(self, request: Request, name: str = "openai:small", **settings: Any) -> Any:
        """The request that goes out for *request*."""
        seen: list[Any] = []

        def speak(talk: Any) -> None:
            seen.append(talk.asked)
            talk.stream(delta("stop", content="Hi"), DONE)

        self.ask(speak, request, name=name, **settings)
        (only,) = seen
        return only


@pytest.fixture(params=["by ourselves", "by the SDK"])
def client(
    converse: Callable[..., list[Piece]],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    """What asks, the tests see no difference."""
    if request.param == "by the SDK":
        monkeypatch.setenv("OPENAI_PROJECT_ID", "a-project")
    else:
        monkeypatch.delenv("OPENAI_PROJECT_ID", raising=False)
        monkeypatch.delenv("OPENAI_ORG_ID", raising=False)
    return Client(converse)


def delta(finish: str | None = None, **members: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": members, "finish_reason": finish}]}


def call(index: int | None, name: str | None, arguments: str, id: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"function": {"arguments": arguments}}
    told |= {} if index is None else {"index": index}
    told |= {} if id is None else {"id": id, "type": "function"}
    if name is not None:
        told["function"]["name"] = name
    return told


def test_the_sdk_says_which_project_is_asking(
    converse: Callable[..., list[Piece]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_PROJECT_ID", "a-project")
    monkeypatch.setenv("OPENAI_ORG_ID", "an-organization")
    headers = Client(converse).sent(HELLO).headers
    assert headers["openai-project"] == "a-project"
    assert headers["openai-organization"] == "an-organization"


def test_a_plain_request_asks_for_a_stream_with_usage(client: Client) -> None:
    request = client.sent(HELLO)
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in client.sent(HELLO, api_key=None).headers
    assert request.body == {
        "model": "small",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 1024,
        "temperature": 0.0,
        "seed": 0,
    }


def test_tools_calls_and_results_are_told_as_openai_has_them(client: Client) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    written = ToolCall(id="call_7", name="getForecast", arguments='{"city": "Bern"}')
    messages = (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Weather?"),
        Message(role="assistant", tool_calls=(written,)),
        Message(role="tool", content="rain", tool_call_id="call_7"),
    )
    tool = ToolSpec(name="getForecast", description="Forecast.", parameters=schema, returns=schema)
    body = client.sent(Request(messages=messages, tools=(tool,), stop=("\nObservation",))).body
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


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
LARK = 'start: "a" /b+/'


@pytest.mark.parametrize(
    ("name", "grammar", "constraint", "told"),
    [
        ("openai:m", None, JsonReply(SCHEMA, name="pet"),
         {"response_format": {"type": "json_schema",
                              "json_schema": {"name": "pet", "schema": SCHEMA}}}),
        ("openai:m", None, Grammar(LARK), {}),
        ("openai:m", None, Regex("a/b"), {}),
        ("openai:m", "vllm", Grammar(LARK), {"structured_outputs": {"grammar": LARK}}),
        ("openai:m", "vllm", Regex("a/b"), {"structured_outputs": {"regex": "a/b"}}),
        ("openai:m", "llama.cpp", Grammar(LARK), {"grammar": f"%llguidance {{}}\n{LARK}"}),
        ("openai:m", "llama.cpp", Regex("a/b"),
         {"grammar": "%llguidance {}\nstart: /(?:a\\/b)/"}),
        ("openai-text:m", None, JsonReply(SCHEMA), {}),
        ("openai-text:m", "vllm", JsonReply(SCHEMA), {"structured_outputs": {"json": SCHEMA}}),
    ],
)  # fmt: skip
def test_a_constraint_is_told_as_the_settings_say(
    client: Client, name: str, grammar: Any, constraint: Any, told: dict[str, Any]
) -> None:
    request = Request(messages=HELLO.messages, constraint=constraint)
    plain = client.sent(HELLO, name=name, server_grammar=grammar).body
    assert client.sent(request, name=name, server_grammar=grammar).body == plain | told
    # What a model says of itself is what it does.
    settings = ModelSettings(base_url="http://127.0.0.1:1", server_grammar=grammar)
    can = open_model(name, settings).capabilities
    kinds = {Grammar: can.grammar, Regex: can.regex, JsonReply: can.json_schema}
    assert kinds[type(constraint)] == bool(told)


def test_text_comes_in_pieces_and_whole_with_usage(client: Client) -> None:
    usage = {
        "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 5},
    }  # fmt: skip
    pieces = client.ask(
        lambda talk: talk.stream(
            delta(role="assistant", content=""),
            delta(content="Grü"),
            delta(content="ezi"),
            delta("stop"),
            {"choices": [], "usage": usage},
            DONE,
        )
    )
    assert pieces[:-1] == ["Grü", "ezi"]
    assert pieces[-1] == Completion(
        "Grüezi", usage=Usage(prompt_tokens=9, completion_tokens=2, cached_tokens=5)
    )


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}])
def test_without_usage_tokens_are_estimated_at_four_characters(client: Client, usage: Any) -> None:
    reply = client.reply_to(delta(content="Good day!"), {**delta("stop"), "usage": usage})
    assert reply.usage == Usage(prompt_tokens=2, completion_tokens=3)  # "Hello", "Good day!"


@pytest.mark.parametrize(
    ("told", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 5}}, 5),  # OpenAI, vLLM, llama.cpp
        ({"prompt_tokens_details": None, "prompt_cache_hit_tokens": 5}, 5),  # DeepSeek
        ({"cached_tokens": 5}, 5),  # Moonshot
        ({"prompt_tokens_details": {"cached_tokens": None}}, 0),
    ],
)
def test_cached_tokens_are_read_wherever_servers_say_them(
    client: Client, told: dict[str, Any], cached: int
) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, **told}
    assert client.reply_to({**delta("stop"), "usage": usage}).usage.cached_tokens == cached


def test_what_a_reply_costs_is_the_servers_word_or_the_price(client: Client) -> None:
    usage = {
        "prompt_tokens": 2_000_000, "completion_tokens": 100_000,
        "prompt_tokens_details": {"cached_tokens": 1_500_000},
    }  # fmt: skip
    last = {"choices": [], "usage": usage}
    said = {"choices": [], "usage": usage | {"cost": 0.95}}
    for price, final, cost in (
        (None, last, 0.0),
        (None, said, 0.95),  # OpenRouter
        (Price(1.0, 10.0), said, 0.95),
        (Price(1.0, 10.0), last, 3.0),
        (Price(1.0, 10.0, 0.1), last, 0.5 + 0.15 + 1.0),
    ):
        reply = client.reply_to(delta("stop", content="Hi"), final, price=price)
        assert reply.usage.cost == pytest.approx(cost)


@pytest.mark.parametrize(
    ("said", "finish"),
    [("stop", "stop"), ("length", "length"), ("eos", "stop"), ("tool_calls", "tool_calls")],
)
def test_finishes_are_told_in_our_words(client: Client, said: str, finish: str) -> None:
    assert client.reply_to(delta(content="Hi"), delta(said)).finish == finish


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
def test_parallel_calls_are_put_together(client: Client, deltas: list[dict[str, Any]]) -> None:
    reply = client.reply_to(*(delta(tool_calls=[one]) for one in deltas), delta("tool_calls"))
    assert reply.tool_calls == (FIRST, SECOND)
    assert reply.finish == "tool_calls"
    together = client.reply_to(delta(tool_calls=deltas), delta("stop"))
    assert together.tool_calls == (FIRST, SECOND)
    assert together.finish == "tool_calls"


def test_a_call_without_an_id_gets_one(client: Client) -> None:
    reply = client.reply_to(delta("tool_calls", tool_calls=[call(0, "getPet", "{}", None)]))
    assert reply.tool_calls == (ToolCall(id="call_1", name="getPet", arguments="{}"),)


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ((DONE,), "empty reply; does its URL end as it should"),
        (({"choices": []}, DONE), "empty reply"),
        ((delta(content="Hi"),), "ended its reply in the middle"),
        ((delta("content_filter"), DONE), "content filter"),
        ((delta(content="Hi"), {"error": {"message": f"GPU lost, {KEY}"}}), "GPU lost, \\*\\*\\*"),
        ((delta(content="Hi"), {"error": "GPU lost"}), "broke off its reply: GPU lost"),
        ((delta(content="Hi"), "{no json"), "the reply cannot be read"),
        (({"choices": [{"delta": "y"}]},), "another form"),
        (({"choices": [{"delta": {"content": 7}}]},), "another form"),
        (({"choices": [{"delta": {"tool_calls": "z"}}]},), "another form"),
        (({"choices": 3},), "another form"),
        (("[1]",), "another form"),
    ],
)
def test_a_reply_that_is_none_is_an_error(
    client: Client, chunks: Iterable[Any], message: str
) -> None:
    error = client.failure(lambda talk: talk.stream(*chunks))
    assert isinstance(error, ModelReplyError)
    with pytest.raises(ModelReplyError, match=message):
        raise error


QUIRKS = {
    "no reason for the end (Ollama)": [delta(content="Hi"), delta(), DONE],
    "null members": [
        {"choices": [{"delta": {"content": "Hi", "tool_calls": None, "refusal": None}}]},
        {"choices": None, "usage": None},
        {"choices": [{"delta": None, "finish_reason": "stop"}]},
    ],
    "reasoning beside the text": [
        delta(reasoning_content="The user greets."),
        delta(reasoning="So do I.", content=None),
        delta("stop", content="Hi"),
    ],
    "parts": [delta("stop", content=[{"type": "text", "text": "Hi"}])],
    "the usage in every chunk (vLLM)": [
        {**delta(content="H"), "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
        {**delta("stop", content="i"), "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    ],
    "no end": [delta("stop", content="Hi")],
    "a chunk of settings first (Azure)": [
        {"choices": [], "prompt_filter_results": [{}]}, delta("stop", content="Hi"), DONE,
    ],
}  # fmt: skip


@pytest.mark.parametrize("chunks", QUIRKS.values(), ids=QUIRKS)
def test_what_servers_do_otherwise_is_read_all_the_same(client: Client, chunks: list[Any]) -> None:
    whole = client.ask(lambda talk: talk.stream(*chunks))[-1]
    assert isinstance(whole, Completion)
    assert (whole.text, whole.finish) == ("Hi", "stop")


def test_arguments_that_are_no_text_are_written_as_one(client: Client) -> None:
    told = {"function": {"name": "getPet", "arguments": {"id": 1}}}
    reply = client.reply_to(delta(tool_calls=[told]), delta("stop"))
    assert reply.tool_calls == (ToolCall(id="call_1", name="getPet", arguments='{"id": 1}'),)


def test_a_server_that_does_not_stream_is_read_too(client: Client) -> None:
    message = {"role": "assistant", "content": "Hi"}
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    whole = {"choices": [{"message": message, "finish_reason": None}], "usage": usage}
    pieces = client.ask(lambda talk: talk.answer(200, whole))
    assert pieces == ["Hi", Completion("Hi", usage=Usage(prompt_tokens=3, completion_tokens=1))]


def test_a_page_is_no_reply(client: Client) -> None:
    error = client.failure(lambda talk: talk.answer(200, "<html>Welcome</html>"))
    assert "answers with a page and no stream of events (does its URL end" in str(error)


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
        (404, "<html>Not Found</html>", ModelUnavailable, "OpenAI's in /v1"),
        (429, openai_error("Rate limit reached"), ModelUnavailable,
         "lets no more requests through: Rate limit reached (wait, raise the account's limit"),
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
    client: Client, status: int, body: Any, kind: type[ModelError], message: str
) -> None:
    error = client.failure(lambda talk: talk.answer(status, body))
    assert isinstance(error, kind)
    assert message in str(error)


def refusing(seen: list[Any], **refusals: Any) -> Callable[[Any], None]:
    """A server that refuses parameters in the words given for each."""

    def speak(talk: Any) -> None:
        seen.append(talk.asked.body)
        for name, refusal in refusals.items():
            if name in talk.asked.body:
                talk.answer(400, refusal)
                return
        talk.stream(delta("stop", content="Hi"), DONE)

    return speak


def unsupported(name: str) -> dict[str, Any]:
    return openai_error("Unsupported", param=name, code="unsupported_parameter")


def test_what_a_model_does_not_take_is_left_out_and_said(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    bodies: list[dict[str, Any]] = []
    refusals = {name: unsupported(name) for name in ("max_tokens", "temperature", "stop")}
    asked = Request(messages=HELLO.messages, stop=("END",))
    with caplog.at_level(logging.WARNING):
        client.ask(refusing(bodies, **refusals), asked, asked)
    assert len(bodies) == 5  # the second request knows
    assert bodies[-1]["max_completion_tokens"] == 1024
    assert not {"temperature", "stop", "max_tokens"} & set(bodies[-1])
    assert [record.getMessage() for record in caplog.records] == [
        "openai:small does not take temperature: it decides by itself",
        "openai:small does not take stop: replies are cut here",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stop", openai_error("Extra inputs are not permitted: 'stop'")),
        ("stop", {"error": "unknown field `stop`"}),
        ("stop", openai_error("This model does not support the stop parameter.")),
        ("seed", {"detail": [  # Mistral
            {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs"}]}),
        ("seed", {"error": {"code": 400, "status": "INVALID_ARGUMENT",  # Gemini
                            "message": 'Unknown name "seed": Cannot find field.'}}),
        ("stream_options", openai_error("unrecognized request argument: stream_options")),
    ],
)  # fmt: skip
def test_a_refusal_is_understood_in_the_words_of_many_servers(
    client: Client, name: str, words: Any
) -> None:
    bodies: list[dict[str, Any]] = []
    asked = Request(messages=HELLO.messages, stop=("END",))
    assert client.ask(refusing(bodies, **{name: words}), asked)[0] == "Hi"
    assert [name in body for body in bodies] == [True, False]


def test_a_constraint_that_a_server_never_takes_is_learnt_and_said_once(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    bodies: list[dict[str, Any]] = []
    server = refusing(bodies, response_format=openai_error("json_schema is not supported"))
    asked = Request(messages=HELLO.messages, constraint=JsonReply(SCHEMA))
    with caplog.at_level(logging.WARNING):
        client.ask(server, asked, asked)
    assert ["response_format" in body for body in bodies] == [True, False, False]
    assert [record.getMessage() for record in caplog.records] == [
        "openai:small does not take response_format: replies are only checked"
    ]


def test_one_constraint_that_is_refused_says_nothing_of_others(client: Client) -> None:
    seen: list[str | None] = []

    def speak(talk: Any) -> None:
        grammar = talk.asked.body.get("grammar")
        seen.append(grammar and grammar[-2])
        if grammar and "z" in grammar:
            talk.answer(400, openai_error("Failed to parse grammar"))
        else:
            talk.stream(delta("stop", content="Hi"), DONE)

    asked = [
        Request(messages=HELLO.messages, constraint=Grammar(f"start: /{letter}/"))
        for letter in "azb"
    ]
    client.ask(speak, *asked, server_grammar="llama.cpp")
    assert seen == ["a", "z", None, "b"]


def test_a_value_that_is_refused_does_not_take_its_parameter_away(client: Client) -> None:
    bodies: list[dict[str, Any]] = []
    words = openai_error("max_tokens must be at most 512", param="max_tokens", code="invalid_value")
    with pytest.raises(ModelReplyError, match="at most 512"):
        client.ask(refusing(bodies, max_tokens=words))
    assert len(bodies) == 1


def test_a_character_that_is_cut_in_two_is_put_together(client: Client) -> None:
    halves = delta(content="a\ud83e"), delta(content="\udd99!")
    pieces = client.ask(lambda talk: talk.stream(*halves, delta("stop"), DONE))
    assert pieces[:-1] == ["a", "🦙!"]
    assert isinstance(pieces[-1], Completion)
    assert pieces[-1].text == "a🦙!"
    # What is no half of anything is told as such.
    alone = delta("stop", content="\udd99b")
    assert client.ask(lambda talk: talk.stream(alone))[0] == "�b"


def test_integers_of_any_length_are_sent(client: Client) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 2**70}}}
    tool = ToolSpec(name="t", description="T.", parameters=schema)
    body = client.sent(Request(messages=HELLO.messages, tools=(tool,))).body
    assert body["tools"][0]["function"]["parameters"] == schema


def test_what_is_refused_and_needed_is_an_error(client: Client) -> None:
    refusal = unsupported("messages")
    assert "Unsupported" in str(client.failure(lambda talk: talk.answer(400, refusal)))
    # A server that goes on refusing what is not sent any more is not asked for ever.
    stubborn = openai_error("No", param="seed", code="unsupported_parameter")
    assert "(HTTP 400): No" in str(client.failure(lambda talk: talk.answer(400, stubborn)))


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
        (ModelSettings(api_key="k"), {}, "https://api.openai.com/v1"),
        (ModelSettings(), {"OPENAI_API_KEY": "k\n"}, "https://api.openai.com/v1"),
        (ModelSettings(base_url="http://a/v1"), {"OPENAI_BASE_URL": "http://b"}, "http://a/v1"),
        (ModelSettings(), {"OPENAI_BASE_URL": "http://b/v1"}, "http://b/v1"),
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
    assert model._model._server.where == server
    assert model.name == "openai:small"
    asyncio.run(model.aclose())


def test_a_text_model_continues_the_contents_of_all_messages(client: Client) -> None:
    messages = (Message(role="system", content="Once upon"), Message(role="user", content=" a"))
    request = Request(messages=messages, stop=("\nObservation:",), seed=3, temperature=0.5)
    sent = client.sent(request, name="openai-text:small")
    assert sent.path == "/v1/completions"
    assert sent.body == {
        "model": "small",
        "prompt": "Once upon a",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 1024,
        "temperature": 0.5,
        "seed": 3,
        "stop": ["\nObservation:"],
    }
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    reply = client.reply_to(
        {"choices": [{"text": " time", "finish_reason": None}]},
        {"choices": [{"text": ".", "finish_reason": "length"}]},
        {"choices": [], "usage": usage},
        name="openai-text:small",
    )
    assert reply == Completion(
        " time.", usage=Usage(prompt_tokens=3, completion_tokens=2), finish="length"
    )
    model = open_model("openai-text:small", ModelSettings(base_url="http://127.0.0.1:1/v1"))
    assert model.capabilities.text
    assert not model.capabilities.tools
