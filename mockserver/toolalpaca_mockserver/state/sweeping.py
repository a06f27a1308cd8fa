"""Lets go of sessions that have expired, as long as the server lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from toolalpaca.errors import StateError
from toolalpaca_mockserver.state.store import Store

_log = logging.getLogger(__name__)


@asynccontextmanager
async def sweeping(store: Store, every: float) -> AsyncIterator[None]:
    """A part of the application that sweeps *store* every so many seconds.

    An expired session begins anew at its next use without it; this is for those that nobody uses
    again.
    """
    task = asyncio.create_task(_sweep(store, every))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # the store is closed after this


async def _sweep(store: Store, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await store.sweep()
        except StateError as error:
            _log.warning("sessions that have expired stay for now: %s", error)
