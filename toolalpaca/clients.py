"""HTTP clients that speak to APIs."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from toolalpaca import __version__
from toolalpaca.hosts import is_loopback


def new_client(base_url: str, *, keep_cookies: bool = True) -> httpx2.AsyncClient:
    """A client for what is at *base_url*; it follows no redirects by itself.

    Args:
        base_url: Where requests will go, or a URL of the same kind: on this machine or not.
        keep_cookies: Whether a cookie that an answer sets goes with later requests.
    """
    policy = DefaultCookiePolicy(allowed_domains=None if keep_cookies else ())
    return httpx2.AsyncClient(
        follow_redirects=False,
        # A proxy of the environment cannot reach this machine's own servers.
        trust_env=not is_loopback(base_url),
        verify=tls_context(),
        headers={"user-agent": f"toolalpaca/{__version__}"},
        cookies=CookieJar(policy),
    )


def tls_context() -> ssl.SSLContext:
    """Whose certificates are trusted: httpx's own choice, made once for all clients.

    Each client would read the authorities anew, which takes 20 ms and a megabyte.
    """
    return _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=1)
def _tls_context(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    return httpx2.create_ssl_context()
