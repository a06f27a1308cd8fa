"""Bytes in arguments, which are JSON: as text, or as a data URL.

Where the wire has bytes (``format: binary`` of OpenAPI 3.0, a schema without a type in 3.1, a
``contentMediaType`` that is no text, which FastAPI writes, a body such as ``image/png``), a text
stands for its UTF-8 bytes, so that a model can write a CSV file as it is; everything else is a
data URL (RFC 2397)::

    data:image/png;base64,iVBORw0KGgo=

Where a schema has ``contentEncoding``, the encoded text itself is what the wire has, and it is sent
as it is (OpenAPI 3.2, "Working with Binary Data").
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from toolalpaca.calling.serialization import UnusableArgument, plain_text

HINT: Final = "Text, or bytes as a data URL (data:image/png;base64,...)."
"""What the description of such an argument ends with."""

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+(?:;[\w.-]+=[^;,]*)*)?(;base64)?,(.*)", re.S)
_NO_TEXT = ("image/", "audio/", "video/", "font/")
# What says of a value what it is, when there is no type.
_TELLING = frozenset(
    ("type", "$ref", "enum", "const", "properties", "items", "allOf", "anyOf", "oneOf", "pattern")
)


@dataclass(frozen=True, slots=True)
class File:
    """What a text stands for.

    Attributes:
        content: The bytes.
        content_type: What a data URL said they are, ``""`` otherwise.
    """

    content: bytes
    content_type: str = ""


def file_of(value: Any, name: str) -> File:
    """The bytes that *value*, the argument *name*, stands for.

    Raises:
        UnusableArgument: It is a data URL whose base64 is none.
    """
    text = plain_text(value)
    found = _DATA_URL.fullmatch(text)
    if found is None:
        return File(text.encode())
    content_type, encoded, data = found.groups()
    if not encoded:
        return File(unquote_to_bytes(data), content_type or "")
    try:
        return File(base64.b64decode(unquote_to_bytes(data), validate=True), content_type or "")
    except ValueError:
        raise UnusableArgument(f"{name}: the data URL does not hold base64") from None


def is_bytes(schema: Any) -> bool:
    """Whether the wire has bytes where JSON has a text with that schema."""
    if not isinstance(schema, Mapping) or "contentEncoding" in schema:
        return False
    return (
        schema.get("format") == "binary"
        or _TELLING.isdisjoint(schema)
        or _is_no_text(schema.get("contentMediaType"))
        or _is_optional_bytes(schema)
    )


def _is_no_text(media_type: Any) -> bool:
    """Whether no text can have that media type without an encoding (``contentEncoding``)."""
    kind = str(media_type or "").partition(";")[0].strip().lower()
    return kind == "application/octet-stream" or (
        kind.startswith(_NO_TEXT) and not kind.endswith("+xml")
    )


def _is_optional_bytes(schema: Mapping[str, Any]) -> bool:
    """Whether it says: bytes or null."""
    choices = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return False
    others = [choice for choice in choices if choice != {"type": "null"}]
    return bool(others) and all(map(is_bytes, others))


def is_file(schema: Any) -> bool:
    """Whether a part of a form with that schema is a file, and has a file's name."""
    return is_bytes(schema) or (
        isinstance(schema, Mapping)
        and not {"contentEncoding", "contentMediaType"}.isdisjoint(schema)
    )
