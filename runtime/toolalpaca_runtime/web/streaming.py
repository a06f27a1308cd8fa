"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final, TypeVar

import orjson
from starlette.responses import StreamingResponse

_PULSE: Final = 15.0
"""Seconds of silence after which a comment is sent: proxies cut what is silent for a minute."""

_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}

T = TypeVar("T")


def event_stream(lines: AsyncGenerator[bytes, None]) -> StreamingResponse:
    """The answer that sends *lines* as they come, and ends them when its reader leaves."""
    return StreamingResponse(
        _with_pulse(lines), media_type="text/event-stream; charset=utf-8", headers=_HEADERS
    )


def server_sent(data: Any, *, kind: str = "", number: int | None = None) -> bytes:
    r"""An event with JSON as its data.

    >>> server_sent({"text": "Hi"}, kind="delta", number=3)
    b'id: 3\nevent: delta\ndata: {"text":"Hi"}\n\n'
    """
    head = f"id: {number}\n" if number is not None else ""
    head += f"event: {kind}\n" if kind else ""
    return head.encode() + b"data: " + orjson.dumps(data) + b"\n\n"


async def _with_pulse(lines: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pulsing(lines, _PULSE)) as items:
        async for line in items:
            yield b": \n\n" if line is None else line


async def pulsing(items: AsyncGenerator[T, None], seconds: float) -> AsyncGenerator[T | None, None]:
    """*items*, with None whenever none has come for so many *seconds*.

    They are made in a task of their own, which is cancelled when the reader leaves.
    """
    made: asyncio.Queue[T | _End] = asyncio.Queue()

    async def make() -> None:
        async with aclosing(items):
            async for item in items:
                made.put_nowait(item)

    making = asyncio.create_task(make())
    making.add_done_callback(lambda _: made.put_nowait(_End()))
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    item = await made.get()
            except TimeoutError:
                yield None
                continue
            if isinstance(item, _End):
                break
            yield item
        await making
    finally:
        making.cancel()


class _End:
    """Nothing follows."""
