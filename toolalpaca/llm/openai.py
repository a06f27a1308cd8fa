"""Models of OpenAI-compatible servers: OpenAI's own, llama.cpp's, Ollama, vLLM and their like.

The official SDK speaks the protocol (chat completions, streamed). It also retries, twice and with
growing pauses, what may pass: lost connections, timeouts and the statuses 408, 409, 429 and 5xx.
Nothing is retried once a reply has begun.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Collection
from typing import TYPE_CHECKING, Any

import httpx2
from openai import AsyncOpenAI, AsyncStream, BadRequestError, OpenAIError

from toolalpaca.errors import ModelReplyError, ModelUnavailable
from toolalpaca.llm.openai_errors import as_model_error, server_of
from toolalpaca.llm.openai_reply import BrokenReply, Reply
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    JsonReply,
    Message,
    Request,
    ToolSpec,
)
from toolalpaca.llm.settings import ModelSettings
from toolalpaca.logs import conceal

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk

_LOG = logging.getLogger(__name__)

_OPENAI = "https://api.openai.com/v1"
_CONNECT = 10.0  # seconds to reach a server at all; its silence has a longer limit of its own
_NO_KEY = "no-key-given"  # the SDK wants one; servers that have none do not look at it

# What some models refuse and can do without: OpenAI's reasoning models refuse a temperature.
_DISPENSABLE = ("temperature", "seed", "stream_options")


def open_openai(name: str, settings: ModelSettings) -> OpenAI:
    """The model ``openai:NAME``. The server is not asked before the first request.

    Raises:
        ModelUnavailable: Neither a server nor a key is given.
    """
    url = settings.base_url or os.environ.get("OPENAI_BASE_URL")
    key = (settings.api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
    conceal([key])
    if not (key.isascii() and key.isprintable()):  # no header could carry it
        raise ModelUnavailable(
            "the key holds characters that are in no key",
            where=f"openai:{name}",
            hint="look at OPENAI_API_KEY or --model-key",
        )
    if not (url or key):
        raise ModelUnavailable(
            "neither a server nor a key is given",
            where=f"openai:{name}",
            hint="set OPENAI_API_KEY to use OpenAI, or name another server with --model-url or "
            "OPENAI_BASE_URL",
        )
    try:
        client = AsyncOpenAI(
            base_url=url or _OPENAI,
            api_key=key or _NO_KEY,
            timeout=httpx2.Timeout(settings.timeout, connect=min(_CONNECT, settings.timeout)),
        )
    except (OpenAIError, httpx2.InvalidURL) as error:
        raise ModelUnavailable(
            f"the OpenAI SDK refuses: {error}", where=f"openai:{name}"
        ) from error
    return OpenAI(name, client)


class OpenAI:
    """A model behind an OpenAI-compatible server.

    Args:
        model: What the server calls it.
        client: Speaks to the server; it is closed with the model.
    """

    def __init__(self, model: str, client: AsyncOpenAI) -> None:
        self.name = f"openai:{model}"
        self.capabilities = Capabilities(tools=True, json_schema=True)
        self._model = model
        self._client = client
        self._refused: set[str] = set()  # parameters that this model does not take

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        """Yield pieces of text as they come, and the whole completion last.

        Raises:
            ModelUnavailable: The server cannot be reached, refuses the key, does not know the
                model, or is overloaded.
            ModelReplyError: It refuses the request, or breaks off or garbles its reply.
        """
        if self._client.is_closed():
            raise ModelUnavailable("the model has been closed", where=self.name)
        reply = Reply()
        try:
            async with await self._send(request) as chunks:
                async for chunk in chunks:
                    if text := reply.take(chunk):
                        yield text
            yield reply.completion()
        except OpenAIError as error:
            raise as_model_error(error, self._model, self._client, begun=reply.begun) from error
        except ValueError as error:  # a chunk that is no JSON passes through the SDK as this
            raise ModelReplyError(
                f"the reply cannot be read: {error}", where=server_of(self._client)
            ) from error
        except BrokenReply as error:
            raise ModelReplyError(str(error), where=server_of(self._client)) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(self, request: Request) -> AsyncStream[ChatCompletionChunk]:
        while True:
            body = _body(self._model, request, self._refused)
            try:
                # As arguments, messages and tools would be copied member by member along the SDK's
                # types, which takes longer than everything else; ours have their form already.
                stream: AsyncStream[ChatCompletionChunk]
                stream = await self._client.chat.completions.create(
                    model=self._model, messages=(), stream=True, extra_body=body
                )
            except BadRequestError as error:
                if not self._learn(error):
                    raise
            else:
                return stream

    def _learn(self, error: BadRequestError) -> bool:
        """Whether the server named a parameter that it does not take and that is not needed."""
        refused = error.param
        if (
            error.code not in ("unsupported_parameter", "unsupported_value")
            or refused not in ("max_tokens", *_DISPENSABLE)
            or refused in self._refused
        ):
            return False
        if refused in _DISPENSABLE:
            _LOG.warning("%s does not take %s: it decides by itself", self.name, refused)
        self._refused.add(refused)
        return True


def _body(model: str, request: Request, refused: Collection[str]) -> dict[str, Any]:
    """The body of the HTTP request, without the parameters that were *refused*."""
    # max_tokens is what every server knows, and OpenAI's reasoning models refuse.
    limit = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        limit: request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
    }
    if request.stop:
        body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if isinstance(request.constraint, JsonReply):
        schema = {"name": request.constraint.name, "schema": request.constraint.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return {name: value for name, value in body.items() if name not in refused}


def _message(message: Message) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        told["content"] = message.content or None
        told["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        told["tool_call_id"] = message.tool_call_id
    return told


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}
