"""What is the server's own: the list of APIs, their documents, health. Under ``/_toolalpaca/``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolalpaca import __version__
from toolalpaca_mockserver.admin.engine import engine_routes
from toolalpaca_mockserver.admin.health import health_routes
from toolalpaca_mockserver.admin.journal import journal_routes
from toolalpaca_mockserver.admin.metrics import metrics_routes
from toolalpaca_mockserver.admin.oauth import TOKEN_PATH, oauth_routes, with_token_url
from toolalpaca_mockserver.admin.operations import operation_routes
from toolalpaca_mockserver.admin.own_problems import PROBLEMS, api_named, tell_problems
from toolalpaca_mockserver.admin.page_files import PAGE, page_routes
from toolalpaca_mockserver.admin.sessions import session_routes
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.observation.observing import Watch
from toolalpaca_mockserver.own_paths import MCP, OWN
from toolalpaca_mockserver.reading.sessions import SESSION
from toolalpaca_mockserver.state.store import Store

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


class ApiSummary(BaseModel):
    """An API that is served.

    Attributes:
        url: Where it is.
        document_url: Where its document is, with this server as its only one.
        mcp_url: Where it is an MCP server.
        operations: How many it has.
        problems: How many faults its document has.
    """

    name: str
    title: str
    url: str
    document_url: str
    mcp_url: str
    operations: int
    problems: int


class Listing(BaseModel):
    """What the server is."""

    server: str = "toolalpaca"
    version: str = __version__
    apis: list[ApiSummary]


def create_admin(
    apis: Catalog,
    store: Store,
    watch: Watch,
    routes: Sequence[Callable[[Catalog], APIRouter]] = (),
) -> FastAPI:
    """The application under ``/_toolalpaca/``.

    Args:
        apis: What is served.
        store: Where sessions are.
        watch: What is told of the server.
        routes: Make what is served besides.
    """
    admin = FastAPI(
        title="ToolAlpaca mock server",
        version=__version__,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=f"{OWN}/openapi.json",
        responses=PROBLEMS,
    )
    tell_problems(admin)
    admin.add_middleware(_HeadAsGet)

    admin.include_router(session_routes(apis, store), prefix=OWN)
    admin.include_router(operation_routes(apis), prefix=OWN)
    admin.include_router(journal_routes(apis, watch.journal), prefix=OWN)
    admin.include_router(metrics_routes(watch.all_collectors, store), prefix=OWN)
    admin.include_router(oauth_routes(), prefix=OWN)
    admin.include_router(engine_routes(apis), prefix=OWN)
    admin.include_router(page_routes(), prefix=OWN)
    admin.include_router(health_routes(apis, store), prefix=OWN)
    for made in routes:
        admin.include_router(made(apis), prefix=OWN)

    @admin.get(f"{OWN}/apis")
    async def list_apis(request: Request) -> list[ApiSummary]:
        """The APIs that are served."""
        return summaries(apis, _origin(request))

    @admin.get(f"{OWN}/apis/{{name}}/openapi.json")
    async def read_document(name: str, request: Request) -> JSONResponse:
        """The document of an API, with this server as its only one."""
        return JSONResponse(served_document(api_named(apis, name), _origin(request)))

    @admin.get(f"{OWN}/")
    async def index(request: Request) -> Response:
        """The APIs, as a page for browsers and as JSON for programs."""
        if "text/html" in request.headers.get("accept", ""):
            return PAGE.file("index.html")
        listing = Listing(apis=summaries(apis, _origin(request)))
        return JSONResponse(listing.model_dump(), headers={"vary": "accept"})

    @admin.get(OWN, include_in_schema=False)
    async def index_without_slash(request: Request) -> Response:
        return await index(request)

    return admin


class _HeadAsGet:
    """Lets every GET answer HEAD too (RFC 9110, section 9.3.2), as FastAPI's routes do not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        sent = asyncio.Event()

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            elif not sent.is_set():
                sent.set()
                await send({"type": "http.response.body", "body": b""})

        async def leave() -> Message:  # ends streams, which have nothing to say to HEAD
            await sent.wait()
            return {"type": "http.disconnect"}

        await self._app({**scope, "method": "GET"}, leave, send_head)


def summaries(apis: Iterable[Api], origin: str) -> list[ApiSummary]:
    """What is served at *origin*: scheme and authority, without a slash at the end."""
    return [
        ApiSummary(
            name=api.document.name,
            title=api.document.title,
            url=origin + api.prefix,
            document_url=f"{origin}{OWN}/apis/{api.document.name}/openapi.json",
            mcp_url=origin + MCP + api.document.name,
            operations=len(api.document.operations),
            problems=len(api.document.problems) + len(api.unreachable),
        )
        for api in apis
    ]


def served_document(api: Api, origin: str) -> dict[str, Any]:
    """The API's document as this server serves it, marked as a simulator's."""
    root = dict(api.document.root)
    root["servers"] = [{"url": origin + api.prefix}]
    root["x-toolalpaca"] = {"simulated": True, "session_header": SESSION}
    if "components" in root:
        root["components"] = with_token_url(root["components"], origin + OWN + TOKEN_PATH)
    paths = root.get("paths")
    if isinstance(paths, dict):
        root["paths"] = {path: _without_servers(item) for path, item in paths.items()}
    return root


def _without_servers(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {
        name: {k: v for k, v in value.items() if k != "servers"}
        if name in _METHODS and isinstance(value, dict)
        else value
        for name, value in item.items()
        if name != "servers"
    }


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
