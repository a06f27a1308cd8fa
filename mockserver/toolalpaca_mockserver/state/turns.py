"""Within this process, one user of a session at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from toolalpaca_mockserver.state.store import StoreUnavailable


class Turns:
    """Lets those who want the same thing have it one after another, in the order they came."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, name: str, within: float) -> AsyncIterator[None]:
        """Have what is called *name* until the block ends.

        Raises:
            StoreUnavailable: Others have had it for *within* seconds.
        """
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        try:
            async with asyncio.timeout(within):
                await lock.acquire()
        except TimeoutError:
            what = f"others have had the session for {within:g} s and more"
            raise StoreUnavailable(what, where=name) from None
        try:
            yield
        finally:
            lock.release()
