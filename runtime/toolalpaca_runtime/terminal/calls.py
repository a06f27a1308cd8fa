"""The calls of a conversation as a person counts them, and one of them in full."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import Call, HttpRequest, HttpResponse, ObservationEvent, Trace
from toolalpaca_runtime.event_text import printable
from toolalpaca_runtime.http_text import pretty_json, status_text


def counted_calls(trace: Trace) -> list[Call]:
    """The calls in the order of their numbers, from 1. Questions to the user are not counted."""
    return [call for call in trace.calls() if call.tool != ASK_TOOL]


def call_details(call: Call, observation: ObservationEvent | None) -> str:
    """Everything about a call: arguments, request, response, and what the model was told."""
    return printable("\n".join(_lines(call, observation)))


def _lines(call: Call, observation: ObservationEvent | None) -> Iterator[str]:
    yield call.tool
    yield from _section("arguments", json.dumps(call.arguments, indent=2, ensure_ascii=False))
    if observation is None:
        yield "It was interrupted."
        return
    if observation.request is not None:
        yield from _request(observation.request)
    if observation.response is not None:
        yield from _response(observation.response, observation)
    for file in observation.files:
        yield f"kept as {file.name} ({file.content_type}, {file.size:,} bytes)"
    if observation.response is None or observation.files:
        yield from _section("what the model was told", observation.text)


def _request(request: HttpRequest) -> Iterator[str]:
    yield from _section("request", f"{request.method.upper()} {request.url}")
    yield from _message(request.headers, request.body)


def _response(response: HttpResponse, observation: ObservationEvent) -> Iterator[str]:
    who = {"real": "the API"}.get(observation.source, observation.source)
    broken = ", breaks its document" if observation.conforming is False else ""
    yield from _section(
        "response", f"{status_text(response.status)} from {who} in {response.seconds:.3f} s{broken}"
    )
    yield from _message(response.headers, response.body)


def _message(headers: Mapping[str, str], body: str | None) -> Iterator[str]:
    yield from _indented("\n".join(f"{name}: {value}" for name, value in headers.items()))
    if body:
        yield ""
        yield from _indented(pretty_json(body))


def _section(title: str, text: str) -> Iterator[str]:
    yield ""
    yield title
    yield from _indented(text)


def _indented(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"  {line}"
