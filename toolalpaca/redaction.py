"""Secrets taken out of texts that others read: traces, observations, logs."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

MASK = "***"

SHORTEST_MASKED = 4
"""Characters below which a secret is not searched for in texts: everything would match."""

_SHORTEST_INSIDE: Final = 8
"""Bytes from which a secret is looked for in the middle of base64."""
_DEEPEST: Final = 4
"""Encodings within each other that are undone in search of a secret."""
_ESCAPED: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\/"
)


class Redactor:
    """Masks secrets in texts, however they are written.

    That is as they are, percent-encoded, in base64, as JSON and HTML write them, and all of these
    within each other.
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
        """*text* with :data:`MASK` in the place of every secret.

        Where a secret shows only once something is decoded, so is the text.
        """
        if not self._longest_first:
            return text
        text = self._masked(text)
        while (plain := self._hidden_in(text)) is not None:
            text = self._masked(plain)
        return text

    def beginning(self, text: str) -> str:
        """The beginning of a text, likewise; what it ends in may be the beginning of a secret."""
        text = self(text)
        for form in self._longest_first:
            for size in range(min(len(form) - 1, len(text)), SHORTEST_MASKED - 1, -1):
                if text.endswith(form[:size]):
                    return text[:-size] + MASK
        return text

    def data(self, data: bytes) -> bytes:
        """Data that is no text without secrets."""
        for form in self._longest_first:
            data = data.replace(form.encode("utf-8", "surrogatepass"), MASK.encode())
        return data

    def _masked(self, text: str) -> str:
        for form in self._longest_first:
            text = text.replace(form, MASK)
        return text

    def _shows(self, text: str) -> bool:
        return any(form in text for form in self._longest_first)

    def _hidden_in(self, text: str) -> str | None:
        """*text* with so many layers of encodings undone that a secret shows, if there is one."""
        layer, seen = [text], {text}
        for _ in range(_DEEPEST):
            inner = []
            for plain in (plain for outer in layer for plain in _decoded(outer)):
                if plain not in seen:
                    if self._shows(plain):
                        return plain
                    seen.add(plain)
                    inner.append(plain)
            layer = inner
        return None


def _decoded(text: str) -> Iterator[str]:
    """What *text* says when one layer of an encoding that it may be in is undone."""
    if _ESCAPED.search(text):
        try:
            yield json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            yield _ESCAPED.sub(_character, text)
    if "%" in text:
        yield unquote(text)
        yield unquote_plus(text)
    if "&" in text:
        yield html.unescape(text)


def _is_searched(form: str) -> bool:
    return len(form) >= SHORTEST_MASKED


def _character(escape: re.Match[str]) -> str:
    if escape[0] == "\\/":
        return "/"
    return bytes.fromhex(escape[0].replace("\\u", "")).decode("utf-16-be", "replace")


def _written(secret: str) -> Iterator[str]:
    encoded = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    for text in {secret, *encoded}:
        yield text
        yield from _in_base64(text.encode("utf-8", "surrogatepass"))
    for text in encoded:
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), text)
    for ascii_only in (True, False):
        yield json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
    yield html.escape(secret)


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
