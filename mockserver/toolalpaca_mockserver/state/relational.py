"""A store whose sessions are in a relational database, whichever that is."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from toolalpaca_mockserver.state import sql
from toolalpaca_mockserver.state.buffered import BufferedStore


class RelationalStore(BufferedStore):
    """What every database of :mod:`toolalpaca_mockserver.state.sql` does in the same words."""

    def _transaction(self) -> AbstractAsyncContextManager[sql.Connection]:
        """A transaction, committed at its end and undone when anything is raised in it."""
        raise NotImplementedError

    async def names(self) -> list[str]:
        """The sessions that hold something, used last first."""
        async with self._transaction() as connection:
            return [name for (name,) in await connection.rows(sql.NAMES, self.deadline())]

    async def sweep(self) -> None:
        """Let go of sessions that have expired, but of none that somebody has right now."""
        if self.limits.idle is None:
            return
        oldest = self.deadline()
        async with self._transaction() as connection:
            for (name,) in await connection.rows(sql.EXPIRED, oldest):
                if await connection.take(name):
                    await connection.each(sql.FORGET_EXPIRED, [(name, oldest)])
