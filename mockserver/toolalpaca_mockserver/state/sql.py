"""Sessions in a relational database: the same tables and statements for every one.

Statements are written as PostgreSQL numbers parameters (``$1``); SQLite takes ``?1``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final, Protocol

from toolalpaca.errors import StateError
from toolalpaca_mockserver.state.limits import LASTING, Usage
from toolalpaca_mockserver.state.stored import Changes, Draft, Head, Shelf

VERSION: Final = 1
"""Of the tables. Another one, another number."""
_LONGEST: Final = 200
"""Of a text in an index, which in PostgreSQL must not be longer than 2,700 bytes."""

TABLES: Final = (
    "CREATE TABLE toolalpaca_schema (version integer NOT NULL)",
    "CREATE TABLE toolalpaca_session (name text PRIMARY KEY, ticks bigint NOT NULL, "
    "used_at double precision NOT NULL, items bigint NOT NULL, bytes bigint NOT NULL)",
    "CREATE TABLE toolalpaca_collection (id {identity} PRIMARY KEY, session text NOT NULL "
    "REFERENCES toolalpaca_session ON DELETE CASCADE, short text NOT NULL, name text NOT NULL, "
    "origin text NOT NULL, highest bigint NOT NULL, place bigint NOT NULL, "
    "items bigint NOT NULL, bytes bigint NOT NULL, UNIQUE (session, short))",
    "CREATE TABLE toolalpaca_item (collection bigint NOT NULL "
    "REFERENCES toolalpaca_collection ON DELETE CASCADE, short text NOT NULL, key text NOT NULL, "
    "place bigint NOT NULL, content text NOT NULL, PRIMARY KEY (collection, short))",
    "CREATE INDEX toolalpaca_item_place ON toolalpaca_item (collection, place)",
    "CREATE TABLE toolalpaca_removed (collection bigint NOT NULL "
    "REFERENCES toolalpaca_collection ON DELETE CASCADE, short text NOT NULL, key text NOT NULL, "
    "PRIMARY KEY (collection, short))",
    "CREATE INDEX toolalpaca_session_used_at ON toolalpaca_session (used_at)",
)

_HEAD_OF = "SELECT ticks, used_at, items, bytes FROM toolalpaca_session WHERE name = $1"
_SHELF_OF = (
    "SELECT id, origin, highest, place, items, bytes FROM toolalpaca_collection "
    "WHERE session = $1 AND short = $2"
)
_SHELVES_OF = (
    "SELECT name, id, origin, highest, place, items, bytes FROM toolalpaca_collection "
    "WHERE session = $1 AND substr(name, 1, length($2)) = $2 ORDER BY id"
)
_ITEMS_OF = "SELECT key, content FROM toolalpaca_item WHERE collection = $1 ORDER BY place"
_ITEM_OF = "SELECT content FROM toolalpaca_item WHERE collection = $1 AND short = $2"
_IS_REMOVED = "SELECT 1 FROM toolalpaca_removed WHERE collection = $1 AND short = $2"
_REMOVED_OF = "SELECT key FROM toolalpaca_removed WHERE collection = $1"

_PUT_HEAD = (
    "INSERT INTO toolalpaca_session (name, ticks, used_at, items, bytes) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET ticks = excluded.ticks, "
    "used_at = excluded.used_at, items = excluded.items, bytes = excluded.bytes"
)
_TOUCH = "UPDATE toolalpaca_session SET used_at = $2 WHERE name = $1"
_FORGET = "DELETE FROM toolalpaca_session WHERE name = $1"
_ADD_SHELF = (
    "INSERT INTO toolalpaca_collection "
    "(session, short, name, origin, highest, place, items, bytes) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"
)
_PUT_SHELF = (
    "UPDATE toolalpaca_collection "
    "SET origin = $2, highest = $3, place = $4, items = $5, bytes = $6 WHERE id = $1"
)
_DROP_SHELF = "DELETE FROM toolalpaca_collection WHERE id = $1"
_ADD_ITEM = (
    "INSERT INTO toolalpaca_item (collection, short, key, place, content) "
    "VALUES ($1, $2, $3, $4, $5)"
)
_PUT_ITEM = "UPDATE toolalpaca_item SET content = $3 WHERE collection = $1 AND short = $2"
_DROP_ITEM = "DELETE FROM toolalpaca_item WHERE collection = $1 AND short = $2"
_ADD_REMOVED = (
    "INSERT INTO toolalpaca_removed (collection, short, key) VALUES ($1, $2, $3) "
    "ON CONFLICT DO NOTHING"
)
_DROP_REMOVED = "DELETE FROM toolalpaca_removed WHERE collection = $1 AND short = $2"

NAMES: Final = (
    "SELECT name FROM toolalpaca_session WHERE used_at >= $1 AND EXISTS "
    "(SELECT 1 FROM toolalpaca_collection WHERE session = toolalpaca_session.name) "
    "ORDER BY used_at DESC"
)
EXPIRED: Final = "SELECT name FROM toolalpaca_session WHERE used_at < $1"
FORGET_EXPIRED: Final = f"{_FORGET} AND used_at < $2"
_COUNT = "SELECT count(*) FROM toolalpaca_session"
_OLDEST = (
    "SELECT name FROM toolalpaca_session WHERE name <> $1 AND name <> $2 ORDER BY used_at LIMIT $3"
)

Rows = Sequence[Sequence[Any]]


class Connection(Protocol):
    """A database in a transaction."""

    async def rows(self, statement: str, *values: Any) -> Rows:
        """What a statement returns."""
        ...

    async def each(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement once for each of *rows*."""
        ...

    async def relax(self) -> None:
        """Let the end of this transaction not wait for the disk."""
        ...

    async def take(self, session: str) -> bool:
        """Have another session for this transaction, too, if nobody has it."""
        ...


class SqlStored:
    """See :class:`toolalpaca_mockserver.state.stored.Stored`.

    Args:
        connection: In a transaction in which nobody else changes the session.
        session: The session's name.
    """

    def __init__(self, connection: Connection, session: str) -> None:
        self._connection = connection
        self._session = session

    async def head(self) -> Head | None:
        """The session, or None when it holds nothing."""
        for ticks, used_at, items, size in await self._connection.rows(_HEAD_OF, self._session):
            return Head(ticks, used_at, Usage(items, size))
        return None

    async def shelf(self, collection: str) -> Shelf | None:
        """The collection, or None when it has not been begun."""
        name = _short(_plain(collection))
        for row in await self._connection.rows(_SHELF_OF, self._session, name):
            return _shelf(row)
        return None

    async def shelves(self, start: str) -> list[tuple[str, Shelf]]:
        """The collections whose names begin so."""
        found = await self._connection.rows(_SHELVES_OF, self._session, _plain(start))
        return [(_told(row[0]), _shelf(row[1:])) for row in found]

    async def items(self, shelf: Shelf, most: int | None) -> list[tuple[str, bytes]]:
        """Ids and items in order, but no more than *most*."""
        if most is None:
            found = await self._connection.rows(_ITEMS_OF, shelf.id)
        else:
            found = await self._connection.rows(f"{_ITEMS_OF} LIMIT $2", shelf.id, most)
        return [(_told(key), content.encode()) for key, content in found]

    async def item(self, shelf: Shelf, key: str) -> bytes | None:
        """The item with that id, or None."""
        for (content,) in await self._connection.rows(_ITEM_OF, shelf.id, _short(_plain(key))):
            return bytes(content.encode())
        return None

    async def was_removed(self, shelf: Shelf, key: str) -> bool:
        """Whether there has been an item with that id."""
        return bool(await self._connection.rows(_IS_REMOVED, shelf.id, _short(_plain(key))))

    async def removed(self, shelf: Shelf) -> list[str]:
        """The ids that were removed."""
        return [_told(key) for (key,) in await self._connection.rows(_REMOVED_OF, shelf.id)]

    async def write(self, changes: Changes) -> None:
        """Take all *changes*."""
        if changes.anew:
            await self.clear()
        head = changes.head
        usage = (head.usage.items, head.usage.bytes)
        row = (self._session, head.ticks, head.used_at, *usage)
        await self._connection.each(_PUT_HEAD, [row])
        for name, draft in changes.drafts.items():
            if draft.discarded is not None and not changes.anew:
                await self._connection.each(_DROP_SHELF, [(draft.discarded.id,)])
            if draft.exists:
                await self._write_draft(name, draft)

    async def _write_draft(self, name: str, draft: Draft) -> None:
        shelf = draft.shelf
        told = (shelf.origin, shelf.highest, shelf.place, shelf.usage.items, shelf.usage.bytes)
        if draft.stored:
            own = shelf.id
            await self._connection.each(_PUT_SHELF, [(own, *told)])
        else:
            plain = _plain(name)
            named = (self._session, _short(plain), plain)
            ((own,),) = await self._connection.rows(_ADD_SHELF, *named, *told)
        gone = [(key, _short(key)) for key in map(_plain, draft.gone)]
        if draft.stored:
            await self._connection.each(_DROP_ITEM, [(own, short) for _, short in gone])
        put = [(_plain(key), written) for key, written in draft.written.items()]
        added = [(own, _short(key), key, w.place, w) for key, w in put if w.place is not None]
        if draft.stored:
            await self._connection.each(_DROP_REMOVED, [(own, row[1]) for row in added])
        removed = [(own, short, key) for key, short in gone if _told(key) not in draft.written]
        await self._connection.each(_ADD_REMOVED, removed)
        rows = [(*row, written.content.decode()) for *row, written in added]
        await self._connection.each(_ADD_ITEM, rows)
        changed = [(own, _short(key), w.content.decode()) for key, w in put if w.place is None]
        await self._connection.each(_PUT_ITEM, changed)

    async def touch(self, now: float) -> None:
        """Note that the session has been used; this may be lost."""
        await self._connection.relax()
        await self._connection.each(_TOUCH, [(self._session, now)])

    async def clear(self) -> None:
        """Forget the session."""
        await self._connection.each(_FORGET, [(self._session,)])

    async def evict(self, most: int) -> None:
        """Let other sessions go, those used longest ago first, until there are *most*."""
        ((count,),) = await self._connection.rows(_COUNT)
        if count > most:
            spared = (self._session, LASTING)
            for (name,) in await self._connection.rows(_OLDEST, *spared, count - most):
                if await self._connection.take(name):
                    await self._connection.each(_FORGET, [(name,)])


def check_version(found: int, where: str) -> None:
    """Refuse tables of another version.

    Raises:
        StateError: They are.
    """
    if found != VERSION:
        raise StateError(
            f"its tables have the version {found}, and this server needs {VERSION}",
            where=where,
            hint="keep sessions elsewhere, or drop the tables toolalpaca_*",
        )


def _shelf(row: Sequence[Any]) -> Shelf:
    own, origin, largest, place, items, size = row
    return Shelf(own, origin, largest, place, Usage(items, size))


def _plain(text: str) -> str:
    r"""*text* in ASCII, as JSON has it: databases differ in what a text may hold.

    >>> print(_plain("Zo\u00eb\0"))
    Zo\u00eb\u0000
    """
    return json.dumps(text)[1:-1]


def _told(plain: str) -> str:
    """The text that :func:`_plain` was given."""
    return str(json.loads(f'"{plain}"')) if "\\" in plain else plain


def _short(plain: str) -> str:
    """*plain*, or what stands for it where it is too long for an index."""
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_LONGEST]}~{hashlib.sha256(plain.encode()).hexdigest()}"
