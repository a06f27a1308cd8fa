"""Connections to other servers, for as long as this one lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolalpaca.hosts import is_loopback

if TYPE_CHECKING:
    import httpx2


class Clients:
    """Clients that are made when they are needed, and closed when the application ends.

    They keep no cookies: what one exchange was told is not for another.
    """

    def __init__(self) -> None:
        self._made: dict[bool, httpx2.AsyncClient] = {}

    def to(self, url: str) -> httpx2.AsyncClient:
        """A client that may speak to *url*."""
        from toolalpaca.clients import new_client  # takes a while, and few servers need one

        here = is_loopback(url)
        if here not in self._made:
            self._made[here] = new_client(url, keep_cookies=False)
        return self._made[here]

    async def __aenter__(self) -> Clients:
        return self

    async def __aexit__(self, *raised: object) -> None:
        for client in self._made.values():
            await client.aclose()
