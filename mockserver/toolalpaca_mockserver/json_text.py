"""JSON values as bytes and texts, and back."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

import orjson

_LONG_NUMBER = re.compile(rb"[0-9]{19}")


def dump(value: Any) -> bytes:
    """*value* as JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer of more than 64 bits, which orjson does not write
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def load(raw: bytes) -> Any:
    """The JSON value that *raw* is, whole numbers of any length exact: orjson rounds long ones.

    A byte order mark is passed over, as it may be (RFC 8259, section 8.1).

    Raises:
        orjson.JSONDecodeError: It is no JSON.
    """
    raw = raw.removeprefix(codecs.BOM_UTF8)
    value = orjson.loads(raw)
    if _LONG_NUMBER.search(raw) is None:
        return value
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):  # longer than Python reads, or nested deeper
        return value


def canonical(value: Any) -> str:
    """*value* as a text that is the same for the same value."""
    option = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(value, default=str, option=option).decode("utf-8", "replace")
    except TypeError:
        return json.dumps(value, default=str, sort_keys=True)
