"""Access tokens of OAuth 2.0 clients (RFC 6749, section 4.4), got when needed and kept."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.errors import ApiError
from toolalpaca.hosts import is_absolute, is_loopback
from toolalpaca_runtime.auth.authorization import Authorization

_EARLY: Final = 30.0
"""Seconds before its end from which a token is not used any more."""
_LONGEST_WORDS: Final = 300


class Sender(Protocol):
    """Sends a token request and returns the status and the body of the answer."""

    async def __call__(self, request: PreparedRequest, /) -> tuple[int, bytes]:
        """Send *request* under the rules that all requests are under."""
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """Whose token is wanted, and what for.

    Attributes:
        scheme: The security scheme's name.
        url: The token endpoint, absolute.
        client: ``client_id:client_secret``.
        scopes: What the operation needs.
    """

    scheme: str
    url: str
    client: str = field(repr=False)
    scopes: tuple[str, ...] = ()


class TokenError(ApiError):
    """A token endpoint that gives no token."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    good_until: float


class Tokens:
    """The tokens of this run, one for each grant; who asks at the same time asks once.

    Args:
        send: Sends token requests.
        learn: Told every secret that is got, or made to get one, before anybody else has it.
        clock: Seconds, from any beginning.
    """

    def __init__(
        self,
        send: Sender,
        learn: Callable[[Iterable[str]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._learn = learn
        self._clock = clock
        self._tokens: dict[Grant, _Token] = {}
        self._locks: dict[Grant, asyncio.Lock] = {}

    async def get(self, grant: Grant, refused: str | None = None) -> str:
        """The access token of *grant*: the one there is while it is good, else a new one.

        Args:
            grant: Whose.
            refused: A token that the API has just refused.

        Raises:
            TokenError: The endpoint gives none.
            ApiError: It cannot be reached.
        """
        async with self._locks.setdefault(grant, asyncio.Lock()):
            token = self._tokens.get(grant)
            if token is None or token.text == refused or self._clock() >= token.good_until:
                token = await self._ask(grant)
                self._tokens[grant] = token
            return token.text

    async def _ask(self, grant: Grant) -> _Token:
        _check_endpoint(grant)
        began = self._clock()
        status, body = await self._send(self._request(grant, in_header=True))
        if status in (400, 401):
            # Servers must take the client's secret in the header (section 2.3.1); some do not.
            status, body = await self._send(self._request(grant, in_header=False))
        answer = _parsed(body)
        text = answer.get("access_token")
        if status != 200 or not isinstance(text, str) or not text.isprintable() or not text:
            raise _refused(grant, status, answer)
        self._learn([text])
        if str(answer.get("token_type", "bearer")).lower() != "bearer":
            raise TokenError("gives tokens that are no bearer tokens", where=grant.url)
        return _Token(text, began + _lifetime(answer.get("expires_in")))

    def _request(self, grant: Grant, *, in_header: bool) -> PreparedRequest:
        fields = {"grant_type": "client_credentials"}
        if grant.scopes:
            fields["scope"] = " ".join(grant.scopes)
        name, _, secret = grant.client.partition(":")
        authorization = Authorization()
        if in_header:
            pair = f"{quote_plus(name)}:{quote_plus(secret)}"
            basic = base64.b64encode(pair.encode()).decode()
            self._learn([basic])
            authorization = Authorization(headers=(("authorization", f"Basic {basic}"),))
        else:
            fields |= {"client_id": name, "client_secret": secret}
        headers = (
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
        )
        body = urlencode(fields).encode()
        return authorization.applied(PreparedRequest("POST", grant.url, (), headers, (), body))


def _check_endpoint(grant: Grant) -> None:
    """Refuse an endpoint to which the secret would go readable for everybody (section 2.3.1)."""
    if not is_absolute(grant.url):
        raise TokenError(
            f"the token URL of {grant.scheme!r} is no http:// or https:// URL", where=grant.url
        )
    if urlsplit(grant.url).scheme == "http" and not is_loopback(grant.url):
        raise TokenError(
            f"the secret for {grant.scheme!r} would go there without encryption",
            where=grant.url,
            hint="the document's tokenUrl should begin with https://",
        )


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refused(grant: Grant, status: int, answer: dict[str, Any]) -> TokenError:
    """One line of section 5.2's ``error`` and ``error_description``, where they are there."""
    words = [answer.get("error"), answer.get("error_description")]
    said = ": ".join(word for word in words if isinstance(word, str) and word)[:_LONGEST_WORDS]
    return TokenError(
        f"gives no access token for {grant.scheme!r}: {said or f'it answered {status}'}",
        where=grant.url,
        hint=f"{grant.scheme} is written CLIENT_ID:CLIENT_SECRET",
    )


def _lifetime(value: Any) -> float:
    """Seconds that a token is used; one whose end is not told is used until it is refused."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return float("inf")
    if seconds != seconds or seconds <= 0:  # no number
        return 0.0
    return max(seconds - _EARLY, seconds / 2)
