"""The journal over HTTP: what was requested, and what became of it, without secrets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive

from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.journal import Entry, Journal
from toolalpaca_mockserver.observation.masking import MaskedExchange, Secrets

_BEAT: Final = 15.0
"""Seconds after which a stream on which nothing happens says so, lest a proxy take it for dead."""
_LAST_WORDS: Final = 1.0
"""Seconds in which a client may read what was on its way when the server stops."""
_AT_ONCE: Final = 50
_GREATEST: Final = 2**53


class Summary(BaseModel):
    """A request and what became of it, in short.

    Attributes:
        id: Larger than those of all before it.
        at: When the request was read (RFC 3339).
        api: The name of the API; empty when none was asked.
        operation: The operation's name; empty when there was none.
        path: As it was sent, without the prefix of a session.
        query: The query string as it was sent.
        source: Where the answer came from.
        reason: Why it came from there.
        problem: What was wrong; empty when nothing was.
        milliseconds: What the answer took.
    """

    id: int
    at: str
    api: str
    operation: str
    method: str
    path: str
    query: str
    status: int
    source: str
    reason: str
    session: str
    problem: str
    milliseconds: float


class Content(BaseModel):
    """The headers and the body of a request or an answer.

    Attributes:
        headers: By name; repeated ones are joined.
        body: As text; null when there is none, or one that is no text.
        size: Of the whole body, in bytes.
        cut: Whether *body* is only its beginning.
    """

    headers: dict[str, str]
    body: str | None
    size: int
    cut: bool


class Shown(Summary):
    """A request and what became of it."""

    request: Content
    answer: Content


class Wanted(BaseModel):
    """Which requests are asked for: those that are all of this.

    Attributes:
        path: May hold ``*`` for any text.
        status: ``404``, or ``4xx`` for all like it.
    """

    model_config = ConfigDict(extra="forbid")

    api: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = Field(None, description="`*` stands for any text")
    status: Annotated[
        str | None, Field(pattern=r"^[1-5]([0-9]{2}|[xX]{2})$", description="as `404` or `4xx`")
    ] = None
    source: str | None = None
    session: str | None = None
    since: int = Field(0, ge=0, le=_GREATEST, description="after the request with this id")

    def includes(self, exchange: Exchange) -> bool:
        """Whether *exchange* is wanted."""
        answer = exchange.answer
        operation = answer.operation.name if answer.operation is not None else ""
        return (
            self.api in (None, answer.api)
            and self.operation in (None, operation)
            and (self.method is None or self.method.upper() == exchange.request.method)
            and (self.path is None or _is_like(exchange.path, self.path))
            and (self.status is None or _is_status(answer.status, self.status))
            and self.source in (None, answer.source)
            and self.session in (None, exchange.session)
        )


class WantedPage(Wanted):
    """Which requests are asked for, and how many of them."""

    limit: int = Field(100, ge=1, le=10_000, description="the newest, when there are more")


def journal_routes(apis: Catalog, journal: Journal | None) -> APIRouter:
    """The routes under ``/requests``.

    Args:
        apis: What is served: their documents say what is secret.
        journal: What is shown; None when none is kept.
    """
    routes = APIRouter(prefix="/requests")
    secrets = Secrets()

    def kept() -> Journal:
        if journal is None:
            raise HTTPException(404, "no requests are kept: the server runs with --journal 0")
        secrets.learn(api.document for api in apis)
        return journal

    @routes.get("")
    async def list_requests(wanted: Annotated[WantedPage, Query()]) -> list[Shown]:
        """The requests that are kept, oldest first, and what became of them."""
        newest = (entry for entry in kept().newest() if entry.id > wanted.since)
        found = islice((e for e in newest if wanted.includes(e.exchange)), wanted.limit)
        return [_shown(entry, secrets) for entry in reversed(list(found))]

    @routes.delete("", status_code=204)
    async def clear_requests() -> None:
        """Forget the requests."""
        kept().clear()

    @routes.get("/stream", response_class=_EventStream)
    async def stream_requests(
        wanted: Annotated[Wanted, Query()],
        last_event_id: Annotated[int | None, Header(ge=0, le=_GREATEST)] = None,
    ) -> Response:
        """The requests as they come, as server-sent events.

        An event `request` holds one in short, `missed` how many are no longer kept because they
        came faster than they were read; `cleared` says that they were forgotten.
        """
        last = wanted.since if last_event_id is None else last_event_id
        events = _events(kept(), wanted, last, secrets)
        return _EventStream(events, kept())

    @routes.get("/{id}")
    async def read_request(id: Annotated[int, Field(le=_GREATEST)]) -> Shown:
        """One request and what became of it."""
        entry = kept().entry(id)
        if entry is None:
            raise HTTPException(404, f"there is no request {id}, or it is no longer kept")
        return _shown(entry, secrets)

    return routes


class _EventStream(StreamingResponse):
    """Events until the client leaves or the journal is closed."""

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[str], journal: Journal, status_code: int = 200
    ) -> None:
        super().__init__(events, status_code, headers={"cache-control": "no-store"})
        self._journal = journal

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Return when the stream must end, though the client may read too slowly to see it."""
        left = asyncio.ensure_future(super().listen_for_disconnect(receive))
        closed = asyncio.ensure_future(self._journal.end())
        try:
            await asyncio.wait((left, closed), return_when=asyncio.FIRST_COMPLETED)
            if not left.done():
                await asyncio.wait((left,), timeout=_LAST_WORDS)
        finally:
            left.cancel()
            closed.cancel()


async def _events(
    journal: Journal, wanted: Wanted, last: int, secrets: Secrets
) -> AsyncIterator[str]:
    """Server-sent events (https://html.spec.whatwg.org/#server-sent-events)."""
    clearings = journal.clearings
    if last > journal.last:  # of a server that was here before
        last = 0
        yield "event: cleared\ndata: {}\n\n"
    yield "retry: 1000\n\n"
    while not journal.closed:
        if journal.clearings != clearings:
            clearings, last = journal.clearings, journal.last - len(journal)
            yield "event: cleared\ndata: {}\n\n"
        for entry in islice(journal.since(last), _AT_ONCE):
            missed, last = entry.id - last - 1 if last else 0, entry.id
            if missed:
                yield f'event: missed\ndata: {{"count":{missed}}}\n\n'
            if wanted.includes(entry.exchange):
                summary = _summary(entry, MaskedExchange(entry.exchange, secrets))
                yield f"id: {entry.id}\nevent: request\ndata: {summary.model_dump_json()}\n\n"
        if last == journal.last:
            try:
                await asyncio.wait_for(journal.changed(last, clearings), _BEAT)
            except TimeoutError:
                yield ": nothing happened\n\n"
        else:
            await asyncio.sleep(0)  # others want to be served, too


def _summary(entry: Entry, masked: MaskedExchange) -> Summary:
    return Summary(**_told(entry, masked))


def _shown(entry: Entry, secrets: Secrets) -> Shown:
    masked = MaskedExchange(entry.exchange, secrets)
    return Shown(
        **_told(entry, masked),
        request=_content(
            masked.request_headers,
            masked.request_body,
            entry.request_size,
            entry.exchange.request.body,
        ),
        answer=_content(
            masked.answer_headers, masked.answer_body, entry.answer_size, entry.exchange.answer.body
        ),
    )


def _told(entry: Entry, masked: MaskedExchange) -> dict[str, Any]:
    exchange = entry.exchange
    answer = exchange.answer
    return {
        "id": entry.id,
        "at": datetime.fromtimestamp(exchange.at, UTC).isoformat(timespec="milliseconds"),
        "api": answer.api,
        "operation": answer.operation.name if answer.operation is not None else "",
        "method": exchange.request.method,
        "path": masked.path,
        "query": masked.query,
        "status": answer.status,
        "source": answer.source,
        "reason": answer.reason,
        "session": exchange.session,
        "problem": masked.problem,
        "milliseconds": round(exchange.milliseconds, 3),
    }


def _content(headers: dict[str, str], body: str | None, size: int, kept: bytes) -> Content:
    return Content(headers=headers, body=body, size=size, cut=size > len(kept))


def _is_like(path: str, pattern: str) -> bool:
    if "*" not in pattern:
        return path == pattern
    return fnmatchcase(path, pattern.replace("[", "[[]").replace("?", "[?]"))


def _is_status(status: int, wanted: str) -> bool:
    return str(status) == wanted or f"{status // 100}xx" == wanted.lower()
