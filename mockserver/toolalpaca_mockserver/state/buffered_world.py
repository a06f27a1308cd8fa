"""A transaction whose changes are held back: it reads what the store has and, over it, its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from toolalpaca_mockserver.state.encoding import decode, encode
from toolalpaca_mockserver.state.store import Ids, Item, Snapshot, below, highest
from toolalpaca_mockserver.state.stored import Changes, Draft, Head, Shelf, Stored


class BufferedWorld:
    """A transaction on one session; see :class:`toolalpaca_mockserver.state.store.World`.

    Args:
        stored: What the store has.
        head: The session, or None to begin anew.
    """

    def __init__(self, stored: Stored, head: Head | None) -> None:
        self._stored = stored
        self._anew = head is None
        self._drafts: dict[str, Draft] = {}
        self._sizes: dict[tuple[str, str], int | None] = {}
        self.head = Head() if head is None else replace(head, usage=replace(head.usage))
        self.before = replace(self.head.usage)
        self._ticks = self.head.ticks

    def changes(self, now: float) -> Changes | None:
        """What has changed, or None."""
        changes = self.all(now)
        return changes if changes.drafts or self.head.ticks != self._ticks else None

    def all(self, now: float) -> Changes:
        """What has changed, though it be nothing."""
        drafts = {name: draft for name, draft in self._drafts.items() if draft.changed}
        return Changes(replace(self.head, used_at=now), self._anew, drafts)

    async def _draft(self, name: str) -> Draft:
        found = self._drafts.get(name)
        if found is None:
            shelf = None if self._anew else await self._stored.shelf(name)
            found = self._drafts[name] = _draft_of(shelf)
        return found

    async def _begun(self, name: str) -> Draft:
        """The collection, which is begun when it has not been."""
        draft = await self._draft(name)
        if not draft.exists:
            draft.exists = draft.changed = True
        return draft

    def _count(self, draft: Draft, items: int, size: int) -> None:
        draft.shelf.usage.add(items, size)
        self.head.usage.add(items, size)

    async def _is_counted(self, name: str, draft: Draft, key: str) -> bool:
        """Whether an id that no item has is counted, because it was removed."""
        return draft.shelf.has_removed and await self.was_removed(name, key)

    def _empty(self, draft: Draft) -> None:
        self.head.usage.add(-draft.shelf.usage.items, -draft.shelf.usage.bytes)
        draft.empty()

    async def _size(self, name: str, draft: Draft, key: str) -> int | None:
        """The size of an item, or None when there is none."""
        known = draft.written.get(key)
        if known is not None:
            return len(known.content)
        if not draft.stored or key in draft.gone:
            return None
        if (name, key) not in self._sizes:
            content = await self._stored.item(draft.shelf, key)
            self._sizes[name, key] = len(content) if content is not None else None
        return self._sizes[name, key]

    async def begun(self, collection: str) -> str | None:
        """The origin of *collection*, or None when it has not had its first items."""
        draft = await self._draft(collection)
        return draft.shelf.origin if draft.exists else None

    async def begin(self, collection: str, items: Mapping[str, Item], origin: str) -> None:
        """Let *collection* hold just these items."""
        draft = await self._draft(collection)
        self._empty(draft)
        draft.exists, draft.shelf.origin = True, origin
        for key, item in items.items():
            content = encode(item)
            draft.add(key, item, content, None)
            self._count(draft, 1, len(content) + len(key))

    async def begin_empty(self, collections: Iterable[str], origin: str) -> None:
        """Begin those of *collections* that have not begun, with nothing in them."""
        for name in collections:
            if await self.begun(name) is None:
                await self.begin(name, {}, origin)

    async def adopt(self, collection: str, origin: str) -> None:
        """Say that the items of *collection* fit *origin* now."""
        draft = await self._begun(collection)
        draft.shelf.origin, draft.changed = origin, True

    async def items(self, collection: str, most: int | None = None) -> list[tuple[str, Item]]:
        """Ids and items of *collection*, oldest first, but no more than *most*."""
        draft = await self._draft(collection)
        found: list[tuple[str, Item]] = []
        if draft.stored:
            asked = None if most is None else most + len(draft.gone)
            for key, content in await self._stored.items(draft.shelf, asked):
                own = draft.written.get(key)
                if key not in draft.gone:
                    found.append((key, own.item if own is not None else decode(content)))
        own_items = draft.written.items()
        found += [(key, own.item) for key, own in own_items if own.place is not None]
        return found[:most]

    async def ids(self, collection: str) -> Ids:
        """The ids of *collection*."""
        draft = await self._draft(collection)
        return _Asked(self, collection, draft.shelf.highest)

    async def has(self, collection: str, key: str) -> bool:
        """Whether there is an item with that id."""
        return await self._size(collection, await self._draft(collection), key) is not None

    async def get(self, collection: str, key: str) -> Item | None:
        """The item with that id, or None."""
        draft = await self._draft(collection)
        own = draft.written.get(key)
        if own is not None:
            return own.item
        if not draft.stored or key in draft.gone:
            return None
        content = await self._stored.item(draft.shelf, key)
        self._sizes[collection, key] = len(content) if content is not None else None
        return decode(content) if content is not None else None

    async def put(self, collection: str, key: str, item: Item) -> None:
        """Add the item, or put it in place of the one with that id."""
        draft = await self._begun(collection)
        old = await self._size(collection, draft, key)
        was_removed = old is None and await self._is_counted(collection, draft, key)
        content = encode(item)
        draft.add(key, item, content, old)
        if old is not None:
            self._count(draft, 0, len(content) - old)
        else:  # the id of an item that was removed is counted already
            self._count(draft, 1, len(content) + (0 if was_removed else len(key)))

    async def remove(self, collection: str, key: str) -> None:
        """Remove the item and the collections below it."""
        start = below(collection, key)
        await self._keep(start, lambda name: not name.startswith(start))
        draft = await self._begun(collection)
        old = await self._size(collection, draft, key)
        if old is not None:
            self._count(draft, -1, -old)
        elif not await self._is_counted(collection, draft, key):
            self._count(draft, 0, len(key))
            draft.shelf.place += 1
        draft.written.pop(key, None)
        draft.gone.add(key)
        draft.changed = True

    async def was_removed(self, collection: str, key: str) -> bool:
        """Whether there has been an item with that id."""
        draft = await self._draft(collection)
        if key in draft.written:
            return False
        if key in draft.gone:
            return True
        return draft.stored and await self._stored.was_removed(draft.shelf, key)

    async def keep(self, fits: Callable[[str], bool]) -> int:
        """Forget the collections whose names do not fit; how many items have gone with them."""
        return await self._keep("", fits)

    async def _keep(self, start: str, fits: Callable[[str], bool]) -> int:
        """As :meth:`keep`; names that do not begin with *start* fit."""
        for name, shelf in [] if self._anew else await self._stored.shelves(start):
            self._drafts.setdefault(name, _draft_of(shelf))
        gone = 0
        for name, draft in self._drafts.items():
            if draft.exists and not fits(name):
                gone += draft.shelf.usage.items
                self._empty(draft)
                draft.exists = False
        return gone

    async def tick(self) -> int:
        """The number of this change, from 1."""
        self.head.ticks += 1
        return self.head.ticks

    def fill(self, snapshot: Snapshot) -> None:
        """Hold what *snapshot* says; the world must be new."""
        self.head.ticks = snapshot["ticks"]
        for name, kept in snapshot["collections"].items():
            draft = self._drafts[name] = Draft(Shelf(None), exists=True, changed=True)
            for key, item in kept["items"].items():
                content = encode(item)
                draft.add(key, item, content, None)
                self._count(draft, 1, len(content) + len(key))
            draft.gone.update(kept["removed"])
            draft.shelf.highest = highest(kept["removed"], draft.shelf.highest)
            draft.shelf.place += len(kept["removed"])
            self._count(draft, 0, sum(map(len, kept["removed"])))


def _draft_of(shelf: Shelf | None) -> Draft:
    """The collection as the store has it."""
    return Draft(Shelf(None)) if shelf is None else Draft(shelf, stored=True, exists=True)


@dataclass(slots=True)
class _Asked:
    """The ids of a collection, each looked up when it is asked for."""

    world: BufferedWorld
    collection: str
    highest: int

    async def has(self, key: str) -> bool:
        return await self.world.has(self.collection, key)
