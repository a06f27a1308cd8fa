"""HTTP clients that speak to APIs."""

from __future__ import annotations

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
        headers={"user-agent": f"toolalpaca/{__version__}"},
        cookies=CookieJar(policy),
    )
