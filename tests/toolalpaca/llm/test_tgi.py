"""Against a server that checks and answers as the router of TGI 3 does."""

from __future__ import annotations

import re
from typing import Any

import pytest

from toolalpaca.errors import ModelReplyError, ModelUnavailable, UsageError
from toolalpaca.llm.protocol import (
    Completion,
    Grammar,
    JsonReply,
    Message,
    Piece,
    Regex,
    Request,
    Restart,
    Usage,
)
from toolalpaca.llm.registry import open_model

PROMPT = "Once upon a time"
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


class FakeTgi:
    """Continues every text with the same one, word by word.

    Args:
        text: What it writes; its end comes as a special token.
        grammars: Whether it was started with them.

    Attributes:
        asked: The parameters of each request.
        breaks: How many more requests break off in the middle.
    """

    def __init__(self, text: str, *, grammars: bool = True) -> None:
        self._tokens = re.findall(r"\s*\S+", text)
        self._grammars = grammars
        self.asked: list[dict[str, Any]] = []
        self.breaks = 0

    def __call__(self, talk: Any) -> None:
        assert (talk.asked.method, talk.asked.path) == ("POST", "/generate_stream")
        assert talk.asked.body["inputs"] == PROMPT
        parameters = talk.asked.body["parameters"]
        self.asked.append(parameters)
        if problem := self._invalid(parameters):
            error = {"error": f"Input validation error: {problem}", "error_type": "validation"}
            talk.answer(422, error)
        elif self.breaks:
            self.breaks -= 1
            failure = "Request failed during generation: Server error: CUDA out of memory"
            first = self._token(1, self._tokens[0])
            talk.stream(first, {"error": failure, "error_type": "generation"})
        else:
            talk.stream(*self._events(parameters))

    def _invalid(self, parameters: dict[str, Any]) -> str | None:
        known = {"max_new_tokens", "details", "do_sample", "temperature", "seed", "stop", "grammar"}
        assert set(parameters) <= known
        if parameters.get("temperature", 1) <= 0:
            return "`temperature` must be strictly positive"
        if len(parameters.get("stop", ())) > 4:
            return "`stop` supports up to 4 stop sequences. Given: 5"
        if parameters["max_new_tokens"] + len(PROMPT.split()) > 100:
            return "`inputs` tokens + `max_new_tokens` must be <= 100. Given: 4 `inputs` tokens"
        if "grammar" in parameters and not self._grammars:
            return "grammar is not supported"
        return None

    def _events(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        events, written, reason = [], "", "eos_token"
        for index, text in enumerate([*self._tokens, "</s>"], 1):
            events.append(self._token(index, text, special=text == "</s>"))
            written += text
            if any(stop in written for stop in parameters.get("stop", ())):
                reason = "stop_sequence"  # which stays a part of the text
                break
            if index == parameters["max_new_tokens"]:
                reason = "length"
                break
        events[-1]["generated_text"] = written.removesuffix("</s>")
        events[-1]["details"] = {
            "finish_reason": reason,
            "generated_tokens": len(events),
            "seed": parameters.get("seed"),
            "input_length": len(PROMPT.split()),
        }
        return events

    def _token(self, index: int, text: str, *, special: bool = False) -> dict[str, Any]:
        token = {"id": index, "text": text, "logprob": -0.5, "special": special}
        return {"index": index, "token": token, "generated_text": None, "details": None}


def asking(**wishes: Any) -> Request:
    messages = (Message(role="user", content=PROMPT),)
    return Request(messages=messages, **{"max_tokens": 50} | wishes)


@pytest.fixture
def ask(converse: Any) -> Any:
    def run(server: Any, *requests: Request, **settings: Any) -> list[Piece]:
        pieces: list[Piece] = converse(server, "tgi:URL", *requests or (asking(),), **settings)
        return pieces

    return run


def test_a_text_is_continued_token_by_token(ask: Any) -> None:
    server = FakeTgi(" there was a llama")
    usage = Usage(prompt_tokens=4, completion_tokens=5)
    assert ask(server) == [
        " there", " was", " a", " llama", Completion(" there was a llama", usage=usage),
    ]  # fmt: skip
    assert server.asked == [{"max_new_tokens": 50, "details": True}]


def test_a_temperature_brings_a_seed(ask: Any) -> None:
    server = FakeTgi("x")
    ask(server, asking(temperature=0.7, seed=3))
    assert server.asked[0] | {"do_sample": True, "temperature": 0.7, "seed": 3} == server.asked[0]


def test_a_limit_ends_the_reply(ask: Any) -> None:
    reply = ask(FakeTgi("a b c d"), asking(max_tokens=2))[-1]
    assert reply == Completion(
        "a b", usage=Usage(prompt_tokens=4, completion_tokens=2), finish="length"
    )


def test_a_stop_text_that_the_server_leaves_in_the_text_is_cut_off(ask: Any) -> None:
    server = FakeTgi("Action: x\nObservation: invented")
    pieces = ask(server, asking(stop=("\nObservation", *"VWXYZ")))
    assert server.asked[0]["stop"] == ["\nObservation", "V", "W", "X"]
    # The server counts what it wrote: "Action:", " x" and "\nObservation:".
    usage = Usage(prompt_tokens=4, completion_tokens=3)
    assert pieces == ["Action:", " x", Completion("Action: x", usage=usage)]


@pytest.mark.parametrize(
    ("constraint", "grammar"),
    [
        (JsonReply(SCHEMA), {"type": "json", "value": SCHEMA}),
        (Regex("[a-z]+"), {"type": "regex", "value": "[a-z]+"}),
        (Grammar("start: /a/"), None),
    ],
)
def test_a_constraint_is_told_where_the_server_knows_it(
    ask: Any, constraint: Any, grammar: dict[str, Any] | None
) -> None:
    server = FakeTgi("x")
    ask(server, asking(constraint=constraint))
    assert server.asked[0].get("grammar") == grammar


def test_a_server_without_grammars_is_asked_without(
    ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = FakeTgi("x", grammars=False)
    request = asking(constraint=Regex("[a-z]+"))
    assert len([p for p in ask(server, request, request) if p == "x"]) == 2
    assert ["grammar" in asked for asked in server.asked] == [True, False, False]
    (record,) = caplog.records
    assert record.getMessage().endswith("does not take grammar: replies are only checked")


def test_an_error_within_the_stream_is_tried_again(ask: Any) -> None:
    server = FakeTgi("a b")
    server.breaks = 1
    first, restart, *rest = ask(server)
    assert first == "a"
    assert isinstance(restart, Restart)
    assert "CUDA out of memory" in restart.reason
    assert rest[:-1] == ["a", " b"]
    server.breaks = 5
    with pytest.raises(ModelReplyError, match="broke off its reply: Request failed during"):
        ask(server, retries=0)


def test_a_prompt_that_is_too_long_is_an_error(ask: Any) -> None:
    server = FakeTgi("a")
    with pytest.raises(ModelReplyError, match="longer than the context of its model"):
        ask(server, asking(max_tokens=200))
    assert len(server.asked) == 1


def test_an_overload_is_an_error_that_may_pass(ask: Any) -> None:
    overloaded = {"error": "Model is overloaded", "error_type": "overloaded"}
    with pytest.raises(ModelUnavailable, match="Model is overloaded") as caught:
        ask(lambda talk: talk.answer(429, overloaded), retries=0)
    assert caught.value.passing


@pytest.mark.parametrize(
    "events",
    [
        [{"index": 1, "token": {"text": "Hi", "special": False}}],
        [{"index": 1, "token": None}],
        ["{"],
        [[]],
        [],
    ],
)
def test_a_reply_that_is_none_is_an_error(ask: Any, events: list[Any]) -> None:
    with pytest.raises(ModelReplyError):
        ask(lambda talk: talk.stream(*events), retries=0)


def test_a_url_that_leads_elsewhere_is_told(ask: Any) -> None:
    with pytest.raises(ModelUnavailable, match="the server has no such route: Not Found"):
        ask(lambda talk: talk.answer(404, {"detail": "Not Found"}))


def test_a_url_is_its_name_without_what_is_secret() -> None:
    model = open_model("tgi:http://user:password@127.0.0.1:8080/")
    assert model.name == "tgi:http://127.0.0.1:8080"
    can = model.capabilities
    assert (can.text, can.json_schema, can.regex, can.grammar) == (True, True, True, False)
    for name in ("tgi:llama", "tgi:ftp://x", "tgi:http://"):
        with pytest.raises(UsageError, match="this is no URL"):
            open_model(name)
