"""What is left of a conversation: its trace, and the files that were kept beside it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from toolalpaca.jsonl import json_line
from toolalpaca.trace import TraceRecord
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.traces.page import trace_page
from toolalpaca_runtime.web.access import PAGE
from toolalpaca_runtime.web.conversations import Conversations

_PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp")
"""What is shown in the page. An SVG, which can hold scripts, is a file like any other."""

_INERT: Final = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}


def record_routes(conversations: Conversations) -> APIRouter:
    """The routes of traces and files, below ``/api/``."""
    routes = APIRouter(prefix=f"{PAGE}conversations/{{identifier}}")

    @routes.get("/trace.jsonl")
    async def export(identifier: str) -> Response:
        record = TraceRecord(**dict(agent_of(identifier).trace))
        return Response(json_line(record), media_type="application/jsonl")

    @routes.get("/trace.html")
    async def export_page(identifier: str) -> Response:
        page = trace_page([agent_of(identifier).trace])
        return Response(page.encode(), media_type="text/html", headers=_INERT)

    @routes.get("/files/{name}")
    async def read_file(identifier: str, name: str) -> Response:
        storage = agent_of(identifier).toolbox.storage
        file = storage.file(name)
        content = storage.read(name)
        if file is None or content is None:
            raise HTTPException(404, f"the conversation has no file {name!r}")
        return _stored(content, file.content_type)

    def agent_of(identifier: str) -> Agent:
        agent = conversations[identifier].agent
        if agent is None:
            raise HTTPException(404, "nothing has been said yet")
        return agent

    return routes


def _stored(content: bytes, kind: str) -> Response:
    """A stored body: an API's, so that no browser may take it for a page of this server's."""
    shown = kind if kind in _PICTURES else "application/octet-stream"
    return Response(content, media_type=shown, headers=_INERT)
