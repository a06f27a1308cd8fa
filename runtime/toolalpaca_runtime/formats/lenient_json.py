"""Reading the JSON object that a model meant, as long as there is one way to read it."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, NoReturn

import orjson

_FENCE = re.compile(r"^\s*```[A-Za-z]*\s*|\s*```\s*$")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
# Python's reader of literals is for short texts: its depth and time grow with them.
_LITERAL = 10_000


def read_object(text: str) -> dict[str, Any] | str:
    """The object at the start of *text*, or why there is none, as a clause.

    Code fences, trailing commas, Python's quotes and constants, and text after the object are
    forgiven; an empty text is an empty object. Never raises.
    """
    text = _FENCE.sub("", _FENCE.sub("", text)).strip()
    if not text:
        return {}
    value = _read(text)
    if isinstance(value, _Unreadable):
        return value.reason
    if not isinstance(value, dict):
        return "it is JSON but no object"
    try:
        # What a trace cannot hold (lone surrogates, integers beyond 64 bits) is no JSON for us.
        orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError) as error:
        return str(error)
    return value


class _Unreadable:
    def __init__(self, reason: str) -> None:
        self.reason = reason


def _read(text: str) -> Any:
    first: str | None = None
    for candidate in dict.fromkeys((text, _without_trailing_commas(text))):
        try:
            return _DECODER.raw_decode(candidate)[0]
        except (ValueError, RecursionError) as error:
            first = first or (str(error) or "it is nested too deeply")
    literal = _python_literal(text)
    return _Unreadable(first or "") if literal is None else literal


def _without_trailing_commas(text: str) -> str:
    # Inside a string a comma before a bracket is text: leave texts alone where that could be.
    return text if re.search(r'"[^"]*,\s*[}\]][^"]*"', text) else _TRAILING_COMMA.sub(r"\1", text)


def _python_literal(text: str) -> dict[str, Any] | None:
    """A dictionary as Python writes it, or None."""
    end = text.rfind("}")
    if not text.startswith("{") or end < 0 or end > _LITERAL:
        return None
    source = re.sub(r"(?<=[:\[,])\s*(true|false|null)\b", _python_word, text[: end + 1])
    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None
    is_plain = isinstance(value, dict) and _is_json(value)
    return value if is_plain else None


def _python_word(match: re.Match[str]) -> str:
    return {"true": "True", "false": "False", "null": "None"}[match[1]]


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_json(v) for k, v in value.items())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    return value is None or isinstance(value, (str, int, float, bool))


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
