"""Where URLs lead."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_absolute(url: str) -> bool:
    """Whether *url* names a host that HTTP can reach."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def is_loopback(url: str) -> bool:
    """Whether *url* leads to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
