"""Whether the server lives, and whether it can serve: for who restarts it or sends it traffic."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from fastapi import APIRouter, Response

from toolalpaca.errors import StateError
from toolalpaca_mockserver.admin.own_problems import problem_response
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.state.store import Store

STORE_WITHIN: Final = 2.0
"""Seconds within which the store must open a session."""
_SESSION: Final = "toolalpaca-readyz"

_log = logging.getLogger(__name__)


def health_routes(apis: Catalog, store: Store) -> APIRouter:
    """The routes ``/healthz`` and ``/readyz``.

    Args:
        apis: What is served.
        store: Where the sessions are.
    """
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the server answers."""
        return {"status": "ok"}

    @routes.get("/readyz", response_model=dict[str, str])
    async def readyz() -> Response | dict[str, str]:
        """Whether the server can serve: it has documents, and its store answers."""
        lacks = await lacking(apis, store)
        return problem_response(503, lacks) if lacks else {"status": "ready"}

    return routes


async def lacking(apis: Catalog, store: Store, within: float = STORE_WITHIN) -> str:
    """What the server lacks to serve, or ``""``.

    Args:
        apis: What is served.
        store: Where the sessions are.
        within: Seconds until the store must have answered.
    """
    if not len(apis):
        return "no document is served"
    try:
        async with asyncio.timeout(within), store.open(_SESSION):
            return ""
    except TimeoutError:
        return f"the store did not answer within {within:g} s"
    except StateError as error:  # says no secrets: clients are told it, too
        return str(error)
    except Exception as error:
        # What the error says may hold the store's address, and a password with it.
        _log.exception("the store failed")
        return f"the store failed: {type(error).__name__}; the server's log says more"
