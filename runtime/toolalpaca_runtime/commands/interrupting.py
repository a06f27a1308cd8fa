"""Ctrl-C in an event loop."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def interruptible(something: Coroutine[Any, Any, Result]) -> Result:
    """What *something* brings; Ctrl-C cancels it.

    :class:`asyncio.Runner` does this as well, but does not wake a loop that begins to wait at the
    very moment when the signal comes: with a silent model, Ctrl-C would be lost.

    Raises:
        KeyboardInterrupt: It was cancelled by Ctrl-C.
    """
    task = asyncio.current_task()
    assert task is not None
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return await something
    loop = asyncio.get_running_loop()
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        return await something
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGINT)
