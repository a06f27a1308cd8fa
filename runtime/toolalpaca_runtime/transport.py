"""Requests sent and responses read, with bounds on time, size and where redirects lead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

import httpx2

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.errors import ApiError

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5


class NoAnswer(Exception):
    """The API was reached and did not answer; the text says how, for the model."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one call may take.

    Attributes:
        seconds: From the first byte sent to the last byte read.
        bytes: Of the decoded body; the rest is not read.
    """

    seconds: float = 30.0
    bytes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response as it came.

    Attributes:
        headers: Lower-case names.
        cut_off: Whether the body went on.
        seconds: What the call took, redirects included.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut_off: bool
    seconds: float


async def send(client: httpx2.AsyncClient, request: PreparedRequest, bounds: Bounds) -> RawResponse:
    """Send *request*, follow redirects on its own origin, and read the response.

    A redirect to another origin is the response: credentials and arguments go only where the user
    sent them.

    Raises:
        ApiError: There is nobody at the address.
        NoAnswer: The API was too slow, or broke off.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(bounds.seconds):
            for _ in range(_MOST_REDIRECTS):
                response = await _send_once(client, request, bounds, began)
                following = _redirected(request, response)
                if following is None:
                    return response
                request = following
            return response
    except TimeoutError:
        raise NoAnswer(f"the API did not answer within {bounds.seconds:g} seconds") from None
    except httpx2.ConnectError as error:
        raise ApiError(f"cannot be reached: {error}", where=origin(request.url)) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NoAnswer(f"the API broke off: {type(error).__name__}") from error


async def _send_once(
    client: httpx2.AsyncClient, request: PreparedRequest, bounds: Bounds, began: float
) -> RawResponse:
    message = client.build_request(
        request.method,
        request.full_url,
        headers=[(name.encode(), value.encode()) for name, value in request.all_headers()],
        content=request.body,
        timeout=bounds.seconds,
    )
    response = await client.send(message, stream=True)
    client.cookies.clear()  # calls are independent: what one set, the next must not send
    try:
        body = bytearray()
        cut_off = False
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > bounds.bytes:
                cut_off = True
                break
    finally:
        await response.aclose()
    return RawResponse(
        response.status_code,
        dict(response.headers.items()),
        bytes(body[: bounds.bytes]),
        cut_off,
        time.monotonic() - began,
    )


def _redirected(request: PreparedRequest, response: RawResponse) -> PreparedRequest | None:
    """The request that follows a redirect on the same origin (RFC 9110, section 15.4)."""
    target = response.headers.get("location", "")
    if response.status not in _REDIRECTS or not target:
        return None
    url = urljoin(request.full_url, target)
    if origin(url) != origin(request.url):
        return None
    rewritten = response.status == 303 or (response.status < 303 and request.method == "POST")
    if rewritten and request.method not in ("GET", "HEAD"):
        headers = tuple(pair for pair in request.headers if pair[0] != "content-type")
        return replace(request, method="GET", url=url, query=(), headers=headers, body=None)
    return replace(request, url=url, query=())


def origin(url: str) -> str:
    """Scheme, host and port of *url*, the port even where it is the default.

    >>> origin("https://api.example.com/v1")
    'https://api.example.com:443'
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"
