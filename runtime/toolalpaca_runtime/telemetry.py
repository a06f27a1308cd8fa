"""OpenTelemetry spans of agents, by the semantic conventions for generative AI.

A turn is a span ``invoke_agent {API}``; inside it are ``chat {model}`` for each reply of the model
and ``execute_tool {tool}`` for each call. The spans are made from the events of the trace and have
their times; the loop knows nothing of them.

What people and models say, arguments and results are in a span only where the environment asks for
it, in the variable that instrumentations of generative AI share. Credentials never are: events have
none.

Source: https://github.com/open-telemetry/semantic-conventions-genai (status: development),
``docs/gen-ai/gen-ai-agent-spans.md``, ``client-inference.md`` and ``execute-tool.md``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from toolalpaca import __version__
from toolalpaca.errors import MissingExtra
from toolalpaca.llm.protocol import Usage
from toolalpaca.trace import AssistantEvent, Event, ObservationEvent, Trace, UserEvent

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanKind, Tracer, TracerProvider

CONTENT_VARIABLE: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"

_ASKS_FOR_CONTENT = ("true", "1", "span_only", "span_and_event")
_REMOTE = ("openai", "openai-text", "tgi")
"""Prefixes of models that another process runs: their spans are of the kind CLIENT."""

_SENDS_WITHIN = 5.0
_TIMEOUT_VARIABLES = {"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"}

_LOG = logging.getLogger(__name__)

Attributes = Mapping[str, str | int | float | bool]


@dataclass(slots=True)
class _Turn:
    """A turn that has begun.

    Attributes:
        last: Seconds since the trace began at which the last event happened.
        asked: Those at which the model said what is being done.
        usage: What the turn took so far.
        first: The place of its first event in the trace.
    """

    span: Span
    last: float
    first: int
    usage: Usage = field(default_factory=Usage)
    asked: float = 0.0


class Telemetry:
    """Makes spans of the agents that it listens to.

    Args:
        provider: Where the spans go; by default the application's own
            (``opentelemetry.trace.get_tracer_provider()``).
        content: Whether texts, arguments and results are told; by default what
            :data:`CONTENT_VARIABLE` says.

    Raises:
        MissingExtra: OpenTelemetry is not installed.
    """

    def __init__(
        self, provider: TracerProvider | None = None, *, content: bool | None = None
    ) -> None:
        try:
            from opentelemetry import trace as api
        except ImportError as error:
            raise MissingExtra("opentelemetry-api", "otel") from error
        self._api = api
        self._tracer: Tracer = (provider or api.get_tracer_provider()).get_tracer(
            "toolalpaca", __version__
        )
        self._content = _content_is_asked_for() if content is None else content
        self._turns: dict[str, _Turn] = {}

    def event(self, trace: Trace, event: Event) -> None:
        """Make the span that ends with *event*, if one does."""
        turn = self._turns.get(trace.id) or self._begin(trace, event)
        match event:
            case AssistantEvent():
                turn.usage += event.usage
                self._chat(trace, event, turn)
                turn.asked = event.at
            case ObservationEvent() if event.call is not None:
                self._tool(trace, event, turn)
        turn.last = event.at

    def turn_ended(self, trace: Trace) -> None:
        """End the turn's span."""
        turn = self._turns.pop(trace.id, None)
        if turn is None:
            return
        outcome = trace.outcome
        turn.span.set_attributes(_usage(turn.usage))
        turn.span.set_attribute("toolalpaca.outcome", outcome.status)
        if self._content:
            said = list(_messages(trace.events[turn.first : turn.first + 1]))
            parts = [_text_part(outcome.answer)]
            answer = [{"role": "assistant", "parts": parts, "finish_reason": "stop"}]
            turn.span.set_attribute("gen_ai.input.messages", _json(said))
            turn.span.set_attribute("gen_ai.output.messages", _json(answer))
        if outcome.status in ("failed", "interrupted"):
            self._fail(turn.span, outcome.status)
        turn.span.end(self._time(trace, max(outcome.seconds, turn.last)))

    def _begin(self, trace: Trace, event: Event) -> _Turn:
        attributes: dict[str, str | int] = {
            **self._model(trace),
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": trace.toolset,
            "gen_ai.request.seed": trace.seed,
        }
        if trace.task is not None:
            attributes["toolalpaca.task"] = trace.task
        span = self._tracer.start_span(
            f"invoke_agent {trace.toolset}",
            kind=self._api.SpanKind.INTERNAL,
            attributes=attributes,
            start_time=self._time(trace, event.at),
        )
        turn = _Turn(span, event.at, len(trace.events) - 1)
        self._turns[trace.id] = turn
        return turn

    def _chat(self, trace: Trace, step: AssistantEvent, turn: _Turn) -> None:
        attributes: dict[str, Any] = {
            **self._model(trace),
            "gen_ai.operation.name": "chat",
            **_usage(step.usage),
        }
        if self._content:
            finish = {"finish_reason": "tool_call" if step.calls else "stop"}
            said = [message | finish for message in _messages([step])]
            attributes["gen_ai.input.messages"] = _json(list(_messages(trace.events[:-1])))
            attributes["gen_ai.output.messages"] = _json(said)
        kinds = self._api.SpanKind
        kind = kinds.CLIENT if _provider(trace.model)[0] in _REMOTE else kinds.INTERNAL
        span = self._span(f"chat {_provider(trace.model)[1]}", kind, attributes, trace, turn)
        if step.problem:
            self._fail(span, "unreadable_reply")
        span.end(self._time(trace, step.at))

    def _tool(self, trace: Trace, event: ObservationEvent, turn: _Turn) -> None:
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.conversation.id": trace.id,
            "gen_ai.tool.name": event.tool,
            "gen_ai.tool.call.id": event.call,
            "gen_ai.tool.type": "function",
            "toolalpaca.source": event.source,
        }
        attributes |= _http(event)
        if self._content:
            call = next((call for call in trace.calls() if call.id == event.call), None)
            attributes["gen_ai.tool.call.arguments"] = _json(call.arguments if call else {})
            attributes["gen_ai.tool.call.result"] = event.text
        kind = self._api.SpanKind.INTERNAL
        seconds = event.response.seconds if event.response else 0.0
        # Calls of one step may be made together, but not before it (times in traces are rounded).
        start = max(turn.asked, min(turn.last, event.at - seconds))
        name = f"execute_tool {event.tool}"
        span = self._span(name, kind, attributes, trace, turn, start)
        error = _error(event)
        if error is not None:
            self._fail(span, error)
        span.end(self._time(trace, event.at))

    def _span(
        self,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        trace: Trace,
        turn: _Turn,
        start: float | None = None,
    ) -> Span:
        """A span inside the turn's, from *start* or else the last event on."""
        return self._tracer.start_span(
            name,
            context=self._api.set_span_in_context(turn.span),
            kind=kind,
            attributes=attributes,
            start_time=self._time(trace, turn.last if start is None else start),
        )

    def _fail(self, span: Span, error: str) -> None:
        span.set_attribute("error.type", error)
        span.set_status(self._api.StatusCode.ERROR)

    def _model(self, trace: Trace) -> dict[str, str]:
        provider, model = _provider(trace.model)
        return {
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "gen_ai.conversation.id": trace.id,
        }

    def _time(self, trace: Trace, at: float) -> int:
        """Nanoseconds since the epoch."""
        return int((trace.started.timestamp() + at) * 1e9)


class Export:
    """Telemetry that is sent by OTLP over HTTP while a command runs.

    Where to, with which headers and how fast is told by the variables of the specification
    (``OTEL_EXPORTER_OTLP_ENDPOINT`` and its like); by default to a collector on this machine.

    Raises:
        MissingExtra: The SDK or the exporter is not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise MissingExtra("opentelemetry-sdk", "otel") from error
        named = Resource.create({SERVICE_NAME: "toolalpaca"}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=named, shutdown_on_exit=False)
        timeout = None if _TIMEOUT_VARIABLES & os.environ.keys() else _SENDS_WITHIN
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout)))
        if not _LOG.isEnabledFor(logging.INFO):  # each attempt would be a warning of five lines
            logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        self.telemetry = Telemetry(self._provider)

    def close(self) -> None:
        """Send what is left, in 5 seconds or what the environment says; log when that fails."""
        self._provider.shutdown()


def _content_is_asked_for() -> bool:
    return os.environ.get(CONTENT_VARIABLE, "").strip().lower() in _ASKS_FOR_CONTENT


def _provider(name: str) -> tuple[str, str]:
    """Who runs the model, and the model, by the name that ``--model`` takes.

    >>> _provider("openai:gpt-5"), _provider("baseline")
    (('openai', 'gpt-5'), ('toolalpaca', 'baseline'))
    """
    provider, separator, model = name.partition(":")
    return (provider, model) if separator else ("toolalpaca", name)


def _usage(usage: Usage) -> dict[str, int | float]:
    if not usage.prompt_tokens and not usage.completion_tokens:
        return {}
    counts: dict[str, int | float] = {
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
    }
    if usage.cached_tokens:
        counts["gen_ai.usage.cache_read.input_tokens"] = usage.cached_tokens
    if usage.cost:
        counts["toolalpaca.usage.cost"] = usage.cost  # US dollars; the conventions have no name
    return counts


def _http(event: ObservationEvent) -> dict[str, str | int | bool]:
    """What was sent where, and the status; never a path or a query, where arguments stand."""
    found: dict[str, str | int | bool] = {}
    if event.request is not None:
        parts = urlsplit(event.request.url)
        found["http.request.method"] = event.request.method.upper()
        found["server.address"] = parts.hostname or ""
        if parts.port is not None:
            found["server.port"] = parts.port
    if event.response is not None:
        found["http.response.status_code"] = event.response.status
    if event.conforming is not None:
        found["toolalpaca.conforming"] = event.conforming
    return found


def _error(event: ObservationEvent) -> str | None:
    """The class of error that a call ended with, of low cardinality; None for a success."""
    if event.response is not None:
        return str(event.response.status) if event.response.status >= 400 else None
    if event.request is not None and event.source in ("real", "simulator"):
        return "no_response"
    return "invalid_arguments" if event.source == "validator" else None


def _messages(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """*events* in the schema of ``gen_ai.input.messages``."""
    for event in events:
        match event:
            case UserEvent():
                yield {"role": "user", "parts": [_text_part(event.text)]}
            case AssistantEvent():
                yield {"role": "assistant", "parts": list(_parts(event))}
            case ObservationEvent() if event.call is None:
                yield {"role": "user", "parts": [_text_part(event.text)]}
            case _:
                part = {"type": "tool_call_response", "id": event.call, "response": event.text}
                yield {"role": "tool", "parts": [part]}


def _parts(step: AssistantEvent) -> Iterator[dict[str, Any]]:
    if step.thought:
        yield {"type": "reasoning", "content": step.thought}
    for call in step.calls:
        yield {"type": "tool_call", "id": call.id, "name": call.tool, "arguments": call.arguments}
    if step.answer is not None:
        yield _text_part(step.answer)


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "content": text}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
