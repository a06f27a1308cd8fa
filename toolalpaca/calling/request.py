"""Arguments to an HTTP request: its path, query, headers, cookies and body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from toolalpaca.calling.bodies import encode_body, form_text
from toolalpaca.calling.foreign import foreign_values
from toolalpaca.calling.places import Place
from toolalpaca.calling.serialization import UnusableArgument as UnusableArgument
from toolalpaca.calling.serialization import (
    cookie_text,
    encode,
    header_text,
    json_text,
    path_text,
    plain_text,
    query_text,
)
from toolalpaca.calling.tools import Tool
from toolalpaca.openapi.media_types import FORM, is_json
from toolalpaca.openapi.model import MediaType, Operation, Parameter

_TEMPLATE_PARAMETER = re.compile(r"\{([^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FOLD = re.compile(r"[ \t]*[\r\n]+[ \t]*")
# An empty segment addresses another resource: GET /pets/ lists where GET /pets/7 shows.
_EMPTY = "{}: it stands in the path and cannot be empty"
# What a URL may hold as it stands, and what is encoded already.
_IN_TEMPLATE = "%:/?[]@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request without its credentials.

    Attributes:
        method: Upper case.
        url: Absolute and percent-encoded, without the query.
        query: Parts of the query string, each encoded: ``"tag=a&tag=b"``.
        headers: In the order in which they are sent.
        cookies: Parts of the ``Cookie`` header.
        body: None for no body, which is not the same as an empty one.
    """

    method: str
    url: str
    query: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = ()
    body: bytes | None = None

    @property
    def full_url(self) -> str:
        """The URL with the query."""
        if not self.query:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{'&'.join(self.query)}"

    def all_headers(self) -> list[tuple[str, str]]:
        """The headers with the cookies."""
        cookies = [("cookie", "; ".join(self.cookies))] if self.cookies else []
        return [*self.headers, *cookies]


def build_request(tool: Tool, arguments: Mapping[str, Any], base_url: str) -> PreparedRequest:
    """The request that *tool* makes with *arguments*, which fit its schema.

    None leaves a parameter out, and a property of the body whose schema does not take null.

    Args:
        tool: The tool.
        arguments: By argument name.
        base_url: The URL below which the document's paths are.

    Raises:
        UnusableArgument: A value cannot stand where it belongs: an empty path parameter, a control
            character in a header, an empty array in a query that must have the parameter.
    """
    parts = _Parts()
    body: dict[str, Any] = {}
    whole: list[Any] = []
    if foreign := foreign_values(arguments):
        raise UnusableArgument("; ".join(foreign))
    for name, value in arguments.items():
        place = tool.places.get(name)
        if place is None:
            body[name] = value
        elif place.parameter is not None:
            _place_parameter(name, place.parameter, value, parts)
        elif not place.name:
            whole.append(value)
        elif value is not None or _takes_null(place):
            body[place.name] = value
    content = _body(tool, body, whole)
    headers = [("accept", accepted(tool.operation)), *parts.headers]
    if content is not None:
        headers.append(("content-type", content[0]))
    return PreparedRequest(
        tool.operation.method.upper(),
        # Some documents tell operations of one path apart by a fragment, which is never sent.
        base_url.rstrip("/") + _fill(tool.operation.path.partition("#")[0], parts.path),
        tuple(parts.query),
        tuple(headers),
        tuple(parts.cookies),
        None if content is None else content[1],
    )


@dataclass(slots=True)
class _Parts:
    path: dict[str, str] = field(default_factory=dict)
    query: list[str] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)


def _place_parameter(name: str, parameter: Parameter, value: Any, parts: _Parts) -> None:
    if value is None and not parameter.required:
        return
    if parameter.content_type is not None:
        value = _content(parameter, value)
    text = _written(parameter, value)
    match parameter.location:
        case "path" if text:
            parts.path[parameter.name] = text
        case "path":
            raise UnusableArgument(_EMPTY.format(name))
        case "query" if text:
            parts.query.append(text)
        case "cookie" if text:
            parts.cookies.append(text)
        case "header" if text or isinstance(value, str):
            parts.headers.append((parameter.name, _header(name, text)))
        case _ if parameter.required:
            raise UnusableArgument(
                f"{name}: {plain_text(value)} leaves no trace in a {parameter.location}, and it is "
                "required"
            )


def _header(name: str, text: str) -> str:
    """*text* on one line: a line break is a space in a header (RFC 9110, section 5.5)."""
    line = _FOLD.sub(" ", text).strip()
    if _CONTROL.search(line):
        raise UnusableArgument(f"{name}: a header holds no control characters")
    return line


def _written(parameter: Parameter, value: Any) -> str:
    match parameter.location:
        case "path":
            return path_text(parameter, value)
        case "query" if parameter.whole_query:
            return encode(plain_text(value))
        case "query":
            return query_text(parameter, value)
        case "cookie":
            return cookie_text(parameter, value)
        case _:
            return header_text(parameter, value)


def _content(parameter: Parameter, value: Any) -> str:
    """A parameter whose ``content`` says how it is written."""
    content_type = parameter.content_type or ""
    if content_type == FORM:
        return form_text(MediaType(content_type, parameter.schema), value)
    return json_text(value) if is_json(content_type) else plain_text(value)


def _takes_null(place: Place) -> bool:
    """Whether null is a value of a property (RFC 7396: it deletes) and no way to leave it out."""
    if not isinstance(place.schema, dict):
        return place.schema
    kind = place.schema.get("type")
    if isinstance(kind, str | list):
        return "null" in kind
    return True


def _body(tool: Tool, properties: dict[str, Any], whole: list[Any]) -> tuple[str, bytes] | None:
    if tool.media_type is None:
        return None
    if whole:
        return encode_body(tool.media_type, whole[0])
    takes_whole = any(place.location == "body" and not place.name for place in tool.places.values())
    required = tool.operation.body is not None and tool.operation.body.required
    if takes_whole or not (properties or required):
        return None
    return encode_body(tool.media_type, properties)


def _fill(template: str, values: Mapping[str, str]) -> str:
    """The path with its parameters replaced.

    A segment that has become ``.`` or ``..`` is escaped: a client or a proxy would take it as a
    step to another resource.
    """
    segments = []
    for segment in template.split("/"):
        # What the template itself says is text at the even places, names at the odd ones.
        parts = _TEMPLATE_PARAMETER.split(segment)
        filled = "".join(
            _value(part, values) if place % 2 else quote(part, safe=_IN_TEMPLATE)
            for place, part in enumerate(parts)
        )
        if filled in (".", ".."):
            filled = filled.replace(".", "%2E")
        segments.append(filled)
    return "/".join(segments)


def _value(name: str, values: Mapping[str, str]) -> str:
    if not values.get(name):
        raise UnusableArgument(_EMPTY.format(name))
    return values[name]


def accepted(operation: Operation) -> str:
    """The ``Accept`` header: what the document says that a success answers, JSON first."""
    response = operation.success()
    types = sorted(response.content, key=lambda t: "json" not in t) if response else []
    if not types:
        return "application/json, */*;q=0.5"
    return ", ".join([*dict.fromkeys(types), "*/*;q=0.5"] if "*/*" not in types else types)
