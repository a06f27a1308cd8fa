"""The lock that has a session in Redis: it expires, and who has lost it changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from toolalpaca_mockserver.state.store import Store, StoreUnavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stores(redis: Any) -> AsyncIterator[list[Any]]:
    """Two servers' stores, whose locks expire soon."""
    from toolalpaca_mockserver.state.redis import RedisStore

    redis.clear()
    opened = [RedisStore(redis.url, redis.url, lease=0.3) for _ in range(2)]
    for store in opened:
        await store.prepare()
    yield opened
    for store in opened:
        await store.aclose()


async def put(store: Store, key: str) -> None:
    async with store.open("s") as world:
        await world.put("x:/pets", key, {})


async def test_who_has_lost_a_session_changes_nothing(stores: list[Any]) -> None:
    slow, quick = stores

    async def take_too_long() -> None:
        async with slow.open("s") as world:
            await world.put("x:/pets", "slow", {})
            await put(quick, "quick")  # gets the session when the lock has expired

    with pytest.raises(StoreUnavailable, match="took too long"):
        await take_too_long()
    assert (await quick.snapshot("s"))["collections"]["x:/pets"]["items"] == {"quick": {}}


async def test_nor_does_it_take_the_lock_from_who_has_it_now(stores: list[Any]) -> None:
    slow, quick = stores
    order: list[str] = []

    async def have(store: Store, name: str, ended: asyncio.Event, wait: asyncio.Event) -> None:
        async with store.open("s") as world:
            await world.put("x:/pets", name, {})
            ended.set()
            await wait.wait()
        order.append(name)

    has, goes, never = asyncio.Event(), asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(have(slow, "slow", has, goes))
    await has.wait()
    later = asyncio.create_task(have(quick, "quick", never, asyncio.Event()))
    await never.wait()  # the lock of the first has expired
    token = await quick.client.get("toolalpaca:session:s:lock")
    goes.set()
    with pytest.raises(StoreUnavailable):
        await first
    assert await quick.client.get("toolalpaca:session:s:lock") in (token, None)
    later.cancel()
    with pytest.raises(asyncio.CancelledError):
        await later
    assert order == []


async def test_the_lock_of_one_that_was_killed_expires(stores: list[Any]) -> None:
    killed, other = stores
    await killed.take(
        keys=["toolalpaca:session:s:lock", "toolalpaca:session:s", "toolalpaca:sessions"],
        args=["token", 300, "s"],
    )
    await put(other, "later")
    assert await other.names() == ["s"]
