from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.llm.throttle import Throttle


class Clock:
    """Time that passes only where somebody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(rate=st.integers(1, 5), pauses=st.lists(st.floats(0, 90), max_size=20))
def test_no_minute_sees_more_requests_than_the_rate(rate: int, pauses: list[float]) -> None:
    clock = Clock()
    throttle = Throttle(rate=rate, clock=clock, sleep=clock.sleep)
    begun: list[float] = []

    async def run() -> None:
        for pause in pauses:
            clock.now += pause
            async with throttle.turn():
                begun.append(clock.now)

    asyncio.run(run())
    assert len(begun) == len(pauses)
    for first, later in zip(begun, begun[rate:], strict=False):
        assert later - first >= 60 - 1e-6
    # Nobody waits without need: as many as the rate allows begin at once.
    free = begun[:rate]
    arrived = [sum(pauses[: place + 1]) for place in range(len(free))]
    assert free == pytest.approx(arrived)


def test_waiting_requests_get_turns_of_their_own() -> None:
    clock = Clock()
    throttle = Throttle(rate=1, clock=clock, sleep=clock.sleep)
    begun: list[float] = []

    async def ask() -> None:
        async with throttle.turn():
            begun.append(clock.now)

    async def run() -> None:
        await asyncio.gather(*(ask() for _ in range(4)))

    asyncio.run(run())
    assert all(later - earlier >= 60 for earlier, later in pairwise(sorted(begun)))


def test_a_rest_holds_for_everybody() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock, sleep=clock.sleep)

    async def run() -> None:
        async with throttle.turn():
            assert clock.now == 0
        throttle.rest(7)
        throttle.rest(3)  # a shorter one takes nothing back
        async with throttle.turn():
            assert clock.now == 7

    asyncio.run(run())


def test_a_place_is_free_again_when_its_holder_fails() -> None:
    throttle = Throttle(concurrency=1)

    async def run() -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with throttle.turn():
                    raise ZeroDivisionError

    asyncio.run(asyncio.wait_for(run(), 20))
