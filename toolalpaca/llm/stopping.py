"""Stop texts, applied here: several servers refuse them, ignore them, or repeat them at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from toolalpaca.errors import ModelError
from toolalpaca.llm.protocol import Completion, Usage
from toolalpaca.llm.reply_text import StopText

_AFTER = 4  # pieces that may follow a stop text until the reply is closed


async def stopping(
    pieces: AsyncGenerator[str | Completion, None], stop: tuple[str, ...]
) -> AsyncGenerator[str | Completion, None]:
    """*pieces* up to the first of the texts *stop*, however they are cut.

    What comes after is closed, which cancels the request. Before that, the server has a chance to
    end by itself and say what it took: where it honours the stop text, its completion is next.
    """
    watch = StopText(stop)
    shown: list[str] = []
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Completion):
                if rest := watch.flush():
                    yield rest
                yield piece
                return
            text = watch.push(piece)
            shown.append(text)
            yield text
            if watch.stopped:
                usage = await _ending(pieces)
                break
        else:
            return
    yield Completion("".join(shown), usage=usage, finish="stop")


async def _ending(pieces: AsyncIterator[str | Completion]) -> Usage:
    """What the server says that the reply took, when it ends it by itself; else nothing."""
    try:
        for _ in range(_AFTER):
            piece = await anext(pieces, None)
            if isinstance(piece, Completion):
                return piece.usage
            if piece != "":  # it goes on
                break
    except ModelError:  # the reply is whole without its end
        pass
    return Usage()
