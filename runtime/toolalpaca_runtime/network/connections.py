"""Connections to permitted hosts only: names are resolved, checked, and connected to as checked."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeAlias
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from toolalpaca import __version__
from toolalpaca.clients import tls_context
from toolalpaca.hosts import is_loopback
from toolalpaca_runtime.network.codings import ACCEPTED
from toolalpaca_runtime.network.hosts import HostRefused, HostRules

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, for a port."""


def new_api_client(rules: HostRules, tls: ssl.SSLContext | None = None) -> httpx2.AsyncClient:
    """A client for real APIs; it follows no redirects by itself and keeps no cookies.

    Args:
        rules: Where it may connect to.
        tls: What certificates it trusts and shows; by default what the system trusts, or what
            ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` names.
    """
    return httpx2.AsyncClient(
        transport=GuardedTransport(rules, tls),
        follow_redirects=False,
        headers={"user-agent": f"toolalpaca/{__version__}", "accept-encoding": ACCEPTED},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends requests where *rules* permit, through the environment's proxy where there is one.

    A proxy resolves names itself, and what it reaches is for those who run it to say; hosts are
    then judged as they are written.

    Args:
        rules: Which hosts.
        tls: As in :func:`new_api_client`.
        resolve: Says the addresses of names; by default the system does.

    Raises:
        HostRefused: A request is for a host that the rules refuse.
    """

    def __init__(
        self,
        rules: HostRules,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._rules = rules
        self._tls = tls
        self._resolve = resolve or addresses_of
        self._proxies = getproxies()
        self._made: dict[tuple[str, str], httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request*."""
        reason = self._rules.refusal(request.url.host)
        if reason:
            raise HostRefused(reason)
        way = (request.url.scheme, self._proxy(request.url))
        if way not in self._made:
            self._made[way] = self._transport(*way)
        return await self._made[way].handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._made.values():
            await transport.aclose()

    def _proxy(self, url: httpx2.URL) -> str:
        """The URL of the proxy for *url*, ``""`` for none."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all") or ""
        if not proxy or is_loopback(str(url)) or proxy_bypass(url.host):
            return ""
        return proxy if "://" in proxy else f"http://{proxy}"

    def _transport(self, scheme: str, proxy: str) -> httpx2.AsyncHTTPTransport:
        # Reading the system's certificates takes time and memory; plain HTTP trusts none.
        needed = scheme == "https" or proxy.startswith("https:")
        plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls = (self._tls or tls_context()) if needed else plain
        if proxy:
            return httpx2.AsyncHTTPTransport(verify=tls, proxy=proxy)
        return _DirectTransport(tls, _CheckedBackend(self._rules, self._resolve))


class _DirectTransport(httpx2.AsyncHTTPTransport):
    """httpx2's transport over a pool that connects to checked addresses."""

    def __init__(self, tls: ssl.SSLContext, backend: _CheckedBackend) -> None:
        super().__init__(verify=tls)
        # httpx2 has no parameter for the backend of its pool; httpcore2's own one is public.
        assert isinstance(self._pool, httpcore2.AsyncConnectionPool)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=backend,
        )


class _CheckedBackend(httpcore2.AnyIOBackend):
    """Connects to those addresses of a host that the rules permit.

    The address that was judged is the one that is connected to: a name that resolves to another
    one a moment later (DNS rebinding) gains nothing. TLS goes on verifying the name.
    """

    def __init__(self, rules: HostRules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first permitted address that answers."""
        addresses = await self._resolve(host, port)
        reasons = {
            address: self._rules.address_refusal(
                host, ipaddress.ip_address(address.partition("%")[0])
            )
            for address in addresses
        }
        permitted = [address for address, reason in reasons.items() if not reason]
        if not permitted:
            raise HostRefused(next(iter(reasons.values())))
        share = None if timeout is None else timeout / len(permitted)
        options = (share, local_address, socket_options)
        for address in permitted[:-1]:
            try:
                return await super().connect_tcp(address, port, *options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await super().connect_tcp(permitted[-1], port, *options)


async def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of *host*, the preferred ones first (RFC 6724).

    Raises:
        httpcore2.ConnectError: It has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise httpcore2.ConnectError(f"{host} cannot be resolved: {reason}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
