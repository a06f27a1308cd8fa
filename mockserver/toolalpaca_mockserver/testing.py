"""A simulated API in tests: what was asked of it, and what it holds.

The pytest fixture ``mock_api`` (pytest_plugin.py) gives one to each test. Nothing here needs more
than the standard library, and what a suite does to its HTTP clients does not matter to it.
"""

from __future__ import annotations

import http.client
import json as json_format
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from toolalpaca_mockserver.own_paths import OWN

_ANYTHING: Final = object()
_MOST: Final = 10_000
_LONGEST: Final = 300
_TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request to a simulated API, and what became of it. Secrets are ``***``.

    Attributes:
        method: Upper case.
        path: As it was sent, without the session's prefix.
        query: Its parameters; of repeated ones the last.
        headers: By lower-case name.
        body: As text; None when there was none, or one that is no text.
        operation: The operation's name; ``""`` when there was none.
        status: Of the answer.
        answer: The answer's body, likewise.
        problem: What was wrong with the request, or ``""``.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str | None
    operation: str
    status: int
    answer: str | None
    problem: str

    def json(self) -> Any:
        """The body as a JSON value; None when it is none."""
        try:
            return json_format.loads(self.body or "")
        except ValueError:
            return None

    def __str__(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        body = f"  {_cut(self.body)}" if self.body else ""
        problem = f"  ({self.problem})" if self.problem else ""
        return f"{self.method} {self.path}{query} -> {self.status}{body}{problem}"


@dataclass(frozen=True)
class MockApi:
    """A simulated API, in a session that nobody else uses.

    Attributes:
        server_url: Scheme and authority.
        session: The session's name.
        names: Of the APIs that the server has.
    """

    server_url: str
    session: str
    names: Sequence[str]
    _since: list[int] = field(default_factory=lambda: [0])

    @property
    def url(self) -> str:
        """What to give the code under test as the API's URL: the session is in it."""
        return f"{self.server_url}/_session/{self.session}"

    @property
    def headers(self) -> dict[str, str]:
        """What to send to :attr:`server_url` instead, to be in the session."""
        return {"toolalpaca-session": self.session}

    def requests(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        operation: str | None = None,
        status: int | str | None = None,
    ) -> list[RecordedRequest]:
        """The requests of this session, oldest first.

        Args:
            method: Of that method.
            path: To that path; ``*`` stands for any text.
            operation: Of the operation with that name.
            status: With that status, or one like ``"4xx"``.
        """
        wanted = {
            "method": method,
            "path": path,
            "operation": operation,
            "status": status,
            "session": self.session,
            "since": self._since[0],
            "limit": _MOST,
        }
        query = urlencode({name: text for name, text in wanted.items() if text is not None})
        return [_recorded(told) for told in self._ask("GET", f"/requests?{query}")]

    def assert_requested(
        self,
        method: str,
        path: str,
        *,
        times: int | None = None,
        json: Any = _ANYTHING,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        status: int | str | None = None,
    ) -> list[RecordedRequest]:
        """Assert that there was such a request, and return all of them.

        Args:
            method: Its method.
            path: Its path; ``*`` stands for any text.
            times: How often; None for at least once.
            json: What its body is, as a JSON value.
            query: Parameters that it had, among others.
            headers: Headers that it had, among others.
            status: The status of the answer, or one like ``"2xx"``.
        """
        __tracebackhide__ = True
        alike = self.requests(method, path, status=status)
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        found = [
            request
            for request in alike
            if (json is _ANYTHING or request.json() == json)
            and (query or {}).items() <= request.query.items()
            and sent.items() <= request.headers.items()
        ]
        if len(found) == times or (times is None and found):
            return found
        asked = {"json": json, "query": query, "headers": headers, "status": status}
        given = {n: v for n, v in asked.items() if v is not None and v is not _ANYTHING}
        raise AssertionError(
            "\n".join(self._failure(f"{method.upper()} {path}", times, given, len(found)))
        )

    def assert_no_problems(self) -> None:
        """Assert that nothing was wrong with any request, as far as the document tells."""
        __tracebackhide__ = True
        wrong = [request for request in self.requests() if request.problem]
        if wrong:
            raise AssertionError(
                "\n".join(["these requests were not sound:", *(f"  {one}" for one in wrong)])
            )

    def reset(self) -> None:
        """Let the session begin anew, and forget what was requested in it."""
        self._ask("DELETE", f"/sessions/{self.session}")
        newest = self._ask("GET", "/requests?limit=1")
        self._since[0] = max([self._since[0], *(told["id"] for told in newest)])

    def seed(
        self, path: str, items: Sequence[Mapping[str, Any]], *, api: str | None = None
    ) -> None:
        """Let a collection hold just *items*.

        Args:
            path: The path that lists them, in the document.
            items: Complete items.
            api: The name of the API; may be left out when there is one alone.

        Raises:
            ValueError: They are not what the document says, or there is no such collection.
        """
        if api is None and len(self.names) > 1:
            raise ValueError(f"say which API {path} belongs to: api={' or '.join(self.names)}")
        name = quote(api or self.names[0], safe="")
        where = f"/sessions/{self.session}/apis/{name}/{quote(path.lstrip('/'), safe='/%')}"
        self._ask("PUT", where, list(items))

    def snapshot(self) -> Any:
        """What the session holds: collections by ``{api}:{path}``, with items by id."""
        return self._ask("GET", f"/sessions/{self.session}")["collections"]

    # -- the server -------------------------------------------------------------------------

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.server_url).netloc, timeout=_TIMEOUT)
        try:
            content = None if body is None else json_format.dumps(body)
            connection.request(method, OWN + path, content, {"content-type": "application/json"})
            answer = connection.getresponse()
            told = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            problem = json_format.loads(told)
            reasons = [reason["message"] for reason in problem.get("errors", ())]
            raise ValueError("; ".join([problem["detail"], *reasons]))
        return json_format.loads(told) if told else None

    def _failure(
        self, what: str, times: int | None, given: Mapping[str, Any], found: int
    ) -> Iterator[str]:
        wanted = "at least once" if times is None else f"{times} times"
        yield f"{what} was requested {found} times, and not {wanted}"
        yield from (f"  with {name}={_cut(repr(value))}" for name, value in given.items())
        everything = self.requests()
        yield "what was requested:" if everything else "nothing was requested"
        yield from (f"  {request}" for request in everything)


def _recorded(told: Mapping[str, Any]) -> RecordedRequest:
    return RecordedRequest(
        method=told["method"],
        path=told["path"],
        query=dict(parse_qsl(told["query"], keep_blank_values=True)),
        headers=told["request"]["headers"],
        body=told["request"]["body"],
        operation=told["operation"],
        status=told["status"],
        answer=told["answer"]["body"],
        problem=told["problem"],
    )


def _cut(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
