"""A server of a model on loopback that behaves as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import pytest

from toolalpaca.llm.protocol import Piece, Request
from toolalpaca.llm.registry import open_model
from toolalpaca.llm.settings import ModelSettings

# Chunked, so that an answer that ends before its last chunk is broken.
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Talk:
    """One request and its connection.

    Attributes:
        number: Of the request, from 1.
        asked: The request.
        reader: At its end when the client hangs up.
    """

    number: int
    asked: Asked
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def answer(self, status: int, body: Any, **headers: str) -> None:
        """Answer with JSON, or with a text as a page."""
        page = isinstance(body, str)
        content = body.encode() if page else json.dumps(body).encode()
        told = {"content-type": "text/html" if page else "application/json"}
        told |= {"content-length": str(len(content))}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in told.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + content)

    def begin(self, *events: Any) -> None:
        """Begin a stream of events."""
        self.writer.write(STREAM)
        self.say(*events)

    def say(self, *events: Any) -> None:
        """Go on with events: JSON, or a text as it is."""
        for event in events:
            data = event if isinstance(event, str) else json.dumps(event)
            raw = f"data: {data}\n\n".encode()
            self.writer.write(b"%x\r\n%s\r\n" % (len(raw), raw))

    def end(self, *events: Any) -> None:
        """End the stream of events properly."""
        self.say(*events)
        self.writer.write(LAST)

    def stream(self, *events: Any) -> None:
        """A whole stream of events."""
        self.begin(*events)
        self.end()

    def hang_up(self) -> None:
        """Close the connection, whatever is unfinished."""
        self.writer.close()

    def reset(self) -> None:
        """Cut the connection, as a process that dies does."""
        self.writer.transport.abort()


Speak: TypeAlias = Callable[[Talk], Awaitable[None] | None]


@asynccontextmanager
async def _serving(speak: Speak) -> AsyncIterator[str]:
    """A server that answers every request with *speak*; its URL."""
    numbers = count(1)
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            while not writer.is_closing():
                asked = await _read(reader)
                waiting = speak(Talk(next(numbers), asked, reader, writer))
                if waiting is not None:
                    await waiting
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has hung up, or the test is over
        finally:
            connections.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        waiting = [*connections]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().strip().split("\r\n")
    method, path, _ = first.split()
    parted = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in parted}
    body = await reader.readexactly(int(headers["content-length"]))
    return Asked(method, path, headers, json.loads(body))


@pytest.fixture
def serving() -> Callable[[Speak], AbstractAsyncContextManager[str]]:
    """Serves what a test says."""
    return _serving


@pytest.fixture
def converse() -> Callable[..., list[Piece]]:
    """Asks a model of a server that speaks as a test says; the pieces of its replies."""

    def run(speak: Speak, name: str, *requests: Request, **settings: Any) -> list[Piece]:
        async def ask() -> list[Piece]:
            async with _serving(speak) as url:
                own = ModelSettings(base_url=f"{url}/v1", **settings)
                model = open_model(name.replace("URL", url), own)
                try:
                    return [piece for request in requests async for piece in model.stream(request)]
                finally:
                    await model.aclose()

        return asyncio.run(ask())

    return run
