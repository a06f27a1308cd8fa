"""Sessions in a file, which several processes of one machine may share (``sqlite:///FILE``).

The database is in WAL mode with ``synchronous=NORMAL``: what has been acknowledged is there again
after any process was killed. When the machine loses power, the last transactions may be lost, but
none is ever half there.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from toolalpaca.errors import StateError
from toolalpaca_mockserver.state import sql
from toolalpaca_mockserver.state.limits import DEFAULT_LIMITS, Limits
from toolalpaca_mockserver.state.relational import RelationalStore
from toolalpaca_mockserver.state.store import StoreUnavailable
from toolalpaca_mockserver.state.turns import Turns

_WAITS: Final = 10.0
"""Seconds for the file's one lock, before who wants it is told that the store is busy."""
_NAP: Final = 0.002
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-16384",
)
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class SqliteStore(RelationalStore):
    """Keeps sessions in a file of SQLite's, version 3.35 or later.

    SQLite has one writer at a time. Its calls take microseconds and are made in the loop; only
    the wait for other processes is not, because it could be long.

    Args:
        path: The file, which is made when it is not there.
        limits: How much is kept.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        path: Path,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(limits, clock)
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._turns = Turns()

    async def prepare(self) -> None:
        """Make the file and its tables, when they are not there.

        Raises:
            StateError: The file cannot be used.
        """
        try:
            async with self._transaction():
                pass
        except StoreUnavailable as error:
            raise StateError(error.what, where=str(self.path)) from error

    @asynccontextmanager
    async def held(self, session: str) -> AsyncIterator[sql.SqlStored]:
        """See :class:`toolalpaca_mockserver.state.buffered.BufferedStore`."""
        async with self._transaction() as connection:
            yield sql.SqlStored(connection, session)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[_Connection]:
        until = time.monotonic() + _WAITS
        async with self._turns.of(str(self.path), _WAITS):
            await _patiently(self._open, until)
            assert self._connection is not None
            connection = _Connection(self._connection)
            await _patiently(lambda: connection.run("BEGIN IMMEDIATE"), until)
            try:
                yield connection
                await _patiently(lambda: connection.run("COMMIT"), until)
            except BaseException:
                with suppress(sqlite3.Error):  # a failed commit may have rolled back already
                    connection.run("ROLLBACK")
                raise

    def _open(self) -> None:
        """Open the file, and make its tables, where that has not been done."""
        if self._connection is not None:
            return
        # The thread that serves is not always the one that made the store.
        opened = sqlite3.connect(
            self.path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in _PRAGMAS:
                opened.execute(pragma)
            opened.execute("BEGIN IMMEDIATE")
            self._make_tables(opened)
            opened.execute("COMMIT")
        except BaseException:
            opened.close()
            raise
        self._connection = opened

    def _make_tables(self, opened: sqlite3.Connection) -> None:
        known = "SELECT 1 FROM sqlite_master WHERE name = 'toolalpaca_schema'"
        if opened.execute(known).fetchone() is None:
            for table in sql.TABLES:
                opened.execute(table.format(identity="integer"))
            opened.execute("INSERT INTO toolalpaca_schema VALUES (?)", (sql.VERSION,))
        (found,) = opened.execute("SELECT version FROM toolalpaca_schema").fetchone()
        sql.check_version(found, str(self.path))

    async def aclose(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Connection:
    """See :class:`toolalpaca_mockserver.state.sql.Connection`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str) -> None:
        """Run a statement that neither takes nor returns anything."""
        self._connection.execute(statement)

    async def rows(self, statement: str, *values: Any) -> sql.Rows:
        with _told():
            return self._connection.execute(_numbered(statement), values).fetchall()

    async def each(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with _told():
            self._connection.executemany(_numbered(statement), rows)

    async def relax(self) -> None:
        """It never waits for the disk."""

    async def take(self, session: str) -> bool:
        """Who has the file has every session."""
        del session
        return True


def _numbered(statement: str) -> str:
    return statement.replace("$", "?")


@contextmanager
def _told() -> Iterator[None]:
    """Say what SQLite says as the store's error."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the file of the sessions cannot be used: {error}") from error


async def _patiently(action: Callable[[], None], until: float) -> None:
    """Do *action*, again and again while other processes have the file.

    Raises:
        StoreUnavailable: They have it too long, or the file cannot be used.
    """
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > until:
                what = f"the file of the sessions cannot be used: {error}"
                raise StoreUnavailable(what) from error
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the file of the sessions cannot be used: {error}") from error
        await asyncio.sleep(_NAP * random.random())  # noqa: S311 - so that nobody is always late
