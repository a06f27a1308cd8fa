"""What a store that outlives the process has of a session, and what it takes of a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from toolalpaca_mockserver.state.limits import Usage
from toolalpaca_mockserver.state.store import Item, highest


@dataclass(slots=True)
class Head:
    """What is kept of a session besides its collections."""

    ticks: int = 0
    used_at: float = 0.0
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class Shelf:
    """What is kept of a collection besides its items.

    Attributes:
        id: What the store knows it by.
        origin: What its items fit.
        highest: The largest id that is a number.
        place: The place in order of the next item; more than there are items where any id was
            removed.
        usage: What it holds.
    """

    id: Any
    origin: str = ""
    highest: int = 0
    place: int = 0
    usage: Usage = field(default_factory=Usage)

    @property
    def has_removed(self) -> bool:
        """Whether any id may have been removed, which takes no look at the store."""
        return self.place > self.usage.items


class Stored(Protocol):
    """One session as the store has it, which nobody else changes meanwhile."""

    async def head(self) -> Head | None:
        """The session, or None when it holds nothing."""
        ...

    async def shelf(self, collection: str) -> Shelf | None:
        """The collection, or None when it has not been begun."""
        ...

    async def shelves(self, start: str) -> list[tuple[str, Shelf]]:
        """The collections whose names begin so."""
        ...

    async def items(self, shelf: Shelf, most: int | None) -> list[tuple[str, bytes]]:
        """Ids and items in order, but no more than *most*."""
        ...

    async def item(self, shelf: Shelf, key: str) -> bytes | None:
        """The item with that id, or None."""
        ...

    async def was_removed(self, shelf: Shelf, key: str) -> bool:
        """Whether there has been an item with that id."""
        ...

    async def removed(self, shelf: Shelf) -> list[str]:
        """The ids that were removed."""
        ...

    async def write(self, changes: Changes) -> None:
        """Take all *changes*."""
        ...

    async def touch(self, now: float) -> None:
        """Note that the session has been used; this may be lost."""
        ...

    async def clear(self) -> None:
        """Forget the session."""
        ...

    async def evict(self, most: int) -> None:
        """Let other sessions go, those used longest ago first, until there are *most*.

        The default session stays, and so do those in use.
        """
        ...


@dataclass(slots=True)
class Written:
    """An item that a transaction has put.

    Attributes:
        item: The item.
        content: It as bytes.
        place: Its place in order when the store does not have it, else None.
    """

    item: Item
    content: bytes
    place: int | None


@dataclass(slots=True)
class Draft:
    """A collection as a transaction leaves it.

    Attributes:
        shelf: What is kept of it.
        stored: Whether what the store has of it counts.
        exists: Whether it has been begun.
        discarded: What the store has, but must drop.
        written: What has been put, by id.
        gone: The ids of what has been removed.
        changed: Whether the store must be told anything.
    """

    shelf: Shelf
    stored: bool = False
    exists: bool = False
    discarded: Shelf | None = None
    written: dict[str, Written] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    changed: bool = False

    def empty(self) -> None:
        """Hold nothing, whatever the store has."""
        if self.stored:
            self.discarded, self.stored = self.shelf, False
        self.shelf = Shelf(None)
        self.written.clear()
        self.gone.clear()
        self.changed = True

    def add(self, key: str, item: Item, content: bytes, old: int | None) -> None:
        """Put an item.

        Args:
            key: Its id.
            item: The item.
            content: It as bytes.
            old: The size of the one with that id, or None when there is none.
        """
        shelf, known = self.shelf, self.written.get(key)
        place = known.place if known is not None else None
        if old is None:
            place, shelf.place = shelf.place, shelf.place + 1
        self.written[key] = Written(item, content, place)
        shelf.highest = highest((key,), shelf.highest)
        self.changed = True


@dataclass(slots=True)
class Changes:
    """All that a transaction has changed.

    Attributes:
        head: The session as it is now.
        anew: Whether nothing counts that the store has of it.
        drafts: The collections that have changed, by name.
    """

    head: Head
    anew: bool
    drafts: dict[str, Draft]
