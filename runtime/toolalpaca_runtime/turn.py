"""One turn of an agent: what it has taken so far, what it may take, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager

from toolalpaca.llm.protocol import Piece, Usage
from toolalpaca.trace import Status
from toolalpaca_runtime.limits import Limits


class TurnEnded(Exception):
    """The turn is over.

    Attributes:
        status: How.
        reason: Why, for every status but ``answered``.
        answer: What the user is told.
    """

    def __init__(self, status: Status, *, reason: str = "", answer: str = "") -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.answer = answer


class Turn:
    """From the user's words to the answer.

    Args:
        limits: What it may take.

    Attributes:
        usage: Tokens that it took.
    """

    def __init__(self, limits: Limits) -> None:
        self.usage = Usage()
        self._limits = limits
        self._began = time.monotonic()
        self._waited = 0.0
        self._steps = 0
        self._made: Counter[bytes] = Counter()

    @property
    def seconds(self) -> float:
        """What it took, without the time that the user did."""
        return time.monotonic() - self._began - self._waited

    @property
    def left(self) -> float | None:
        """Seconds that it may still take; None without a bound."""
        return None if self._limits.seconds is None else self._limits.seconds - self.seconds

    def step(self) -> None:
        """Count a step that begins.

        Raises:
            TurnEnded: No step is left, or another limit was reached.
        """
        self._check(self._steps, self.usage)
        self._steps += 1

    def act(self) -> None:
        """A call of the step begins; a step may have any number of them.

        Raises:
            TurnEnded: No time is left.
        """
        self._check(0, Usage())

    def made(self, key: bytes) -> bool:
        """Whether what *key* names has been done."""
        return self._made[key] > 0

    def count(self, key: bytes, doing: str) -> int:
        """How often the same has happened, this time included.

        Args:
            key: What happened.
            doing: What the agent did once it has happened too often.

        Raises:
            TurnEnded: It has.
        """
        self._made[key] += 1
        if self._made[key] > self._limits.repeats:
            raise stopped(f"the agent {doing}")
        return self._made[key]

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the user is asked: the time that they take is not the agent's."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._waited += time.monotonic() - began

    async def timed(self, stream: AsyncIterator[Piece]) -> AsyncGenerator[Piece, None]:
        """The items of *stream*, as long as there is time.

        Raises:
            TurnEnded: The reply takes longer than what is left of the seconds.
        """
        deadline = None if self.left is None else time.monotonic() + self.left
        try:
            while True:
                left = None if deadline is None else deadline - time.monotonic()
                try:
                    async with asyncio.timeout(left):
                        piece = await anext(stream)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    reason = "the limit on seconds was reached while the model was writing"
                    raise stopped(reason) from None
                yield piece  # outside the timeout: what the reader does is not broken off
        finally:
            close = getattr(stream, "aclose", None)  # closing cancels the request
            if close is not None:
                await close()

    def _check(self, steps: int, usage: Usage) -> None:
        reason = self._limits.reached(steps=steps, usage=usage, seconds=self.seconds)
        if reason is not None:
            raise stopped(reason)


def stopped(reason: str) -> TurnEnded:
    """The end by a limit."""
    return TurnEnded("stopped", reason=reason, answer=f"I stopped without an answer: {reason}.")
