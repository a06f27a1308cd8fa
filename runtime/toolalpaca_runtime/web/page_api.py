"""What the page asks for: conversations, what happens in them, what the person says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from toolalpaca import __version__
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.web.access import PAGE
from toolalpaca_runtime.web.conversations import Conversation, Conversations
from toolalpaca_runtime.web.feed import Feed
from toolalpaca_runtime.web.person import Verdict
from toolalpaca_runtime.web.streaming import event_stream, server_sent

Text = Annotated[str, Field(pattern=r"\S")]


class Said(BaseModel):
    """The person's words: an instruction, or the answer to a question."""

    text: Text


class Decided(BaseModel):
    """What the person says of a call."""

    verdict: Verdict


class Source(BaseModel):
    """Where tools come from."""

    name: str
    title: str
    base_url: str


class About(BaseModel):
    """What the agent is made of."""

    version: str
    model: str
    sources: list[Source]
    tools: list[ToolSpec]


class Listed(BaseModel):
    """A conversation in the list.

    Attributes:
        asks: Whether the agent waits for the person.
    """

    id: str
    title: str
    running: bool
    asks: bool


def page_api(conversations: Conversations) -> APIRouter:
    """The routes of a conversation's life, below ``/api/``."""
    routes = APIRouter(prefix=PAGE.rstrip("/"))

    @routes.get("/about", response_model_exclude={"tools": {"__all__": {"returns"}}})
    async def about() -> About:
        return _about(conversations.assembly)

    @routes.get("/conversations")
    async def list_conversations() -> list[Listed]:
        return [_listed(conversation) for conversation in conversations]

    @routes.post("/conversations", status_code=201)
    async def begin() -> Listed:
        return _listed(conversations.begin())

    @routes.delete("/conversations/{identifier}", status_code=204)
    async def remove(identifier: str) -> None:
        await conversations.remove(identifier)

    @routes.get("/conversations/{identifier}/events")
    async def listen(
        identifier: str, last_event_id: Annotated[int, Header()] = 0
    ) -> StreamingResponse:
        return event_stream(_lines(conversations[identifier].feed, last_event_id))

    @routes.post("/conversations/{identifier}/turns", status_code=202)
    async def say(identifier: str, said: Said) -> None:
        conversations[identifier].say(said.text)

    @routes.post("/conversations/{identifier}/stop", status_code=204)
    async def stop(identifier: str) -> None:
        await conversations[identifier].stop()

    @routes.post("/conversations/{identifier}/questions/{number}", status_code=204)
    async def answer(identifier: str, number: int, said: Said) -> None:
        conversations[identifier].person.take_answer(number, said.text)

    @routes.post("/conversations/{identifier}/approvals/{number}", status_code=204)
    async def decide(identifier: str, number: int, decided: Decided) -> None:
        conversations[identifier].person.take_verdict(number, decided.verdict)

    return routes


async def _lines(feed: Feed, after: int) -> AsyncGenerator[bytes, None]:
    async for entry in feed.read(after):
        yield server_sent(entry.data, kind=entry.kind, number=entry.number)


def _about(assembly: Assembly) -> About:
    return About(
        version=__version__,
        model=assembly.model.name,
        sources=[
            Source(
                name=source.name,
                title=str(getattr(source, "title", source.name)),
                base_url=str(getattr(source, "base_url", "")),
            )
            for source in assembly.sources
        ],
        tools=list(Toolbox(assembly.sources).specs),
    )


def _listed(conversation: Conversation) -> Listed:
    return Listed(
        id=conversation.id,
        title=conversation.title,
        running=conversation.running,
        asks=conversation.person.asked,
    )
