"""Who answers at a URL: scheme, host and port (RFC 6454)."""

from __future__ import annotations

from urllib.parse import urlsplit


def same_origin(url: str, other: str) -> bool:
    """Whether *other* has the origin of *url*, or is its host over TLS at the usual ports."""
    mine, theirs = origin(url), origin(other)
    host = urlsplit(mine).hostname
    return mine == theirs or (
        host == urlsplit(theirs).hostname
        and mine.startswith("http:")
        and mine.endswith(":80")
        and theirs.startswith("https:")
        and theirs.endswith(":443")
    )


def origin(url: str) -> str:
    """Scheme, host and port of *url*, the port even where it is the default.

    >>> origin("https://api.example.com/v1")
    'https://api.example.com:443'
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{bracketed((parts.hostname or '').lower())}:{port}"


def authority(url: str) -> str:
    """Host and port of *url*, the port even where it is the default.

    >>> authority("https://me@api.example.com/v1")
    'api.example.com:443'
    """
    return origin(url).partition("://")[2]


def bracketed(host: str) -> str:
    """*host* as it stands in a URL: an IPv6 address in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]" if ":" in host else host
