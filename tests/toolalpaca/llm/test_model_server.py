"""What only real connections show."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from toolalpaca.errors import ModelReplyError, ModelUnavailable
from toolalpaca.llm.model_server import ModelServer
from toolalpaca.llm.openai import OpenAI
from toolalpaca.llm.protocol import Completion, Message, Request, Usage, complete
from toolalpaca.llm.server_errors import retry_after

HELLO = Request(messages=(Message(role="user", content="Hello"),))
USAGE = {"usage": {"prompt_tokens": 1, "completion_tokens": 1}}


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}], **USAGE}


def model_at(url: str, timeout: float = 30) -> OpenAI:
    return OpenAI("small", ModelServer(f"{url}/v1", "k", model="small", timeout=timeout))


def test_pieces_arrive_before_the_reply_is_whole(serving: Any) -> None:
    async def run() -> None:
        heard = asyncio.Event()

        async def speak(talk: Any) -> None:
            talk.begin(piece("Hel"))
            await heard.wait()
            talk.end(piece("lo", "stop"), "[DONE]")

        async with serving(speak) as url:
            model = model_at(url)
            stream = model.stream(HELLO)
            assert await anext(stream) == "Hel"
            heard.set()
            assert await anext(stream) == "lo"
            rest = [piece async for piece in stream]
            usage = Usage(prompt_tokens=1, completion_tokens=1)
            assert rest == ["", Completion("Hello", usage=usage)]
            await model.aclose()

    asyncio.run(run())


def test_closing_the_stream_hangs_up(serving: Any) -> None:
    async def run() -> None:
        hung_up = asyncio.Event()

        async def speak(talk: Any) -> None:
            talk.begin(piece("Hel"))
            assert await talk.reader.read() == b""
            hung_up.set()

        async with serving(speak) as url:
            model = model_at(url)
            stream = model.stream(HELLO)
            assert await anext(stream) == "Hel"
            await stream.aclose()
            await asyncio.wait_for(hung_up.wait(), 20)
            await model.aclose()
            await model.aclose()
            with pytest.raises(ModelUnavailable, match="has been closed"):
                await complete(model, HELLO)

    asyncio.run(run())


def test_a_connection_is_used_again_after_a_whole_reply(serving: Any) -> None:
    async def run() -> None:
        ports: list[int] = []

        def speak(talk: Any) -> None:
            ports.append(talk.writer.get_extra_info("peername")[1])
            talk.stream(piece("Hi", "stop"), "[DONE]")

        async with serving(speak) as url:
            model = model_at(url)
            for _ in range(3):
                await complete(model, HELLO)
            await model.aclose()
        assert len(ports) == 3
        assert len(set(ports)) == 1

    asyncio.run(run())


def test_a_connection_lost_in_the_middle_is_an_error_that_may_pass(serving: Any) -> None:
    async def run() -> None:
        def speak(talk: Any) -> None:
            talk.begin(piece("Hel"))
            talk.hang_up()

        async with serving(speak) as url:
            model = model_at(url)
            with pytest.raises(ModelReplyError, match="the server broke off its reply") as caught:
                await complete(model, HELLO)
            assert caught.value.passing
            assert caught.value.where == f"{url}/v1"
            await model.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("events", "kind", "message"),
    [
        (None, ModelUnavailable, "cannot be reached: it was silent for too long"),
        ([piece("Hel")], ModelReplyError, "broke off its reply: it was silent for too long"),
    ],
)
def test_silence_is_an_error(
    serving: Any, events: list[Any] | None, kind: type[Exception], message: str
) -> None:
    async def run() -> None:
        async def speak(talk: Any) -> None:
            if events is not None:
                talk.begin(*events)
            await talk.reader.read()

        async with serving(speak) as url:
            model = model_at(url, timeout=0.2)
            with pytest.raises(kind, match=message):
                await complete(model, HELLO)
            await model.aclose()

    asyncio.run(run())


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://user:password@127.0.0.1:{unused.getsockname()[1]}"

        async def run() -> None:
            model = model_at(url)
            with pytest.raises(ModelUnavailable, match="the server cannot be reached") as caught:
                await complete(model, HELLO)
            assert str(caught.value).startswith("http://127.0.0.1:")
            assert "is --model-url (or OPENAI_BASE_URL) right" in str(caught.value)
            assert "password" not in str(caught.value)
            await model.aclose()

        asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_a_server_says_when_it_wants_to_be_asked_again(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
