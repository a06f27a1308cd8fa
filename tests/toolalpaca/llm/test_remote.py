"""Servers that misbehave, and what becomes of it. Pauses pass on a clock of the tests' own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from toolalpaca.errors import ModelError, ModelReplyError, ModelUnavailable
from toolalpaca.llm.model_server import ModelServer
from toolalpaca.llm.openai import OpenAI
from toolalpaca.llm.protocol import Completion, Message, Piece, Request, Restart, Usage
from toolalpaca.llm.remote import Remote
from toolalpaca.llm.settings import ModelSettings

HELLO = Request(messages=(Message(role="user", content="Hello"),))
USAGE = Usage(prompt_tokens=7, completion_tokens=3)
TOLD = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}


def whole(talk: Any, text: str = "Hi") -> None:
    talk.stream(piece(text, "stop"), TOLD, "[DONE]")


class Clock:
    """Time that passes where somebody waits for it, and only there.

    Attributes:
        waits: For how many seconds each time.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


class Case:
    """A model behind a server that a test makes misbehave."""

    def __init__(self, serving: Any) -> None:
        self._serving = serving
        self.clock = Clock()
        self.asked = 0

    def ask(self, speak: Any, request: Request = HELLO, **settings: Any) -> list[Piece]:
        """The pieces of the reply to *request*."""

        async def run() -> list[Piece]:
            async with self._serving(counted) as url:
                chosen = ModelSettings(**settings)
                server = ModelServer(f"{url}/v1", model="small", timeout=30)
                model = Remote(
                    OpenAI("small", server), chosen, clock=self.clock, sleep=self.clock.sleep
                )
                try:
                    return [piece async for piece in model.stream(request)]
                finally:
                    await model.aclose()

        def counted(talk: Any) -> Any:
            self.asked += 1
            return speak(talk)

        return asyncio.run(run())


@pytest.fixture
def case(serving: Any) -> Case:
    return Case(serving)


def test_a_server_that_fails_twice_is_asked_a_third_time(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    def speak(talk: Any) -> None:
        whole(talk) if talk.number > 2 else talk.answer(500, {"error": "GPU lost"})

    with caplog.at_level(logging.INFO):
        assert case.ask(speak) == ["Hi", Completion("Hi", usage=USAGE)]
    first, second = case.clock.waits
    assert 0.25 <= first <= 0.5 <= second <= 1.0  # twice as long, less what chance takes off
    assert "openai:small: the server failed (HTTP 500): GPU lost; asked again in" in caplog.text


def test_retry_after_is_honoured(case: Case) -> None:
    def speak(talk: Any) -> None:
        whole(talk) if talk.number > 1 else talk.answer(429, {}, retry_after="7")

    assert case.ask(speak)[-1] == Completion("Hi", usage=USAGE)
    assert case.clock.waits == [7]


def test_a_server_that_asks_for_a_pause_gets_it_from_all_requests(serving: Any) -> None:
    clock = Clock()
    others: list[Piece] = []

    def speak(talk: Any) -> None:
        whole(talk) if talk.number > 1 else talk.answer(429, {}, retry_after="7")

    async def run() -> None:
        async def sleep(seconds: float) -> None:
            await clock.sleep(0)
            if len(clock.waits) == 1:  # while the first request waits, another one is made
                others.extend([piece async for piece in model.stream(HELLO)])
            await clock.sleep(seconds)

        async with serving(speak) as url:
            server = ModelServer(f"{url}/v1", model="small", timeout=30)
            model = Remote(OpenAI("small", server), ModelSettings(), clock=clock, sleep=sleep)
            assert [piece async for piece in model.stream(HELLO)] == others
            await model.aclose()

    asyncio.run(run())
    assert others == ["Hi", Completion("Hi", usage=USAGE)]
    assert [seconds for seconds in clock.waits if seconds] == [7, 7]


def test_who_wants_to_be_left_alone_for_long_is_and_it_is_said(case: Case) -> None:
    with pytest.raises(ModelUnavailable, match="left alone for 3600 s"):
        case.ask(lambda talk: talk.answer(429, {"error": "Enough"}, retry_after="3600"))
    assert (case.asked, case.clock.waits) == (1, [])


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_tried_until_the_retries_are_spent(case: Case, status: int) -> None:
    with pytest.raises(ModelError, match="it was tried 3 times"):
        case.ask(lambda talk: talk.answer(status, {}), retries=2)
    assert case.asked == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_does_not_pass_is_not_tried_again(case: Case, status: int) -> None:
    with pytest.raises(ModelError) as caught:
        case.ask(lambda talk: talk.answer(status, {}))
    assert "tried" not in str(caught.value)
    assert (case.asked, case.clock.waits) == (1, [])


def test_an_account_without_money_has_none_in_a_second_either(case: Case) -> None:
    error = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
    with pytest.raises(ModelUnavailable, match="exceeded your current quota"):
        case.ask(lambda talk: talk.answer(429, {"error": error}))
    assert case.asked == 1


BREAKS = {
    "reset": lambda talk: talk.reset(),
    "hung up": lambda talk: talk.hang_up(),
    "ended early": lambda talk: talk.end(),
    "an error": lambda talk: talk.end({"error": {"message": "Provider lost", "code": 502}}),
    "half a chunk": lambda talk: talk.end('{"choices": [{"de'),
    "garbage": lambda talk: talk.end("\x00\ufffd not json", "[DONE]"),
    "another form": lambda talk: talk.end({"choices": "no"}),
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_a_reply_that_breaks_begins_again_and_takes_back_what_was_shown(
    case: Case, broken: Any
) -> None:
    async def speak(talk: Any) -> None:
        if talk.number == 1:
            talk.begin(piece("I was about"))
            await talk.writer.drain()
            broken(talk)
        else:
            whole(talk, "Good day")

    pieces = case.ask(speak)
    restarts = [place for place, piece in enumerate(pieces) if isinstance(piece, Restart)]
    # A reset may overtake what was sent before it; then nothing was shown.
    usage = USAGE
    if restarts:
        assert restarts == [1]
        assert pieces[0] == "I was about"
        usage += Usage(prompt_tokens=2, completion_tokens=3)  # "Hello", "I was about"
    shown = pieces[restarts[-1] + 1 :] if restarts else pieces
    assert shown == ["Good day", Completion("Good day", usage=usage)]


def test_nothing_is_taken_back_where_nothing_was_shown(case: Case) -> None:
    def speak(talk: Any) -> None:
        if talk.number == 1:
            talk.begin(piece(""))
            talk.hang_up()
        else:
            whole(talk)

    assert case.ask(speak) == ["Hi", Completion("Hi", usage=USAGE)]


def test_a_reply_that_always_breaks_is_an_error(case: Case) -> None:
    def speak(talk: Any) -> None:
        talk.begin(piece("Hi"))
        talk.hang_up()

    with pytest.raises(ModelReplyError, match=r"broke off its reply: .*\(it was tried 2 times\)"):
        case.ask(speak, retries=1)


async def silent(talk: Any) -> None:
    """Live, and say nothing: comments keep the connection from timing out."""
    talk.begin(piece("Hi"))
    while not talk.writer.is_closing():
        talk.writer.write(b"d\r\n: processing\n\r\n")
        await talk.writer.drain()
        await asyncio.sleep(0)


def test_comments_are_silence(case: Case) -> None:
    with pytest.raises(ModelReplyError, match="it was silent for too long"):
        case.ask(silent, timeout=0.2, retries=1)
    assert case.asked == 2


async def endless(talk: Any) -> None:
    talk.begin()
    while not talk.writer.is_closing():
        talk.say(piece("and on "))
        await talk.writer.drain()


def test_a_reply_without_end_is_cut_off(case: Case) -> None:
    with pytest.raises(ModelReplyError, match="goes on and on"):
        case.ask(endless, Request(messages=HELLO.messages, max_tokens=8))
    assert case.asked == 1


def test_a_reply_that_takes_too_long_is_not_asked_for_again(case: Case) -> None:
    with pytest.raises(ModelReplyError, match=r"took longer than 0\.2 s for one reply"):
        case.ask(silent, reply_timeout=0.2)
    assert case.asked == 1


STOPPED = Request(messages=HELLO.messages, stop=("\nObservation", "###"))


def test_a_stop_text_is_applied_where_the_server_ignores_it_and_the_request_cancelled(
    serving: Any,
) -> None:
    async def run() -> list[Piece]:
        hung_up = asyncio.Event()

        async def speak(talk: Any) -> None:
            talk.begin(piece("Action: a\nObs"), piece("ervation: 7"), piece(" and more"))
            assert await talk.reader.read() == b""
            hung_up.set()

        async with serving(speak) as url:
            server = ModelServer(f"{url}/v1", model="small", timeout=30)
            model = Remote(OpenAI("small", server), ModelSettings())
            pieces = [piece async for piece in model.stream(STOPPED)]
            await asyncio.wait_for(hung_up.wait(), 20)
            await model.aclose()
            return pieces

    estimate = Usage(prompt_tokens=2, completion_tokens=3)  # "Hello", "Action: a"
    assert asyncio.run(run()) == ["Action: a", Completion("Action: a", usage=estimate)]


@pytest.mark.parametrize("repeated", ["", "\nObservation"])
def test_a_server_that_honours_a_stop_text_says_what_it_took(case: Case, repeated: str) -> None:
    def speak(talk: Any) -> None:
        assert talk.asked.body["stop"] == ["\nObservation", "###"]
        talk.stream(piece("Action: a"), piece(repeated), piece("", "stop"), TOLD, "[DONE]")

    assert case.ask(speak, STOPPED) == ["Action: a", Completion("Action: a", usage=USAGE)]


def test_what_looked_like_a_stop_text_at_the_end_is_said(case: Case) -> None:
    pieces = case.ask(lambda talk: whole(talk, "a ##"), STOPPED)
    assert pieces == ["a ", "##", Completion("a ##", usage=USAGE)]


def test_more_stop_texts_than_servers_take_are_applied(case: Case) -> None:
    stop = tuple("VWXYZ")

    def speak(talk: Any) -> None:
        assert talk.asked.body["stop"] == ["V", "W", "X", "Y"]
        talk.stream(piece("a"), piece("Z b"), piece("c", "stop"), "[DONE]")

    (*_, last) = case.ask(speak, Request(messages=HELLO.messages, stop=stop))
    assert isinstance(last, Completion)
    assert last.text == "a"


def test_no_more_requests_are_made_at_once_than_allowed(serving: Any) -> None:
    async def run() -> tuple[int, int]:
        most = now = 0

        async def speak(talk: Any) -> None:
            nonlocal most, now
            now += 1
            most = max(most, now)
            talk.begin(piece("H"))
            await talk.writer.drain()
            now -= 1  # before its end, after which the next may begin
            talk.end(piece("i", "stop"), "[DONE]")

        async with serving(speak) as url:
            server = ModelServer(f"{url}/v1", model="small", timeout=30)
            model = Remote(OpenAI("small", server), ModelSettings(concurrency=2))

            async def ask() -> None:
                async for _ in model.stream(HELLO):
                    pass

            await asyncio.gather(*(ask() for _ in range(8)))
            await model.aclose()
        return most, now

    most, now = asyncio.run(run())
    assert 1 <= most <= 2
    assert now == 0
