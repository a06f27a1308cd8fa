"""Requests and answers as ASGI has them (https://asgi.readthedocs.io)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.reading.requests import LARGEST_BODY, Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TRANSPORT: Final = "toolalpaca.transport"
"""The extension that holds the connection's transport."""


class ClientGone(Exception):
    """The client has left in the middle of its request."""


async def read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is larger than :data:`LARGEST_BODY`.

    Raises:
        ClientGone: There is no whole body, and nobody who waits for an answer.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= LARGEST_BODY:
            chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if size <= LARGEST_BODY else None


_ANYBODY: Final = [(b"access-control-allow-origin", b"*"), (b"vary", b"Origin")]
"""To who says no origin, such as a cache that will answer for others."""


def head_of(answer: Answer, origin: str | None, *, without_body: bool = False) -> Message:
    """The status and the headers of *answer*.

    Args:
        answer: The answer.
        origin: The request's ``Origin``, or None.
        without_body: Whether the body will not be sent, as for HEAD; it may not be known.
    """
    source = f"{answer.source}; reason={answer.reason}" if answer.reason else answer.source
    headers = [(b"toolalpaca-source", source.encode())]
    if answer.disturbance:
        headers.append((b"toolalpaca-disturbance", answer.disturbance.encode()))
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode("latin-1", "replace")))
    # What the real API answers to HEAD, or with 304, has no body whose length could be told.
    unknown = answer.status in (204, 304) or (without_body and not answer.body)
    if answer.status >= 200 and not unknown:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    for name, value in answer.headers.items():
        headers.append(
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        )
    headers += [(b"set-cookie", value.encode("latin-1", "replace")) for value in answer.cookies]
    headers += _sharing(answer, origin)
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def send_answer(answer: Answer, request: Request, send: Send) -> None:
    """Send *answer* to *request*."""
    is_head = request.method == "HEAD"
    await send(head_of(answer, request.headers.get("origin"), without_body=is_head))
    body = b"" if is_head else answer.body
    await send({"type": "http.response.body", "body": body})


def _sharing(answer: Answer, origin: str | None) -> list[tuple[bytes, bytes]]:
    """What lets pages of every origin read *answer* (https://fetch.spec.whatwg.org/#http-cors)."""
    if origin is None:
        return _ANYBODY
    own = ["toolalpaca-source", *(["toolalpaca-disturbance"] if answer.disturbance else [])]
    return [
        (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
        (b"access-control-allow-credentials", b"true"),
        (
            b"access-control-expose-headers",
            ", ".join([*own, *answer.headers]).encode("latin-1", "replace"),
        ),
        (b"vary", b"Origin"),
    ]
