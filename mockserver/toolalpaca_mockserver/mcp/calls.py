"""A tool call as a request to the API, and the API's answer as the result of the call.

https://modelcontextprotocol.io/specification/2025-11-25/server/tools#calling-tools
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import mcp_types as protocol
import orjson

from toolalpaca.calling.faults import argument_faults
from toolalpaca.calling.request import UnusableArgument, build_request
from toolalpaca.calling.tools import Tool
from toolalpaca.openapi.media_types import FORM, essence, is_json, is_xml
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.mcp.offer import OfferedTool
from toolalpaca_mockserver.problems import phrase
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.sequences import is_sequence

# What a path may hold as it stands (RFC 3986, section 3.3), and what is encoded already.
_IN_PATH = "/%:@!$&'()*+,;=~"


class Unsound(Exception):
    """Arguments that make no request; the text says what to mend."""


def request_of_call(
    tool: Tool, arguments: Mapping[str, Any], *, prefix: str, origin: str
) -> Request:
    """The request that a call makes.

    Args:
        tool: What is called.
        arguments: As the client sent them.
        prefix: The path in front of the API.
        origin: Scheme and authority of the server.

    Raises:
        Unsound: The arguments do not fit the tool.
    """
    faults = argument_faults(tool, arguments)
    if faults:
        raise Unsound("\n".join(faults))
    try:
        prepared = build_request(tool, arguments, prefix)
    except UnusableArgument as error:
        raise Unsound(str(error)) from error
    path, _, query = prepared.full_url.partition("#")[0].partition("?")
    headers: dict[str, str] = {}
    for name, value in prepared.all_headers():
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known}, {value}"
    return Request(
        prepared.method,
        quote(path, safe=_IN_PATH),
        query,
        headers,
        prepared.body or b"",
        origin,
        trusted=True,
    )


def failed(text: str) -> protocol.CallToolResult:
    """The result of a call that went wrong, for the model to read."""
    return protocol.CallToolResult(content=[protocol.TextContent(text=text)], is_error=True)


def result_of(answer: Answer, request: Request, offered: OfferedTool) -> protocol.CallToolResult:
    """What a call comes to.

    Errors are told with their status, and without structured content: that would have to be what
    a success is. So is an answer, recorded or of the real API, that is not what the document says.
    """
    body = b"" if request.method == "HEAD" else answer.body
    status = f"{answer.status} {phrase(answer.status)}"
    if answer.status >= 400:
        said = _text(body) or answer.headers.get("toolalpaca-problem", "")
        return failed(f"{status}\n{said}".strip())
    structured = _structured(answer, body)
    if offered.result is not None and not offered.result.is_valid(structured):
        return failed(f"{status}, but not as the document says\n{_text(body)}".strip())
    if not body:
        place = next((v for n, v in answer.headers.items() if n.lower() == "location"), None)
        return _told(f"{status}\nLocation: {place}" if place else status)
    result = protocol.CallToolResult(content=[_content(answer, request, body)])
    if isinstance(structured, dict):
        result.structured_content = structured
    return result


def _told(text: str) -> protocol.CallToolResult:
    return protocol.CallToolResult(content=[protocol.TextContent(text=text)])


def _structured(answer: Answer, body: bytes) -> Any:
    """The JSON value of the answer, None when it has none."""
    if not is_json(essence(answer.content_type)):
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _content(answer: Answer, request: Request, body: bytes) -> protocol.ContentBlock:
    media_type = essence(answer.content_type)
    data = base64.b64encode(body).decode()
    if media_type.startswith("image/") and not is_xml(media_type):
        return protocol.ImageContent(data=data, mime_type=media_type)
    if media_type.startswith("audio/"):
        return protocol.AudioContent(data=data, mime_type=media_type)
    if _is_text(media_type):
        return protocol.TextContent(text=_text(body))
    uri = request.origin + request.path
    blob = protocol.BlobResourceContents(uri=uri, mime_type=media_type or None, blob=data)
    return protocol.EmbeddedResource(resource=blob)


def _is_text(media_type: str) -> bool:
    return (
        media_type.startswith("text/")
        or is_json(media_type)
        or is_xml(media_type)
        or is_sequence(media_type)
        or media_type == FORM
    )


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
