"""What makes values up, and what it has cost so far, over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from toolalpaca_mockserver.catalog import Catalog


class EngineReport(BaseModel):
    """What makes values up.

    Attributes:
        engine: ``schema`` or ``llm``.
        apis: What the engine of each API has done; see
            :class:`toolalpaca_mockserver.engines.counts.Counts`.
    """

    engine: str
    apis: dict[str, dict[str, Any]]


def engine_routes(apis: Catalog) -> APIRouter:
    """The route ``/engine``."""
    routes = APIRouter()

    @routes.get("/engine")
    async def read_engine() -> EngineReport:
        """What makes values up, and what it has done since the server's start."""
        names = {api.engine.name for api in apis}
        reports = {api.document.name: api.engine.report() for api in apis}
        return EngineReport(engine=", ".join(sorted(names)), apis=reports)

    return routes
