"""A circuit breaker: who does not answer is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_FAILURES: Final = 3
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 60.0


class Breaker:
    """Lets nothing through after some failures in a row, but for one trial after each pause.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._closed_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it lets nothing through at the moment."""
        return self._failures >= _FAILURES and self._clock() < self._closed_until

    def admits(self) -> bool:
        """Whether a call may be made. The first after a pause is a trial: others wait for it."""
        if self._failures < _FAILURES:
            return True
        if self._clock() < self._closed_until:
            return False
        self._closed_until = self._clock() + self._pause
        return True

    def succeeded(self) -> None:
        """A call was answered."""
        self._failures, self._pause = 0, _FIRST_PAUSE

    def failed(self) -> None:
        """A call was not answered."""
        self._failures += 1
        if self._failures > _FAILURES:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._closed_until = self._clock() + self._pause
