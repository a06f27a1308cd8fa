"""HTTP/1.1 as uvicorn speaks it, with a way to break a connection on purpose."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from toolalpaca_mockserver.serving.asgi import TRANSPORT


class Protocol(HttpToolsProtocol):
    """Puts the transport into the scope of every request."""

    def on_message_begin(self) -> None:
        """Begin a scope."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]
