"""An API that is not ours, an agent on it behind HTTP, and a browser."""

from __future__ import annotations

import asyncio
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from toolalpaca.listening import bind, url_of
from toolalpaca.llm.protocol import Capabilities, Completion, Piece, Restart, ToolCall, Usage
from toolalpaca.llm.protocol import Request as ModelRequest
from toolalpaca.trace import Trace, read_traces
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.auth import credential
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.functions import FunctionTools
from toolalpaca_runtime.web.access import Keys
from toolalpaca_runtime.web.app import WebApp, create_app
from toolalpaca_runtime.web.server import WebServer

from ...mockserver.admin.page.conftest import browser  # noqa: F401 - a fixture
from ..conftest import Serve

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
KEYS = Keys(token="token-of-the-page")

Reply = str | Completion | Exception | Sequence[str | Restart | threading.Event]
Open = Callable[..., "Served"]


def picture() -> bytes:
    """A PNG of one orange pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0\xb4\x53\x2a")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass
class Pets:
    """An API, and what it was asked.

    Attributes:
        adopted: Names that were posted.
        reached: Somebody waits for ``/forever``.
        left: They have gone.
    """

    adopted: list[str] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def app(self) -> FastAPI:
        app = FastAPI(title="Pets", version="1")

        @app.get("/pets/{pet_id}", operation_id="getPet", summary="Get one pet")
        def get_pet(pet_id: int) -> dict[str, Any]:
            return {"id": pet_id, "name": f"Pet {pet_id}"}

        @app.post("/pets", operation_id="adoptPet", summary="Adopt a pet", status_code=201)
        def adopt(name: str) -> dict[str, str]:
            self.adopted.append(name)
            return {"adopted": name}

        @app.get("/hostile", operation_id="getHostile", summary=f"Hostile {HOSTILE}")
        def hostile() -> PlainTextResponse:
            return PlainTextResponse(HOSTILE, media_type="text/html")

        @app.get("/picture", operation_id="getPicture", summary="A picture", responses={200: {}})
        def get_picture() -> Response:
            return Response(picture(), media_type="image/png")

        @app.get("/drawing", operation_id="getDrawing", summary="A drawing")
        def get_drawing() -> Response:
            drawing = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(3)</script></svg>"
            return Response(drawing + b"\0", media_type="image/svg+xml")

        @app.get("/forever", operation_id="waitForever", summary="Wait")
        async def forever(request: Request) -> None:
            self.reached.set()
            while (await request.receive())["type"] != "http.disconnect":
                pass
            self.left.set()

        @app.get("/echo", operation_id="echo", summary="What was sent")
        def echo(request: Request) -> dict[str, str]:
            return dict(request.headers)

        described = app.openapi()
        described.setdefault("components", {})["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"}
        }
        described["paths"]["/echo"]["get"]["security"] = [{"token": []}]
        return app


class Model:
    """Plays *replies*: whole, in pieces between which it waits for an event, or raised."""

    name = "staged"

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.capabilities = Capabilities(tools=True)
        self.requests: list[ModelRequest] = []
        self._replies = iter(replies)

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        self.requests.append(request)
        reply = next(self._replies)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, Completion):
            pieces: Sequence[str | Restart | threading.Event] = [reply.text]
        else:
            pieces = [reply] if isinstance(reply, str) else reply
        text = ""
        for piece in pieces:
            if isinstance(piece, str | Restart):
                text = text + piece if isinstance(piece, str) else ""
                yield piece
            else:
                while not piece.is_set():  # an event of another thread's
                    await asyncio.sleep(0.005)
        whole = reply if isinstance(reply, Completion) else Completion(text)
        usage = Usage(prompt_tokens=10, completion_tokens=5, cached_tokens=4)
        yield Completion(whole.text, whole.tool_calls, usage, whole.finish)

    async def aclose(self) -> None:
        pass


def calling(name: str, thought: str = "", /, **arguments: Any) -> Completion:
    """A reply that calls a tool."""
    import orjson

    call = ToolCall(id="x", name=name, arguments=orjson.dumps(arguments).decode())
    return Completion(thought, (call,), finish="tool_calls")


@dataclass
class Served:
    """An agent behind HTTP.

    Attributes:
        url: Where.
        api: What it uses.
        model: What decides.
        web: What is served.
        traces: Reads what was recorded.
        stop: Ends the server, and waits until it has.
    """

    url: str
    api: Pets
    model: Model
    web: WebApp
    traces: Callable[[], list[Trace]]
    stop: Callable[[], None]

    @property
    def entrance(self) -> str:
        return f"{self.url}/#token={KEYS.token}"

    def client(self, **headers: str) -> httpx2.Client:
        """A client that has the token."""
        given = {"authorization": f"Bearer {KEYS.token}"} | headers
        return httpx2.Client(base_url=self.url, headers=given)


@pytest.fixture
def open_agent(serve: Serve, tmp_path: Path) -> Iterator[Open]:
    """Serves an agent that plays replies on the pets' API."""
    with ExitStack() as stack:

        def open_it(
            *replies: Reply,
            keys: Keys = KEYS,
            policy: Policy | None = None,
            limits: Limits | None = None,
            page: bool = True,
            auth: str | None = None,
            functions: Sequence[Callable[..., Any]] = (),
        ) -> Served:
            api, model, path = Pets(), Model(replies), tmp_path / "trace.jsonl"
            document = f"{serve(api.app())}/openapi.json"

            @contextmanager
            def running() -> Iterator[Served]:
                server: list[Any] = []
                ready = threading.Event()

                async def run() -> None:
                    given = [credential(f"token={auth}")] if auth else ()
                    async with await open_api(
                        document, auth=given, policy=policy, environment={}
                    ) as tools:
                        with (
                            Assembly(
                                [tools, FunctionTools(functions)] if functions else [tools],
                                model,
                                trace_path=path,
                                limits=limits,
                            ) as assembly,
                            bind("127.0.0.1", 0) as listener,
                        ):
                            web = create_app(assembly, keys, page=page)
                            server.extend((WebServer(web, ready.set), url_of(listener), web))
                            await server[0].serve_on(listener)

                thread = threading.Thread(target=lambda: asyncio.run(run()))
                thread.start()
                assert ready.wait(30)

                def stop() -> None:
                    server[0].should_exit = True
                    thread.join()

                try:
                    yield Served(
                        server[1], api, model, server[2], lambda: list(read_traces(path)), stop
                    )
                finally:
                    stop()

            return stack.enter_context(running())

        yield open_it


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:  # noqa: F811
    """Opens the page of an agent; what the browser complains of fails the test."""
    contexts = []
    complaints: list[str] = []

    def open_on(served: Served, *, page: Any = None, **options: Any) -> Any:
        if page is not None:  # another tab of the same browser
            context = page.context
        else:
            options = {"viewport": {"width": 1300, "height": 900}} | options
            context = browser.new_context(**options)
            contexts.append(context)
            context.set_default_timeout(20_000)

            def see(request: Any) -> None:
                if not request.url.startswith((f"{served.url}/", f"blob:{served.url}/")):
                    complaints.append(f"a request to {request.url}")

            context.on("request", see)
        opened = context.new_page()
        opened.on(
            "console",
            lambda message: (
                complaints.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("dialog", lambda dialog: complaints.append(dialog.message))
        opened.goto(served.entrance if page is None else served.url)
        return opened

    yield open_on
    for context in contexts:
        context.close()
    assert complaints == []
