"""Against a server on loopback: what only real connections show."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from toolalpaca.errors import ModelReplyError, ModelUnavailable
from toolalpaca.llm.openai import OpenAI
from toolalpaca.llm.protocol import Completion, Message, Request, complete
from toolalpaca.llm.registry import open_model
from toolalpaca.llm.settings import ModelSettings

HELLO = Request(messages=(Message(role="user", content="Hello"),))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def piece(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    data = b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


@asynccontextmanager
async def serving(speak: Speak) -> AsyncIterator[str]:
    """A server that reads a request and then does *speak*; its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.splitlines()
                if line.lower().startswith(b"content-length")
            )
            await reader.readexactly(length)
            await speak(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.close()
        await server.wait_closed()


def unretrying(url: str, timeout: float = 30) -> OpenAI:
    client = AsyncOpenAI(base_url=url, api_key="k", max_retries=0, timeout=httpx2.Timeout(timeout))
    return OpenAI("small", client)


def test_pieces_arrive_before_the_reply_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    async def run() -> None:
        heard = asyncio.Event()

        async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(HEAD + piece("Hel"))
            await heard.wait()
            writer.write(piece("lo", "stop") + END)
            await writer.drain()

        async with serving(speak) as url:
            model = open_model("openai:small", ModelSettings(base_url=url))  # without a key
            stream = model.stream(HELLO)
            assert await anext(stream) == "Hel"
            heard.set()
            assert await anext(stream) == "lo"
            assert await anext(stream) == Completion("Hello")
            await model.aclose()

    asyncio.run(run())


def test_closing_the_stream_hangs_up() -> None:
    async def run() -> None:
        hung_up = asyncio.Event()

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(HEAD + piece("Hel"))
            assert await reader.read() == b""
            hung_up.set()

        async with serving(speak) as url:
            model = unretrying(url)
            stream: Any = model.stream(HELLO)
            assert await anext(stream) == "Hel"
            await stream.aclose()
            await asyncio.wait_for(hung_up.wait(), 20)
            await model.aclose()

    asyncio.run(run())


def test_a_connection_lost_in_the_middle_is_an_error() -> None:
    async def run() -> None:
        async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(HEAD + piece("Hel"))
            await writer.drain()

        async with serving(speak) as url:
            model = unretrying(url)
            with pytest.raises(ModelReplyError, match=f"{url}: the server broke off its reply"):
                await complete(model, HELLO)
            await model.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("head", "kind", "message"),
    [
        (b"", ModelUnavailable, "cannot be reached: it was silent for too long"),
        (HEAD + piece("Hel"), ModelReplyError, "broke off its reply: it was silent for too long"),
    ],
)
def test_silence_is_an_error(head: bytes, kind: type[Exception], message: str) -> None:
    async def run() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(head)
            await reader.read()

        async with serving(speak) as url:
            model = unretrying(url, timeout=0.2)
            with pytest.raises(kind, match=message):
                await complete(model, HELLO)
            await model.aclose()

    asyncio.run(run())


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://user:password@127.0.0.1:{unused.getsockname()[1]}/v1"

        async def run() -> None:
            model = unretrying(url)
            with pytest.raises(ModelUnavailable, match="the server cannot be reached") as caught:
                await complete(model, HELLO)
            assert str(caught.value).startswith("http://127.0.0.1:")
            assert "is it running" in str(caught.value)
            assert "password" not in str(caught.value)
            await model.aclose()

        asyncio.run(run())
