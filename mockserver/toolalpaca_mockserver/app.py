"""The mock server as an ASGI application.

A request goes through the parts in this order::

    Request            requests.py     read, bounded
    Api, by prefix     api.py          which document
    Router             router.py       which operation
    Guard              auth.py         who asks
    OperationPlan      plan.py         is it sound
    Simulation         state/          what is remembered
    Engine             engines/        what is made up
    Answer             answers.py      conforming, and sent here

What is the server's own lives under ``/_toolalpaca/`` (admin.py), loaded when first asked for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from typing import Any, Final

from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.api import Api, EngineFactory, problem_answer
from toolalpaca_mockserver.engines.schema import SchemaEngine
from toolalpaca_mockserver.journal import Entry, Journal, ignore
from toolalpaca_mockserver.requests import Request, request_of
from toolalpaca_mockserver.sessions import (
    DEFAULT_SESSION,
    SESSION_RULE,
    is_session_name,
    session_of,
)
from toolalpaca_mockserver.state.corrections import CorrectionsFile
from toolalpaca_mockserver.state.memory import MemoryStore
from toolalpaca_mockserver.state.store import Store
from toolalpaca_mockserver.validators import Validation, ValidatorFactory, compiled

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

OWN: Final = "/_toolalpaca"
LARGEST_BODY: Final = 16 * 1024 * 1024

_log = logging.getLogger(__name__)


def create_app(
    documents: Sequence[Document],
    *,
    seed: int = 0,
    engine: EngineFactory = SchemaEngine,
    store: Store | None = None,
    journal: Journal = ignore,
    open_world: bool = False,
    authenticate: bool = True,
    credentials: Collection[str] | None = None,
    validator: ValidatorFactory = compiled,
    validation: Validation = "strict",
    corrections: CorrectionsFile | None = None,
) -> MockServerApp:
    """The application that serves *documents*: one at the root, several at ``/{name}`` each.

    Args:
        documents: What to serve; their names differ.
        seed: For generated values.
        engine: Makes the engine of each document from its value generator.
        store: Where sessions are kept; by default in memory.
        journal: Told of every request.
        open_world: Whether an item that nobody has listed, made or deleted exists when it is asked
            for; otherwise it is a 404 wherever a list shows all that there are.
        authenticate: Whether credentials are demanded where a document does.
        credentials: The keys, tokens and ``user:password`` pairs that open; None for any that are
            well formed.
        validator: Judges requests.
        validation: What faults of requests lead to: ``strict`` refuses them, ``warn`` answers and
            names them in the header ``toolalpaca-problem``, ``off`` answers.
        corrections: What a person knows better of resources than inference.
    """
    store = store or MemoryStore()
    alone = len(documents) == 1
    apis = [
        Api(
            document,
            "" if alone else f"/{document.name}",
            engine,
            store,
            seed,
            open_world=open_world,
            authenticate=authenticate,
            credentials=credentials,
            validator=validator,
            validation=validation,
            corrections=corrections,
        )
        for document in documents
    ]
    return MockServerApp(apis, store, journal)


class MockServerApp:
    """See :func:`create_app`."""

    def __init__(self, apis: Sequence[Api], store: Store, journal: Journal) -> None:
        self.apis = list(apis)
        self._by_prefix = {api.prefix: api for api in self.apis}
        self._store = store
        self._journal = journal
        self._admin: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (https://asgi.readthedocs.io)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            path: str = scope["path"]
            if path == OWN or path.startswith(OWN + "/"):
                await self.admin(scope, receive, send)
            else:
                await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    @property
    def admin(self) -> Any:
        """The application under ``/_toolalpaca/``."""
        if self._admin is None:
            from toolalpaca_mockserver.admin import create_admin

            self._admin = create_admin(self.apis, self._store)
        return self._admin

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                for api in self.apis:
                    await api.engine.aclose()
                await self._store.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        body = await _read(receive)
        request = request_of(scope, body or b"")
        session = session_of(request)
        if not is_session_name(session):
            session, answer = DEFAULT_SESSION, problem_answer(400, SESSION_RULE)
        elif body is None:
            answer = problem_answer(413, f"the body is larger than {LARGEST_BODY} bytes")
        else:
            answer = await self._answer(request, session)
        milliseconds = (time.perf_counter() - began) * 1000
        self._journal(
            Entry(
                request.method,
                request.path,
                answer.status,
                answer.source,
                milliseconds,
                session if session != DEFAULT_SESSION else "",
                answer.headers.get("toolalpaca-problem", ""),
            )
        )
        await _send(answer, request, send)

    async def _answer(self, request: Request, session: str) -> Answer:
        try:
            if _is_preflight(request):
                return self._preflight(request)
            api, path = self._api_of(request.path)
            if api is not None and (path != "/" or api.methods("/")):
                return await api.answer(request, path, session)
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

    def _api_of(self, path: str) -> tuple[Api | None, str]:
        if "" in self._by_prefix:
            return self._by_prefix[""], path
        end = path.find("/", 1)
        prefix = path if end < 0 else path[:end]
        return self._by_prefix.get(prefix), path[len(prefix) :] or "/"

    def _preflight(self, request: Request) -> Answer:
        """The answer to a CORS preflight (https://fetch.spec.whatwg.org/#cors-preflight-fetch)."""
        api, path = self._api_of(request.path)
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


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when it is larger than :data:`LARGEST_BODY`."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= LARGEST_BODY:
            chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if size <= LARGEST_BODY else None


async def _send(answer: Answer, request: Request, send: Send) -> None:
    source = f"{answer.source}; reason={answer.reason}" if answer.reason else answer.source
    headers = [(b"toolalpaca-source", source.encode())]
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode("latin-1", "replace")))
    if answer.status >= 200 and answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    for name, value in answer.headers.items():
        headers.append(
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        )
    origin = request.headers.get("origin")
    if origin is not None:
        headers += [
            (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
            (b"access-control-allow-credentials", b"true"),
            (
                b"access-control-expose-headers",
                ", ".join(answer.headers).encode("latin-1", "replace"),
            ),
            (b"vary", b"Origin"),
        ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if request.method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})
