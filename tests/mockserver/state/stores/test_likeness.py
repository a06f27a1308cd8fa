"""Every store does what the memory does, whatever is asked of it and in whatever order."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import count
from operator import ne
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca_mockserver.state.limits import Limits
from toolalpaca_mockserver.state.memory import MemoryStore
from toolalpaca_mockserver.state.store import SessionFull, Store, World
from toolalpaca_mockserver.state.stores import StateUrl, store_at

Step = tuple[Any, ...]

LIMITS = Limits(items=6, bytes=160)
COLLECTIONS = ("x:/a", "x:/a/1/b", "x:/a/1/b/k/c", "x:/a/k%20k/b")
KEYS = ("1", "7", "k", "k k", "\x00")
_names = count()

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)
items = st.dictionaries(st.text(max_size=3), json_values, max_size=2)
collections, keys = st.sampled_from(COLLECTIONS), st.sampled_from(KEYS)
steps = st.one_of(
    st.tuples(st.just("begun"), collections),
    st.tuples(
        st.just("begin"),
        collections,
        st.dictionaries(keys, items, max_size=3),
        st.sampled_from("op"),
    ),
    st.tuples(st.just("items"), collections, st.none() | st.integers(0, 3)),
    st.tuples(st.just("ids"), collections, keys),
    st.tuples(st.just("get"), collections, keys),
    st.tuples(st.just("put"), collections, keys, items),
    st.tuples(st.just("put"), collections, keys, items),
    st.tuples(st.just("remove"), collections, keys),
    st.tuples(st.just("was_removed"), collections, keys),
    st.tuples(st.just("keep"), st.builds(lambda name: partial(ne, name), collections)),
    st.tuples(st.just("tick")),
)
transactions = st.tuples(
    st.lists(steps, min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from(("keep", "keep", "fail")),
)
histories = st.lists(transactions, min_size=1, max_size=5)


class _Undone(Exception):
    pass


async def _do(world: World, step: Step) -> Any:
    name, *arguments = step
    if name == "ids":
        ids = await world.ids(arguments[0])
        return ids.highest, await ids.has(arguments[1])
    return await getattr(world, name)(*arguments)


async def _told(store: Store, session: str, history: list[Any]) -> list[Any]:
    """All that a store answers, and what it holds after each transaction."""
    told: list[Any] = []
    for doing, reads, end in history:
        try:
            async with store.open(session, reads=reads) as world:
                told += [await _do(world, step) for step in doing]
                told += [await world.items(collection) for collection in COLLECTIONS]
                if end == "fail":
                    raise _Undone
        except (_Undone, SessionFull) as error:
            told.append(type(error).__name__)
        snapshot = await store.snapshot(session)
        order = {n: list(kept["items"]) for n, kept in snapshot["collections"].items()}
        told.append((snapshot, order))
    snapshot = await store.snapshot(session)
    await store.restore(f"{session}-copy", snapshot)
    told.append(await store.snapshot(f"{session}-copy"))
    return told


def _hold(url: str, examples: int) -> None:
    store = store_at(StateUrl(url), LIMITS)

    with asyncio.Runner() as runner:
        runner.run(store.prepare())

        @settings(max_examples=examples, deadline=None, database=None)
        @given(history=histories)
        def law(history: list[Any]) -> None:
            session = f"s{next(_names)}"
            expected = runner.run(_told(MemoryStore(LIMITS), session, history))
            assert runner.run(_told(store, session, history)) == expected

        try:
            law()
        finally:
            runner.run(store.aclose())


def test_whatever_is_done(lasting: str) -> None:
    _hold(lasting, 60)


@pytest.mark.slow
def test_whatever_is_done_at_length(lasting: str) -> None:
    _hold(lasting, 1000)
