"""Which names a server is called by: the check that keeps web pages from a server on loopback.

A page of anybody's can lead the name of its own host to 127.0.0.1 (DNS rebinding), and its requests
then come with that name in ``Host`` and ``Origin``. So both must name the server itself
(https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from toolalpaca_mockserver.answers import Answer, problem_answer

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def stranger(headers: Mapping[str, str], server: Any, allowed: Collection[str]) -> Answer | None:
    """The refusal of a request whose ``Host`` or ``Origin`` is not this server's, or None.

    Args:
        headers: Of the request, by lower-case name.
        server: The address that the request came in at: ``(host, port)``, or None.
        allowed: Further names of the server.
    """
    known = LOOPBACK | {name.lower() for name in allowed}
    if server is not None:
        known |= {server[0]}
    host, origin = headers.get("host", ""), headers.get("origin")
    if _name(f"//{host}") not in known:
        return problem_answer(421, f"this server is not called {host!r}; --allow-host allows it")
    if origin is not None and _name(origin) not in known:
        detail = f"pages of {origin!r} may not call this server; --allow-host allows its host"
        return problem_answer(403, detail)
    return None


def _name(url: str) -> str | None:
    """The host of *url*, lower case and without its port; None when there is none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
