"""Models of OpenAI-compatible servers: OpenAI's own, llama.cpp's, Ollama, vLLM and their like.

``openai:`` talks to the chat route, ``openai-text:`` to the older one that continues a text.

The official SDK asks OpenAI's own servers (:mod:`toolalpaca.llm.openai_server`); replies are read
here, chunk by chunk, whoever they come from.

Stop texts are sent, because a server that honours them counts its tokens and stops at once; one
that refuses them is not sent them again. :mod:`toolalpaca.llm.remote` applies them in any case.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias

from toolalpaca.errors import ModelReplyError
from toolalpaca.llm.model_server import ModelServer
from toolalpaca.llm.openai_reply import Reply
from toolalpaca.llm.openai_server import open_openai_server
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    Constraint,
    Grammar,
    JsonReply,
    Message,
    Regex,
    Request,
    ToolSpec,
    joined,
)
from toolalpaca.llm.refusals import Refusals
from toolalpaca.llm.remote import Remote
from toolalpaca.llm.server_errors import BrokenReply
from toolalpaca.llm.settings import ModelSettings, ServerGrammar

_MOST_STOPS = 4  # texts that OpenAI takes, and most others after it

Constrain: TypeAlias = Callable[[Constraint, ServerGrammar | None], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One of the two ways to have a reply.

    Attributes:
        prefix: Of the names of its models.
        path: Below the server's URL.
        prompt: The part of the request that is its messages and tools.
        constrain: The part that is its constraint.
        capabilities: Without those that depend on the server's grammars.
        json: Whether a :class:`JsonReply` needs no such setting.
    """

    prefix: str
    path: str
    prompt: Callable[[Request], dict[str, Any]]
    constrain: Constrain
    capabilities: Capabilities
    json: bool


def open_openai(name: str, settings: ModelSettings) -> Remote:
    """The model ``openai:NAME``. The server is not asked before the first request.

    Raises:
        ModelUnavailable: Neither a server nor a key is given.
    """
    return _open(CHAT, name, settings)


def open_openai_text(name: str, settings: ModelSettings) -> Remote:
    """The model ``openai-text:NAME``; see :func:`open_openai`."""
    return _open(TEXT, name, settings)


def _open(route: Route, name: str, settings: ModelSettings) -> Remote:
    server = open_openai_server(f"{route.prefix}:{name}", settings, name)
    return Remote(OpenAI(name, server, route, settings.server_grammar), settings)


class OpenAI:
    """A model behind an OpenAI-compatible server.

    Args:
        model: What the server calls it.
        server: It is closed with the model.
        route: Chat or text.
        grammar: How the server is told a grammar; None tells it none.
    """

    def __init__(
        self,
        model: str,
        server: ModelServer,
        route: Route | None = None,
        grammar: ServerGrammar | None = None,
    ) -> None:
        self._route = route or CHAT
        self.name = f"{self._route.prefix}:{model}"
        own = self._route.capabilities
        self.capabilities = Capabilities(
            tools=own.tools,
            text=own.text,
            json_schema=self._route.json or grammar is not None,
            grammar=grammar is not None,
            regex=grammar is not None,
        )
        self._model = model
        self._server = server
        self._grammar = grammar
        self._refusals = Refusals(self.name)

    async def stream(self, request: Request) -> AsyncGenerator[str | Completion, None]:
        """Yield pieces of text as they come, and the whole completion last.

        Raises:
            ModelUnavailable: The server cannot be reached, refuses the key, does not know the
                model, or is overloaded.
            ModelReplyError: It refuses the request, or breaks off or garbles its reply.
        """
        async with aclosing(self._refusals.stream(self._body(request), self._reply)) as pieces:
            async for piece in pieces:
                yield piece

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    async def _reply(self, body: dict[str, Any]) -> AsyncGenerator[str | Completion, None]:
        reply = Reply(self._server.key)
        try:
            async with aclosing(self._server.events(self._route.path, body)) as events:
                async for data in events:
                    yield reply.take(data)
            completion = reply.completion()
        except BrokenReply as error:
            raise ModelReplyError(
                str(error), where=self._server.where, passing=error.passing
            ) from error
        yield completion

    def _body(self, request: Request) -> dict[str, Any]:
        body = {
            "model": self._model,
            **self._route.prompt(request),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
        }
        if request.stop:
            body["stop"] = list(request.stop[:_MOST_STOPS])
        if request.constraint is not None:
            body |= self._route.constrain(request.constraint, self._grammar)
        return body


def _chat_prompt(request: Request) -> dict[str, Any]:
    prompt: dict[str, Any] = {"messages": [_message(message) for message in request.messages]}
    if request.tools:
        prompt["tools"] = [_tool(tool) for tool in request.tools]
    return prompt


def _text_prompt(request: Request) -> dict[str, Any]:
    return {"prompt": joined(request.messages)}


def _chat_constraint(constraint: Constraint, grammar: ServerGrammar | None) -> dict[str, Any]:
    if isinstance(constraint, JsonReply):
        schema = {"name": constraint.name, "schema": constraint.schema}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return _text_constraint(constraint, grammar)


def _text_constraint(constraint: Constraint, grammar: ServerGrammar | None) -> dict[str, Any]:
    """How servers that know more than OpenAI's protocol are told a constraint.

    llama.cpp: https://github.com/ggml-org/llama.cpp/blob/master/docs/llguidance.md
    vLLM, from 0.12: https://docs.vllm.ai/en/latest/features/structured_outputs/
    """
    match grammar, constraint:
        case None, _:
            return {}
        case "llama.cpp", _:
            from toolalpaca.llm.grammar import LLGUIDANCE, as_grammar

            return {"grammar": LLGUIDANCE + as_grammar(constraint).lark}
        case "vllm", Grammar(lark=text):
            return {"structured_outputs": {"grammar": text}}
        case "vllm", Regex(pattern=pattern):
            return {"structured_outputs": {"regex": pattern}}
        case "vllm", JsonReply(schema=schema):
            return {"structured_outputs": {"json": schema}}
    raise AssertionError(f"no server takes grammars as {grammar!r}")


CHAT = Route(
    "openai",
    "chat/completions",
    _chat_prompt,
    _chat_constraint,
    Capabilities(tools=True),
    json=True,
)
TEXT = Route(
    "openai-text",
    "completions",
    _text_prompt,
    _text_constraint,
    Capabilities(text=True),
    json=False,
)


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
