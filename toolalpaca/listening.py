"""The sockets that servers listen at."""

from __future__ import annotations

import socket

from toolalpaca.errors import ApiError


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose.

    Raises:
        ApiError: The address cannot be had; the message says why.
    """
    where = f"{host}:{port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ApiError(f"there is no such address: {error.strerror}", where=where) from error
    # Only where the protocol is named does asyncio switch Nagle's algorithm off, without which each
    # answer on a kept connection waits 40 ms for the client's delayed acknowledgement of its head.
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        hint = "choose another with --port, or 0 for any that is free"
        raise ApiError(f"cannot listen there: {error.strerror}", where=where, hint=hint) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL that *listener* is reached at on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
