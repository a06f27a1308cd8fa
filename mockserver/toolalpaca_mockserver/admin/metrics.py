"""What was measured, for Prometheus: ``/_toolalpaca/metrics``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from toolalpaca_mockserver.observation.exposition import (
    CONTENT_TYPE,
    Collector,
    Family,
    Sample,
    exposition,
)
from toolalpaca_mockserver.state.store import Measured, Store

_WITHIN: Final = 2.0

_log = logging.getLogger(__name__)


def metrics_routes(collectors: Sequence[Collector], store: Store) -> APIRouter:
    """The route ``/metrics``.

    Args:
        collectors: Who has measured something.
        store: Whose size is told.
    """
    routes = APIRouter()

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def read_metrics() -> PlainTextResponse:
        """What was measured, in Prometheus' text format."""
        found = [family for collect in collectors for family in collect()]
        text = exposition([*found, *await _held(store)])
        return PlainTextResponse(text, media_type=CONTENT_TYPE)

    return routes


async def _held(store: Store) -> list[Family]:
    """How much the store holds; nothing when it does not say so in time."""
    try:
        async with asyncio.timeout(_WITHIN):
            if isinstance(store, Measured):
                held = await store.measure()
                sessions, items = held.sessions, [Sample(held.items)]
            else:
                sessions, items = len(await store.names()), []
    except Exception:  # what else was measured is told even so
        _log.exception("the store's size cannot be told")
        return []
    return [
        Family("toolalpaca_sessions", "gauge", "Sessions that hold something.", [Sample(sessions)]),
        Family("toolalpaca_items", "gauge", "Items that sessions hold.", items),
    ]
