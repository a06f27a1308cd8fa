"""How a store is named, and what is said of one that cannot be used."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import MissingExtra, StateError, UsageError
from toolalpaca_mockserver.state.stores import StateUrl, store_at

SECRET = "pass-word"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("memory", "memory"),
        ("sqlite:///worlds.db", "sqlite:///worlds.db"),
        (f"postgresql://me:{SECRET}@h:1/d", "postgresql://me:***@h:1/d"),
        (f"postgresql://h/d?user=me&password={SECRET}&a=1", "postgresql://h/d?user=me&password=***&a=1"),
        (f"redis://:{SECRET}@h/1", "redis://:***@h/1"),
        (f"redis://h/1?password={SECRET}", "redis://h/1?password=***"),
        (f"redis://me:{SECRET}@[h/1", "redis://***"),
        (f"redis://me:a@{SECRET}@h/1", "redis://me:***@h/1"),
        (f"redis://me:a/{SECRET}@h/1", "redis://***"),
        (f"redis://me:a?{SECRET}@h/1", "redis://***"),
        (f"redis://me:{SECRET}", "redis://***"),
    ],
)  # fmt: skip
def test_a_url_shows_no_password(text: str, shown: str) -> None:
    url = StateUrl(text)
    assert str(url) == shown
    assert SECRET not in repr(url)
    assert url.reveal() == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///worlds.db", "worlds.db"),
        ("sqlite:////var/lib/worlds.db", "/var/lib/worlds.db"),
        ("sqlite:///a%20b.db", "a b.db"),
    ],
)
def test_files_are_relative_or_absolute(text: str, path: str) -> None:
    assert StateUrl(text).path == path


@pytest.mark.parametrize("text", ["mysql://h/d", "worlds.db", "", "sqlite://", "sqlite:///"])
def test_what_names_no_store_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--state"):
        StateUrl(text)


@pytest.mark.parametrize("text", [f"redis://me:{SECRET}@h:port/0", f"redis://me:{SECRET}@[h/0"])
def test_so_is_a_url_that_the_driver_does_not_take(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        store_at(StateUrl(text))
    assert SECRET not in str(refused.value)


def test_so_is_one_that_postgresql_does_not_take() -> None:
    with pytest.raises(StateError, match=r"\*\*\*: this is not a URL") as refused:
        asyncio.run(_prepare(f"postgresql://me:{SECRET}"))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "driver"), [("postgres://h/d", "asyncpg"), ("redis://h", "redis")]
)
def test_a_driver_that_is_not_installed_is_named(
    text: str, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingExtra, match=rf"'{driver}'.*toolalpaca\[scale\]"):
        store_at(StateUrl(text))


async def _prepare(url: str) -> None:
    store = store_at(StateUrl(url))
    try:
        await store.prepare()
    finally:
        await store.aclose()


def test_tables_of_another_version_are_left_alone(lasting: str) -> None:
    asyncio.run(_prepare(lasting))
    _OLDER[lasting.partition(":")[0]](lasting)
    with pytest.raises(StateError, match="the version 99, and this server needs 1"):
        asyncio.run(_prepare(lasting))


def _make_sqlite_older(url: str) -> None:
    with sqlite3.connect(StateUrl(url).path) as file:
        file.execute("UPDATE toolalpaca_schema SET version = 99")
    file.close()


def _make_postgres_older(url: str) -> None:
    import asyncpg

    async def run() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("UPDATE toolalpaca_schema SET version = 99")
        await connection.close()

    asyncio.run(run())


def _make_redis_older(url: str) -> None:
    import redis

    client: Any = redis.Redis.from_url(url)
    client.set("toolalpaca:schema", 99)
    client.close()


_OLDER: dict[str, Callable[[str], None]] = {
    "sqlite": _make_sqlite_older,
    "postgresql": _make_postgres_older,
    "redis": _make_redis_older,
}


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database, whatever its name says. " * 100)
    with pytest.raises(StateError, match="not a database"):
        asyncio.run(_prepare(f"sqlite:///{path}"))
    assert path.read_text().startswith("Not a database")
