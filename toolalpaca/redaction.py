"""Secrets taken out of texts that others read: traces, observations, logs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"

SHORTEST_MASKED = 4
"""Characters below which a secret is not searched for in texts: everything would match."""


class Redactor:
    """Masks secrets in texts: as they are, percent-encoded, and as JSON writes them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {
            form
            for secret in secrets
            if len(secret) >= SHORTEST_MASKED
            for form in _written(secret)
        }
        # A pattern of many alternatives would be tried at every character, one after another.
        self._longest_first = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """*text* with :data:`MASK` in the place of every secret."""
        for form in self._longest_first:
            text = text.replace(form, MASK)
        return text


def _written(secret: str) -> Iterator[str]:
    yield secret
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
