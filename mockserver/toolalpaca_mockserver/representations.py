"""Values as bytes: JSON, XML, texts and pictures."""

from __future__ import annotations

import base64
import codecs
import json
import re
from typing import Any

import orjson

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.negotiation import is_json, is_sequence, is_xml
from toolalpaca_mockserver.xml import to_xml
from toolalpaca_mockserver.xml_reading import is_document, stands_for

_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def represent(value: Any, media_range: str, contract: Contract) -> tuple[str, bytes]:
    """The content type and the bytes of *value*."""
    media_type = media_range.partition(";")[0].strip().lower()
    if media_type in ("*/*", "application/*"):
        media_type = "application/json"
    if is_json(media_type):
        return media_type, dump(value)
    if is_sequence(media_type) and isinstance(value, list):
        start = b"\x1e" if media_type == "application/json-seq" else b""  # RFC 7464
        return media_type, b"".join(start + dump(item) + b"\n" for item in value)
    if media_type == "text/event-stream" and isinstance(value, list):
        return media_type, b"".join(b"data: " + dump(item) + b"\n\n" for item in value)
    if is_xml(media_type):
        if isinstance(value, str) and is_document(value):  # an example that is written out
            return media_type, value.strip().encode("utf-8", "replace")
        return media_type, to_xml(value, contract)
    if media_type.startswith("image/"):
        return ("image/png" if media_type == "image/*" else media_type), _PNG
    if isinstance(value, str):
        kind = "text/plain" if media_type == "text/*" else media_type
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        return kind + charset, value.encode("utf-8", "replace")
    return media_type, dump(value)


def is_sound(example: Any, content_type: str, contract: Contract) -> bool:
    """Whether *example* is what *contract* allows, or the XML that is written for such a value."""
    if contract.is_valid(example):
        return True
    return isinstance(example, str) and is_xml(content_type) and stands_for(example, contract)


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
