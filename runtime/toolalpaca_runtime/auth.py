"""Credentials: found by security scheme, put into requests, and kept out of everything else.

A request is recorded *before* its credentials are put in (:meth:`Authorization.recorded` shows
``***`` in their place), and :class:`toolalpaca.redaction.Redactor` masks their values in whatever
comes back, because APIs echo what they were sent.
"""

from __future__ import annotations

import base64
import os
import re
from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.calling.serialization import encode
from toolalpaca.errors import UsageError
from toolalpaca.llm.options import Secret
from toolalpaca.openapi.model import Document, Operation, SecurityScheme
from toolalpaca.redaction import MASK

VARIABLE_PREFIX = "TOOLALPACA_AUTH_"
PLACEHOLDER = "simulated"
"""What a simulated API is given: it takes any credential that is well formed."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret for one security scheme; its text shows in no repr."""

    scheme: str
    secret: Secret


def credential(text: str) -> Credential:
    """``SCHEME=VALUE`` as the type of an argument; the value never shows in an error."""
    scheme, equals, value = text.partition("=")
    if not scheme or not equals or not value:
        raise ArgumentTypeError("a credential is written SCHEME=VALUE")
    return Credential(scheme, Secret(value))


def variable(scheme: str) -> str:
    """The environment variable that holds the credential of *scheme*.

    >>> variable("api-key")
    'TOOLALPACA_AUTH_API_KEY'
    """
    return VARIABLE_PREFIX + re.sub(r"[^A-Za-z0-9]+", "_", scheme).upper()


class Credentials:
    """The secrets of one API's security schemes, by scheme name."""

    def __init__(self, secrets: Mapping[str, Secret] | None = None) -> None:
        self._secrets = dict(secrets or {})

    @classmethod
    def find(
        cls,
        document: Document,
        given: Iterable[Credential] = (),
        environment: Mapping[str, str] = os.environ,
    ) -> Credentials:
        """The credentials that were *given*, and those of the environment for other schemes.

        Raises:
            UsageError: One is for a scheme that the document does not have, or has no form that
                the scheme takes.
        """
        secrets = {
            name: Secret(environment[variable(name)])
            for name in document.security_schemes
            if environment.get(variable(name))
        }
        for item in given:
            if item.scheme not in document.security_schemes:
                known = ", ".join(document.security_schemes) or "none"
                raise UsageError(
                    f"{document.title} has no security scheme {item.scheme!r}",
                    where="--auth",
                    hint=f"its schemes: {known}",
                )
            secrets[item.scheme] = item.secret
        for name, secret in secrets.items():
            _check(document.security_schemes[name], secret)
        return cls(secrets)

    @classmethod
    def placeholders(cls, document: Document) -> Credentials:
        """Well-formed credentials for every scheme of a simulated API; they are no secrets."""
        return cls(
            {
                name: Secret(f"{PLACEHOLDER}:{PLACEHOLDER}" if _is_basic(scheme) else PLACEHOLDER)
                for name, scheme in document.security_schemes.items()
            }
        )

    def __contains__(self, scheme: str) -> bool:
        return scheme in self._secrets

    def __getitem__(self, scheme: str) -> str:
        return self._secrets[scheme].reveal()

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self._secrets)})"

    def texts(self) -> list[str]:
        """Every form in which a secret may come back: plain, base64, the parts of basic."""
        texts = []
        for secret in self._secrets.values():
            text = secret.reveal()
            texts += [text, base64.b64encode(text.encode()).decode()]
            user, colon, password = text.partition(":")
            texts += [password] if colon and user else []
        return [text for text in texts if text not in (PLACEHOLDER, f"{PLACEHOLDER}:{PLACEHOLDER}")]


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


def authorize(operation: Operation, document: Document, credentials: Credentials) -> Authorization:
    """The credentials of the first alternative that can be met in full, else none.

    An operation whose alternatives include "no credentials" is still called with them when they
    are there: an API shows more to those whom it knows.
    """
    for alternative in operation.security:
        if alternative and all(_usable(name, document, credentials) for name in alternative):
            parts = [
                _authorization(document.security_schemes[name], credentials[name])
                for name in alternative
            ]
            return Authorization(
                headers=tuple(pair for part in parts for pair in part.headers),
                query=tuple(pair for part in parts for pair in part.query),
                cookies=tuple(pair for part in parts for pair in part.cookies),
            )
    return Authorization()


def lacking(operation: Operation, document: Document, credentials: Credentials) -> tuple[str, ...]:
    """The schemes that *operation* needs and has no credentials for; empty when there are none."""
    if not operation.security or not all(operation.security):
        return ()
    missing = [
        tuple(name for name in alternative if not _usable(name, document, credentials))
        for alternative in operation.security
    ]
    return min(missing, key=len)


def _usable(name: str, document: Document, credentials: Credentials) -> bool:
    scheme = document.security_schemes.get(name)
    return scheme is not None and name in credentials and scheme.type != "mutualTLS"


def _is_basic(scheme: SecurityScheme) -> bool:
    return scheme.type == "http" and scheme.scheme == "basic"


def _check(scheme: SecurityScheme, secret: Secret) -> None:
    text = secret.reveal()
    if _is_basic(scheme) and ":" not in text:
        raise UsageError(
            f"the credential for {scheme.name!r} lacks its password",
            hint=f"basic credentials are written {scheme.name}=USER:PASSWORD",
        )
    if not text.isprintable():
        raise UsageError(f"the credential for {scheme.name!r} holds control characters")
    if scheme.type == "mutualTLS":
        raise UsageError(f"client certificates ({scheme.name!r}) are not supported yet")


def _authorization(scheme: SecurityScheme, secret: str) -> Authorization:
    if scheme.type == "apiKey":
        pair = (scheme.parameter, secret)
        match scheme.location:
            case "query":
                return Authorization(query=(pair,))
            case "cookie":
                return Authorization(cookies=(pair,))
            case _:
                return Authorization(headers=(pair,))
    if _is_basic(scheme):
        secret = base64.b64encode(secret.encode()).decode()
    # RFC 6750: OAuth 2.0 and OpenID Connect tokens are bearer tokens.
    word = "Bearer" if scheme.type != "http" or not scheme.scheme else scheme.scheme.capitalize()
    return Authorization(headers=(("authorization", f"{word} {secret}"),))
