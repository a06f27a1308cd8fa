"""Security: any well-formed credential passes, none does not."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection

from toolalpaca.openapi.model import Document, Operation, SecurityScheme
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.reading.tokens import scopes_of

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # token68, RFC 9110, section 11.2


class Guard:
    """Demands the credentials of one operation.

    Args:
        document: Where the schemes are declared.
        operation: What is guarded.
        credentials: The keys, tokens and ``user:password`` pairs that open; None for any.
    """

    def __init__(
        self,
        document: Document,
        operation: Operation,
        credentials: Collection[str] | None = None,
    ) -> None:
        known = document.security_schemes
        self._credentials = credentials
        # A scheme that is not declared cannot be demanded; the document's problems name it.
        self.alternatives: list[list[tuple[SecurityScheme, tuple[str, ...]]]] = [
            [(known[name], scopes) for name, scopes in alternative.items() if name in known]
            for alternative in operation.security
        ]

    def admits(self, request: Request) -> bool:
        """Whether *request* carries well-formed credentials for one of the alternatives."""
        return not self.alternatives or bool(self._satisfied(request))

    def lacking(self, request: Request) -> list[str]:
        """The scopes that the credentials of *request* would have to have, and do not."""
        satisfied = self._satisfied(request)
        lacks = [_lacking(alternative, request) for alternative in satisfied]
        return min(lacks, key=len, default=[])

    def _satisfied(self, request: Request) -> list[list[tuple[SecurityScheme, tuple[str, ...]]]]:
        return [
            alternative
            for alternative in self.alternatives
            if all(self._opens(scheme, request) for scheme, _ in alternative)
        ]

    def _opens(self, scheme: SecurityScheme, request: Request) -> bool:
        if scheme.type == "mutualTLS":
            return True  # a client certificate is the proxy's to see
        credential = _credential(scheme, request)
        return bool(credential) and (self._credentials is None or credential in self._credentials)

    def challenges(self) -> list[str]:
        """``WWW-Authenticate`` values (RFC 9110, section 11.6.1), one for each scheme."""
        schemes = [scheme for alternative in self.alternatives for scheme, _ in alternative]
        return list(dict.fromkeys(_challenge(scheme) for scheme in schemes))

    def demands(self) -> str:
        """What is missing, as a sentence."""
        ways = [" and ".join(_description(s) for s, _ in alt) for alt in self.alternatives if alt]
        return f"the operation needs {' or '.join(dict.fromkeys(ways))}"


def insufficient(scopes: list[str]) -> str:
    """The challenge to a token without *scopes* (RFC 6750, section 3)."""
    plain = re.sub(r'[^\x21-\x7e ]|["\\]', "", " ".join(scopes))
    return f'Bearer realm="toolalpaca", error="insufficient_scope", scope="{plain}"'


def _lacking(
    alternative: list[tuple[SecurityScheme, tuple[str, ...]]], request: Request
) -> list[str]:
    wanted = [scope for _, scopes in alternative for scope in scopes]
    said = [scopes_of(text) for kind, text in _credentials(request) if kind == "bearer"]
    given = next((scopes for scopes in said if scopes is not None), None)
    return [] if given is None else [scope for scope in wanted if scope not in given]


def _credentials(request: Request) -> list[tuple[str, str]]:
    """The schemes, lower case, and the credentials of the ``Authorization`` header.

    Whoever needs two schemes at once sends two headers, which a comma then joins.
    """
    header = request.headers.get("authorization", "")
    pairs = (part.strip().partition(" ") for part in (header, *header.split(",")))
    return [(kind.lower(), credential.strip()) for kind, _, credential in pairs]


def _credential(scheme: SecurityScheme, request: Request) -> str:
    """The credential for *scheme* that *request* carries, ``""`` when there is no sound one."""
    if scheme.type == "apiKey":
        return _api_key(scheme, request)
    wanted = scheme.scheme if scheme.type == "http" else "bearer"
    sent = (credential for kind, credential in _credentials(request) if kind == wanted)
    return next(filter(None, (_sound(wanted, credential) for credential in sent)), "")


def _api_key(scheme: SecurityScheme, request: Request) -> str:
    if scheme.location == "header":
        return request.headers.get(scheme.parameter.lower(), "")
    pairs = request.query_pairs if scheme.location == "query" else request.cookies
    return next((value for name, value in pairs if name == scheme.parameter), "")


def _sound(scheme: str, credential: str) -> str:
    """*credential*, decoded, when it has the form that its scheme gives it, or ``""``."""
    if scheme == "basic":
        return _user_and_password(credential)
    if scheme == "bearer" and _TOKEN.fullmatch(credential) is None:
        return ""
    return credential


def _user_and_password(credential: str) -> str:
    """``user:password`` out of base64 (RFC 7617), or ``""``."""
    try:
        pair = base64.b64decode(credential, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    return pair if ":" in pair else ""


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
