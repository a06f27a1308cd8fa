"""Stores that outlive the process: a transaction's changes are held back until it ends.

A transaction reads what the store has and, over it, what it has written itself; at its end the
store takes all of it at once. So a process that is killed leaves nothing half-written, whatever
the store is, and every store counts, limits and forgets alike.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from toolalpaca_mockserver.state.buffered_world import BufferedWorld
from toolalpaca_mockserver.state.encoding import decode
from toolalpaca_mockserver.state.limits import Limits, check_room
from toolalpaca_mockserver.state.store import Remembered, SessionFull, Snapshot
from toolalpaca_mockserver.state.stored import Head, Stored

_TOUCHED_EVERY: Final = 1.0
"""Seconds in which a session that is only read is noted as used once, to spare the store."""


class BufferedStore:
    """What all stores have in common whose transactions are buffered.

    Args:
        limits: How much is kept.
        clock: Seconds since the epoch.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self.limits = limits
        self.clock = clock

    def held(self, session: str) -> AbstractAsyncContextManager[Stored]:
        """The session, for one user at a time in the whole world; undone when the block raises."""
        raise NotImplementedError

    @asynccontextmanager
    async def open(self, session: str, *, reads: bool = False) -> AsyncIterator[BufferedWorld]:
        """See :class:`toolalpaca_mockserver.state.store.Store`."""
        async with self.held(session) as stored:
            found = await stored.head()
            live = found if found is not None and not self._has_expired(found) else None
            world = BufferedWorld(stored, live)
            yield world
            try:
                check_room(self.limits, session, world.before, world.head.usage)
            except SessionFull:
                if not reads:
                    raise
                world = BufferedWorld(stored, live)  # what was looked at is used, nothing is kept
            await self._finish(stored, world, live)

    def deadline(self) -> float:
        """The moment since which a session must have been used that has not expired."""
        return self.clock() - self.limits.idle if self.limits.idle is not None else 0.0

    def _has_expired(self, head: Head) -> bool:
        return head.used_at < self.deadline()

    async def _finish(self, stored: Stored, world: BufferedWorld, head: Head | None) -> None:
        now = self.clock()
        changes = world.changes(now)
        if changes is not None:
            await stored.write(changes)
            if head is None and self.limits.sessions is not None:
                await stored.evict(self.limits.sessions)
        elif head is not None and now - head.used_at >= _TOUCHED_EVERY:
            await stored.touch(now)

    async def forget(self, session: str) -> None:
        """Let the session begin anew."""
        async with self.held(session) as stored:
            await stored.clear()

    async def snapshot(self, session: str) -> Snapshot:
        """Everything that the session holds, as JSON."""
        async with self.held(session) as stored:
            head = await stored.head()
            if head is None or self._has_expired(head):
                return {"ticks": 0, "collections": {}}
            collections: dict[str, Remembered] = {}
            for name, shelf in await stored.shelves(""):
                items = {key: decode(text) for key, text in await stored.items(shelf, None)}
                removed = sorted(await stored.removed(shelf))
                collections[name] = {"items": items, "removed": removed}
            return {"ticks": head.ticks, "collections": collections}

    async def restore(self, session: str, snapshot: Snapshot) -> None:
        """Put the session back to what *snapshot* says."""
        async with self.held(session) as stored:
            world = BufferedWorld(stored, None)
            world.fill(snapshot)
            check_room(self.limits, session, world.before, world.head.usage)
            await stored.write(world.all(self.clock()))
            if self.limits.sessions is not None:
                await stored.evict(self.limits.sessions)
