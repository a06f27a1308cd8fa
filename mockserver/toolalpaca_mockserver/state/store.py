"""Where sessions are kept, as everybody else sees it.

A *session* is an isolated world. A *collection* in it is known by the concrete path of its list,
with the name of the API in front: ``railway:/bookings/8b1f/payments``. What belongs to an item
stands below the item's path, with its id percent-encoded. Items are JSON objects, and whoever has
one must not change it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict, runtime_checkable

Item = dict[str, Any]


class Remembered(TypedDict):
    """A collection in a snapshot: items by id, oldest first, and the ids that were removed."""

    items: dict[str, Item]
    removed: list[str]


class Snapshot(TypedDict):
    """A session as JSON: the number of changes, and the collections."""

    ticks: int
    collections: dict[str, Remembered]


_MOST_DIGITS = 18
"""Of an id that counts as a number: the next one, too, is a JSON integer for everybody."""


@dataclass(slots=True)
class Ids:
    """The ids of a collection, for who needs another one.

    Attributes:
        taken: The ids, which may change while they are held.
        highest: The largest that is a number and has been there, 0 when there is none.
    """

    taken: Collection[str] = ()
    highest: int = 0


def highest(ids: Iterable[str], others: int = 0) -> int:
    """The largest of *ids* that is a number, and no less than *others*."""
    plain = (i for i in ids if len(i) <= _MOST_DIGITS and i.isascii() and i.isdecimal())
    return max(others, *map(int, plain), 0)


@dataclass(frozen=True, slots=True)
class Held:
    """How much a store holds.

    Attributes:
        sessions: Those that hold something.
        items: Of all sessions.
    """

    sessions: int
    items: int


@runtime_checkable
class Measured(Protocol):
    """A store that can say cheaply how much it holds."""

    async def measure(self) -> Held:
        """How much there is."""
        ...


class World(Protocol):
    """One session, inside a transaction."""

    async def begun(self, collection: str) -> bool:
        """Whether *collection* has had its first items."""
        ...

    async def begin(self, collection: str, items: Mapping[str, Item]) -> None:
        """Give *collection* its first items, by id, in order."""
        ...

    async def begin_empty(self, collections: Iterable[str]) -> None:
        """Begin those of *collections* that have not begun, with nothing in them."""
        ...

    async def items(self, collection: str, most: int | None = None) -> list[tuple[str, Item]]:
        """Ids and items of *collection*, oldest first, but no more than *most*."""
        ...

    async def ids(self, collection: str) -> Ids:
        """The ids of *collection*, at a cost that does not grow with their number."""
        ...

    async def get(self, collection: str, key: str) -> Item | None:
        """The item with that id, or None."""
        ...

    async def put(self, collection: str, key: str, item: Item) -> None:
        """Add the item, or put it in place of the one with that id."""
        ...

    async def remove(self, collection: str, key: str) -> None:
        """Remove the item and the collections below it; the id counts as removed from then on."""
        ...

    async def was_removed(self, collection: str, key: str) -> bool:
        """Whether there has been an item with that id."""
        ...

    async def tick(self) -> int:
        """The number of this change, from 1: what tells new items and moments apart."""
        ...


class Store(Protocol):
    """All sessions."""

    def open(self, session: str) -> AbstractAsyncContextManager[World]:
        """A transaction on the session with that name, which is made when it is new.

        What was written is undone when the block raises.
        """
        ...

    async def names(self) -> list[str]:
        """The sessions that hold something, used last first."""
        ...

    async def forget(self, session: str) -> None:
        """Let the session begin anew."""
        ...

    async def snapshot(self, session: str) -> Snapshot:
        """Everything that the session holds, as JSON; what is done later does not change it."""
        ...

    async def restore(self, session: str, snapshot: Snapshot) -> None:
        """Put the session back to what *snapshot* says."""
        ...

    async def aclose(self) -> None:
        """Release what is held."""
        ...
