"""The mock server as an ASGI application.

A request goes through the parts in this order::

    Request            reading/        read, bounded
    Catalog            catalog.py      which document
    Router             router.py       which operation
    Guard              reading/        who asks
    OperationPlan      plan.py         is it sound
    Disturber          disturbance/    what goes wrong on purpose
    Answerer           answering.py    who answers: by default the simulation
      Simulation       state/          what is remembered
      Engine           engines/        what is made up
    Answer             answers.py      conforming, and sent here
    Exchange           observation/    told to whoever listens

What is the server's own lives under ``/_toolalpaca/`` (admin/), MCP among it (mcp/), loaded when
first asked for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.disturbance.delivery import fail_to_deliver
from toolalpaca_mockserver.mcp.loading import mcp_endpoints
from toolalpaca_mockserver.observation.exchange import Exchange, Listener
from toolalpaca_mockserver.observation.observing import Watch
from toolalpaca_mockserver.own_paths import MCP, OWN
from toolalpaca_mockserver.reading.requests import LARGEST_BODY, Request, request_of
from toolalpaca_mockserver.reading.sessions import (
    DEFAULT_SESSION,
    SESSION_RULE,
    is_session_name,
    session_of,
)
from toolalpaca_mockserver.serving.asgi import (
    ClientGone,
    Receive,
    Scope,
    Send,
    read_body,
    send_answer,
)
from toolalpaca_mockserver.settings import DEFAULTS, Settings
from toolalpaca_mockserver.simulator_cache import SimulatorCache
from toolalpaca_mockserver.state.memory import MemoryStore
from toolalpaca_mockserver.state.store import Store

_log = logging.getLogger(__name__)

Part = AbstractAsyncContextManager[object]
"""Something that lives as long as the application does: entered at its start, left at its end."""

Routes = Callable[[Catalog], Any]
"""Makes a router of FastAPI's, which takes a while to import: so only when it is asked for."""


def create_app(
    documents: Sequence[Document],
    settings: Settings = DEFAULTS,
    *,
    store: Store | None = None,
    listeners: Sequence[Listener] = (),
    parts: Sequence[Part] = (),
    routes: Sequence[Routes] = (),
    watch: Watch | None = None,
) -> MockServerApp:
    """The application that serves *documents*: one at the root, several at ``/{name}`` each.

    Args:
        documents: What to serve; their names differ.
        settings: How.
        store: Where sessions are kept; by default in memory.
        listeners: Told of every exchange.
        parts: What else the application needs to be running while it serves.
        routes: What else is served under ``/_toolalpaca/``.
        watch: What is told of it under ``/_toolalpaca/``; by default all that there is.
    """
    store = store or MemoryStore()
    apis = Catalog(apis_of(documents, settings, store))
    return MockServerApp(
        apis,
        store,
        listeners=listeners,
        parts=parts,
        routes=routes,
        watch=watch,
        hosts=settings.hosts,
    )


def apis_of(documents: Sequence[Document], settings: Settings, store: Store) -> list[Api]:
    """*documents* as live APIs: one at the root, several at ``/{name}`` each."""
    alone = len(documents) == 1
    return [
        Api(document, "" if alone else f"/{document.name}", store, settings)
        for document in documents
    ]


class MockServerApp:
    """See :func:`create_app`."""

    def __init__(
        self,
        apis: Catalog,
        store: Store,
        *,
        listeners: Sequence[Listener] = (),
        parts: Sequence[Part] = (),
        routes: Sequence[Routes] = (),
        watch: Watch | None = None,
        hosts: Collection[str] = (),
    ) -> None:
        self.apis = apis
        self.store = store
        self.watch = watch or Watch()
        self._listeners = (*listeners, *self.watch.listeners)
        self.parts = tuple(parts)
        self._routes = tuple(routes)
        self._hosts = hosts
        self._admin: Any = None
        self._mcp: Any = None
        self._simulator_cache = SimulatorCache(apis, store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (https://asgi.readthedocs.io)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(MCP):
                await self.mcp(scope, receive, send)
            elif path == OWN or path.startswith(OWN + "/"):
                await self.admin(scope, receive, send)
            else:
                await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    @property
    def admin(self) -> Any:
        """The application under ``/_toolalpaca/``."""
        if self._admin is None:
            from toolalpaca_mockserver.admin.app import create_admin

            self._admin = create_admin(self.apis, self.store, self.watch, self._routes)
        return self._admin

    def stop(self) -> None:
        """Let go who waits for something to happen, because the server is about to stop."""
        self.watch.close()

    @property
    def mcp(self) -> Any:
        """The application under ``/_toolalpaca/mcp/``."""
        if self._mcp is None:
            self._mcp = mcp_endpoints(self.apis, self.ask, self._hosts)
        return self._mcp

    async def ask(self, request: Request, session: str) -> Answer:
        """The answer to a request that did not come over HTTP; listeners are told of it, too."""
        began = time.perf_counter()
        answer = await self._answer(request, session)
        self._tell(request, answer, session, began)
        return answer

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as living:
            await receive()  # lifespan.startup
            await self.store.prepare()
            living.push_async_callback(self._close)
            for part in self.parts:
                await living.enter_async_context(part)
            await send({"type": "lifespan.startup.complete"})
            await receive()  # lifespan.shutdown
        await send({"type": "lifespan.shutdown.complete"})

    async def _close(self) -> None:
        for api in self.apis:
            await api.engine.aclose()
        await self.store.aclose()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        try:
            body = await read_body(receive)
        except ClientGone:
            return
        request = request_of(scope, body or b"")
        session = session_of(request)
        if not is_session_name(session):
            session, answer = DEFAULT_SESSION, problem_answer(400, SESSION_RULE)
        elif body is None:
            answer = problem_answer(413, f"the body is larger than {LARGEST_BODY} bytes")
        else:
            try:
                answer = await self._answer(request, session)
            except asyncio.CancelledError:  # uvicorn gives up what takes too long when it stops
                answer = problem_answer(503, "the server stops")
        self._tell(request, answer, session, began)
        if answer.fate is None:
            await send_answer(answer, request, send)
        else:
            await fail_to_deliver(answer, request, scope, receive, send)

    def _tell(self, request: Request, answer: Answer, session: str, began: float) -> None:
        milliseconds = (time.perf_counter() - began) * 1000
        if self._listeners:
            exchange = Exchange(request, answer, session, time.time(), milliseconds)
            for listener in self._listeners:
                try:
                    listener(exchange)
                except Exception:  # who watches takes no answer away
                    _log.exception("%s %s was not noted", request.method, exchange.path)

    async def _answer(self, request: Request, session: str) -> Answer:
        try:
            if _is_preflight(request):
                return self._preflight(request)
            api, path = self.apis.at(request.path)
            if self._simulator_cache.answers(api, request.path):
                return await self._simulator_cache.answer(request, session)
            if api is not None and (path != "/" or api.methods("/")):
                if self._simulator_cache.carries:
                    return await api.answer(request, path, session)
                async with self._simulator_cache.passing_world() as world:
                    return await api.answer(request, path, world)
            if request.path == "/":
                return Answer(307, headers={"Location": f"{OWN}/"}, source="router")
            if api is not None and request.method in ("GET", "HEAD"):
                return _way_in(api, request)
            if api is not None:
                return await api.answer(request, path, session)
            known = ", ".join(api.prefix for api in self.apis)
            return problem_answer(404, f"no API is served here; there are {known}")
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            return problem_answer(500, "the mock server failed; its log says more")

    def _preflight(self, request: Request) -> Answer:
        """The answer to a CORS preflight (https://fetch.spec.whatwg.org/#cors-preflight-fetch)."""
        api, path = self.apis.at(request.path)
        methods = api.methods(path) if api is not None else []
        headers = {
            "Access-Control-Allow-Methods": ", ".join(methods) or "GET, HEAD, OPTIONS",
            "Access-Control-Max-Age": "600",
        }
        wanted = request.headers.get("access-control-request-headers")
        if wanted:
            headers["Access-Control-Allow-Headers"] = wanted
        return Answer(204, headers=headers, source="router")


def _way_in(api: Api, request: Request) -> Answer:
    """Leads who asks for *api* itself: people to its row of the page, programs to its document."""
    name = api.document.name
    wants_page = "text/html" in request.headers.get("accept", "")
    way = f"{OWN}/#{name}" if wants_page else f"{OWN}/apis/{name}/openapi.json"
    return Answer(307, headers={"Location": way, "Vary": "Accept"}, source="router")


def _is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS"
        and "origin" in request.headers
        and "access-control-request-method" in request.headers
    )
