"""Sessions over HTTP: what they hold, reset, snapshot, restore and seed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.problems import PROBLEM_TYPE, problem
from toolalpaca_mockserver.state.store import Store

Items = list[dict[str, Any]]


class Collection(BaseModel):
    """What a session remembers of a collection: items by id, and the ids that were removed."""

    items: dict[str, dict[str, Any]] = {}
    removed: list[str] = []


class SessionSnapshot(BaseModel):
    """A session: the number of its changes, and its collections by API and path."""

    ticks: Annotated[int, Field(ge=0)] = 0
    collections: dict[str, Collection] = {}


def session_routes(apis: dict[str, Api], store: Store) -> APIRouter:
    """The routes under ``/sessions``.

    Args:
        apis: What is served, by name.
        store: Where the sessions are.
    """
    routes = APIRouter(prefix="/sessions")

    @routes.get("")
    async def list_sessions() -> list[str]:
        """The sessions that hold something, used last first."""
        return await store.names()

    @routes.get("/{session}")
    async def read_session(session: str) -> SessionSnapshot:
        """A snapshot of the session, to be put back later."""
        return SessionSnapshot.model_validate(await store.snapshot(session))

    @routes.put("/{session}", status_code=204)
    async def restore_session(session: str, snapshot: SessionSnapshot) -> None:
        """Put the session back to a snapshot, which may be another session's."""
        kept = snapshot.model_dump()
        await store.restore(session, {"ticks": kept["ticks"], "collections": kept["collections"]})

    @routes.delete("/{session}", status_code=204)
    async def reset_session(session: str) -> None:
        """Let the session begin anew."""
        await store.forget(session)

    @routes.put("/{session}/apis/{api}/{path:path}", status_code=204)
    async def seed_collection(session: str, api: str, path: str, items: Items) -> Response:
        """Let a collection, by the path of its list, hold just these items."""
        if api not in apis:
            raise HTTPException(404, f"there is no API {api!r}; there are {', '.join(apis)}")
        try:
            reasons = await apis[api].fill(f"/{path}", items, session)
        except LookupError as error:
            raise HTTPException(404, str(error.args[0])) from error
        if reasons:
            told = problem(422, "the items are not what the document says", reasons)
            return JSONResponse(told, 422, media_type=PROBLEM_TYPE)
        return Response(status_code=204)

    return routes
