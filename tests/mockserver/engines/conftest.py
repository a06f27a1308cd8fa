"""Models that say what a test wants, in this process and behind a server on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from toolalpaca.llm import model_server as llm
from toolalpaca.llm.openai import OpenAI
from toolalpaca.llm.protocol import Capabilities, Completion, Request, Usage
from toolalpaca_mockserver.engines.asking import Asker, Limits
from toolalpaca_mockserver.engines.llm import LlmEngine
from toolalpaca_mockserver.engines.schema import SchemaEngine

Speak = Callable[[dict[str, Any], asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Saying:
    """A model that says what a function of the request says, whole or as an exception."""

    capabilities = Capabilities(json_schema=True)

    def __init__(self, say: Callable[[Request], str], name: str = "saying") -> None:
        self.name = name
        self._say = say
        self.requests: list[Request] = []

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        self.requests.append(request)
        text = self._say(request)
        yield text
        yield Completion(text, usage=Usage(prompt_tokens=7, completion_tokens=3))

    async def aclose(self) -> None:
        """Nothing is held."""


@pytest.fixture
def saying() -> type[Saying]:
    """The class of models that say what a function says."""
    return Saying


@pytest.fixture
def engine_of() -> Callable[..., Any]:
    """Makes what makes the engine of each document, of a model and limits."""

    def make(model: Any, cache: Any = None, **limits: Any) -> Callable[[Any], LlmEngine]:
        asker = Asker(model, Limits(**limits))
        return lambda values: LlmEngine(asker, SchemaEngine(values), cache=cache)

    return make


def event(text: str, finish: str | None = None) -> bytes:
    """A chunk of a streamed chat completion."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    told = {"choices": [choice], **({"usage": usage} if finish else {})}
    return b"data: " + json.dumps(told).encode() + b"\n\n"


def whole(text: str) -> bytes:
    """A whole reply, as a server sends it."""
    return HEAD + event(text) + event("", "stop") + b"data: [DONE]\n\n"


class ModelServer:
    """An OpenAI-compatible server on loopback that does what a test says.

    Attributes:
        speak: Answers a request; exchanged by tests.
        requests: The bodies of all requests so far.
        at_once: The most requests that it has had at the same time.
    """

    def __init__(self) -> None:
        self.speak: Speak | None = None
        self.requests: list[dict[str, Any]] = []
        self.at_once = 0
        self._open = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)

    def model(self) -> OpenAI:
        """A model behind it, whose client tries nothing again."""
        return OpenAI("fake", llm.ModelServer(self.url, "k", model="fake", timeout=30))

    def say(self, text: str) -> None:
        """Let it answer *text* from now on."""
        self.send(whole(text))

    def send(self, raw: bytes) -> None:
        """Let it answer these bytes from now on, and hang up."""

        async def speak(
            _: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(raw)
            await writer.drain()

        self.speak = speak

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open += 1
        self.at_once = max(self.at_once, self._open)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = (line.split(b":") for line in head.lower().splitlines() if b":" in line)
            length = next(int(line[1]) for line in lines if line[0] == b"content-length")
            body = json.loads(await reader.readexactly(length))
            self.requests.append(body)
            assert self.speak is not None
            await self.speak(body, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open -= 1
            self._tasks.discard(task)
            writer.close()


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    """A server of a model."""
    server = ModelServer()
    server.start()
    yield server
    server.stop()
