"""Secrets taken out of texts that others read: traces, observations, logs."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

MASK = "***"

SHORTEST_MASKED = 4
"""Characters below which a secret is not searched for in texts: everything would match."""

_SHORTEST_INSIDE: Final = 8
"""Bytes from which a secret is looked for in the middle of base64."""
_ESCAPED: Final = re.compile(r"\\u[0-9a-fA-F]{4}|\\/")


class Redactor:
    """Masks secrets in texts, however they are written.

    That is as they are, percent-encoded, in base64, and as JSON or HTML writes them.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._longest_first: list[str] = []
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask *secrets*, too, from now on."""
        known = len(self._forms)
        for secret in secrets:
            if _is_searched(secret):
                self._forms.update(
                    form for form in _written(secret) if len(form) >= SHORTEST_MASKED
                )
        if len(self._forms) > known:
            # A pattern of many alternatives would be tried at every character, one after another.
            self._longest_first = sorted(self._forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """*text* with :data:`MASK` in the place of every secret."""
        for form in self._longest_first:
            text = text.replace(form, MASK)
        return text

    def data(self, data: bytes) -> bytes:
        """Data that is no text without secrets."""
        for form in self._longest_first:
            data = data.replace(form.encode("utf-8", "surrogatepass"), MASK.encode())
        return data

    def body(self, text: str, *, cut_off: bool = False) -> str:
        """A body without secrets, also those that JSON hides in escapes.

        Args:
            text: The body.
            cut_off: Whether it goes on: its end may be the beginning of a secret.
        """
        if not self._longest_first:
            return text
        if _ESCAPED.search(text):
            text = self._unescaped(text)
        text = self(text)
        return self._without_beginning(text) if cut_off else text

    def _unescaped(self, text: str) -> str:
        """*text*, or what it says without escapes when a secret shows only then."""
        try:
            plain = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            plain = _ESCAPED.sub(_character, text)
        return plain if self(plain) != plain else text

    def _without_beginning(self, text: str) -> str:
        """*text*, masked where it ends in the beginning of a secret."""
        for form in self._longest_first:
            for size in range(min(len(form) - 1, len(text)), SHORTEST_MASKED - 1, -1):
                if text.endswith(form[:size]):
                    return text[:-size] + MASK
        return text


def _is_searched(form: str) -> bool:
    return len(form) >= SHORTEST_MASKED


def _character(escape: re.Match[str]) -> str:
    if escape[0] == "\\/":
        return "/"
    character = chr(int(escape[0][2:], 16))
    # Half of a pair, and what would end the text that it stands in, stay as they are.
    return escape[0] if "\ud800" <= character <= "\udfff" or character in '"\\' else character


def _written(secret: str) -> Iterator[str]:
    yield secret
    for encoded in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    for ascii_only in (True, False):
        yield json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
    yield html.escape(secret)
    yield from _in_base64(secret.encode("utf-8", "surrogatepass"))


def _in_base64(secret: bytes) -> Iterator[str]:
    """What shows of *secret* in base64 (RFC 4648), wherever it begins in what was encoded."""
    whole = base64.b64encode(secret).decode()
    texts = [whole, whole.rstrip("=")]
    if len(secret) >= _SHORTEST_INSIDE:
        for before in range(3):
            bits = slice(-(-before * 8 // 6), (before + len(secret)) * 8 // 6)
            texts.append(base64.b64encode(b"\0" * before + secret).decode()[bits])
    for text in texts:
        yield text
        yield text.translate(str.maketrans("+/", "-_"))
