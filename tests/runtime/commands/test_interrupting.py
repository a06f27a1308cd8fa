from __future__ import annotations

import asyncio
import os
import signal

import pytest

from toolalpaca_runtime.commands.interrupting import interruptible


def test_ctrl_c_cancels_what_is_awaited_and_is_heard_again() -> None:
    cancelled = 0

    async def wait() -> None:
        nonlocal cancelled
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise

    before = signal.getsignal(signal.SIGINT)
    with asyncio.Runner() as runner:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                runner.run(interruptible(wait()))
    assert cancelled == 2
    assert signal.getsignal(signal.SIGINT) is before


def test_a_cancellation_that_is_none_of_the_persons_stays_one() -> None:
    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interruptible(give_up()))
