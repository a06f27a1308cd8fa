"""The agent as a model: ``POST /v1/chat/completions`` and ``GET /v1/models`` as OpenAI has them.

Whoever asks sends the whole conversation each time, and gets one turn of the agent. Its answer is
the message's content; its thoughts and calls are ``reasoning_content``, which DeepSeek introduced
and chat front ends show folded. Nobody can be asked in the middle: a question of the agent's is its
answer, and a call that needs approval is refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.llm.protocol import Usage
from toolalpaca.trace import Event, Outcome, Status
from toolalpaca_runtime.agent import Agent, TextDelta
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.web.answers import COMPLETIONS, OWN_FAULT, openai_error
from toolalpaca_runtime.web.dialogue import ChatMessage, Dialogue, Unsuitable, read_dialogue
from toolalpaca_runtime.web.speech import Piece, Speech
from toolalpaca_runtime.web.streaming import event_stream, server_sent

_LOG = logging.getLogger(__name__)
_REMEMBERED: Final = 200
"""Conversations whose calls are remembered."""

_DONE: Final = b"data: [DONE]\n\n"
_GONE: Final = Response(status_code=499)  # nobody reads it

T = TypeVar("T")


class StreamOptions(BaseModel):
    """What a stream tells besides."""

    include_usage: bool | None = False


class Asked(BaseModel):
    """The body of a request; what is not named here is the server's to decide, and ignored."""

    messages: list[ChatMessage] = Field(min_length=1)
    model: str = ""
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = 1
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    response_format: dict[str, Any] | None = None

    def dialogue(self) -> Dialogue:
        """The conversation.

        Raises:
            Unsuitable: Something is asked for that an agent does not do.
        """
        if self.tools or self.functions:
            raise Unsuitable("tools: the agent has its own, and takes none")
        if self.n not in (None, 1):
            raise Unsuitable("n: the agent acts, so there is one answer")
        if (self.response_format or {}).get("type", "text") != "text":
            raise Unsuitable("response_format: the agent answers in its own words")
        return read_dialogue(self.messages)


class Completions:
    """Answers for agents of *assembly*.

    Args:
        assembly: Makes an agent for each request.
    """

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._earlier: OrderedDict[str, Agent] = OrderedDict()
        self._running: set[asyncio.Task[Any]] = set()
        self._began = int(time.time())

    def routes(self) -> APIRouter:
        """The routes below ``/v1/``."""
        routes = APIRouter(prefix=COMPLETIONS.rstrip("/"))

        @routes.get("/models")
        async def list_models() -> dict[str, Any]:
            return {"object": "list", "data": [self._model(self._assembly.name)]}

        @routes.get("/models/{name:path}")
        async def read_model(name: str) -> dict[str, Any]:
            return self._model(name)

        @routes.post("/chat/completions")
        async def complete(asked: Asked, request: Request) -> Response:
            try:
                dialogue = asked.dialogue()
            except Unsuitable as error:
                raise HTTPException(400, str(error)) from None
            head = _Head(asked.model or self._assembly.name)
            if not asked.stream:
                whole = self._whole(dialogue, head)
                return await self._unless_gone(request, whole) or _GONE
            usage = bool(asked.stream_options and asked.stream_options.include_usage)
            return event_stream(self._streamed(dialogue, head, usage=usage))

        return routes

    async def aclose(self) -> None:
        """Break off what still runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _model(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._began, "owned_by": "toolalpaca"}

    def _agent(self, dialogue: Dialogue) -> Agent:
        """An agent that knows what was said, and what it did where it was asked here before."""
        earlier = self._earlier.get(dialogue.key())
        if earlier is not None:
            self._earlier.move_to_end(dialogue.key())
            return self._assembly.new_agent(after=earlier)
        agent = self._assembly.new_agent()
        agent.recall(dialogue.events())
        return agent

    async def _turn(
        self, dialogue: Dialogue, agent: Agent
    ) -> AsyncGenerator[Event | TextDelta, None]:
        """What happens in one turn."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            async with agent, aclosing(agent.run(dialogue.text)) as items:
                async for item in items:
                    yield item
        finally:
            self._running.discard(task)

    def _remember(self, dialogue: Dialogue, said: str, agent: Agent) -> None:
        """Keep what the agent did for whoever goes on from what it said."""
        self._earlier[dialogue.answered(said)] = agent
        if len(self._earlier) > _REMEMBERED:
            self._earlier.popitem(last=False)

    async def _whole(self, dialogue: Dialogue, head: _Head) -> Response:
        agent = self._agent(dialogue)
        speech = Speech(plain=False)
        done = [speech.hear(item).reasoning async for item in self._turn(dialogue, agent)]
        outcome = agent.trace.outcome
        self._remember(dialogue, outcome.answer, agent)
        message = {
            "role": "assistant",
            "content": outcome.answer,
            "reasoning_content": "".join(done) or None,
            "refusal": None,
        }
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": _finish(outcome.status),
            "logprobs": None,
        }
        usage = _usage(outcome.usage)
        return JSONResponse(head.told("chat.completion", [choice], usage=usage))

    async def _streamed(
        self, dialogue: Dialogue, head: _Head, *, usage: bool
    ) -> AsyncGenerator[bytes, None]:
        try:
            agent = self._agent(dialogue)
            speech = Speech(plain=agent.prompt_format.name == "native")
            yield head.chunk({"role": "assistant", "content": ""})
            async with aclosing(self._turn(dialogue, agent)) as items:
                async for item in items:
                    for chunk in head.chunks(speech.hear(item)):
                        yield chunk
        except ToolAlpacaError as error:
            yield server_sent(openai_error(502, str(error)))
        except Exception:  # the client must not wait for a fault of ours
            _LOG.exception("the turn failed")
            yield server_sent(openai_error(500, OWN_FAULT))
        else:
            outcome = agent.trace.outcome
            for chunk in head.chunks(speech.end(outcome.answer)):
                yield chunk
            self._remember(dialogue, speech.said, agent)
            for line in _ending(head, outcome, usage=usage):
                yield line
        yield _DONE

    async def _unless_gone(self, request: Request, work: Awaitable[T]) -> T | None:
        """What *work* comes to; None, and no more work, when the client leaves."""
        working = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            for task in (working, leaving):
                task.cancel()
            await asyncio.wait({working, leaving})


@dataclass(frozen=True, slots=True)
class _Head:
    """What every piece of an answer has in common."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def told(self, kind: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
            **more,
        }

    def chunks(self, piece: Piece) -> Iterator[bytes]:
        if piece.answer:
            yield self.chunk({"content": piece.answer})
        if piece.reasoning:
            yield self.chunk({"reasoning_content": piece.reasoning})

    def chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return server_sent(self.told("chat.completion.chunk", [choice]))


def _ending(head: _Head, outcome: Outcome, *, usage: bool) -> list[bytes]:
    """How the turn ended, and what it took."""
    lines = [head.chunk({}, _finish(outcome.status))]
    if usage:
        lines.append(
            server_sent(head.told("chat.completion.chunk", [], usage=_usage(outcome.usage)))
        )
    return lines


def _finish(status: Status) -> str:
    """``length`` where a limit ended the turn."""
    return "length" if status == "stopped" else "stop"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
