"""Bearer tokens of the simulator's own: JSON Web Tokens (RFC 7519) that say what they allow.

Any well-formed token is taken, and allows everything; one that says its scopes allows just those.
Nothing is signed for real: the key is public, and what it opens is simulated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any, Final

import orjson

EXPIRES_IN: Final = 3600
_KEY: Final = b"simulated"
_HEADER: Final = {"alg": "HS256", "typ": "JWT"}
_CLAIMS: Final = ("scope", "scp", "scopes", "permissions")
_LONGEST: Final = 8192


def issue(scopes: Iterable[str]) -> str:
    """A token that allows *scopes*."""
    claims = {"iss": "toolalpaca", "scope": " ".join(scopes)}
    signed = f"{_encode(orjson.dumps(_HEADER))}.{_encode(orjson.dumps(claims))}"
    return f"{signed}.{_encode(hmac.new(_KEY, signed.encode(), hashlib.sha256).digest())}"


def scopes_of(token: str) -> frozenset[str] | None:
    """The scopes that *token* says it has, or None when it says nothing of them."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _LONGEST:
        return None
    try:
        claims: Any = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    said = (
        next((claims[c] for c in _CLAIMS if c in claims), None)
        if isinstance(claims, dict)
        else None
    )
    if isinstance(said, str):
        return frozenset(said.split())
    return frozenset(map(str, said)) if isinstance(said, list) else None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
