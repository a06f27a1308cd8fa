"""Sessions in the memory of this process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import quote

from toolalpaca_mockserver.state.store import Held, Ids, Item, Snapshot, highest

MOST_SESSIONS = 1000


@dataclass(slots=True)
class _Collection:
    items: dict[str, Item] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    highest: int = 0

    def __post_init__(self) -> None:
        if self.items or self.removed:
            self.highest = highest((*self.items, *self.removed))


@dataclass(slots=True)
class _Session:
    collections: dict[str, _Collection] = field(default_factory=dict)
    ticks: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class MemoryStore:
    """Keeps the sessions used last; what is evicted begins anew.

    Args:
        most_sessions: How many are kept.
    """

    def __init__(self, most_sessions: int = MOST_SESSIONS) -> None:
        self.most_sessions = most_sessions
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    @asynccontextmanager
    async def open(self, session: str) -> AsyncIterator[MemoryWorld]:
        """See :class:`toolalpaca_mockserver.state.store.Store`."""
        found = self._session(session)
        async with found.lock:
            world = MemoryWorld(found)
            try:
                yield world
            except BaseException:
                world.undo()
                raise

    def _session(self, name: str) -> _Session:
        found = self._sessions.get(name)
        if found is None:
            found = self._sessions[name] = _Session()
            while len(self._sessions) > self.most_sessions:
                self._sessions.popitem(last=False)
        else:
            self._sessions.move_to_end(name)
        return found

    async def names(self) -> list[str]:
        """The sessions that hold something, used last first."""
        return [name for name, kept in reversed(self._sessions.items()) if kept.collections]

    async def forget(self, session: str) -> None:
        """Let the session begin anew."""
        found = self._session(session)
        async with found.lock:
            found.collections.clear()
            found.ticks = 0

    async def snapshot(self, session: str) -> Snapshot:
        """Everything that the session holds. Items are never changed, so they need no copies."""
        found = self._session(session)
        async with found.lock:
            return {
                "ticks": found.ticks,
                "collections": {
                    name: {"items": dict(kept.items), "removed": sorted(kept.removed)}
                    for name, kept in found.collections.items()
                },
            }

    async def restore(self, session: str, snapshot: Snapshot) -> None:
        """Put the session back to what *snapshot* says."""
        found = self._session(session)
        async with found.lock:
            found.ticks = snapshot["ticks"]
            found.collections = {
                name: _Collection(dict(kept["items"]), set(kept["removed"]))
                for name, kept in snapshot["collections"].items()
            }

    async def measure(self) -> Held:
        """How much there is."""
        kept = [found.collections.values() for found in self._sessions.values()]
        items = sum(len(collection.items) for found in kept for collection in found)
        return Held(sum(map(bool, kept)), items)

    async def aclose(self) -> None:
        """Forget everything."""
        self._sessions.clear()


class MemoryWorld:
    """A transaction on one session; see :class:`toolalpaca_mockserver.state.store.World`."""

    def __init__(self, session: _Session) -> None:
        self._session = session
        self._undo: list[Callable[[], object]] = []

    def undo(self) -> None:
        """Take every change back, last first."""
        for step in reversed(self._undo):
            step()

    async def begun(self, collection: str) -> bool:
        """Whether *collection* has had its first items."""
        return collection in self._session.collections

    async def begin(self, collection: str, items: Mapping[str, Item]) -> None:
        """Give *collection* its first items."""
        collections = self._session.collections
        before = collections.get(collection)
        collections[collection] = _Collection(dict(items))

        def step() -> None:
            if before is None:
                del collections[collection]
            else:
                collections[collection] = before

        self._undo.append(step)

    async def begin_empty(self, collections: Iterable[str]) -> None:
        """Begin those of *collections* that have not begun, with nothing in them."""
        known = self._session.collections
        begun = [name for name in collections if name not in known]
        known.update((name, _Collection()) for name in begun)
        self._undo.append(lambda: [known.pop(name) for name in begun])

    async def items(self, collection: str, most: int | None = None) -> list[tuple[str, Item]]:
        """Ids and items of *collection*, oldest first, but no more than *most*."""
        found = self._session.collections.get(collection)
        return list(islice(found.items.items(), most)) if found is not None else []

    async def ids(self, collection: str) -> Ids:
        """The ids of *collection*."""
        found = self._session.collections.get(collection)
        return Ids(found.items.keys(), found.highest) if found is not None else Ids()

    async def get(self, collection: str, key: str) -> Item | None:
        """The item with that id, or None."""
        found = self._session.collections.get(collection)
        return found.items.get(key) if found is not None else None

    async def put(self, collection: str, key: str, item: Item) -> None:
        """Add the item, or put it in place of the one with that id."""
        found = self._session.collections.setdefault(collection, _Collection())
        old = found.items.get(key)
        was_removed = key in found.removed
        highest_before = found.highest
        found.items[key] = item
        found.highest = highest((key,), highest_before)
        found.removed.discard(key)

        def step() -> None:
            if old is not None:
                found.items[key] = old
            else:
                del found.items[key]
            found.highest = highest_before
            if was_removed:
                found.removed.add(key)

        self._undo.append(step)

    async def remove(self, collection: str, key: str) -> None:
        """Remove the item and the collections below it."""
        collections = self._session.collections
        start = f"{collection}/{quote(key, safe='')}/"
        below = {n: c for n, c in collections.items() if n.startswith(start)}
        for name in below:
            del collections[name]
        found = collections.setdefault(collection, _Collection())
        before = dict(found.items)  # the order is a part of what is put back
        was_removed = key in found.removed
        found.items.pop(key, None)
        found.removed.add(key)

        def step() -> None:
            collections.update(below)
            found.items.clear()
            found.items.update(before)
            if not was_removed:
                found.removed.discard(key)

        self._undo.append(step)

    async def was_removed(self, collection: str, key: str) -> bool:
        """Whether there has been an item with that id."""
        found = self._session.collections.get(collection)
        return found is not None and key in found.removed

    async def tick(self) -> int:
        """The number of this change, from 1."""
        self._session.ticks += 1
        return self._session.ticks
