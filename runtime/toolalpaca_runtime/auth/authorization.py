"""What a request carries to prove who sends it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.calling.serialization import encode
from toolalpaca.openapi.model import Document, Operation, SecurityScheme
from toolalpaca.redaction import MASK
from toolalpaca_runtime.auth.credentials import Credentials, is_basic


@dataclass(frozen=True, slots=True)
class Authorization:
    """What one request carries to prove who sends it.

    Attributes:
        headers: Header names and values.
        query: Query parameter names and values.
        cookies: Cookie names and values.
    """

    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()

    def applied(self, request: PreparedRequest) -> PreparedRequest:
        """*request* with the credentials in it."""
        return replace(
            request,
            headers=(*request.headers, *self.headers),
            query=(*request.query, *(f"{encode(n)}={encode(v)}" for n, v in self.query)),
            cookies=(*request.cookies, *(f"{encode(n)}={encode(v)}" for n, v in self.cookies)),
        )

    def recorded(self, request: PreparedRequest) -> PreparedRequest:
        """*request* with a mask in the place of each credential."""
        return replace(
            request,
            headers=(*request.headers, *((name, MASK) for name, _ in self.headers)),
            query=(*request.query, *(f"{encode(name)}={MASK}" for name, _ in self.query)),
            cookies=(*request.cookies, *(f"{encode(name)}={MASK}" for name, _ in self.cookies)),
        )


def authorize(
    operation: Operation,
    document: Document,
    credentials: Credentials,
    *,
    authority: str = "",
    tokens: Mapping[str, str] | None = None,
) -> Authorization:
    """The credentials of the first alternative that can be met in full, else none.

    Args:
        operation: What is called.
        document: Its document.
        credentials: What there is.
        authority: Host and port that the request goes to; ``""`` when that does not matter.
        tokens: Access tokens, in the place of what *credentials* has for their schemes.
    """
    parts = [
        _authorization(document.security_schemes[name], (tokens or {}).get(name, credentials[name]))
        for name in chosen(operation, document, credentials, authority)
    ]
    return Authorization(
        headers=tuple(pair for part in parts for pair in part.headers),
        query=tuple(pair for part in parts for pair in part.query),
        cookies=tuple(pair for part in parts for pair in part.cookies),
    )


def chosen(
    operation: Operation, document: Document, credentials: Credentials, authority: str = ""
) -> Mapping[str, tuple[str, ...]]:
    """The first alternative that can be met in full, its scopes by scheme; empty for none.

    An operation whose alternatives include "no credentials" is still called with them when they
    are there: an API shows more to those whom it knows.
    """
    for alternative in operation.security:
        if alternative and all(
            _usable(name, document, credentials, authority) for name in alternative
        ):
            return alternative
    return {}


def lacking(operation: Operation, document: Document, credentials: Credentials) -> tuple[str, ...]:
    """The schemes that *operation* needs and has no credentials for; empty when there are none."""
    if not operation.security or not all(operation.security):
        return ()
    missing = [
        tuple(name for name in alternative if not _usable(name, document, credentials))
        for alternative in operation.security
    ]
    return min(missing, key=len)


def _usable(name: str, document: Document, credentials: Credentials, authority: str = "") -> bool:
    return name in document.security_schemes and credentials.may_go_to(name, authority)


def _authorization(scheme: SecurityScheme, secret: str) -> Authorization:
    if scheme.type == "mutualTLS":
        return Authorization()  # the connection shows the certificate
    if scheme.type == "apiKey":
        pair = (scheme.parameter, secret)
        match scheme.location:
            case "query":
                return Authorization(query=(pair,))
            case "cookie":
                return Authorization(cookies=(pair,))
            case _:
                return Authorization(headers=(pair,))
    if is_basic(scheme):
        secret = base64.b64encode(secret.encode()).decode()
    # RFC 6750: OAuth 2.0 and OpenID Connect tokens are bearer tokens.
    word = "Bearer" if scheme.type != "http" or not scheme.scheme else scheme.scheme.capitalize()
    return Authorization(headers=(("authorization", f"{word} {secret}"),))
