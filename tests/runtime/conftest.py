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
def serving(app: Any, *, lifespan: Literal["on", "off"] = "off", **options: Any) -> Iterator[str]:
    """Serve an ASGI application in a thread and yield its URL; other options are uvicorn's."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_level="critical",
        lifespan=lifespan,
        timeout_graceful_shutdown=_CLOSES_WITHIN,
        **options,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        # The socket listens already: a connection waits until the server accepts it.
        yield f"http{'s' if config.is_ssl else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
