"""Answers that do not arrive as they should.

Closing a connection is nothing that ASGI knows of; the server's protocol class puts the transport
into the scope (:class:`toolalpaca_mockserver.serving.protocol.Protocol`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.serving.asgi import TRANSPORT, Receive, Scope, Send, head_of

_HANGS_FOR: Final = 300.0
"""Seconds after which a client that waits for nothing is let go."""


async def fail_to_deliver(
    answer: Answer, request: Request, scope: Scope, receive: Receive, send: Send
) -> None:
    """Deliver *answer* as its fate has it: ``drop``, ``hang`` or ``truncate``.

    Args:
        answer: What would have been delivered.
        request: What it would have answered.
        scope: Of the connection.
        receive: Tells when the client is gone.
        send: Sends what arrives.
    """
    if answer.fate == "hang":
        with suppress(TimeoutError):
            await asyncio.wait_for(_gone(receive), _HANGS_FOR)
    if answer.fate == "truncate":
        await send(head_of(answer, request.headers.get("origin")))
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    await break_off(scope, receive, flush=answer.fate == "truncate")


async def break_off(scope: Scope, receive: Receive, *, flush: bool = False) -> None:
    """Close the connection of a request that is not answered, or not to its end.

    Args:
        scope: Of the connection.
        receive: Tells when it is closed.
        flush: Whether what was written still arrives.

    Raises:
        ConnectionAbortedError: The server gives no way to close it.
    """
    transport: asyncio.Transport | None = scope.get("extensions", {}).get(TRANSPORT)
    if transport is None:
        raise ConnectionAbortedError("the connection is to be closed")
    if flush:
        transport.close()
    else:
        transport.abort()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
