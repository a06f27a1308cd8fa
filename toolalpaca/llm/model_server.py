"""The server of a remote model: a question goes out as JSON, the answer comes as events.

httpx2 speaks HTTP and reads the events. Nothing is tried again here; that, and every limit, is the
business of :mod:`toolalpaca.llm.remote`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2

from toolalpaca import __version__
from toolalpaca.clients import tls_context
from toolalpaca.errors import ModelReplyError, ModelUnavailable
from toolalpaca.llm.server_errors import status_error, transport_error
from toolalpaca.llm.settings import ModelSettings
from toolalpaca.logs import conceal
from toolalpaca.openapi.media_types import essence

DONE = "[DONE]"
"""The data of the event that ends a stream of OpenAI's protocol."""

_ACCEPT = "text/event-stream, application/json;q=0.9"
_CONNECT = 10.0  # seconds to reach a server at all; its silence has a longer limit of its own
_LARGEST = 2**22  # bytes of an answer that is no stream, and of an error
_LAST_BYTES = 0.1  # seconds; a server that ends its answer sends them with the last event


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of server: its settings in the environment.

    Attributes:
        url: The variable for the server.
        key: The variable for its key.
        default: The server when none is named but a key is given; ``""`` for none.
    """

    url: str
    key: str
    default: str = ""

    @property
    def reach_hint(self) -> str:
        """What to look at when a server cannot be reached."""
        return f"is it running, and is --model-url (or {self.url}) right?"

    @property
    def key_hint(self) -> str:
        """What to do when a server refuses the key."""
        return f"set {self.key}, or give --model-key"


OPENAI = Service("OPENAI_BASE_URL", "OPENAI_API_KEY", default="https://api.openai.com/v1")


class ModelServer:
    """A server, with the key for it.

    Args:
        url: What paths are appended to.
        key: Sent as a bearer token; ``""`` sends none.
        model: What the server calls the model, for errors; ``""`` when it has only one.
        service: What kind of server it is, for errors.
        timeout: Seconds that it may be silent.

    Attributes:
        key: What no text may show.
        where: The URL, without what stands before an ``@`` in it.

    Raises:
        httpx2.InvalidURL: The URL is none.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        model: str = "",
        service: Service = OPENAI,
        timeout: float = 120.0,
    ) -> None:
        self.key = key
        self._model = model
        self._service = service
        headers = {"User-Agent": f"toolalpaca/{__version__}", "Accept": _ACCEPT}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        # How many requests there may be at once is --model-concurrency's to say.
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers=headers,
            follow_redirects=True,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
            timeout=httpx2.Timeout(timeout, connect=min(_CONNECT, timeout)),
            verify=tls_context(),
        )
        self.where = str(self._client.base_url.copy_with(userinfo=b"")).rstrip("/")

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._client.is_closed

    async def events(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        """The data of each event of the answer to *body*.

        An answer that is no stream but one JSON text is one event.

        Raises:
            ModelUnavailable: The server cannot be reached, refuses the key, does not know the
                model, or is overloaded.
            ModelReplyError: It refuses the request (:class:`RequestRefused`), or its answer breaks
                off or is no such thing.
        """
        if self.closed:
            raise ModelUnavailable("the model has been closed", where=self.where)
        begun = False
        try:
            # Schemas may hold integers that are too long for orjson.
            response = await self._post(path, json.dumps(body).encode())
            try:
                await self._expect_success(response)
                begun = True
                async with aclosing(self._data(response)) as events:
                    async for data in events:
                        yield data
            finally:
                await response.aclose()
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise transport_error(
                error, self.where, self._service.reach_hint, begun=begun
            ) from error
        except httpx2.TooManyRedirects as error:
            raise ModelUnavailable("the server redirects for ever", where=self.where) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, path: str, content: bytes) -> httpx2.Response:
        """Send *content*, which is JSON; of the answer only the head is read."""
        headers = {"Content-Type": "application/json"}
        request = self._client.build_request("POST", path, content=content, headers=headers)
        return await self._client.send(request, stream=True)

    async def _expect_success(self, response: httpx2.Response) -> None:
        if not response.is_success:
            raise status_error(
                response,
                await _beginning(response),
                model=self._model,
                where=self.where,
                key=self.key,
                key_hint=self._service.key_hint,
            )

    async def _data(self, response: httpx2.Response) -> AsyncGenerator[str, None]:
        kind = essence(response.headers.get("content-type", ""))
        if kind.endswith("json"):
            yield (await _beginning(response)).decode("utf-8", "replace")
            return
        if kind != "text/event-stream":
            content = (await _beginning(response)).lstrip()
            what = "a page" if content.startswith(b"<") else repr(kind or "nothing")
            raise ModelReplyError(
                f"the server answers with {what} and no stream of events",
                where=self.where,
                hint="does its URL end as it should, usually in /v1?",
            )
        events = httpx2.EventSource(response).__aiter__()
        async for event in events:
            yield event.data
            if event.data == DONE:
                await _read_out(events)
                return


def open_server(
    name: str,
    settings: ModelSettings,
    service: Service,
    model: str,
    kind: type[ModelServer] = ModelServer,
) -> ModelServer:
    """The server that settings or the environment name.

    Args:
        name: What ``--model`` took, for errors.
        settings: Come before the environment.
        service: Says which variables those are.
        model: What the server calls the model.
        kind: The class to make.

    Raises:
        ModelUnavailable: Neither a server nor a key is given, or one that cannot be.
    """
    url = settings.base_url or os.environ.get(service.url)
    key = (settings.api_key or os.environ.get(service.key) or "").strip()
    conceal([key])
    if not (key.isascii() and key.isprintable()):  # no header could carry it
        raise ModelUnavailable(
            "the key holds characters that are in no key",
            where=name,
            hint=f"look at {service.key} or --model-key",
        )
    if not (url or (key and service.default)):
        raise ModelUnavailable(
            "neither a server nor a key is given" if service.default else "no server is given",
            where=name,
            hint=f"set {service.key} to use OpenAI, or name another server with --model-url or "
            f"{service.url}",
        )
    try:
        return kind(
            url or service.default, key, model=model, service=service, timeout=settings.timeout
        )
    except httpx2.InvalidURL as error:
        raise ModelUnavailable(f"the server's URL is none: {error}", where=name) from error


async def _beginning(response: httpx2.Response) -> bytes:
    """The body, or as much of it as is looked at."""
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _LARGEST:
            break
    return content[:_LARGEST]


async def _read_out(events: Any) -> None:
    """Read to the end of the answer, so that its connection is used again."""
    try:
        async with asyncio.timeout(_LAST_BYTES):
            async for _ in events:
                return  # more than it should be: the connection is closed
    except (TimeoutError, httpx2.TransportError):
        pass
