"""From a URL to the store that it names."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from toolalpaca.errors import MissingExtra, UsageError
from toolalpaca_mockserver.state.limits import DEFAULT_LIMITS, Limits
from toolalpaca_mockserver.state.memory import MemoryStore
from toolalpaca_mockserver.state.store import Store

_DRIVERS: Final = {
    "postgresql": "asyncpg",
    "postgres": "asyncpg",
    "redis": "redis",
    "rediss": "redis",
    "unix": "redis",
}
_KNOWN: Final = "memory, sqlite:///FILE, postgresql://HOST/DATABASE and redis://HOST"
_SECRET = re.compile(r"(?i)((?:^|[?&])[^=&]*(?:password|secret)[^=&]*=)[^&]*")


class StateUrl:
    """Where sessions are kept. As text it shows no password: help pages print defaults.

    Args:
        text: ``memory``, or a URL of a database.

    Raises:
        UsageError: It is of no known kind.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.scheme = "memory" if text == "memory" else text.partition("://")[0].lower()
        if self.scheme not in ("memory", "sqlite", *_DRIVERS):
            raise UsageError(f"there is no such store; there are {_KNOWN}", where="--state")
        if self.scheme == "sqlite" and not self.path:
            raise UsageError(
                "no file is named",
                where="--state",
                hint="for instance sqlite:///worlds.db, or sqlite:////var/lib/worlds.db",
            )

    @property
    def shared(self) -> bool:
        """Whether several processes can keep their sessions there."""
        return self.scheme != "memory"

    @property
    def path(self) -> str:
        """The file of SQLite's: what comes after the third slash."""
        _, _, rest = self._text.partition("://")
        return unquote(rest.removeprefix("localhost").removeprefix("/")) if rest[:1] else ""

    def reveal(self) -> str:
        """The URL itself."""
        return self._text

    def __str__(self) -> str:
        if self.scheme in ("memory", "sqlite"):
            return self._text
        try:
            parts = urlsplit(self._text)
            odd = parts.port is None and ":" in parts.netloc.rpartition("@")[2].rpartition("]")[2]
        except ValueError:
            return f"{self.scheme}://***"
        if odd or "@" in parts.path + parts.query + parts.fragment:  # it may be the password's end
            return f"{self.scheme}://***"
        user, at, host = parts.netloc.rpartition("@")
        name, colon, _ = user.partition(":")
        shown = f"{name}{':***' if colon else ''}{at}{host}"
        query = _SECRET.sub(r"\1***", parts.query)
        return parts._replace(netloc=shown, query=query, fragment="").geturl()

    def __repr__(self) -> str:
        return f"StateUrl({str(self)!r})"


def store_at(url: StateUrl, limits: Limits = DEFAULT_LIMITS) -> Store:
    """The store that *url* names; it is reached for when it is prepared.

    Raises:
        MissingExtra: The database's driver is not installed.
        UsageError: The URL is not one that the driver understands.
    """
    if url.scheme == "memory":
        return MemoryStore(limits)
    if url.scheme == "sqlite":
        from toolalpaca_mockserver.state.sqlite import SqliteStore

        return SqliteStore(Path(url.path), limits)
    driver = _DRIVERS[url.scheme]
    try:
        importlib.import_module(driver)
    except ImportError:
        raise MissingExtra(driver, "scale") from None
    try:
        if driver == "redis":
            from toolalpaca_mockserver.state.redis import RedisStore

            return RedisStore(url.reveal(), str(url), limits)
        from toolalpaca_mockserver.state.postgres import PostgresStore

        return PostgresStore(url.reveal(), str(url), limits)
    except ValueError:  # its text may show the password
        raise UsageError("this is not a URL of a database", where=str(url)) from None
