"""To whom a server may send what clients make it send.

A client chooses the URL of a callback, so that without bounds it could make the server speak with
what only the server reaches (https://cwe.mitre.org/data/definitions/918.html).
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from toolalpaca.hosts import is_absolute, is_loopback

ANY = "*"


def refusal(url: str, allowed: Collection[str]) -> str:
    """Why nothing is sent to *url*, or ``""``.

    Args:
        url: Where to.
        allowed: Hosts, in lower case, that may be sent to besides this machine's own; ``*`` for
            all.
    """
    try:
        host = (urlsplit(url).hostname or "").lower()
        absolute = is_absolute(url)
    except ValueError:
        host, absolute = "", False
    if not absolute:
        return "it is no http:// or https:// URL"
    if ANY in allowed or host in allowed or is_loopback(url):
        return ""
    return f"the host {host} is not this machine (--callback-host {host} allows it)"
