"""The MCP endpoints, loaded when first asked for: the SDK takes a second, and may not be there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from toolalpaca.errors import MissingExtra
from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.reading.requests import Request, request_of
from toolalpaca_mockserver.serving.asgi import Receive, Scope, Send, send_answer

Ask = Callable[[Request, str], Awaitable[Answer]]
"""Lets the server answer a request in the session of that name."""


def mcp_endpoints(apis: Catalog, ask: Ask, hosts: Collection[str]) -> Any:
    """The endpoints as an ASGI application; one that says what is missing without the SDK.

    Args:
        apis: What is served; looked up for each request.
        ask: Answers the requests that calls make.
        hosts: Names of the server besides loopback's and its address.
    """
    try:
        from toolalpaca_mockserver.mcp.endpoint import McpEndpoints
    except ModuleNotFoundError as error:
        missing = str(MissingExtra(error.name or "mcp", "mcp"))

        async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
            del receive
            await send_answer(problem_answer(501, missing), request_of(scope, b""), send)

        return refuse
    return McpEndpoints(apis, ask, hosts)
