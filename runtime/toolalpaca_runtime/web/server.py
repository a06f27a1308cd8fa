"""The server's life, in the event loop of its agents: serve, stop."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from toolalpaca_runtime.web.app import WebApp

_STOPS_WITHIN = 3  # seconds that requests in progress get


class WebServer(uvicorn.Server):
    """A server that says when it is ready, and for which a signal is a normal end.

    Args:
        app: What it serves.
        on_ready: Called once connections are accepted.
    """

    def __init__(self, app: WebApp, on_ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app.asgi,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_STOPS_WITHIN,
            ws="none",
            lifespan="off",
        )
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready

    async def serve_on(self, listener: socket.socket) -> None:
        """Serve until SIGINT or SIGTERM, and end what still runs in the application.

        Args:
            listener: A bound socket.
        """
        try:
            await self.serve(sockets=[listener])
        finally:
            await self._app.aclose()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and say so."""
        await super().startup(sockets=sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of whoever listens for what happens, which would take forever."""
        self._app.silence()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as a wish to end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        # uvicorn raises the signal again afterwards, which would make an asked-for end a failure.
        before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
