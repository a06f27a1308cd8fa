"""How often, and how often at once, a server is asked."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext

_MINUTE = 60.0


class Throttle:
    """Bounds on the requests to one server.

    Args:
        concurrency: Requests at the same time; None is no bound.
        rate: Requests that begin within any minute; None is no bound.
        clock: Seconds, ever growing.
        sleep: Waits for seconds of that clock.
    """

    def __init__(
        self,
        concurrency: int | None = None,
        rate: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._slots = None if concurrency is None else asyncio.Semaphore(concurrency)
        self._begun: deque[float] | None = None if rate is None else deque(maxlen=rate)
        self._rest_until = 0.0
        self._clock = clock
        self._sleep = sleep

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a place among the requests, once there is one and its time has come."""
        async with self._slots or nullcontext():
            await self._wait()
            yield

    def rest(self, seconds: float) -> None:
        """Let no request begin for so long: the server has asked for it."""
        self._rest_until = max(self._rest_until, self._clock() + seconds)

    async def _wait(self) -> None:
        at = max(self._clock(), self._rest_until)
        if self._begun is not None:
            if len(self._begun) == self._begun.maxlen:
                at = max(at, self._begun[0] + _MINUTE)
            self._begun.append(at)  # kept for this request, so that others wait longer
        while (left := max(at, self._rest_until) - self._clock()) > 0:
            await self._sleep(left)
