"""Real servers on loopback, none of them ours."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import pytest
import uvicorn

_CLOSES_WITHIN = 5  # seconds: a failed test may have left a connection open

Serve = Callable[[Any], str]


@contextmanager
def serving(app: Any, *, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """Serve an ASGI application in a thread and yield its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="error", lifespan=lifespan, timeout_graceful_shutdown=_CLOSES_WITHIN
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        # The socket listens already: a connection waits until the server accepts it.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
