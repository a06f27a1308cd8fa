"""Values to request bodies: JSON, sequences of it, forms, multipart, text and bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus

from toolalpaca.calling.files import file_of, is_bytes, is_file
from toolalpaca.calling.serialization import (
    UnusableArgument,
    fields,
    json_text,
    plain_text,
    query_text,
)
from toolalpaca.openapi.media_types import FORM, essence, is_json, is_json_sequence, is_xml
from toolalpaca.openapi.model import MediaType, Parameter, Style

_STYLE_FIELDS = ("style", "explode", "allowReserved")
_STYLES: Mapping[Any, Style] = {
    "form": "form",
    "spaceDelimited": "spaceDelimited",
    "pipeDelimited": "pipeDelimited",
    "deepObject": "deepObject",
}


def encode_body(media_type: MediaType, value: Any) -> tuple[str, bytes]:
    """The ``Content-Type`` and the bytes of *value*.

    Args:
        media_type: The representation, with its Encoding Objects.
        value: Any JSON value; for forms an object, for multipart an object or an array of parts.

    Raises:
        UnusableArgument: It cannot be written as that.
    """
    content_type = media_type.content_type
    if content_type == FORM:
        return content_type, form_text(media_type, value).encode()
    if content_type.startswith("multipart/"):
        return _multipart(media_type, value)
    if is_json_sequence(content_type):
        return content_type, _sequence(content_type, value)
    if is_json(content_type) or content_type in ("*/*", "application/*"):
        return ("application/json" if "*" in content_type else content_type), json_text(
            value
        ).encode()
    if content_type.startswith("text/") or is_xml(content_type) or not _has_bytes(media_type):
        charset = "; charset=utf-8" if content_type.startswith("text/") else ""
        return content_type.replace("text/*", "text/plain") + charset, plain_text(value).encode()
    file = file_of(value, "body")
    given = "*" in content_type and (file.content_type or "application/octet-stream")
    return given or content_type, file.content


def _has_bytes(media_type: MediaType) -> bool:
    schema = media_type.schema
    return not (isinstance(schema, dict) and "contentEncoding" in schema)


def _sequence(content_type: str, value: Any) -> bytes:
    """Values one after another: lines, or what RFC 7464 frames."""
    start = b"\x1e" if content_type.endswith("json-seq") else b""
    values = value if isinstance(value, list) else [value]
    if isinstance(value, str):  # lines that are written already
        return value.encode()
    return b"".join(start + json_text(item).encode() + b"\n" for item in values)


# -- application/x-www-form-urlencoded ----------------------------------------------------------


def form_text(media_type: MediaType, value: Any) -> str:
    """A form (``application/x-www-form-urlencoded``), by the Encoding Object of each property.

    An Encoding Object with ``style``, ``explode`` or ``allowReserved`` makes the property behave
    as a query parameter; without, its content type counts, by default ``application/json`` for
    objects and one field an item for arrays (OpenAPI 3.2, "Encoding Object").

    Raises:
        UnusableArgument: *value* is no object.
    """
    found = (_form_field(name, item, media_type) for name, item in _named(value).items())
    return "&".join(field for field in found if field)


def _named(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnusableArgument("body: it is a form, and must be an object with its fields")
    return value


def _form_field(name: str, value: Any, media_type: MediaType) -> str:
    encoding = _encoding(media_type, name)
    if _is_styled(encoding):
        return query_text(_as_parameter(name, encoding), value)
    texts = (_text(item, _chosen_type(encoding)) for item in _items(value))
    # Spaces are "+" here (WHATWG URL, section 5.2), and "%20" where RFC 6570 writes.
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for text in texts)


def _encoding(media_type: MediaType, name: str) -> Mapping[str, Any]:
    encoding = media_type.encoding.get(name)
    return encoding if isinstance(encoding, Mapping) else {}


def _is_styled(encoding: Mapping[str, Any]) -> bool:
    return any(field in encoding for field in _STYLE_FIELDS)


def _as_parameter(name: str, encoding: Mapping[str, Any]) -> Parameter:
    named = encoding.get("style")
    style = _STYLES.get(named, "form") if isinstance(named, str) else "form"
    explode = encoding.get("explode")
    return Parameter(
        name=name,
        location="query",
        required=False,
        schema=True,
        style=style,
        explode=explode if isinstance(explode, bool) else style == "form",
        allow_reserved=encoding.get("allowReserved") is True,
    )


def _items(value: Any) -> list[Any]:
    """What is encoded on its own: each item of an array; null is left out."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if item is not None]


def _text(value: Any, content_type: str) -> str:
    return json_text(value) if _says_json(content_type) else plain_text(value)


def _says_json(content_type: str) -> bool:
    return is_json(essence(content_type))


def _chosen_type(encoding: Mapping[str, Any]) -> str:
    """The first content type that an Encoding Object names; ``""`` for none, or only ranges."""
    declared = encoding.get("contentType")
    named = (part.strip() for part in declared.split(",")) if isinstance(declared, str) else ()
    return next((part for part in named if part and "*" not in part), "")


# -- multipart ----------------------------------------------------------------------------------


def _multipart(media_type: MediaType, value: Any) -> tuple[str, bytes]:
    content_type = media_type.content_type
    content_type = "multipart/form-data" if "*" in content_type else content_type
    parts = list(
        _positional_parts(value, media_type)
        if isinstance(value, list)
        else _named_parts(_named(value), media_type, in_form=content_type == "multipart/form-data")
    )
    # The boundary follows from the parts, so that the same call makes the same request.
    boundary = hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    separator = f"--{boundary}\r\n".encode()
    body = b"".join(separator + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return f"{content_type}; boundary={boundary}", body


def _named_parts(
    value: Mapping[str, Any], media_type: MediaType, *, in_form: bool
) -> Iterator[bytes]:
    for name, item in value.items():
        encoding = _encoding(media_type, name)
        schema = _property(media_type, name)
        if in_form and _is_styled(encoding):
            # "URI percent-encoding MUST NOT be applied" (OpenAPI 3.2, Encoding Object).
            for field, text in fields(_as_parameter(name, encoding), item):
                yield _part(_disposition(field), "text/plain; charset=utf-8", text.encode())
        else:
            for one in _items(item):
                yield _encoded_part(name, one, encoding, schema)


def _encoded_part(
    name: str, value: Any, encoding: Mapping[str, Any], schema: Mapping[str, Any] | None
) -> bytes:
    as_file = is_file(schema) and not isinstance(value, dict | list)
    disposition = _disposition(name, filename=name if as_file else None)
    content_type, content = _content(value, _chosen_type(encoding), schema, name)
    return _part((*disposition, *_headers(encoding)), content_type, content)


def _positional_parts(values: list[Any], media_type: MediaType) -> Iterator[bytes]:
    """Parts without names, as in ``multipart/mixed`` (OpenAPI 3.2, "Encoding By Position")."""
    schema = media_type.schema
    items = schema.get("items") if isinstance(schema, dict) else None
    encoding = media_type.item_encoding
    for value in values:
        content_type, content = _content(value, _chosen_type(encoding), items, "body")
        yield _part(_headers(encoding), content_type, content)


def _content(value: Any, chosen: str, schema: Any, name: str) -> tuple[str, bytes]:
    """The content type of a part and its bytes.

    The defaults are the table at ``contentType`` (OpenAPI 3.2, Encoding Object).
    """
    if isinstance(value, dict | list) or _says_json(chosen):
        return chosen or "application/json", json_text(value).encode()
    if isinstance(value, str) and is_bytes(schema):
        file = file_of(value, name)
        return chosen or file.content_type or "application/octet-stream", file.content
    usual = "application/octet-stream" if is_file(schema) else "text/plain; charset=utf-8"
    return chosen or usual, plain_text(value).encode()


def _property(media_type: MediaType, name: str) -> Mapping[str, Any] | None:
    """The schema of one value of a property; None when the property is not described."""
    schema = media_type.schema
    properties = schema.get("properties") if isinstance(schema, dict) else None
    found = properties.get(name) if isinstance(properties, dict) else None
    if isinstance(found, dict) and isinstance(found.get("items"), dict):
        found = found["items"]
    return found if isinstance(found, dict) else None


def _part(headers: tuple[str, ...], content_type: str, content: bytes) -> bytes:
    head = "\r\n".join([*headers, f"Content-Type: {content_type}"])
    return f"{head}\r\n\r\n".encode() + content


def _disposition(name: str, filename: str | None = None) -> tuple[str, ...]:
    text = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    return (text,) if filename is None else (f'{text}; filename="{_quoted(filename)}"',)


def _headers(encoding: Mapping[str, Any]) -> tuple[str, ...]:
    """The part's headers that have but one value; others nobody could choose."""
    declared = encoding.get("headers")
    lines = []
    for name, header in declared.items() if isinstance(declared, Mapping) else ():
        schema = header.get("schema") if isinstance(header, Mapping) else None
        values = _only_values(schema if isinstance(schema, Mapping) else {})
        if values and name.lower() not in ("content-type", "content-disposition"):
            lines.append(f"{name}: {' '.join(plain_text(values[0]).split())}")
    return tuple(lines)


def _only_values(schema: Mapping[str, Any]) -> list[Any]:
    values = schema.get("enum")
    if isinstance(values, list) and len(values) == 1:
        return values
    return [schema[keyword] for keyword in ("const", "default") if keyword in schema][:1]


def _quoted(text: str) -> str:
    """A name inside quotes (HTML's multipart/form-data encoding algorithm)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
