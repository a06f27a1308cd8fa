"""The application: the page and what it asks for, and OpenAI's chat completions."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.types import ASGIApp

from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.web.access import Gate, Keys
from toolalpaca_runtime.web.answers import tell_failures
from toolalpaca_runtime.web.completions import Completions
from toolalpaca_runtime.web.conversations import Conversations
from toolalpaca_runtime.web.page_api import page_api
from toolalpaca_runtime.web.page_files import page_routes
from toolalpaca_runtime.web.records import record_routes


@dataclass(frozen=True, slots=True)
class WebApp:
    """What is served, and who lives in it.

    Attributes:
        asgi: The application.
        conversations: Those of the page.
        completions: What programs ask.
    """

    asgi: ASGIApp
    conversations: Conversations
    completions: Completions

    def silence(self) -> None:
        """Let the page's listeners go: the server stops."""
        self.conversations.silence()

    async def aclose(self) -> None:
        """End everything that still runs, and the traces."""
        await self.conversations.aclose()
        await self.completions.aclose()


def create_app(assembly: Assembly, keys: Keys, *, page: bool = True) -> WebApp:
    """The application that serves agents of *assembly*.

    Args:
        assembly: Makes the agents.
        keys: What opens the server.
        page: Whether there is a page for people.
    """
    app = FastAPI(title="ToolAlpaca", openapi_url=None)
    tell_failures(app)
    conversations, completions = Conversations(assembly), Completions(assembly)
    app.include_router(completions.routes())
    if page:
        app.include_router(page_api(conversations))
        app.include_router(record_routes(conversations))
        app.include_router(page_routes())
    return WebApp(Gate(app, keys), conversations, completions)
