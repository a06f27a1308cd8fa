"""Multipart bodies (RFC 2046, section 5.1; form-data is RFC 7578)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value

from toolalpaca.openapi.media_types import essence

_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a multipart body.

    Attributes:
        name: Of the form field; ``""`` when it has none.
        filename: None for a plain field.
        content_type: Lower case, without parameters; ``""`` when it says none.
        content: The bytes as sent.
    """

    name: str
    filename: str | None
    content_type: str
    content: bytes


def read_multipart(body: bytes, content_type: str) -> list[Part]:
    """The parts of *body*, whose whole ``Content-Type`` header is *content_type*.

    Raises:
        ValueError: It is not a multipart body; the message says why.
    """
    boundary = _header(content_type).get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise ValueError("the Content-Type header names no boundary")
    delimiter = b"--" + boundary.encode("latin-1", "replace")
    # With a line break in front, the delimiter at the very start looks like every other.
    sections = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise ValueError("the closing boundary is missing")
    if len(sections) > _MOST_PARTS:
        raise ValueError(f"there are more than {_MOST_PARTS} parts")
    return [_part(section) for section in sections[1:-1]]


def write_multipart(parts: Sequence[Part]) -> tuple[str, bytes]:
    """A boundary that none of *parts* holds, and the body that they are."""
    number = 0
    while any(f"--part-{number}".encode() in part.content for part in parts):
        number += 1
    sections = b"".join(_section(part, f"--part-{number}") for part in parts)
    return f"part-{number}", sections + f"--part-{number}--\r\n".encode()


def _section(part: Part, delimiter: str) -> bytes:
    lines = [delimiter]
    if part.name:
        name = part.name.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'Content-Disposition: form-data; name="{name}"')
    lines.append(f"Content-Type: {part.content_type}")
    return "\r\n".join([*lines, "", ""]).encode() + part.content + b"\r\n"


def _part(section: bytes) -> Part:
    head, separator, content = section.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        head, content = b"", section.removeprefix(b"\r\n\r\n")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition = _header(headers.get("content-disposition", ""))
    field, filename = disposition.get_param("name"), disposition.get_param("filename")
    return Part(
        name=field if isinstance(field, str) else "",
        filename=filename if filename is None else collapse_rfc2231_value(filename),
        content_type=essence(headers.get("content-type", "")),
        content=content,
    )


def _header(value: str) -> Message:
    """A header with parameters, as the standard library reads them."""
    message = Message()
    message["Content-Type"] = value
    return message
