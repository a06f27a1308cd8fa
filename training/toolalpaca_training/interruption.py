"""Stopping between two steps, so that an interruption costs nothing that was learned."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether somebody wants the work to end.

    Attributes:
        wanted: True after the first signal.
    """

    def __init__(self) -> None:
        self.wanted = False

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            # Asked twice: whoever is waiting does not want to wait.
            raise KeyboardInterrupt
        self.wanted = True


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Turn the first Ctrl-C (SIGINT) or SIGTERM into a wish; the second one interrupts at once.

    Only the main thread can receive signals; in another one this does nothing.
    """
    wish = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {
        number: signal.signal(number, wish._receive) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
