"""Documents behind URLs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[str]:
    """Serves *files* by their paths; yields the URL of the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/moved":
                self.send_response(302)
                self.send_header("location", "/pets.json")
                self.end_headers()
                return
            self.send_response(200 if path in files else 404)
            self.end_headers()
            self.wfile.write(files.get(path, b""))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
