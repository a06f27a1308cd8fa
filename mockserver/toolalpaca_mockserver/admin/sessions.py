"""Sessions over HTTP: what they hold, reset, snapshot, restore and seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from toolalpaca.openapi.validation import json_pointer
from toolalpaca_mockserver.admin.own_problems import api_named, problem_response
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.problems import Reason
from toolalpaca_mockserver.reading.sessions import SESSION_RULE, is_session_name
from toolalpaca_mockserver.state.fitting import collection_paths
from toolalpaca_mockserver.state.store import Store

Items = list[dict[str, Any]]


class Collection(BaseModel):
    """What a session remembers of a collection: items by id, and the ids that were removed."""

    model_config = ConfigDict(extra="forbid")

    items: dict[str, dict[str, Any]] = {}
    removed: list[str] = []


class SessionSnapshot(BaseModel):
    """A session: the number of its changes, and its collections by API and path."""

    model_config = ConfigDict(extra="forbid")

    ticks: Annotated[int, Field(ge=0)] = 0
    collections: dict[str, Collection] = {}


def checked_session(session: str) -> str:
    """*session*, when it may be the name of one.

    Raises:
        HTTPException: 400, with the rule.
    """
    if not is_session_name(session):
        raise HTTPException(400, SESSION_RULE)
    return session


Session = Annotated[str, Depends(checked_session)]


def session_routes(apis: Catalog, store: Store) -> APIRouter:
    """The routes under ``/sessions``.

    Args:
        apis: What is served.
        store: Where the sessions are.
    """
    routes = APIRouter(prefix="/sessions")

    @routes.get("")
    async def list_sessions() -> list[str]:
        """The sessions that hold something, used last first."""
        return await store.names()

    @routes.get("/{session}")
    async def read_session(session: Session) -> SessionSnapshot:
        """A snapshot of the session, to be put back later."""
        return SessionSnapshot.model_validate(await store.snapshot(session))

    @routes.put("/{session}", status_code=204)
    async def restore_session(session: Session, snapshot: SessionSnapshot) -> Response:
        """Put the session back to a snapshot, which may be another session's."""
        reasons = _unknown(snapshot.collections, apis)
        if reasons:
            return problem_response(422, "the snapshot is of something else", reasons)
        kept = snapshot.model_dump()
        await store.restore(session, {"ticks": kept["ticks"], "collections": kept["collections"]})
        return Response(status_code=204)

    @routes.delete("/{session}", status_code=204)
    async def reset_session(session: Session) -> None:
        """Let the session begin anew."""
        await store.forget(session)

    @routes.put("/{session}/apis/{api}/{path:path}", status_code=204)
    async def seed_collection(session: Session, api: str, path: str, items: Items) -> Response:
        """Let a collection, by the path of its list, hold just these items."""
        try:
            reasons = await api_named(apis, api).fill(f"/{path}", items, session)
        except LookupError as error:
            raise HTTPException(404, str(error.args[0])) from error
        if reasons:
            return problem_response(422, "the items are not what the document says", reasons)
        return Response(status_code=204)

    return routes


def _unknown(collections: Mapping[str, Collection], apis: Catalog) -> list[Reason]:
    """A reason for each name of *collections* that none of *apis* can have a collection of."""
    split = {name: (name.partition(":")[0], name.partition(":")[2]) for name in collections}
    found = {name: apis.named(name) for name, _ in split.values()}
    known = {n: collection_paths(api.document) for n, api in found.items() if api is not None}
    reasons = []
    for name, (api, path) in split.items():
        if api in known and known[api].fullmatch(path):
            continue
        what = f"there is no API {api}; there are {', '.join(apis.names)}"
        if api in known:
            what = f"the document {api} has no collection {path}"
        reasons.append(Reason("body", json_pointer(["collections", name]), "collection", what))
    return reasons
