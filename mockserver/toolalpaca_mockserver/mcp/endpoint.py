"""The MCP endpoints, ``/_toolalpaca/mcp/{name}``: streamable HTTP without sessions of its own.

Every HTTP request gets a protocol server of its own, for the API that has the name at that moment:
the initialise handshake (2024-11-05 to 2025-11-25) and the stateless revision (2026-07-28) then
need nothing to be kept, and nothing runs between requests. The server has nothing to say unasked,
so that GET, which would listen for it, is refused as the protocol has it.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import mcp_types as protocol
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.middleware.cors import CORSMiddleware

from toolalpaca import __version__
from toolalpaca.calling.tools import LONGEST_DESCRIPTION
from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog, PerApi
from toolalpaca_mockserver.mcp.calls import Unsound, failed, request_of_call, result_of
from toolalpaca_mockserver.mcp.hosts import stranger
from toolalpaca_mockserver.mcp.loading import Ask
from toolalpaca_mockserver.mcp.offer import Offer
from toolalpaca_mockserver.own_paths import MCP
from toolalpaca_mockserver.reading.requests import LARGEST_BODY, Request, request_of
from toolalpaca_mockserver.reading.sessions import SESSION_RULE, is_session_name, session_of
from toolalpaca_mockserver.serving.asgi import Receive, Scope, Send, send_answer

_METHODS: Final = ("POST", "OPTIONS")


class McpEndpoints:
    """The endpoints of all APIs, as an ASGI application.

    Args:
        apis: What is served; looked up for each request.
        ask: Answers the requests that calls make.
        hosts: Names of the server besides loopback's and its address.
    """

    def __init__(self, apis: Catalog, ask: Ask, hosts: Collection[str]) -> None:
        self._apis = apis
        self._ask = ask
        self._hosts = hosts
        self._offers = PerApi(Offer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        request = request_of(scope, b"")
        refused = self._refused(request, scope)
        api = self._apis.named(scope["path"].removeprefix(MCP).removesuffix("/"))
        if refused is not None or api is None:
            known = ", ".join(self._apis.names)
            unknown = problem_answer(404, f"there is no such API; there are {known}")
            await send_answer(refused or unknown, request, send)
            return
        # httptools leaves white space at the end of header values, which would tell them apart.
        scope = {**scope, "headers": [(n, v.strip(b" \t")) for n, v in scope["headers"]]}
        serve: Any = self._protocol_server(api, request)
        origin = request.headers.get("origin")
        if origin is not None:  # a page of this host's
            serve = CORSMiddleware(
                serve, allow_origins=[origin], allow_methods=_METHODS, allow_headers=["*"]
            )
        await serve(scope, receive, send)

    def _refused(self, request: Request, scope: Scope) -> Answer | None:
        strange = stranger(request.headers, scope.get("server"), self._hosts)
        if strange is not None:
            return strange
        if not is_session_name(session_of(request)):
            return problem_answer(400, SESSION_RULE)
        if request.method not in _METHODS:
            answer = problem_answer(405, "an MCP endpoint takes POST")
            answer.headers["Allow"] = ", ".join(_METHODS)
            return answer
        return None

    def _protocol_server(self, api: Api, request: Request) -> Any:
        offer = self._offers.of(api)
        session = session_of(request)

        async def list_tools(_: Any, params: Any) -> protocol.ListToolsResult:
            cursor = params.cursor if params is not None else None
            page = offer.page(cursor)
            if page is None:
                raise MCPError(protocol.INVALID_PARAMS, f"no list gave the cursor {cursor!r}")
            return page

        async def call_tool(_: Any, params: Any) -> protocol.CallToolResult:
            offered = offer.named(params.name)
            if offered is None:
                raise MCPError(protocol.INVALID_PARAMS, f"Unknown tool: {params.name}")
            try:
                called = request_of_call(
                    offered.tool,
                    params.arguments or {},
                    prefix=api.prefix,
                    origin=request.origin,
                )
            except Unsound as error:
                return failed(str(error))
            return result_of(await self._ask(called, session), called, offered)

        server = Server(
            api.document.name,
            version=api.document.api_version,
            title=api.document.title,
            description=f"simulated by ToolAlpaca {__version__}",
            instructions=api.document.description[:LONGEST_DESCRIPTION] or None,
            get_tool_input_schema=offer.input_schema,
            on_list_tools=list_tools,
            on_call_tool=call_tool,
        )
        manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, max_request_body_size=LARGEST_BODY
        )

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            async with manager.run():
                await manager.handle_request(scope, receive, send)

        return serve
