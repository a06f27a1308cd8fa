"""A request as it arrived."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from toolalpaca.openapi.media_types import essence

_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes, as sent and decoded."""


@dataclass
class Request:
    """An HTTP request with its body read.

    Attributes:
        method: Upper case, as sent.
        path: The path as sent, percent-encoding included.
        query: The query string as sent, without its question mark.
        headers: By lower-case name; repeated ones are joined by a comma (RFC 9110, section 5.3),
            cookies by a semicolon.
        body: The whole body.
        origin: Scheme and authority of the server as the client addressed it.
        trusted: Whether the server makes it itself, and asks for no credentials.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://localhost"
    trusted: bool = False

    @cached_property
    def query_pairs(self) -> list[tuple[str, str]]:
        """Names, decoded, and values, as sent: how they are delimited may hide in the encoding."""
        return split_pairs(self.query)

    @cached_property
    def query_names(self) -> frozenset[str]:
        """The names in the query."""
        return frozenset(name for name, _ in self.query_pairs)

    @cached_property
    def cookies(self) -> list[tuple[str, str]]:
        """Names and values of the cookies, as sent."""
        pairs = (part.partition("=") for part in self.headers.get("cookie", "").split(";"))
        return [(name.strip(), value.strip()) for name, _, value in pairs if name.strip()]

    @property
    def content_type(self) -> str:
        """The media type of the body, lower case and without parameters; ``""`` if none is said."""
        return essence(self.headers.get("content-type", ""))

    def utf8_body(self) -> bytes:
        """The body of a text, whatever ``charset`` its content type says, in UTF-8.

        Raises:
            ValueError: It is not in that charset, or nobody knows the charset.
        """
        found = _CHARSET.search(self.headers.get("content-type", ""))
        charset = found[1].lower() if found else "utf-8"
        if charset in ("utf-8", "utf8", "us-ascii"):
            return self.body
        try:
            return self.body.decode(charset).encode("utf-8", "replace")
        except LookupError as error:
            raise ValueError(f"the charset {charset} is not understood") from error


def split_pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a query string or a form, names decoded, values as sent.

    >>> split_pairs("a%5B0%5D=x%2Cy&b")
    [('a[0]', 'x%2Cy'), ('b', '')]
    """
    pairs = (part.partition("=") for part in text.split("&") if part)
    return [(unquote_plus(name), value) for name, _, value in pairs]


def decode_query(text: str) -> str:
    """A value of a query string or a form, decoded."""
    return unquote_plus(text)


def decode_path(text: str) -> str:
    """A value out of a path, decoded; ``+`` is itself there."""
    return unquote(text)


def request_of(scope: Mapping[str, Any], body: bytes) -> Request:
    """The request of an ASGI scope (https://asgi.readthedocs.io/en/latest/specs/www.html)."""
    headers = _headers(scope["headers"])
    raw_path: bytes | None = scope.get("raw_path")
    path = raw_path.partition(b"?")[0].decode("latin-1") if raw_path else scope["path"]
    server = scope.get("server") or ("localhost", None)
    authority = headers.get("host") or (f"{server[0]}:{server[1]}" if server[1] else server[0])
    return Request(
        method=scope["method"],
        path=path or "/",
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        origin=f"{scope.get('scheme', 'http')}://{authority}",
    )


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        # httptools leaves white space at the end, which is no part of it (RFC 9110, section 5.5).
        name, value = _name(raw_name), raw_value.decode("latin-1").strip(" \t")
        if name in headers:
            headers[name] += ("; " if name == "cookie" else ", ") + value
        else:
            headers[name] = value
    return headers


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> str:
    """The name of a header; the same text each time, so that requests that are kept share it."""
    return raw.decode("latin-1").lower()
