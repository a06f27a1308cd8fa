"""Putting questions to a model: a few at a time, each for so long, none to one that is down."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from toolalpaca.errors import ModelReplyError, ModelUnavailable
from toolalpaca.llm.protocol import (
    Completion,
    LanguageModel,
    Message,
    Request,
    Restart,
    complete,
)
from toolalpaca_mockserver.engines.breaker import Breaker
from toolalpaca_mockserver.engines.counts import Counts, current_spending
from toolalpaca_mockserver.engines.reading import LONGEST_REPLY

_FEW_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model may take.

    Attributes:
        concurrency: Questions at the same time.
        seconds: Time for one answer, waiting and repairs included.
    """

    concurrency: int = 4
    seconds: float = 60.0


class Unanswered(Exception):
    """The model is not asked, because it did not answer before."""


class Asker:
    """The model as engines ask it; those of all documents share one.

    Args:
        model: The model.
        limits: What it may take.
    """

    def __init__(self, model: LanguageModel, limits: Limits | None = None) -> None:
        self.model = model
        self.limits = limits or Limits()
        self.breaker = Breaker()
        self._turns = asyncio.Semaphore(self.limits.concurrency)

    async def ask(self, request: Request, counts: Counts, until: float) -> Completion:
        """The model's reply, or as much of it as has come *until* then.

        Args:
            request: The question.
            counts: Counts it.
            until: On the clock of :func:`time.monotonic`.

        Raises:
            Unanswered: It has failed some times in a row, and is left alone.
            ModelUnavailable: It cannot be reached.
            ModelReplyError: It answers something that is no reply.
        """
        if self.breaker.is_open:
            raise Unanswered
        async with self._turns:
            if not self.breaker.admits():  # it may have failed meanwhile
                raise Unanswered
            return await self._ask(request, counts, until)

    async def _ask(self, request: Request, counts: Counts, until: float) -> Completion:
        spent, began = current_spending(), time.monotonic()
        counts.calls += 1
        spent.calls += 1
        try:
            completion = await _bounded(self.model, request, until)
        except ModelUnavailable:
            self.breaker.failed()
            raise
        except asyncio.CancelledError:
            if time.monotonic() - began > self.limits.seconds / 2:  # not for want of a turn
                self.breaker.failed()
            raise
        finally:
            took = time.monotonic() - began
            counts.seconds += took
            spent.seconds += took
        self.breaker.succeeded()
        self._count(completion, counts)
        spent.usage += completion.usage
        return completion

    def _count(self, completion: Completion, counts: Counts) -> None:
        usage = completion.usage
        counts.prompt_tokens += usage.prompt_tokens
        counts.cached_tokens += usage.cached_tokens
        counts.completion_tokens += usage.completion_tokens
        counts.cost += usage.cost

    async def aclose(self) -> None:
        """Release the model."""
        await self.model.aclose()


async def check_model(model: LanguageModel) -> None:
    """Ask *model* for a word, so that one that cannot be used is known before it is needed.

    Raises:
        ModelError: It cannot.
    """
    question = Message(role="user", content="Reply with the word ready.")
    await complete(model, Request(messages=(question,), max_tokens=_FEW_TOKENS))


async def _bounded(model: LanguageModel, request: Request, until: float) -> Completion:
    """The whole reply, or its beginning where it is longer than any that is looked at."""
    stream: Any = model.stream(request)
    pieces: list[str] = []
    size = 0
    async with aclosing(stream):
        async for piece in stream:
            if isinstance(piece, Completion):
                return piece
            if isinstance(piece, Restart):
                pieces, size = [], 0
                continue
            pieces.append(piece)
            size += len(piece)
            if size > LONGEST_REPLY or time.monotonic() > until:
                return Completion("".join(pieces), finish="length")
    raise ModelReplyError("the model ended its stream without a completion", where=model.name)
