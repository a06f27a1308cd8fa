"""Values to request bodies: JSON, forms, multipart and text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from toolalpaca.calling.serialization import encode, plain_text, query_text
from toolalpaca.openapi.model import MediaType, Parameter

_STYLE_FIELDS = ("style", "explode", "allowReserved")


def encode_body(media_type: MediaType, value: Any) -> tuple[str, bytes]:
    """The ``Content-Type`` and the bytes of *value*.

    Args:
        media_type: The representation, with its Encoding Objects.
        value: Any JSON value; for forms an object.
    """
    content_type = media_type.content_type
    if content_type == "application/x-www-form-urlencoded":
        return content_type, form_text(media_type, value).encode()
    if content_type.startswith("multipart/"):
        return _multipart(media_type, value)
    if "json" in content_type or "*" in content_type:
        return ("application/json" if "*" in content_type else content_type), orjson.dumps(value)
    charset = "; charset=utf-8" if content_type.startswith("text/") else ""
    return content_type + charset, plain_text(value).encode()


def form_text(media_type: MediaType, value: Mapping[str, Any]) -> str:
    """A form (``application/x-www-form-urlencoded``), by the Encoding Object of each property.

    An Encoding Object with ``style``, ``explode`` or ``allowReserved`` makes the property behave
    as a query parameter; without, its content type counts, by default ``application/json`` for
    objects and one field an item for arrays (OpenAPI 3.1.1, "Common Fixed Fields" of the Encoding
    Object).
    """
    fields = (
        _form_field(name, item, media_type.encoding.get(name, {})) for name, item in value.items()
    )
    return "&".join(field for field in fields if field)


def _form_field(name: str, value: Any, encoding: Mapping[str, Any]) -> str:
    if any(field in encoding for field in _STYLE_FIELDS):
        style = encoding.get("style", "form")
        parameter = Parameter(
            name=name,
            location="query",
            required=False,
            schema=True,
            style=style,
            explode=encoding.get("explode", style == "form"),
            allow_reserved=encoding.get("allowReserved", False),
        )
        return query_text(parameter, value)
    items = value if isinstance(value, list) else [value]
    return "&".join(
        f"{encode(name)}={encode(plain_text(item))}" for item in items if item is not None
    )


def _multipart(media_type: MediaType, value: Mapping[str, Any]) -> tuple[str, bytes]:
    parts = [
        _part(name, item, media_type)
        for name, field in value.items()
        for item in (field if isinstance(field, list) else [field])
        if item is not None
    ]
    # The boundary follows from the parts, so that the same call makes the same request.
    boundary = hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    separator = f"--{boundary}\r\n".encode()
    body = b"".join(separator + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return f"{_form_data(media_type.content_type)}; boundary={boundary}", body


def _form_data(content_type: str) -> str:
    return "multipart/form-data" if "*" in content_type else content_type


def _part(name: str, value: Any, media_type: MediaType) -> bytes:
    disposition = f'form-data; name="{_quoted(name)}"'
    content_type = _part_type(name, value, media_type)
    if _is_file(_property(media_type, name)):
        disposition += f'; filename="{_quoted(name)}"'
    head = f"Content-Disposition: {disposition}\r\nContent-Type: {content_type}\r\n\r\n"
    return head.encode() + plain_text(value).encode()


def _part_type(name: str, value: Any, media_type: MediaType) -> str:
    chosen = str(media_type.encoding.get(name, {}).get("contentType", "")).split(",")[0].strip()
    if chosen and "*" not in chosen:
        return chosen
    if isinstance(value, dict | list):
        return "application/json"
    if _is_file(_property(media_type, name)):
        return "application/octet-stream"
    return "text/plain; charset=utf-8"


def _property(media_type: MediaType, name: str) -> Mapping[str, Any]:
    schema = media_type.schema
    properties = schema.get("properties") if isinstance(schema, dict) else None
    found = properties.get(name) if isinstance(properties, dict) else None
    if isinstance(found, dict) and isinstance(found.get("items"), dict):
        found = found["items"]
    return found if isinstance(found, dict) else {}


def _is_file(schema: Mapping[str, Any]) -> bool:
    return schema.get("format") == "binary" or any(
        keyword in schema for keyword in ("contentMediaType", "contentEncoding")
    )


def _quoted(text: str) -> str:
    """A name inside quotes (HTML's multipart/form-data encoding algorithm)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
