"""The server's life: serve, stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import Any, Final

import uvicorn

from toolalpaca_mockserver.disturbance.delivery import break_off
from toolalpaca_mockserver.serving.asgi import Receive, Scope, Send
from toolalpaca_mockserver.serving.protocol import Protocol

_COLLECTING: Final = (10_000, 5, 50)
"""When the collector looks for cycles: see :func:`gc.set_threshold`.

Nearly all that a request leaves behind is state, which has none: to look at all of it once more
takes 0.1 s after 12,000 of GitHub's issues, in the middle of a request.
"""


def serve(
    app: Any,
    listener: socket.socket,
    on_ready: Callable[[], None],
    prepare: Callable[[], Awaitable[None]] | None = None,
    on_stop: Callable[[], None] | None = None,
) -> None:
    """Serve *app* until SIGINT or SIGTERM; requests in progress get a few seconds to end.

    One that does not is broken off.

    Args:
        app: An ASGI application.
        listener: A bound socket.
        on_ready: Called once connections are accepted.
        prepare: Awaited before, in the loop that serves; what it raises ends the server.
        on_stop: Called when the server begins to stop: requests that would go on without an end
            must end by themselves.
    """
    config = uvicorn.Config(
        _breaking_off(app),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        ws="none",
        http=Protocol,
        lifespan="on",
    )
    _Server(config, on_ready, prepare, on_stop).run(sockets=[listener])


def _breaking_off(app: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """*app*, whose requests that a stopping server cancels lose their connection, and no more."""

    async def serve_one(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            await break_off(scope, receive)

    return serve_one


class _Server(uvicorn.Server):
    """A server that says when it is ready, and for which a signal is a normal end."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None],
        prepare: Callable[[], Awaitable[None]] | None,
        on_stop: Callable[[], None] | None,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._prepare = prepare
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._prepare is not None:
            await self._prepare()
        await super().startup(sockets=sockets)
        if self.started:
            # Documents live as long as the server: the collector need not look at them again, which
            # in the middle of a request takes longer than the answer.
            gc.freeze()
            gc.set_threshold(*_COLLECTING)
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._on_stop is not None:
            self._on_stop()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        # uvicorn raises the signal again afterwards, which would make an asked-for end a failure.
        before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
