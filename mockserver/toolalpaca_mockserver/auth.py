"""Security: any well-formed credential passes, none does not."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from toolalpaca.openapi.model import Document, Operation, SecurityScheme
from toolalpaca_mockserver.requests import Request

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # token68, RFC 9110, section 11.2


class Guard:
    """Demands the credentials of one operation.

    Args:
        document: Where the schemes are declared.
        operation: What is guarded.
    """

    def __init__(self, document: Document, operation: Operation) -> None:
        known = document.security_schemes
        # A scheme that is not declared cannot be demanded; the document's problems name it.
        self.alternatives: list[list[SecurityScheme]] = [
            [known[name] for name in alternative if name in known]
            for alternative in operation.security
        ]

    def admits(self, request: Request) -> bool:
        """Whether *request* carries well-formed credentials for one of the alternatives."""
        if not self.alternatives:
            return True
        return any(
            all(_is_satisfied(scheme, request) for scheme in alternative)
            for alternative in self.alternatives
        )

    def challenges(self) -> list[str]:
        """``WWW-Authenticate`` values (RFC 9110, section 11.6.1), one for each scheme."""
        schemes = [scheme for alternative in self.alternatives for scheme in alternative]
        return list(dict.fromkeys(_challenge(scheme) for scheme in schemes))

    def demands(self) -> str:
        """What is missing, as a sentence."""
        ways = [" and ".join(_description(s) for s in alt) for alt in self.alternatives if alt]
        return f"the operation needs {' or '.join(dict.fromkeys(ways))}"


def _is_satisfied(scheme: SecurityScheme, request: Request) -> bool:
    if scheme.type == "apiKey":
        return bool(_api_key(scheme, request))
    if scheme.type == "mutualTLS":
        return True  # a client certificate is the proxy's to see
    wanted = scheme.scheme if scheme.type == "http" else "bearer"
    header = request.headers.get("authorization", "")
    # Whoever needs two schemes at once sends two headers, which a comma then joins.
    for part in (header, *header.split(",")):
        kind, _, credential = part.strip().partition(" ")
        if kind.lower() == wanted and _is_sound(wanted, credential.strip()):
            return True
    return False


def _api_key(scheme: SecurityScheme, request: Request) -> str:
    if scheme.location == "header":
        return request.headers.get(scheme.parameter.lower(), "")
    pairs = request.query_pairs if scheme.location == "query" else request.cookies
    return next((value for name, value in pairs if name == scheme.parameter), "")


def _is_sound(scheme: str, credential: str) -> bool:
    """Whether *credential* has the form that *scheme*, lower case, gives it."""
    if scheme == "basic":
        return _is_basic(credential)
    return _TOKEN.fullmatch(credential) is not None if scheme == "bearer" else bool(credential)


def _is_basic(credential: str) -> bool:
    """Whether it is base64 of ``user:password`` (RFC 7617)."""
    try:
        return b":" in base64.b64decode(credential, validate=True)
    except (binascii.Error, ValueError):
        return False


def _challenge(scheme: SecurityScheme) -> str:
    if scheme.type == "http":
        kind = scheme.scheme.capitalize() or "Bearer"
        return f'{kind} realm="toolalpaca"'
    if scheme.type == "apiKey":
        name = re.sub(r'[^\x20-\x7e]|["\\]', "", scheme.parameter)
        return f'ApiKey realm="toolalpaca", in="{scheme.location}", name="{name}"'
    return 'Bearer realm="toolalpaca"'


def _description(scheme: SecurityScheme) -> str:
    if scheme.type == "apiKey":
        place = {"header": "header", "query": "query parameter", "cookie": "cookie"}
        return f"an API key in the {place.get(scheme.location, 'header')} {scheme.parameter}"
    if scheme.type == "http" and scheme.scheme == "basic":
        return "a user name and password (HTTP Basic)"
    return "a bearer token in the Authorization header"


def credential_names(schemes: Mapping[str, SecurityScheme]) -> frozenset[str]:
    """Names of the parameters that carry API keys, lower case."""
    return frozenset(s.parameter.lower() for s in schemes.values() if s.type == "apiKey")
