"""Requests and responses as people read them: the text of HTTP/1.1."""

from __future__ import annotations

import json
from http import HTTPStatus
from urllib.parse import urlsplit

from toolalpaca.trace import HttpRequest, HttpResponse


def request_text(request: HttpRequest) -> str:
    """The request line, the headers and the body.

    >>> print(request_text(HttpRequest(method="GET", url="http://a.example/pets?n=1")))
    GET /pets?n=1 HTTP/1.1
    host: a.example
    """
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", f"host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\n".join(lines if request.body is None else [*lines, "", request.body])


def response_head(response: HttpResponse) -> str:
    """The status line and the headers.

    >>> print(response_head(HttpResponse(status=404, headers={"age": "1"})))
    HTTP/1.1 404 Not Found
    age: 1
    """
    headers = [f"{name}: {value}" for name, value in response.headers.items()]
    return "\n".join([f"HTTP/1.1 {status_text(response.status)}", *headers])


def status_text(status: int) -> str:
    """A status code with its usual reason, where it has one.

    >>> status_text(404), status_text(599)
    ('404 Not Found', '599')
    """
    known = HTTPStatus.__members__.values()
    return next((f"{status} {item.phrase}" for item in known if item == status), str(status))


def pretty_json(body: str) -> str:
    """*body* with a member a line where it is an object or an array of JSON, else as it is.

    >>> print(pretty_json('{"id":3}'))
    {
      "id": 3
    }
    """
    if body.lstrip()[:1] not in ("{", "["):
        return body
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        text.encode()  # JSON can escape half a surrogate pair, which no file can hold
    except (ValueError, RecursionError):
        return body
    return text
