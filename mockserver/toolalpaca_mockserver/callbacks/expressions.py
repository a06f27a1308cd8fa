"""Runtime expressions (https://spec.openapis.org/oas/v3.1.1#runtime-expressions)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import FORM
from toolalpaca.openapi.references import at_pointer
from toolalpaca_mockserver.json_text import load
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.reading.addressing import split_path
from toolalpaca_mockserver.reading.requests import decode_query, split_pairs

_EMBEDDED = re.compile(r"\{(\$[^{}]*)\}")
_PARAMETER = re.compile(r"\{([^{}]+)\}")


def evaluated(text: str, exchange: Exchange) -> str | None:
    """*text* with its expressions replaced; None when one of them has no value.

    Args:
        text: An expression, or a text with expressions in braces:
            ``https://hooks.example/{$request.body#/id}``.
        exchange: What they speak of.
    """
    if text.startswith("$"):
        return _plain(_value(text, exchange))
    values = {m[1]: _plain(_value(m[1], exchange)) for m in _EMBEDDED.finditer(text)}
    if None in values.values():
        return None
    return _EMBEDDED.sub(lambda match: values[match[1]] or "", text)


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(expression: str, exchange: Exchange) -> Any:
    request, answer = exchange.request, exchange.answer
    simple = {
        "$url": request.origin + request.path + ("?" + request.query if request.query else ""),
        "$method": request.method,
        "$statusCode": answer.status,
    }
    if expression in simple:
        return simple[expression]
    of, _, source = expression.partition(".")
    kind, _, name = source.partition(".")
    if source.startswith("body"):
        raw, content_type = (
            (request.body, request.content_type)
            if of == "$request"
            else (answer.body, answer.content_type)
        )
        return _in_body(raw, content_type, source.removeprefix("body").removeprefix("#"))
    if of == "$response":
        named = {key.lower(): value for key, value in answer.headers.items()}
        return named.get(name.lower()) if kind == "header" else None
    if kind == "header":
        return request.headers.get(name.lower())
    if kind == "query":
        return next((decode_query(raw) for key, raw in request.query_pairs if key == name), None)
    return _in_path(name, exchange) if kind == "path" else None


def _in_body(raw: bytes, content_type: str, pointer: str) -> Any:
    try:
        if content_type == FORM:
            pairs = split_pairs(raw.decode("utf-8", "replace"))
            value: Any = {name: decode_query(text) for name, text in pairs}
        else:
            value = load(raw)
        return at_pointer(value, pointer) if pointer else value
    except (ValueError, DocumentError):
        return None


def _in_path(name: str, exchange: Exchange) -> str | None:
    operation = exchange.answer.operation
    if operation is None:
        return None
    _, path = split_path(operation.path, exchange.request.path)
    pattern = _PARAMETER.sub("([^/]*)", re.sub(r"[.^$*+?()|\\\[\]]", r"\\\g<0>", operation.path))
    match = re.fullmatch(pattern.rstrip("/") + "/?", path)
    names = _PARAMETER.findall(operation.path)
    return unquote(match[names.index(name) + 1]) if match and name in names else None
