"""Rate limits: how many requests of one session there may be in a time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from toolalpaca_mockserver.disturbance.grammar import Rate

_MOST_WINDOWS: Final = 10_000


class Limiter:
    """Counts requests in sliding windows.

    Args:
        clock: Seconds from some moment on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def wait(self, rate: Rate, operation: str, session: str) -> int | None:
        """None when there may be another request now, else whole seconds until there may be."""
        now = self._clock()
        window = self._windows.setdefault((operation, session), deque())
        self._windows.move_to_end((operation, session))
        while window and window[0] <= now - rate.seconds:
            window.popleft()
        if len(window) >= rate.requests:
            return max(1, math.ceil(window[0] + rate.seconds - now))
        window.append(now)
        while len(self._windows) > _MOST_WINDOWS:
            self._windows.popitem(last=False)
        return None
