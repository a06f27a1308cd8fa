"""Where sessions are kept, as everybody else sees it.

A *session* is an isolated world. A *collection* in it is known by the concrete path of its list,
with the name of the API in front: ``railway:/bookings/8b1f/payments``. What belongs to an item
stands below the item's path, with its id percent-encoded. Items are JSON objects, and whoever has
one must not change it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict, runtime_checkable
from urllib.parse import quote

from toolalpaca.errors import StateError

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


class StoreUnavailable(StateError):
    """The store cannot be asked now; nothing has changed, as far as is known."""


class SessionFull(StateError):
    """A session would hold more than it may; nothing has changed."""


def state_status(error: StateError) -> int:
    """The status that answers a request which *error* ended."""
    return 507 if isinstance(error, SessionFull) else 503


class Ids(Protocol):
    """The ids of a collection, for who needs another one.

    Attributes:
        highest: The largest that is a number and has been there, 0 when there is none.
    """

    highest: int

    async def has(self, key: str) -> bool:
        """Whether there is an item with that id."""
        ...


@dataclass(slots=True)
class KnownIds:
    """Ids that are at hand.

    Attributes:
        keys: The ids, which may change while they are held.
        highest: See :class:`Ids`.
    """

    keys: Collection[str] = ()
    highest: int = 0

    async def has(self, key: str) -> bool:
        """Whether there is an item with that id."""
        return key in self.keys


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


def below(collection: str, key: str) -> str:
    """What the names of the collections begin with that belong to an item."""
    return f"{collection}/{quote(key, safe='')}/"


class World(Protocol):
    """One session, inside a transaction."""

    async def begun(self, collection: str) -> str | None:
        """The origin of *collection*, or None when it has not had its first items."""
        ...

    async def begin(self, collection: str, items: Mapping[str, Item], origin: str) -> None:
        """Let *collection* hold just these items, by id, in order.

        Args:
            collection: Its name.
            items: What it holds.
            origin: What they fit: another document, another origin.
        """
        ...

    async def adopt(self, collection: str, origin: str) -> None:
        """Say that the items of *collection*, which has been begun, fit *origin* now."""
        ...

    async def begin_empty(self, collections: Iterable[str], origin: str) -> None:
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

    async def keep(self, fits: Callable[[str], bool]) -> int:
        """Forget the collections whose names do not fit; how many items have gone with them."""
        ...

    async def tick(self) -> int:
        """The number of this change, from 1: what tells new items and moments apart."""
        ...


class Store(Protocol):
    """All sessions.

    Everything raises :class:`StoreUnavailable` when what is below the store cannot be asked.
    """

    async def prepare(self) -> None:
        """Find out, before anything is served, whether the store can be used.

        Raises:
            StateError: It cannot; the message says why.
        """
        ...

    def open(self, session: str, *, reads: bool = False) -> AbstractAsyncContextManager[World]:
        """A transaction on the session with that name, which is made when it is new.

        What was written is undone when the block raises.

        Args:
            session: Its name.
            reads: Whether the block only looks. What it imagines while it does is then dropped in
                silence where it does not fit into the session any more.

        Raises:
            SessionFull: At the end of the block: it let the session grow beyond its limits.
        """
        ...

    async def names(self) -> list[str]:
        """The sessions that hold something, used last first (to about a second)."""
        ...

    async def forget(self, session: str) -> None:
        """Let the session begin anew."""
        ...

    async def snapshot(self, session: str) -> Snapshot:
        """Everything that the session holds, as JSON; what is done later does not change it."""
        ...

    async def restore(self, session: str, snapshot: Snapshot) -> None:
        """Put the session back to what *snapshot* says.

        Raises:
            SessionFull: That is more than a session may hold.
        """
        ...

    async def sweep(self) -> None:
        """Let go of sessions that have expired, and of the room that they take."""
        ...

    async def aclose(self) -> None:
        """Release what is held."""
        ...
