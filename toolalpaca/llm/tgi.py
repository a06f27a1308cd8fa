"""Hugging Face's Text Generation Inference, by its own routes.

``/generate_stream`` continues a text, and constrains the reply by a JSON Schema or a regular
expression, which its OpenAI-compatible route hides. Its shapes are those of its router, version 3:
https://github.com/huggingface/text-generation-inference/blob/main/docs/openapi.json
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

import httpx2

from toolalpaca.errors import ModelReplyError, UsageError
from toolalpaca.llm.model_server import ModelServer, Service, open_server
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    Finish,
    JsonReply,
    Regex,
    Request,
    Usage,
    joined,
)
from toolalpaca.llm.refusals import Refusals
from toolalpaca.llm.remote import Remote
from toolalpaca.llm.server_errors import BrokenReply, event_error
from toolalpaca.llm.settings import ModelSettings

SERVICE = Service("TGI_BASE_URL", "TGI_API_KEY")

_MOST_STOPS = 4  # --max-stop-sequences, unless the server was started with another


def open_tgi(url: str, settings: ModelSettings) -> Remote:
    """The model ``tgi:URL``. The server is not asked before the first request.

    Raises:
        UsageError: It is no URL.
        ModelUnavailable: The key cannot be one.
    """
    try:
        bare = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise UsageError(f"this is no URL: {error}", where=f"tgi:{url}") from error
    if bare.scheme not in ("http", "https") or not bare.host:
        raise UsageError("this is no URL", where=f"tgi:{url}", hint="write tgi:http://HOST:PORT")
    name = f"tgi:{bare.copy_with(userinfo=b'')}".rstrip("/")
    server = open_server(name, replace(settings, base_url=url), SERVICE, model="")
    return Remote(Tgi(name, server), settings)


class Tgi:
    """The model of a TGI server; it has one.

    Args:
        name: What traces show.
        server: It is closed with the model.
    """

    capabilities = Capabilities(text=True, json_schema=True, regex=True)

    def __init__(self, name: str, server: ModelServer) -> None:
        self.name = name
        self._server = server
        self._refusals = Refusals(name)

    async def stream(self, request: Request) -> AsyncGenerator[str | Completion, None]:
        """Yield pieces of text as they come, and the whole completion last.

        Raises:
            ModelUnavailable: The server cannot be reached, or is overloaded.
            ModelReplyError: It refuses the request, or breaks off or garbles its reply.
        """
        ask = partial(self._reply, joined(request.messages))
        async with aclosing(self._refusals.stream(_parameters(request), ask)) as pieces:
            async for piece in pieces:
                yield piece

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    async def _reply(
        self, prompt: str, parameters: dict[str, Any]
    ) -> AsyncGenerator[str | Completion, None]:
        reply = TgiReply(self._server.key)
        body = {"inputs": prompt, "parameters": parameters}
        try:
            async with aclosing(self._server.events("generate_stream", body)) as events:
                async for data in events:
                    yield reply.take(data)
            completion = reply.completion()
        except BrokenReply as error:
            raise ModelReplyError(
                str(error), where=self._server.where, passing=error.passing
            ) from error
        yield completion


class TgiReply:
    """Collects the events of one reply: a token each, and the details with the last.

    Args:
        key: What no error may show.
    """

    def __init__(self, key: str = "") -> None:
        self._key = key
        self._text: list[str] = []
        self._details: dict[str, Any] | None = None

    def take(self, data: str) -> str:
        """Add an event, and return the text in it.

        Raises:
            BrokenReply: It is none, or an error of the server's.
        """
        try:
            event = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise BrokenReply(f"the reply cannot be read: {error}") from error
        if isinstance(event, dict) and "error" in event:
            # {"error": "Request failed during generation: ...", "error_type": "generation"}
            failure = event_error(event, self._key)
            failure.passing &= event.get("error_type") != "validation"
            raise failure
        token = event.get("token") if isinstance(event, dict) else None
        if not isinstance(token, dict) or not isinstance(token.get("text"), str):
            raise BrokenReply("the server sent an event of another form")
        if isinstance(details := event.get("details"), dict):
            self._details = details
        # The end of a sequence comes as a token, too, which is no part of the text.
        text = "" if token.get("special") else str(token["text"])
        self._text.append(text)
        return text

    def completion(self) -> Completion:
        """The whole reply.

        Raises:
            BrokenReply: It was cut off.
        """
        if self._details is None:
            raise BrokenReply("the server ended its reply in the middle")
        usage = Usage.told(
            prompt=self._details.get("input_length"),  # from version 2.2
            completion=self._details.get("generated_tokens"),
        )
        finish: Finish = "length" if self._details.get("finish_reason") == "length" else "stop"
        return Completion("".join(self._text), usage=usage, finish=finish)


def _parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = {"max_new_tokens": request.max_tokens, "details": True}
    if request.temperature > 0:  # the server wants it to be; without, it decodes greedily
        parameters |= {
            "do_sample": True,
            "temperature": request.temperature,
            "seed": request.seed,
        }
    if request.stop:
        parameters["stop"] = list(request.stop[:_MOST_STOPS])
    match request.constraint:
        case JsonReply(schema=schema):
            parameters["grammar"] = {"type": "json", "value": schema}
        case Regex(pattern=pattern):
            parameters["grammar"] = {"type": "regex", "value": pattern}
    return parameters
