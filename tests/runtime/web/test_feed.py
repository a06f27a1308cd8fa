"""What readers of a feed are told, whenever they come."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_runtime.web.feed import Entry, Feed, Kind

KINDS: list[Kind] = ["event", "delta", "turn"]


@given(st.lists(st.sampled_from(KINDS), max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_who_comes_late_or_again_sees_what_who_stayed_sees(
    kinds: list[Kind], first: int, again: int
) -> None:
    """Pieces of text aside, which the event after them replaces."""

    async def lasting(feed: Feed, after: int = 0) -> list[Entry]:
        async with aclosing(feed.read(after)) as entries:
            return [entry async for entry in entries]

    async def check() -> None:
        feed = Feed()
        early = asyncio.create_task(lasting(feed))
        for place, kind in enumerate(kinds):
            if place == first:
                await asyncio.sleep(0)  # lets the early reader read
            feed.tell(kind, place)
        feed.close()
        late, all_early = await lasting(feed), await early
        assert [e.number for e in all_early] == sorted({e.number for e in all_early})
        assert _without_pieces(late) == _without_pieces(all_early)
        assert [e.data for e in _without_pieces(late)] == [
            place for place, kind in enumerate(kinds) if kind != "delta"
        ]
        rest = await lasting(feed, again)
        assert rest == [entry for entry in late if entry.number > again]
        last = (
            [kind != "delta" for kind in kinds[::-1]].index(True)
            if set(kinds) - {"delta"}
            else len(kinds)
        )
        assert sum(entry.kind == "delta" for entry in late) == last

    asyncio.run(check())


def test_what_is_settled_is_told_to_who_may_have_heard_of_it() -> None:
    async def check() -> None:
        feed = Feed()
        feed.tell("event", "before")
        number = feed.tell("open", "a question")
        feed.tell("delta", "x")
        feed.settle(number)
        feed.close()
        async with aclosing(feed.read(after=number)) as entries:
            told = [entry async for entry in entries]
        assert [(entry.kind, entry.data) for entry in told] == [("settled", {"number": number})]
        async with aclosing(feed.read()) as entries:
            assert [entry.kind async for entry in entries] == ["event", "settled"]

    asyncio.run(check())


def _without_pieces(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind != "delta"]
