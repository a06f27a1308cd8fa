"""Exchanges without their secrets, for whoever looks at them.

What is secret is told by names: of headers, parameters and properties, of what security schemes
demand, and of placeholders in paths. A secret that is told by its name in one place is masked
wherever else it stands in the same exchange, as in a body that repeats a key.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from toolalpaca.openapi.media_types import FORM, essence, is_json
from toolalpaca.openapi.model import Document
from toolalpaca.redaction import MASK, Redactor
from toolalpaca_mockserver.json_text import load
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.problems import is_secret
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.reading.sessions import SESSION

_LEAST: Final = 8
"""Characters from which a secret is looked for elsewhere: a shorter one would be found in words."""
_COUNTED: Final = re.compile(r"(?i)tokens")
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]+)?")
_KINDS: Final = frozenset({"basic", "bearer", "digest"})


class Secrets:
    """Knows the names of what is secret.

    Args:
        documents: Their security schemes name more than the usual.
    """

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        self._keys: frozenset[str] = frozenset()
        self.learn(documents)

    def learn(self, documents: Iterable[Document]) -> None:
        """Know the names in *documents*, too; what is known once is not forgotten."""
        self._keys |= {
            scheme.parameter.lower()
            for document in documents
            for scheme in document.security_schemes.values()
            if scheme.type == "apiKey"
        }

    def named(self, name: str) -> bool:
        """Whether what is called *name* is secret."""
        return name.lower() in self._keys or is_secret(name)

    def hidden(self, name: str, value: str) -> bool:
        """Whether *value*, called *name*, is secret: how many ``max_tokens`` there are is not."""
        counts = _COUNTED.search(name) is not None and _NUMBER.fullmatch(value) is not None
        return self.named(name) and not counts


class MaskedExchange:
    """What may be shown of an exchange. Made when somebody looks, because it takes a while.

    Args:
        exchange: The exchange.
        secrets: What is secret.

    Attributes:
        path: The path.
        query: The query string, encoded as it was sent.
        problem: What was wrong, or ``""``.
        request_headers: By lower-case name.
        answer_headers: By name as they are sent.
        request_body: As text; None when there is none, or one that is no text.
        answer_body: Likewise.
    """

    def __init__(self, exchange: Exchange, secrets: Secrets) -> None:
        request, answer = exchange.request, exchange.answer
        self._secrets = secrets
        self._found: set[str] = set(_credentials(request))
        answer_headers = dict(answer.headers)
        if answer.content_type:
            answer_headers["content-type"] = answer.content_type
        # Each of these collects secrets; only then is it known what else must be masked.
        self._found.update(exchange.secret_segments)
        query = self._pairs(request.query)
        headers = [self._headers(request.headers), self._headers(answer_headers)]
        bodies = [
            self._body(request.body, request.content_type),
            self._body(answer.body, answer.content_type),
        ]
        redact = Redactor(text for text in self._found if len(text) >= _LEAST)
        self.path, self.query = redact(exchange.path), redact(query)
        self.problem = redact(exchange.problem)
        self.request_headers, self.answer_headers = (
            {name: redact(value) for name, value in found.items()} for found in headers
        )
        self.request_body, self.answer_body = (
            redact(body) if body is not None else None for body in bodies
        )

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {name: self._header(name.lower(), value) for name, value in headers.items()}

    def _header(self, name: str, value: str) -> str:
        if name == "cookie":
            pairs = (part.strip().partition("=") for part in value.split(";"))
            return "; ".join(
                f"{key}={text if key == SESSION else MASK}" for key, _, text in pairs if key
            )
        if not self._secrets.named(name):
            return value
        if name == "set-cookie":
            self._found.add(value.partition(";")[0].partition("=")[2])
            return MASK
        self._found.add(value)
        kind, _, credential = value.partition(" ")
        if kind.lower() in _KINDS:
            self._found.add(credential.strip())
            return f"{kind} {MASK}"
        return MASK

    def _pairs(self, text: str) -> str:
        """A query string or a form with the values of secret names masked."""
        shown = []
        for part in text.split("&"):
            name, equals, value = part.partition("=")
            if equals and self._secrets.hidden(unquote_plus(name), value):
                self._found.update((value, unquote_plus(value)))
                value = MASK
            shown.append(name + equals + value)
        return "&".join(shown)

    def _body(self, body: bytes, content_type: str) -> str | None:
        try:
            text = codecs.getincrementaldecoder("utf-8")().decode(body)  # it may have been cut
        except UnicodeDecodeError:
            return None
        if not text or "\0" in text:
            return None
        kind = essence(content_type)
        if kind == FORM:
            return self._pairs(text)
        try:
            value = load(body) if is_json(kind) or not kind else None
        except ValueError:
            value = None
        masked = self._masked(value)
        # What a JSON parser does not see, such as a property that is there twice, is in the text.
        return self._loose(text) if masked is value else json.dumps(masked, ensure_ascii=False)

    def _masked(self, value: Any) -> Any:
        """*value* without secrets: itself when nothing in it is called like one."""
        if isinstance(value, dict):
            hidden = {name for name, part in value.items() if self._hides(name, part)}
            shown = {
                name: self._hidden(part) if name in hidden else self._masked(part)
                for name, part in value.items()
            }
            return shown if hidden or _differ(shown.values(), value.values()) else value
        if isinstance(value, list):
            parts = [self._masked(part) for part in value]
            return parts if _differ(parts, value) else value
        return value

    def _hides(self, name: str, value: Any) -> bool:
        return self._secrets.hidden(name, str(value) if isinstance(value, int | float) else "")

    def _hidden(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value  # whether there is one is no secret
        self._found.update(_texts(value))
        return MASK

    def _loose(self, text: str) -> str:
        """A text of no known form, or the beginning of one, masked by what it looks like."""
        for name, ending in _FORMS:
            shown, place = [], 0
            while found := name.search(text, place):
                shown.append(text[place : found.end()])
                place = found.end()
                if not self._secrets.named(found["name"]):
                    continue
                end = _end(ending, text, place, found["name"])
                if self._secrets.hidden(found["name"], text[place:end].strip()):
                    self._found.add(text[place:end].strip("\"' \r\n"))
                    shown.append(MASK)
                    place = end
            text = "".join([*shown, text[place:]])
        return text


_FORMS: Final = (
    # A property in JSON; what an object or a list holds is masked to the end of the text.
    (
        re.compile(r'"(?P<name>[^"\\\r\n]{1,100})"\s*:\s*(?=\S)'),
        r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{\[].*|[^\s,}\]]*',
    ),
    # An element of XML with all that is in it, and an attribute.
    (re.compile(r"<(?P<name>[\w:.-]{1,100})(?:\s[^<>]*)?(?<!/)>"), r".*?(?=</{}\s*>|\Z)"),
    (
        re.compile(r"\s(?P<name>[\w:.-]{1,100})\s*=\s*(?=[\"'])"),
        r"\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)",
    ),
    # A part of a form (RFC 7578, section 4.2).
    (
        re.compile(r';\s*name="?(?P<name>[^"\r\n]{1,100})"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n'),
        r".*?(?=\r?\n--|\Z)",
    ),
    # A line of its own: name=value, name: value.
    (
        re.compile(r"^[ \t]*(?P<name>[\w.-]{1,100})[ \t]*[=:][ \t]*(?=[^\s\"'<])", re.MULTILINE),
        r"[^\r\n]*",
    ),
)
"""How texts give a value a name, and what the value then is."""


def _end(value: str, text: str, place: int, name: str) -> int:
    """Where the value ends that begins at *place* and is called *name*."""
    pattern = value.replace("{}", re.escape(name))
    found = re.compile(pattern, re.DOTALL).match(text, place)
    return found.end() if found is not None else len(text)


def _differ(new: Iterable[Any], old: Iterable[Any]) -> bool:
    return any(a is not b for a, b in zip(new, old, strict=True))


def _credentials(request: Request) -> Iterator[str]:
    """The texts that let a client in, wherever they stand."""
    for name, value in request.cookies:
        if name != SESSION:
            yield value
    for part in request.headers.get("authorization", "").split(","):
        credential = part.strip().partition(" ")[2].strip()
        yield credential
        try:
            pair = base64.b64decode(credential, validate=True).decode()
        except (binascii.Error, ValueError):
            continue
        yield pair
        yield pair.partition(":")[2]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
