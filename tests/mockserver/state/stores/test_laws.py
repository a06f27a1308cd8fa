"""The laws of stores, which hold for every one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from toolalpaca_mockserver.state.limits import Limits
from toolalpaca_mockserver.state.store import SessionFull, Store, World

Open = Callable[..., Awaitable[Store]]
pytestmark = pytest.mark.anyio

ODD = {
    "text": 'Zoë "\\ \x00 🦙 \ud83d',
    "large": 2**70,
    "small": 1e-300,
    "nested": [{"a": None}, [], True, 1.5],
}
ODD_KEYS = ["a b", "Zoë", "a\x00b", "a\\b", '"', "%2F", "/", "x" * 5000, "x" * 5001]


async def kept(store: Store, session: str = "s") -> dict[str, list[tuple[str, Any]]]:
    """Ids and items by collection."""
    found = (await store.snapshot(session))["collections"]
    return {name: list(held["items"].items()) for name, held in found.items()}


async def test_items_live_and_die(open_store: Open) -> None:
    store = await open_store()
    async with store.open("s") as world:
        assert await world.begun("a:/pets") is None
        await world.begin("a:/pets", {"1": {"n": 1}, "2": {"n": 2}}, "here")
        assert await world.begun("a:/pets") == "here"
        await world.put("a:/pets", "3", {"n": 3})
    async with store.open("s") as world:
        assert await world.begun("a:/pets") == "here"
        assert await world.get("a:/pets", "3") == {"n": 3}
        assert await world.get("a:/pets", "4") is None
        await world.put("a:/pets", "1", {"n": 10})
        await world.remove("a:/pets", "2")
        assert await world.get("a:/pets", "2") is None
        assert await world.items("a:/pets") == [("1", {"n": 10}), ("3", {"n": 3})]
        assert await world.items("a:/pets", 2) == [("1", {"n": 10}), ("3", {"n": 3})]
        assert await world.was_removed("a:/pets", "2")
    async with store.open("s") as world:
        assert await world.items("a:/pets") == [("1", {"n": 10}), ("3", {"n": 3})]
        assert await world.items("a:/pets", 1) == [("1", {"n": 10})]
        assert await world.was_removed("a:/pets", "2")
        assert not await world.was_removed("a:/pets", "9")
        await world.put("a:/pets", "2", {"n": 20})
        await world.adopt("a:/pets", "there")
    async with store.open("s") as world:
        assert [key for key, _ in await world.items("a:/pets")] == ["1", "3", "2"]
        assert not await world.was_removed("a:/pets", "2")
        assert await world.begun("a:/pets") == "there"


async def test_sessions_are_worlds_apart(open_store: Open) -> None:
    store = await open_store()
    for session in ("a", "b"):
        async with store.open(session) as world:
            await world.put("x:/pets", "1", {"of": session})
            assert await world.tick() == 1
    await store.forget("a")
    assert await kept(store, "a") == {}
    assert await kept(store, "b") == {"x:/pets": [("1", {"of": "b"})]}
    async with store.open("a") as world:
        assert await world.tick() == 1


async def test_who_comes_later_sees_what_was_kept(open_store: Open) -> None:
    store, other = await open_store(), await open_store()
    async with store.open("s") as world:
        await world.put("x:/pets", "1", ODD)
    async with other.open("s") as world:
        assert await world.get("x:/pets", "1") == ODD
        await world.put("x:/pets", "2", {})
    assert [key for key, _ in (await kept(store))["x:/pets"]] == ["1", "2"]


async def test_collections_that_do_not_fit_go_and_make_room(open_store: Open) -> None:
    store = await open_store(Limits(items=3))
    async with store.open("s") as world:
        await world.begin("x:/pets", {"1": {}}, "o")
        await world.begin("x:/towns", {"1": {}, "2": {}}, "o")
    async with store.open("s") as world:
        assert await world.keep(lambda name: name == "x:/pets") == 2
        assert await world.keep(lambda name: name == "x:/pets") == 0
        assert await world.begun("x:/towns") is None
    async with store.open("s") as world:
        assert await world.begun("x:/towns") is None
        await world.put("x:/pets", "2", {})
        await world.put("x:/pets", "3", {})
    assert await kept(store) == {"x:/pets": [("1", {}), ("2", {}), ("3", {})]}


async def test_what_fails_leaves_everything_as_it_was(open_store: Open) -> None:
    store = await open_store()
    async with store.open("s") as world:
        await world.begin("x:/pets", {"1": {}, "2": {"n": 2}}, "o")
        await world.begin("x:/pets/1/toys", {"t": {}}, "o")
        await world.tick()
    before = await store.snapshot("s")

    async def fail(world: World) -> None:
        await world.tick()
        await world.remove("x:/pets", "1")
        assert await world.keep(lambda name: name != "x:/pets") == 1
        await world.put("x:/pets", "9", {})
        await world.put("x:/pets", "2", {"n": 3})
        await world.put("x:/pets", "1", {})
        await world.begin("x:/zoos", {"1": {}}, "o")
        await world.put("x:/towns", "1", {})
        await world.adopt("x:/pets", "p")
        raise LookupError

    with pytest.raises(LookupError):
        async with store.open("s") as world:
            await fail(world)
    assert await store.snapshot("s") == before
    async with store.open("s") as world:
        assert [key for key, _ in await world.items("x:/pets")] == ["1", "2"]
        assert await world.begun("x:/pets") == "o"
        assert await world.begun("x:/zoos") is None
        assert await world.begun("x:/towns") is None
        assert (await world.ids("x:/pets")).highest == 2
        assert await world.tick() == 2


async def test_what_is_below_goes_with_its_item(open_store: Open) -> None:
    store = await open_store()
    async with store.open("s") as world:
        for key in ("1", "12", "1/2"):
            await world.put("x:/pets", key, {})
        for name in ("1/toys", "1/toys/t/parts", "12/toys", "1%2F2/toys"):
            await world.begin(f"x:/pets/{name}", {"t": {}}, "o")
    async with store.open("s") as world:
        await world.begin("x:/pets/1/new", {"n": {}}, "o")
        await world.remove("x:/pets", "1")
        assert await world.begun("x:/pets/1/toys") is None
        await world.begin("x:/pets/1/toys", {"u": {}}, "o")
    assert await kept(store) == {
        "x:/pets": [("12", {}), ("1/2", {})],
        "x:/pets/12/toys": [("t", {})],
        "x:/pets/1%2F2/toys": [("t", {})],
        "x:/pets/1/toys": [("u", {})],
    }


async def test_ids_are_known(open_store: Open) -> None:
    store = await open_store()
    async with store.open("s") as world:
        await world.begin("x:/pets", {"7": {}, "b": {}}, "o")
        ids = await world.ids("x:/pets")
        assert (ids.highest, await ids.has("b"), await ids.has("c")) == (7, True, False)
        await world.put("x:/pets", "11", {})
        await world.remove("x:/pets", "11")
    async with store.open("s") as world:
        ids = await world.ids("x:/pets")
        assert (ids.highest, await ids.has("7"), await ids.has("11")) == (11, True, False)
        assert (await world.ids("x:/none")).highest == 0


async def test_any_text_is_an_id_and_any_json_an_item(open_store: Open) -> None:
    store = await open_store()
    async with store.open("s") as world:
        for key in ODD_KEYS:
            await world.put("x:/pets", key, ODD)
            await world.begin(f"x:/pets/{'y' * 3000}{len(key)}", {key: ODD}, "o")
    async with store.open("s") as world:
        assert await world.items("x:/pets") == [(key, ODD) for key in ODD_KEYS]
        for key in ODD_KEYS:
            assert await world.get("x:/pets", key) == ODD
            await world.remove("x:/pets", key)
    async with store.open("s") as world:
        assert await world.items("x:/pets") == []
        assert all([await world.was_removed("x:/pets", key) for key in ODD_KEYS])


async def test_a_snapshot_is_put_back(open_store: Open) -> None:
    store = await open_store()
    async with store.open("s") as world:
        await world.begin("x:/pets", {"2": ODD, "1": {}}, "o")
        await world.begin("x:/zoos", {}, "o")
        await world.remove("x:/pets", "1")
        await world.tick()
    snapshot, items = await store.snapshot("s"), await kept(store)
    assert snapshot["collections"]["x:/pets"]["removed"] == ["1"]
    async with store.open("s") as world:
        await world.put("x:/pets", "3", {})
        await world.remove("x:/pets", "2")
    for session in ("s", "t"):
        await store.restore(session, snapshot)
        assert await store.snapshot(session) == snapshot
        assert await kept(store, session) == items
        async with store.open(session) as world:
            assert await world.tick() == 2
            assert await world.was_removed("x:/pets", "1")
            assert (await world.ids("x:/pets")).highest == 2


async def test_no_update_is_lost(open_store: Open) -> None:
    """Two servers, each with many requests at a time, on two sessions."""
    stores = [await open_store(), await open_store()]

    async def add_one(store: Store, session: str) -> None:
        async with store.open(session) as world:
            item = await world.get("x:/counters", "c") or {"n": 0}
            await asyncio.sleep(0)
            await world.put("x:/counters", "c", {"n": item["n"] + 1})
            await world.tick()

    many = [add_one(store, session) for session in "ab" for store in stores for _ in range(20)]
    await asyncio.gather(*many)
    for session in "ab":
        snapshot = await stores[0].snapshot(session)
        assert snapshot["collections"]["x:/counters"]["items"] == {"c": {"n": 40}}
        assert snapshot["ticks"] == 40


async def test_sessions_are_named_that_hold_something_used_last_first(
    open_store: Open, clock: Any
) -> None:
    store = await open_store()
    for session in ("a", "b", "c"):
        async with store.open(session) as world:
            await world.begin("x:/pets", {}, "o")
        clock.now += 2
    async with store.open("empty") as world:
        assert await world.begun("x:/pets") is None
    async with store.open("a", reads=True) as world:
        await world.items("x:/pets")
    assert await store.names() == ["a", "c", "b"]


# -- limits ---------------------------------------------------------------------------------


async def full(store: Store, session: str = "s") -> bool:
    """Whether one more item is refused."""
    try:
        async with store.open(session) as world:
            await world.put("x:/pets", "one more", {})
    except SessionFull:
        return True
    return False


async def test_a_session_holds_no_more_items_than_it_may(open_store: Open) -> None:
    store = await open_store(Limits(items=3))
    async with store.open("s") as world:
        await world.begin("x:/pets", {"1": {}, "2": {}, "3": {}}, "o")
    before = await store.snapshot("s")
    assert await full(store)
    assert await store.snapshot("s") == before
    assert not await full(store, "t")
    async with store.open("s") as world:
        await world.put("x:/pets", "1", {"changed": True})
    async with store.open("s") as world:
        await world.remove("x:/pets", "2")
    assert not await full(store)
    assert not await full(store)  # it replaces the one of that id
    with pytest.raises(SessionFull) as refused:
        await store.restore("u", {"ticks": 0, "collections": {
            "x:/pets": {"items": {str(n): {} for n in range(4)}, "removed": []}}})  # fmt: skip
    assert "--most-items" in str(refused.value)
    assert await kept(store, "u") == {}


async def test_nor_more_bytes(open_store: Open) -> None:
    store = await open_store(Limits(bytes=200))
    async with store.open("s") as world:
        await world.put("x:/pets", "1", {"text": "x" * 150})
    with pytest.raises(SessionFull, match="most-bytes"):
        async with store.open("s") as world:
            await world.put("x:/pets", "2", {"text": "x" * 150})
    with pytest.raises(SessionFull):
        async with store.open("s") as world:
            await world.put("x:/pets", "1", {"text": "x" * 250})
    async with store.open("s") as world:
        await world.put("x:/pets", "1", {"text": "x" * 140})
    assert [key for key, _ in (await kept(store))["x:/pets"]] == ["1"]
    async with store.open("s") as world:
        await world.remove("x:/pets", "1")
    async with store.open("s") as world:
        await world.put("x:/pets", "2", {"text": "x" * 150})


async def test_the_ids_of_removed_items_take_room_too(open_store: Open) -> None:
    store = await open_store(Limits(bytes=1000))

    async def come_and_go() -> None:
        for number in range(20):
            async with store.open("s") as world:
                await world.put("x:/pets", f"{number:0100}", {})
            async with store.open("s") as world:
                await world.remove("x:/pets", f"{number:0100}")

    with pytest.raises(SessionFull):
        await come_and_go()


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_id_that_comes_back_takes_its_room_once(open_store: Open, at_once: bool) -> None:
    store = await open_store(Limits(bytes=150))
    name = "n" * 100
    for _ in range(3):
        async with store.open("s") as world:
            await world.put("x:/pets", name, {})
            if at_once:
                await world.remove("x:/pets", name)
        async with store.open("s") as world:
            await world.remove("x:/pets", name)
            assert await world.was_removed("x:/pets", name)
    assert not await full(store)


async def test_what_is_below_gives_its_room_back(open_store: Open) -> None:
    store = await open_store(Limits(items=3))
    async with store.open("s") as world:
        await world.put("x:/pets", "1", {})
        await world.begin("x:/pets/1/toys", {"a": {}, "b": {}}, "o")
    assert await full(store)
    async with store.open("s") as world:
        await world.remove("x:/pets", "1")
    async with store.open("s") as world:
        await world.begin("x:/zoos", {"a": {}, "b": {}, "c": {}}, "o")
    assert await full(store)


async def test_who_only_reads_is_never_refused(open_store: Open) -> None:
    store = await open_store(Limits(items=1))
    async with store.open("s", reads=True) as world:
        await world.begin("x:/pets", {"1": {}, "2": {}}, "o")
        assert len(await world.items("x:/pets")) == 2
    assert await kept(store) == {}
    async with store.open("s", reads=True) as world:
        await world.begin("x:/pets", {"1": {}}, "o")
    assert await kept(store) == {"x:/pets": [("1", {})]}


async def begin(store: Store, *sessions: str, clock: Any) -> None:
    for session in sessions:
        clock.now += 2
        async with store.open(session) as world:
            await world.put("x:/pets", "1", {})


async def test_sessions_used_longest_ago_go_first_and_never_everybodys(
    open_store: Open, clock: Any
) -> None:
    store = await open_store(Limits(sessions=3))
    await begin(store, "default", "a", "b", clock=clock)
    clock.now += 2
    async with store.open("a", reads=True) as world:
        await world.items("x:/pets")
    await begin(store, "c", clock=clock)
    assert await store.names() == ["c", "a", "default"]
    await begin(store, *(f"attack-{n}" for n in range(10)), clock=clock)
    assert await store.names() == ["attack-9", "attack-8", "default"]
    assert (await kept(store, "default"))["x:/pets"] == [("1", {})]
    assert await kept(store, "a") == {}


async def test_a_session_in_use_is_not_pushed_out(open_store: Open, clock: Any) -> None:
    store, other = await open_store(Limits(sessions=1)), await open_store(Limits(sessions=1))
    if type(store).__name__ == "SqliteStore":
        pytest.skip("nobody else writes while a session of SQLite's is in use")
    await begin(store, "a", clock=clock)
    async with store.open("a") as world:
        await begin(other, "b", "c", clock=clock)
        await world.put("x:/pets", "2", {})
    assert [key for key, _ in (await kept(store, "a"))["x:/pets"]] == ["1", "2"]


async def test_a_session_that_nobody_uses_begins_anew(open_store: Open, clock: Any) -> None:
    store = await open_store(Limits(idle=60))
    await begin(store, "read", "unread", clock=clock)
    clock.now += 40
    async with store.open("read", reads=True) as world:
        await world.items("x:/pets")
    clock.now += 40
    assert await store.names() == ["read"]
    assert await kept(store, "unread") == {}
    async with store.open("unread") as world:
        assert await world.begun("x:/pets") is None
        assert await world.tick() == 1
        await world.put("x:/zoos", "1", {})
    assert await kept(store, "unread") == {"x:/zoos": [("1", {})]}


async def test_sweeping_lets_go_of_what_has_expired(open_store: Open, clock: Any) -> None:
    store = await open_store(Limits(idle=60))
    await begin(store, "old", clock=clock)
    clock.now += 50
    await begin(store, "new", clock=clock)
    clock.now += 20
    await store.sweep()
    patient = await open_store(Limits())
    assert await patient.names() == ["new"]


async def test_without_limits_there_are_none(open_store: Open, clock: Any) -> None:
    store = await open_store(Limits(None, None, None, None))
    await begin(store, *map(str, range(5)), clock=clock)
    clock.now += 10**9
    await store.sweep()
    assert len(await store.names()) == 5


async def test_limits_hold_within_a_transaction_as_a_whole(open_store: Open) -> None:
    """What comes and goes again before the end does not count."""
    store = await open_store(Limits(items=2))

    async def fill(world: World) -> None:
        for number in range(5):
            await world.put("x:/pets", str(number), {})
        for number in range(4):
            await world.remove("x:/pets", str(number))

    async with store.open("s") as world:
        await fill(world)
    assert await kept(store) == {"x:/pets": [("4", {})]}
