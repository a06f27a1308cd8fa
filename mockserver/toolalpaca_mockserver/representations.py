"""Values as bytes: JSON, XML, sequences, tables, forms, texts and pictures."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from toolalpaca.openapi.media_types import FORM, essence, is_json, is_xml
from toolalpaca.openapi.model import MediaType
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.csv_text import CSV, is_table, write_csv
from toolalpaca_mockserver.form_text import write_form
from toolalpaca_mockserver.json_text import dump
from toolalpaca_mockserver.reading.multipart import Part, write_multipart
from toolalpaca_mockserver.reading.xml_reading import is_document, stands_for
from toolalpaca_mockserver.sequences import is_sequence, item_contract, write_sequence
from toolalpaca_mockserver.xml import to_xml

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def represent(value: Any, media: MediaType, contract: Contract) -> tuple[str, bytes]:
    """The content type and the bytes of *value*, which is what *contract* says, as *media*."""
    media_type = media.content_type
    if media_type in ("*/*", "application/*", "application/*+json"):
        media_type = "application/json"
    if is_json(media_type):
        return media_type, dump(value)
    if is_sequence(media_type) and not isinstance(value, str):
        values = value if isinstance(value, list) else [value]
        return media_type, write_sequence(values, media_type, contract)
    if media_type.startswith("multipart/") and isinstance(value, list | dict):
        return _multipart(value, media, contract)
    if is_xml(media_type):
        if isinstance(value, str) and is_document(value):  # an example that is written out
            return media_type, value.strip().encode("utf-8", "replace")
        return media_type, to_xml(value, contract)
    if media_type == CSV and is_table(value):
        return f"{CSV}; charset=utf-8", write_csv(value, contract)
    if media_type == FORM and isinstance(value, dict):
        return media_type, write_form(value, media.encoding)
    if media_type.startswith("image/"):
        return ("image/png" if media_type == "image/*" else media_type), _PNG
    if isinstance(value, str):
        kind = "text/plain" if media_type == "text/*" else media_type
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        return kind + charset, value.encode("utf-8", "replace")
    return media_type, dump(value)


def is_sound(example: Any, content_type: str, contract: Contract) -> bool:
    """Whether *example* is what *contract* allows, or the XML or CSV written for such a value."""
    if contract.is_valid(example):
        return True
    if content_type == CSV and isinstance(example, str):
        return contract.types(contract.shape) == {"array"}
    return isinstance(example, str) and is_xml(content_type) and stands_for(example, contract)


def _multipart(
    value: list[Any] | dict[str, Any], media: MediaType, contract: Contract
) -> tuple[str, bytes]:
    """A part for each item, or for each property, whose name it bears (RFC 7578)."""
    if isinstance(value, list):
        items = item_contract(contract)
        parts = [_part("", item, media.item_encoding, items) for item in value]
    else:
        schemas = contract.properties()
        parts = [
            _part(name, item, media.encoding.get(name, {}), contract.part(schemas.get(name, True)))
            for name, item in value.items()
        ]
    boundary, body = write_multipart(parts)
    return f"{media.content_type}; boundary={boundary}", body


def _part(name: str, value: Any, encoding: Mapping[str, Any], contract: Contract) -> Part:
    kind = essence(str(encoding.get("contentType", "")).partition(",")[0])
    kind = kind or ("text/plain" if isinstance(value, str) else "application/json")
    content_type, content = represent(value, MediaType(kind, contract.schema), contract)
    return Part(name, None, content_type, content)
