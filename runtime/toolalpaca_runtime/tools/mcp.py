"""MCP servers as sources of tools, through the official SDK.

See https://modelcontextprotocol.io/specification: a server is a program that speaks on its standard
input and output (stdio), or a URL (streamable HTTP).
"""

from __future__ import annotations

import asyncio
import base64
import logging
import shlex
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from tempfile import TemporaryFile
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from toolalpaca.errors import ApiError, MissingExtra
from toolalpaca.hosts import is_absolute
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.names import LONGEST_NAME, tool_name, unique_name
from toolalpaca.redaction import Redactor
from toolalpaca.trace import Call
from toolalpaca_runtime.observation import Observation, Payload
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.described import DescribedTool, told
from toolalpaca_runtime.user import Approve, nobody

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult, Tool

_LOG = logging.getLogger(__name__)

_CONNECTS_WITHIN = 60.0  # seconds: a package runner may have to fetch the server first
_ANSWERS_WITHIN = 60.0
_LARGEST = 1_000_000  # characters or bytes of a result that are kept, as of an API's response
_LONGEST_WORDS = 300  # of a server that could not be used
_MOST_PAGES = 100  # of a list of tools, which a server could go on telling for ever


class McpTools:
    """The tools of one MCP server; see :func:`open_mcp`.

    A tool that the server does not call read-only is called only when the policy allows it. What
    the server says is data: its texts are told to the model as results and nothing else.
    """

    def __init__(self, target: str, policy: Policy, token: str | None) -> None:
        self.name = "mcp"
        self.title = target
        self.specs: tuple[ToolSpec, ...] = ()
        self._target = target
        self._policy = policy
        self._token = token
        self._redact = Redactor([token] if token else [])
        self._tools: dict[str, tuple[str, DescribedTool]] = {}
        self._client: Client | None = None
        self._stop = asyncio.Event()
        self._holder: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect and list the tools.

        Raises:
            ApiError: The server cannot be started or reached, or speaks no MCP.
        """
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # The SDK's connection must be left by the task that entered it, and whoever opens tools and
        # whoever closes them need not be the same task.
        self._holder = asyncio.create_task(self._hold(ready), name=f"mcp {self._target}")
        try:
            async with asyncio.timeout(_CONNECTS_WITHIN):
                await ready
        except BaseException as error:
            # It may be at any step of connecting, where it does not hear that it is to stop.
            self._holder.cancel()
            await asyncio.wait([self._holder])
            if isinstance(error, TimeoutError):
                raise self._failed(f"it was not ready within {_CONNECTS_WITHIN:g} s") from None
            raise

    def is_free(self, tool: str) -> bool:
        """Whether the server calls the tool read-only, and no rule stands against it."""
        return self._tools[tool][1].is_free(self._policy)

    async def call(self, call: Call, approve: Approve = nobody) -> Observation:
        """Call the tool, and tell its result."""
        name, tool = self._tools[call.tool]
        admitted = await tool.admitted(call, self._policy, approve)
        if isinstance(admitted, Observation):
            return admitted
        checked, approved = admitted
        if self._client is None:
            return Observation("No response: the MCP server is gone.", "real", approved=approved)
        try:
            result = await self._client.call_tool(
                name, checked.arguments, read_timeout_seconds=_ANSWERS_WITHIN
            )
        except Exception as error:  # the SDK's own, anyio's and httpx2's alike: no answer came
            _LOG.info("%s: %s failed", self._target, name, exc_info=True)
            text = f"No response: {self._redact(str(error)) or type(error).__name__}."
            return Observation(text, "real", approved=approved)
        return self._observed(result, approved)

    async def aclose(self) -> None:
        """End the connection, and the server where it was started here."""
        self._stop.set()
        if self._holder is not None:
            await asyncio.wait([self._holder])

    async def __aenter__(self) -> McpTools:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _hold(self, ready: asyncio.Future[None]) -> None:
        """Hold the connection until it is to be closed."""
        # What the server logs would stand in the middle of the conversation.
        with TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
            try:
                async with _connected(self._target, self._token, log) as client:
                    await self._list(client)
                    self._client = client
                    if not ready.done():
                        ready.set_result(None)
                    await self._stop.wait()
            except BaseException as error:
                # Groups of exceptions, too: what is wrong is inside.
                while isinstance(error, BaseExceptionGroup):
                    error = error.exceptions[0]
                _LOG.info("%s: the connection ended", self._target, exc_info=error)
                if not ready.done():
                    reason = (str(error) or type(error).__name__) + _last_words(log)
                    ready.set_exception(self._failed(self._redact(reason)))
            finally:
                self._client = None

    async def _list(self, client: Client) -> None:
        if client.server_info is not None:
            self.name = tool_name(client.server_info.name) or "mcp"
            self.title = client.server_info.title or client.server_info.name
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                self._take(tool)
            cursor = page.next_cursor
            if cursor is None:
                break
        self.specs = tuple(tool.spec for _, tool in self._tools.values())

    def _take(self, tool: Tool) -> None:
        name = unique_name(tool_name(tool.name) or "tool", self._tools, longest=LONGEST_NAME)
        title = tool.title or (tool.annotations.title if tool.annotations else None)
        spec = ToolSpec(
            name=name,
            description=tool.description or title or tool.name,
            parameters={"type": "object", "properties": {}, **tool.input_schema},
            returns=tool.output_schema,
        )
        safe = bool(tool.annotations and tool.annotations.read_only_hint)
        self._tools[name] = (tool.name, DescribedTool(spec, source=self.name, safe=safe))

    def _observed(self, result: CallToolResult, approved: bool | None) -> Observation:
        texts: list[str] = []
        payload: Payload | None = None
        for block in result.content:
            if block.type == "text":
                texts.append(block.text)
            elif block.type == "image" or block.type == "audio":
                data = self._redact.data(_decoded(block.data))
                payload = Payload(block.mime_type, data, binary=True)
            elif block.type == "resource":
                texts.append(getattr(block.resource, "text", f"(resource {block.resource.uri})"))
            else:
                texts.append(f"(a link to {block.uri})")
        text = self._redact("\n".join(texts))
        if len(text) > _LARGEST:
            text = f"{text[:_LARGEST]}\n(The result went on: {len(text):,} characters.)"
        if payload is not None and len(payload.data) > _LARGEST:
            kind, size = payload.content_type, len(payload.data)
            text, payload = f"{text}\n({kind}, {size:,} bytes: too large to be kept)", None
        if result.is_error:
            return Observation(f"The tool failed: {text[:4000]}", "real", approved=approved)
        if payload is not None:
            return Observation(text or "Done.", "real", payload=payload, approved=approved)
        structured = result.structured_content
        value = text if structured is None or text else structured
        return told(value, approved=approved, redact=self._redact)

    def _failed(self, reason: str) -> ApiError:
        return ApiError(
            f"the MCP server cannot be used: {reason}",
            where=self._target,
            hint="give the URL of its streamable HTTP endpoint, or the command that starts it",
        )


async def open_mcp(
    target: str, *, policy: Policy | None = None, token: str | None = None
) -> McpTools:
    """The tools of an MCP server.

    Args:
        target: A URL (streamable HTTP), or a command line (stdio), which is started here and gets
            of the environment only what every program needs (``PATH``, ``HOME`` and the like).
        policy: What may be called; by default what the server calls read-only, and the rest after
            the user has approved.
        token: A bearer token for a URL.

    Raises:
        ApiError: The server cannot be started or reached, or speaks no MCP.
        MissingExtra: The SDK is not installed.
    """
    try:
        import mcp  # noqa: F401 - whether it is there
    except ImportError as error:
        raise MissingExtra("mcp", "mcp") from error
    tools = McpTools(target, policy or Policy(), token)
    await tools.open()
    return tools


@asynccontextmanager
async def _connected(target: str, token: str | None, log: TextIO) -> AsyncIterator[Client]:
    """The SDK's client, connected; a server that is started here logs to *log*."""
    from mcp import Client
    from mcp_types import Implementation

    from toolalpaca import __version__

    async with AsyncExitStack() as stack:
        transport = await _transport(target, token, log, stack)
        info = Implementation(name="toolalpaca", version=__version__)
        yield await stack.enter_async_context(Client(transport, client_info=info))


async def _transport(target: str, token: str | None, log: TextIO, stack: AsyncExitStack) -> Any:
    import httpx2
    from mcp.client.stdio import StdioServerParameters, stdio_client
    from mcp.client.streamable_http import streamable_http_client

    if is_absolute(target):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        client = httpx2.AsyncClient(headers=headers, timeout=_ANSWERS_WITHIN)
        return streamable_http_client(target, http_client=await stack.enter_async_context(client))
    words = shlex.split(target)
    if not words:
        raise ValueError("there is neither a URL nor a command")
    return stdio_client(StdioServerParameters(command=words[0], args=words[1:]), errlog=log)


def _last_words(log: TextIO) -> str:
    """The end of what a server logged, as the end of a sentence; ``""`` when it logged nothing."""
    log.seek(0)
    lines = log.read().split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"; it said: {last[:_LONGEST_WORDS]}" if last else ""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""
