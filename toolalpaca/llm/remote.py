"""What every model behind a server needs: patience, limits, stop texts, and a price.

A backend of a server makes one attempt at a reply and says whether what went wrong may pass. All
that is decided about attempts is decided here, the same for every protocol.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import Any

from toolalpaca.errors import ModelError, ModelReplyError
from toolalpaca.llm.patience import pause_after
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    LanguageModel,
    Piece,
    Request,
    Restart,
    Usage,
)
from toolalpaca.llm.settings import ModelSettings
from toolalpaca.llm.stopping import stopping
from toolalpaca.llm.throttle import Throttle

_LOG = logging.getLogger(__name__)

_NOTICED = 2.0  # seconds

# No vocabulary in use has a longer token, so more text than this is no reply to a request.
_LONGEST_TOKEN = 128  # characters
_ESTIMATE = 4  # characters of a token, where nobody has counted


class Remote:
    """A model of a server, asked again where that may help, and never more than is allowed.

    A reply that breaks off is asked for again from its beginning; a :class:`Restart` tells who
    reads it. The tokens of what broke off are estimated and counted with the rest: they are paid.

    Args:
        model: Makes single attempts.
        settings: ``retries``, ``timeout``, ``reply_timeout``, ``concurrency``, ``rate`` and
            ``price`` matter here.
        clock: Seconds, ever growing, for pauses and rates.
        sleep: Waits for seconds of that clock.
    """

    def __init__(
        self,
        model: LanguageModel,
        settings: ModelSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._settings = settings
        self._sleep = sleep
        self._throttle = Throttle(settings.concurrency, settings.rate, clock=clock, sleep=sleep)

    @property
    def name(self) -> str:
        """The name that ``--model`` takes."""
        return self._model.name

    @property
    def capabilities(self) -> Capabilities:
        """What the backend can do."""
        return self._model.capabilities

    async def stream(self, request: Request) -> AsyncGenerator[Piece, None]:
        """Yield pieces of text as they come, and the whole completion last.

        Raises:
            ModelError: As the backend says, after the last attempt.
        """
        lost = Usage()
        for attempt in count(1):
            shown: list[str] = []
            try:
                async with self._throttle.turn(), aclosing(self._attempt(request)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Completion):
                            yield replace(piece, usage=piece.usage + lost)
                        else:
                            shown.append(piece)
                            yield piece
                return
            except ModelError as error:
                pause = pause_after(error, attempt, self._settings.retries)
                if error.retry_after:
                    self._throttle.rest(error.retry_after)  # the others have no better luck
                reason = error.what
                # A short pause is nobody's concern; a long one without a word looks like a hang.
                level = logging.WARNING if pause >= _NOTICED else logging.INFO
                _LOG.log(level, "%s: %s; asked again in %.1f s", self.name, reason, pause)
            if shown:
                lost += self._counted(Completion("".join(shown)), request)
                yield Restart(reason)
            await self._sleep(pause)

    async def aclose(self) -> None:
        """Close the model."""
        await self._model.aclose()

    async def _attempt(self, request: Request) -> AsyncGenerator[str | Completion, None]:
        """One reply up to its stop text, counted and priced, without empty pieces."""
        written = 0
        timed = self._timed(self._model.stream(request))
        async with aclosing(stopping(timed, request.stop)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    yield replace(piece, usage=self._counted(piece, request))
                elif piece:
                    written += len(piece)
                    if written > request.max_tokens * _LONGEST_TOKEN:
                        raise ModelReplyError(
                            "the server goes on and on, far beyond the tokens that it was allowed",
                            where=self.name,
                        )
                    yield piece

    async def _timed(self, pieces: AsyncIterator[Any]) -> AsyncGenerator[str | Completion, None]:
        """*pieces*, none of which may be silent for too long, nor all of them take too long."""
        end = time.monotonic() + self._settings.reply_timeout
        try:
            while True:
                left = end - time.monotonic()
                try:
                    async with asyncio.timeout(min(self._settings.timeout, left)):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise self._too_long(whole=left <= self._settings.timeout) from None
                yield piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    def _too_long(self, *, whole: bool) -> ModelReplyError:
        if whole:
            return ModelReplyError(
                f"the server took longer than {self._settings.reply_timeout:g} s for one reply",
                where=self.name,
            )
        return ModelReplyError(
            "the server broke off its reply: it was silent for too long",
            where=self.name,
            passing=True,
        )

    def _counted(self, completion: Completion, request: Request) -> Usage:
        usage = completion.usage
        if not (usage.prompt_tokens or usage.completion_tokens):
            usage = usage.model_copy(update=_estimated(completion, request))
        price = self._settings.price
        return usage if price is None else price.priced(usage)


def _estimated(completion: Completion, request: Request) -> dict[str, int]:
    """The tokens of prompt and reply, where the server has not counted them."""
    prompt = sum(
        len(message.content) + sum(len(call.arguments) for call in message.tool_calls)
        for message in request.messages
    ) + sum(len(tool.model_dump_json(exclude={"returns"})) for tool in request.tools)
    reply = len(completion.text) + sum(len(call.arguments) for call in completion.tool_calls)
    return {
        "prompt_tokens": -(-prompt // _ESTIMATE),
        "completion_tokens": -(-reply // _ESTIMATE),
    }
