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
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, Final, TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.trace import Event
from toolalpaca_runtime.agent import Agent, TextDelta
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.web.answers import COMPLETIONS, OWN_FAULT, openai_error
from toolalpaca_runtime.web.chat_protocol import Asked, Completion
from toolalpaca_runtime.web.dialogue import Dialogue, Unsuitable
from toolalpaca_runtime.web.speech import Speech
from toolalpaca_runtime.web.streaming import event_stream, server_sent

_LOG = logging.getLogger(__name__)
_REMEMBERED: Final = 200
"""Conversations whose calls are remembered."""

_DONE: Final = b"data: [DONE]\n\n"
_GONE: Final = Response(status_code=499)  # nobody reads it

T = TypeVar("T")


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
            completion = Completion(asked.model or self._assembly.name)
            if not asked.stream:
                whole = self._whole(dialogue, completion)
                return await self._unless_gone(request, whole) or _GONE
            usage = bool(asked.stream_options and asked.stream_options.include_usage)
            return event_stream(self._streamed(dialogue, completion, usage=usage))

        return routes

    async def aclose(self) -> None:
        """Break off what still runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _model(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._began, "owned_by": "toolalpaca"}

    async def _agent(self, dialogue: Dialogue) -> Agent:
        """An agent that knows what was said, and what it did where it was asked here before."""
        earlier = self._earlier.get(dialogue.key())
        if earlier is None:
            agent = self._assembly.new_agent()
            await agent.recall(dialogue.events())
            return agent
        self._earlier.move_to_end(dialogue.key())
        agent = self._assembly.new_agent(storage=earlier.toolbox.storage)
        await agent.recall(earlier.trace.events, earlier.trace.tools)
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

    async def _whole(self, dialogue: Dialogue, completion: Completion) -> Response:
        agent = await self._agent(dialogue)
        speech = Speech(plain=False)
        done = [speech.hear(item).reasoning async for item in self._turn(dialogue, agent)]
        outcome = agent.trace.outcome
        self._remember(dialogue, outcome.answer, agent)
        return JSONResponse(completion.whole(outcome, "".join(done)))

    async def _streamed(
        self, dialogue: Dialogue, completion: Completion, *, usage: bool
    ) -> AsyncGenerator[bytes, None]:
        try:
            agent = await self._agent(dialogue)
            speech = Speech(plain=agent.prompt_format.name == "native")
            yield completion.beginning()
            async with aclosing(self._turn(dialogue, agent)) as items:
                async for item in items:
                    for chunk in completion.chunks(speech.hear(item)):
                        yield chunk
        except ToolAlpacaError as error:
            yield server_sent(openai_error(502, str(error)))
        except Exception:  # the client must not wait for a fault of ours
            _LOG.exception("the turn failed")
            yield server_sent(openai_error(500, OWN_FAULT))
        else:
            outcome = agent.trace.outcome
            for chunk in completion.chunks(speech.end(outcome.answer)):
                yield chunk
            self._remember(dialogue, speech.said, agent)
            for chunk in completion.ending(outcome, usage=usage):
                yield chunk
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


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
