"""Who is let in: the person who started the server, and programs that have its key.

The agent acts with the credentials of whoever started it. A web page of anybody's can send requests
to loopback, and can lead the name of its own host there (DNS rebinding); so the name in ``Host``
must be the server's, and a page that calls must come from it. What the page asks for needs a token
that only the printed URL carries, in a header, which no other page can make a browser send.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from toolalpaca.hosts import is_loopback
from toolalpaca_runtime.web.answers import COMPLETIONS, failure

PAGE: Final = "/api/"
"""Below this path is what the page asks for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the server.

    Attributes:
        token: Of the page.
        api_key: Of the programs that use the endpoint; None lets those of this machine in without.
        names: Of the server, besides those of loopback and the address that a request came in at.
    """

    token: str = field(default_factory=secrets.token_urlsafe, repr=False)
    api_key: str | None = field(default=None, repr=False)
    names: Collection[str] = ()


class Gate:
    """Answers strangers in the place of *app*.

    Args:
        app: The application.
        keys: What opens it.
    """

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys
        self._names = {name.lower() for name in keys.names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do it."""
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                await failure(scope["path"], *refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the reason why a request is not taken, or None."""
        headers, path = Headers(scope=scope), scope["path"]
        bearer = _bearer(headers)
        if path.startswith(COMPLETIONS) and self._keys.api_key is not None:
            # Who has the key is no page that wandered in, by whatever name they call the server.
            if _same(bearer, self._keys.api_key):
                return None
            return 401, "the API key is missing or wrong: send it as Authorization: Bearer KEY"
        stranger = self._stranger(headers, scope.get("server"))
        if stranger is not None:
            return stranger
        if path.startswith(PAGE) and not _same(bearer, self._keys.token):
            return 401, "this needs the token of the URL that was printed when the server started"
        return None

    def _stranger(self, headers: Headers, server: tuple[str, int] | None) -> tuple[int, str] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        name = _name(host)
        own = server is not None and name == server[0]
        if name is None or not (own or name in self._names or is_loopback(f"//{host}")):
            return 421, f"this server is not called {host!r}; --allow-host NAME allows a name"
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, f"pages of {origin!r} may not call this server"
        return None


def _bearer(headers: Headers) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _same(given: str, right: str) -> bool:
    return secrets.compare_digest(given.encode(), right.encode())


def _name(host: str) -> str | None:
    """The name in a ``Host`` header, lower case and without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
