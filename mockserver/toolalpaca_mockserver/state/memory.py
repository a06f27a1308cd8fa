"""Sessions in the memory of this process."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import islice

from toolalpaca_mockserver.state.limits import (
    DEFAULT_LIMITS,
    LASTING,
    Limits,
    Usage,
    check_room,
    size_of,
)
from toolalpaca_mockserver.state.store import (
    Held,
    Ids,
    Item,
    KnownIds,
    SessionFull,
    Snapshot,
    below,
    highest,
)


@dataclass(slots=True)
class _Collection:
    items: dict[str, Item] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    origin: str = ""
    highest: int = 0
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        if self.items or self.removed:
            named = (*self.items, *self.removed)
            self.highest = highest(named)
            size = sum(map(size_of, self.items.values())) + sum(map(len, named))
            self.usage = Usage(len(self.items), size)


@dataclass(slots=True)
class _Session:
    collections: dict[str, _Collection] = field(default_factory=dict)
    ticks: int = 0
    used_at: float = 0.0
    usage: Usage = field(default_factory=Usage)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0

    def clear(self) -> None:
        """Begin anew."""
        self.collections.clear()
        self.ticks = 0
        self.usage = Usage()


class _Use:
    """The session, for one user at a time; until all are done it is not let go.

    What is entered with every request is a class: a generator takes some microseconds more.
    """

    __slots__ = ("session",)

    def __init__(self, session: _Session) -> None:
        self.session = session
        session.users += 1

    async def __aenter__(self) -> _Session:
        try:
            await self.session.lock.acquire()
        except BaseException:
            self.session.users -= 1
            raise
        return self.session

    async def __aexit__(self, *raised: object) -> None:
        self.session.lock.release()
        self.session.users -= 1


class MemoryStore:
    """Keeps sessions as long as the process lives.

    Args:
        limits: How much it keeps.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = time.time
    ) -> None:
        self.limits = limits
        self.clock = clock
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    async def prepare(self) -> None:
        """Nothing can be wrong with it."""

    def open(
        self, session: str, *, reads: bool = False
    ) -> AbstractAsyncContextManager[MemoryWorld]:
        """See :class:`toolalpaca_mockserver.state.store.Store`."""
        return _Transaction(self.limits, session, self._session(session), reads)

    def _used(self, name: str) -> _Use:
        return _Use(self._session(name))

    def _session(self, name: str) -> _Session:
        now = self.clock()
        found = self._sessions.get(name)
        if found is None:
            found = self._sessions[name] = _Session()
            self._evict(name)
        else:
            self._sessions.move_to_end(name)
            if self._has_expired(found, now):
                found.clear()
        found.used_at = now
        return found

    def _has_expired(self, session: _Session, now: float) -> bool:
        idle = self.limits.idle
        return idle is not None and now - session.used_at > idle and not session.users

    def _evict(self, newest: str) -> None:
        """Let the sessions go that were used longest ago, where there are too many."""
        most = self.limits.sessions
        excess = len(self._sessions) - most if most is not None else 0
        if excess > 0:
            kept = (LASTING, newest)
            free = (n for n, s in self._sessions.items() if n not in kept and not s.users)
            for name in list(islice(free, excess)):
                del self._sessions[name]

    async def names(self) -> list[str]:
        """The sessions that hold something, used last first."""
        now = self.clock()
        return [
            name
            for name, kept in reversed(self._sessions.items())
            if kept.collections and not self._has_expired(kept, now)
        ]

    async def forget(self, session: str) -> None:
        """Let the session begin anew."""
        async with self._used(session) as found:
            found.clear()

    async def snapshot(self, session: str) -> Snapshot:
        """Everything that the session holds. Items are never changed, so they need no copies."""
        async with self._used(session) as found:
            return {
                "ticks": found.ticks,
                "collections": {
                    name: {"items": dict(kept.items), "removed": sorted(kept.removed)}
                    for name, kept in found.collections.items()
                },
            }

    async def restore(self, session: str, snapshot: Snapshot) -> None:
        """Put the session back to what *snapshot* says."""
        collections = {
            name: _Collection(dict(kept["items"]), set(kept["removed"]))
            for name, kept in snapshot["collections"].items()
        }
        usage = Usage()
        for collection in collections.values():
            usage.add(collection.usage.items, collection.usage.bytes)
        check_room(self.limits, session, Usage(), usage)
        async with self._used(session) as found:
            found.ticks, found.collections, found.usage = snapshot["ticks"], collections, usage

    async def sweep(self) -> None:
        """Let go of sessions that have expired."""
        now = self.clock()
        for name in [n for n, kept in self._sessions.items() if self._has_expired(kept, now)]:
            del self._sessions[name]

    async def measure(self) -> Held:
        """How much there is."""
        kept = [found.collections.values() for found in self._sessions.values()]
        items = sum(len(collection.items) for found in kept for collection in found)
        return Held(sum(map(bool, kept)), items)

    async def aclose(self) -> None:
        """Forget everything."""
        self._sessions.clear()


class _Transaction:
    """See :meth:`MemoryStore.open`."""

    __slots__ = ("_limits", "_name", "_reads", "_use", "_world")

    def __init__(self, limits: Limits, name: str, session: _Session, reads: bool) -> None:
        self._limits = limits
        self._name = name
        self._reads = reads
        self._use = _Use(session)

    async def __aenter__(self) -> MemoryWorld:
        self._world = MemoryWorld(await self._use.__aenter__())
        return self._world

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        world = self._world
        try:
            if error is not None:
                world.undo()
            elif world.before is not None:
                check_room(self._limits, self._name, world.before, self._use.session.usage)
        except SessionFull:
            world.undo()
            if not self._reads:
                raise
        finally:
            await self._use.__aexit__()


class MemoryWorld:
    """A transaction on one session; see :class:`toolalpaca_mockserver.state.store.World`.

    Attributes:
        before: What the session held at its beginning, when that has changed.
    """

    __slots__ = ("_session", "_ticks", "_undo", "before")

    def __init__(self, session: _Session) -> None:
        self._session = session
        self._undo: list[Callable[[], object]] = []
        self._ticks = session.ticks
        self.before: Usage | None = None

    def undo(self) -> None:
        """Take every change back, last first."""
        for step in reversed(self._undo):
            step()
        self._session.ticks = self._ticks
        if self.before is not None:
            self._session.usage = self.before

    async def begun(self, collection: str) -> str | None:
        """The origin of *collection*, or None when it has not had its first items."""
        found = self._session.collections.get(collection)
        return found.origin if found is not None else None

    async def begin(self, collection: str, items: Mapping[str, Item], origin: str) -> None:
        """Let *collection* hold just these items."""
        collections = self._session.collections
        before = collections.get(collection)
        begun = collections[collection] = _Collection(dict(items), origin=origin)
        self._add(begun.usage.items, begun.usage.bytes)
        if before is not None:
            self._add(-before.usage.items, -before.usage.bytes)

        def step() -> None:
            if before is None:
                del collections[collection]
            else:
                collections[collection] = before

        self._undo.append(step)

    async def begin_empty(self, collections: Iterable[str], origin: str) -> None:
        """Begin those of *collections* that have not begun, with nothing in them."""
        known = self._session.collections
        begun = [name for name in collections if name not in known]
        known.update((name, _Collection(origin=origin)) for name in begun)
        self._undo.append(lambda: [known.pop(name) for name in begun])

    async def adopt(self, collection: str, origin: str) -> None:
        """Say that the items of *collection* fit *origin* now."""
        found = self._session.collections[collection]
        before, found.origin = found.origin, origin
        self._undo.append(lambda: setattr(found, "origin", before))

    async def items(self, collection: str, most: int | None = None) -> list[tuple[str, Item]]:
        """Ids and items of *collection*, oldest first, but no more than *most*."""
        found = self._session.collections.get(collection)
        return list(islice(found.items.items(), most)) if found is not None else []

    async def ids(self, collection: str) -> Ids:
        """The ids of *collection*."""
        found = self._session.collections.get(collection)
        return KnownIds(found.items.keys(), found.highest) if found is not None else KnownIds()

    async def get(self, collection: str, key: str) -> Item | None:
        """The item with that id, or None."""
        found = self._session.collections.get(collection)
        return found.items.get(key) if found is not None else None

    async def put(self, collection: str, key: str, item: Item) -> None:
        """Add the item, or put it in place of the one with that id."""
        found = self._collection(collection)
        usage = found.usage
        old = found.items.get(key)
        was_removed = key in found.removed
        before = (found.highest, usage.items, usage.bytes)
        found.items[key] = item
        found.highest = highest((key,), found.highest)
        found.removed.discard(key)
        if old is None:  # the id of an item that was removed is counted already
            self._count(found, 1, size_of(item) + (0 if was_removed else len(key)))
        else:
            self._count(found, 0, size_of(item) - size_of(old))

        def step() -> None:
            if old is not None:
                found.items[key] = old
            else:
                del found.items[key]
            found.highest, usage.items, usage.bytes = before
            if was_removed:
                found.removed.add(key)

        self._undo.append(step)

    def _count(self, collection: _Collection, items: int, size: int) -> None:
        collection.usage.add(items, size)
        self._add(items, size)

    def _add(self, items: int, size: int) -> None:
        usage = self._session.usage
        if self.before is None:
            self.before = Usage(usage.items, usage.bytes)
        usage.add(items, size)

    def _collection(self, name: str) -> _Collection:
        """The collection, which is begun when it has not been."""
        collections = self._session.collections
        found = collections.get(name)
        if found is None:
            found = collections[name] = _Collection()
            self._undo.append(lambda: collections.pop(name))
        return found

    async def remove(self, collection: str, key: str) -> None:
        """Remove the item and the collections below it."""
        start = below(collection, key)
        await self.keep(lambda name: not name.startswith(start))
        found = self._collection(collection)
        usage, counted = found.usage, (found.usage.items, found.usage.bytes)
        before = dict(found.items)  # the order is a part of what is put back
        was_removed = key in found.removed
        old = found.items.pop(key, None)
        found.removed.add(key)
        if old is not None:
            self._count(found, -1, -size_of(old))
        elif not was_removed:
            self._count(found, 0, len(key))

        def step() -> None:
            usage.items, usage.bytes = counted
            found.items.clear()
            found.items.update(before)
            if not was_removed:
                found.removed.discard(key)

        self._undo.append(step)

    async def was_removed(self, collection: str, key: str) -> bool:
        """Whether there has been an item with that id."""
        found = self._session.collections.get(collection)
        return found is not None and key in found.removed

    async def keep(self, fits: Callable[[str], bool]) -> int:
        """Forget the collections whose names do not fit; how many items have gone with them."""
        collections = self._session.collections
        gone = {name: held for name, held in collections.items() if not fits(name)}
        for name, held in gone.items():
            del collections[name]
            self._add(-held.usage.items, -held.usage.bytes)
        self._undo.append(lambda: collections.update(gone))
        return sum(held.usage.items for held in gone.values())

    async def tick(self) -> int:
        """The number of this change, from 1."""
        self._session.ticks += 1
        return self._session.ticks
