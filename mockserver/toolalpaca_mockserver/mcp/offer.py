"""The operations of an API as the tools of an MCP server.

https://modelcontextprotocol.io/specification/2025-11-25/server/tools
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import mcp_types as protocol

from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import is_json
from toolalpaca.openapi.model import Document, Operation, Response
from toolalpaca_mockserver.answers import EMPTY
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.contract import Contract

PAGE: Final = 250
"""Tools that are listed at once; many a client reads no further than the first page."""

_SAFE = frozenset({"get", "head", "options", "trace", "query"})
_OVERWRITING = frozenset({"delete", "put", "patch"})
_IDEMPOTENT = _SAFE | {"delete", "put"}
_BODILESS = frozenset(map(str, EMPTY))


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """An operation as a tool, and what its structured results satisfy.

    Attributes:
        tool: How it is called.
        listed: What clients are told of it.
        result: What a success has in it; None when that may be no JSON object.
    """

    tool: Tool
    listed: protocol.Tool
    result: Contract | None


class Offer:
    """The tools of one API, in the document's order.

    Operations that no path leads to, as another one's does, are left out: they are not served.
    """

    def __init__(self, api: Api) -> None:
        hidden = {operation.name for operation in api.unreachable}
        tools = [tool for tool in make_tools(api.document) if tool.operation.name not in hidden]
        self._tools = {tool.spec.name: _offered(tool, api.document) for tool in tools}
        self._listed = [offered.listed for offered in self._tools.values()]

    def named(self, name: str) -> OfferedTool | None:
        """The tool with that name, or None."""
        return self._tools.get(name)

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """What the arguments of the tool with that name satisfy; None without such a tool."""
        offered = self._tools.get(name)
        return offered.listed.input_schema if offered is not None else None

    def page(self, cursor: str | None) -> protocol.ListToolsResult | None:
        """The tools from *cursor* on, which a page before gave; None when it did not."""
        start = int(cursor) if cursor and cursor.isdecimal() and cursor.isascii() else 0
        if cursor is not None and not 0 < start < len(self._listed):
            return None
        end = start + PAGE
        return protocol.ListToolsResult(
            tools=self._listed[start:end],
            next_cursor=str(end) if end < len(self._listed) else None,
        )


def _offered(tool: Tool, document: Document) -> OfferedTool:
    operation = tool.operation
    # A schema that is broken would make clients refuse the whole list.
    sound = tool.validator is not None
    result = _result(operation, document)
    listed = protocol.Tool(
        name=tool.spec.name,
        title=operation.summary or None,
        description=tool.spec.description,
        input_schema=tool.spec.parameters if sound else {"type": "object"},
        output_schema=_object_schema(result) if result is not None else None,
        annotations=protocol.ToolAnnotations(
            read_only_hint=operation.method in _SAFE,
            destructive_hint=operation.method in _OVERWRITING,
            idempotent_hint=operation.method in _IDEMPOTENT,
            open_world_hint=False,
        ),
    )
    return OfferedTool(tool, listed, result)


def _result(operation: Operation, document: Document) -> Contract | None:
    """What every success of *operation* satisfies; None when one may be no JSON object."""
    schemas = []
    for response in _successes(operation):
        json = (media for key, media in response.content.items() if is_json(key) or key == "*/*")
        media = next(json, None)
        if media is None or response.status in _BODILESS:
            return None
        if media.schema not in schemas:
            schemas.append(media.schema)
    if not schemas:
        return None
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    try:
        contract = Contract.of(schema, document.root)
        _ = contract.validator
        return contract if contract.types(contract.shape) == {"object"} else None
    except DocumentError:
        return None


def _successes(operation: Operation) -> Iterator[Response]:
    documented = [status for status in operation.responses if status.startswith("2")]
    for status in documented or ["default"]:
        if status in operation.responses:
            yield operation.responses[status]


def _object_schema(contract: Contract) -> dict[str, Any]:
    """The schema with ``type: object`` at its root, as MCP demands it up to 2025-11-25."""
    assert isinstance(contract.schema, dict)
    return {**contract.schema, "type": "object"}
