"""Requests sent and responses read, with bounds on time, size and where redirects lead."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin

import httpx2

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.errors import ApiError
from toolalpaca_runtime.auth import Authorization
from toolalpaca_runtime.network.codings import BoundedDecoder, UnreadableCoding
from toolalpaca_runtime.network.hosts import HostRefused, HostRules, host_of
from toolalpaca_runtime.network.origins import origin, same_origin
from toolalpaca_runtime.network.settings import Bounds

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5


class NoAnswer(Exception):
    """The API did not answer, or was not asked; the text says why, for the model.

    Attributes:
        sent: Whether a request reached it.
    """

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response as it came.

    Attributes:
        headers: Lower-case names.
        cut_off: Whether the body went on.
        seconds: What the call took, redirects included.
        note: Why a redirect was not followed, or ``""``.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut_off: bool
    seconds: float
    note: str = ""


async def send(
    client: httpx2.AsyncClient,
    request: PreparedRequest,
    bounds: Bounds,
    *,
    authorization: Authorization | None = None,
    rules: HostRules | None = None,
    redirects: int = _MOST_REDIRECTS,
) -> RawResponse:
    """Send *request*, follow redirects on its own origin, and read the response.

    A redirect to another origin is the response: arguments go only where the user sent them. One to
    a host that *rules* allow by name is followed, and leaves the credentials behind.

    Args:
        client: Sends.
        request: Without its credentials.
        bounds: Of the whole call.
        authorization: The credentials.
        rules: What the user allowed.
        redirects: How many are followed.

    Raises:
        ApiError: There is nobody at the address, or somebody whose certificate is not trusted.
        NoAnswer: The API was too slow, broke off, or is where nothing may be sent.
    """
    authorization = authorization or Authorization()
    began = time.monotonic()
    try:
        async with asyncio.timeout(bounds.seconds):
            prepared = authorization.applied(request)
            for _ in range(redirects + 1):
                response = await _send_once(client, prepared, bounds, began)
                target = _target(prepared, response)
                if not target:
                    return response
                if not same_origin(prepared.url, target):
                    if rules is None or not rules.allows(host_of(target)):
                        return replace(response, note=_not_followed(target))
                    # Neither headers of ours nor cookies: what they hold was meant for the API.
                    bare = tuple(p for p in request.headers if p[0] in ("accept", "content-type"))
                    prepared = replace(prepared, headers=bare, cookies=())
                prepared = _redirected(prepared, response, target)
            return replace(response, note=f"it redirects more than {redirects} times")
    except TimeoutError:
        raise NoAnswer(f"the API did not answer within {bounds.seconds:g} seconds") from None
    except HostRefused as refused:
        raise NoAnswer(f"nothing was sent: {refused}", sent=False) from None
    except httpx2.ConnectError as error:
        raise ApiError(
            f"cannot be reached: {_reason(error)}", where=origin(request.url), hint=_advice(error)
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NoAnswer(f"the API broke off: {type(error).__name__}") from error


def _reason(error: BaseException) -> str:
    """Why a connection failed; certificates in words of ours."""
    cause = certificate_error(error)
    if cause is not None:
        return f"its certificate is not trusted: {cause.verify_message}"
    return str(error) or type(error).__name__


def _advice(error: BaseException) -> str | None:
    if certificate_error(error) is None:
        return None
    return "give --ca-file FILE to trust the authority that issued it"


def certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The refusal of a certificate that *error* came from, if it did."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


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
        decoder = BoundedDecoder(response.headers.get("content-encoding", ""), bounds.bytes)
        async for piece in response.aiter_raw():
            decoder.feed(piece)
            if decoder.cut_off:
                break
    except UnreadableCoding as error:
        raise NoAnswer(f"the API answered {response.status_code}, and {error}") from None
    finally:
        await response.aclose()
    return RawResponse(
        response.status_code,
        dict(response.headers.items()),
        bytes(decoder.body),
        decoder.cut_off,
        time.monotonic() - began,
    )


def _target(request: PreparedRequest, response: RawResponse) -> str:
    """Where *response* redirects to, ``""`` for nowhere."""
    location = response.headers.get("location", "")
    if response.status not in _REDIRECTS or not location:
        return ""
    try:
        url = urljoin(request.full_url, location)
        return url if origin(url) else ""
    except ValueError:
        return ""


def _redirected(request: PreparedRequest, response: RawResponse, url: str) -> PreparedRequest:
    """The request that follows a redirect (RFC 9110, section 15.4)."""
    rewritten = response.status == 303 or (response.status < 303 and request.method == "POST")
    if rewritten and request.method not in ("GET", "HEAD"):
        headers = tuple(pair for pair in request.headers if pair[0] != "content-type")
        return replace(request, method="GET", url=url, query=(), headers=headers, body=None)
    return replace(request, url=url, query=())


def _not_followed(target: str) -> str:
    host = host_of(target)
    return (
        f"it redirects to {origin(target)}, which is not where the document says that the API is; "
        f"that was not followed (--reach {host} allows it)"
    )
