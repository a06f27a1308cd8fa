"""Sends what the document says that the API sends, beside the answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca.openapi.outgoing import Outgoing, callbacks_of
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.callbacks.composing import Letter, letter_of
from toolalpaca_mockserver.callbacks.expressions import evaluated
from toolalpaca_mockserver.callbacks.hosts import refusal
from toolalpaca_mockserver.catalog import Catalog, PerApi
from toolalpaca_mockserver.clients import Clients
from toolalpaca_mockserver.json_text import canonical, load
from toolalpaca_mockserver.observation.exchange import Exchange

_CALLBACK: Final = "toolalpaca-callback"
"""The header of what is sent; it holds the name."""
_SECONDS: Final = 10.0
_MOST_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an outgoing request.

    Attributes:
        name: What the document calls it.
        method: Upper case.
        url: Where it went, or would have gone; without its query, which may hold a key.
        status: What it was answered, None when it was not.
        problem: Why not, or ``""``.
        milliseconds: How long it took.
    """

    name: str
    method: str
    url: str
    status: int | None = None
    problem: str = ""
    milliseconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The delivery as a line of ``--json`` output."""
        return {"event": "callback", **asdict(self)}

    def as_line(self) -> str:
        """The delivery as a line for a person."""
        said = f"{self.status} {self.milliseconds:.1f} ms" if self.status else self.problem
        return f"-> {self.method:<7} {self.url} ({self.name}) {said}"


def _keep_quiet(delivery: Delivery) -> None:
    del delivery


class Sender:
    """Listens to exchanges, and sends the callbacks of what was called.

    Args:
        apis: What is served.
        allowed: Hosts that may be sent to besides this machine's own.
        report: Told what became of each.
    """

    def __init__(
        self,
        apis: Catalog,
        allowed: Collection[str] = (),
        report: Callable[[Delivery], None] = _keep_quiet,
    ) -> None:
        self._apis = apis
        self._allowed = frozenset(host.lower() for host in allowed)
        self._report = report
        self._outgoing: PerApi[dict[str, list[Outgoing]]] = PerApi(lambda _: {})
        self._tasks: set[asyncio.Task[Delivery]] = set()
        self._clients = Clients()

    def routes(self, apis: Catalog) -> Any:
        """What is served of webhooks, under ``/_toolalpaca/``."""
        from toolalpaca_mockserver.callbacks.routes import webhook_routes

        return webhook_routes(apis, self)

    def hear(self, exchange: Exchange) -> None:
        """Send what *exchange* calls for, once its answer is sent."""
        operation = exchange.answer.operation
        api = self._apis.named(exchange.answer.api)
        if operation is None or api is None or not 200 <= exchange.answer.status < 300:
            return
        if _CALLBACK in exchange.request.headers:
            return  # or a server that calls itself back would never come to an end
        for outgoing in self._callbacks(api, operation):
            url = evaluated(outgoing.url, exchange)
            if url is not None:
                about = _told(exchange)
                key = f"{operation.name} {canonical(about)}"
                self._start(letter_of(outgoing, url, api, about, key))

    def _callbacks(self, api: Api, operation: Operation) -> list[Outgoing]:
        known = self._outgoing.of(api)
        if operation.name not in known:
            known[operation.name] = callbacks_of(api.document, operation)
        return known[operation.name]

    def _start(self, letter: Letter) -> None:
        if len(self._tasks) >= _MOST_AT_ONCE:
            self._report(_delivery(letter, problem="too many are on their way"))
            return
        task = asyncio.get_running_loop().create_task(self.send(letter))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, letter: Letter) -> Delivery:
        """Send *letter*, and report what became of it."""
        delivery = await self._sent(letter)
        self._report(delivery)
        return delivery

    async def _sent(self, letter: Letter) -> Delivery:
        why = refusal(letter.url, self._allowed)
        if why:
            return _delivery(letter, problem=f"not sent: {why}")
        began = time.perf_counter()
        headers = {_CALLBACK: letter.name.encode("ascii", "replace").decode()}
        if letter.content_type:
            headers["content-type"] = letter.content_type
        import httpx2  # takes a while, and few documents have callbacks

        try:
            # Redirects are not followed: they could lead where nothing may be sent.
            response = await self._clients.to(letter.url).request(
                letter.method,
                letter.url,
                content=letter.body or None,
                headers=headers,
                timeout=_SECONDS,
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return _delivery(letter, problem=f"not delivered: {type(error).__name__}")
        milliseconds = (time.perf_counter() - began) * 1000
        return _delivery(letter, status=response.status_code, milliseconds=milliseconds)

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *raised: object) -> None:
        """What is on its way when the server ends is given up."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._clients.__aexit__()


def _delivery(letter: Letter, **more: Any) -> Delivery:
    url = letter.url.partition("?")[0].partition("#")[0]
    return Delivery(letter.name, letter.method, url, **more)


def _told(exchange: Exchange) -> Any:
    """What the answer tells, or else what the request said."""
    for raw in (exchange.answer.body, exchange.request.body):
        try:
            return load(raw)
        except ValueError:
            continue
    return None
