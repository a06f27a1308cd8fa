"""One trace as HTML: the conversation to be read, everything behind it folded away.

What a model, an API or a user wrote is hostile until it is escaped: every text goes through
:func:`_text` or :func:`_attribute`, and no script, style or URL is ever made of one.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence

from toolalpaca.counting import counted
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    HttpRequest,
    HttpResponse,
    ObservationEvent,
    Trace,
    UserEvent,
)
from toolalpaca_runtime.event_text import call_line
from toolalpaca_runtime.http_text import pretty_json
from toolalpaca_runtime.traces.summary import (
    answered_at,
    began,
    durations,
    first_words,
    notes,
    time_parts,
    totals,
    usage_parts,
)

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_FIRST_WORDS = 110
_LONGEST_LINE = 300


def trace_article(trace: Trace, anchor: str = "trace", *, opened: bool = True) -> str:
    """*trace* as an ``<article>`` for a page with the style sheet of ``page_files/``.

    Args:
        trace: The run, finished or not.
        anchor: The id of the element; letters, digits and ``-``.
        opened: Whether it is unfolded.
    """
    return _Article(trace, anchor).html(opened)


def headline(trace: Trace) -> str:
    """The user's first words as escaped HTML, cut to a line."""
    words = first_words(trace) or "(nothing was said)"
    return _text(words if len(words) <= _FIRST_WORDS else f"{words[:_FIRST_WORDS]}…")


def outcome_badge(trace: Trace) -> str:
    """The outcome as a word in its colour."""
    status = trace.outcome.status
    return f'<span class="outcome {status}">{status}</span>'


class _Article:
    def __init__(self, trace: Trace, anchor: str) -> None:
        self._trace = trace
        self._anchor = anchor
        self._answered_at = answered_at(trace)
        self._durations = durations(trace)
        self._shown: set[int] = set()
        self._steps = 0

    def html(self, opened: bool) -> str:
        trace = self._trace
        events = "".join(
            self._event(event, place)
            for place, event in enumerate(trace.events)
            if place not in self._shown
        )
        return (
            f'<article class="trace" data-outcome="{trace.outcome.status}">'
            f"<details{' open' if opened else ''}>"
            f"<summary><h2>{headline(trace)}</h2> {outcome_badge(trace)}</summary>"
            f'<div class="columns" id="{self._anchor}">'
            f'<div class="conversation">{self._head()}{events}{self._outcome()}</div>'
            f"{_tools(trace.known_tools())}</div></details></article>\n"
        )

    def _head(self) -> str:
        trace = self._trace
        facts = {
            "Began": began(trace, "%Y-%m-%d %H:%M:%S %Z"),
            "Model": f"{trace.model} ({trace.prompt_format} format)",
            "API": f"{trace.toolset} {trace.base_url}".rstrip(),
            "Task": trace.task or "",
            "Trace": trace.id,
            "Took": str(totals(trace)),
        }
        return f'<dl class="facts">{_members(facts)}</dl>'

    def _event(self, event: Event, place: int) -> str:
        match event:
            case UserEvent():
                return self._said(event.text, place)
            case AssistantEvent():
                return self._step(event, place)
            case _:
                return (
                    self._said(event.text, place)
                    if event.source == "user"
                    else (f'<section class="step">{self._observation(event, place)}</section>')
                )

    def _said(self, text: str, place: int) -> str:
        at = "".join(f" <small>at {t}</small>" for t in time_parts(self._trace.events[place].at))
        return (
            f'<section class="said"><h3>User{at}</h3>'
            f'<p class="text" dir="auto">{_text(text)}</p></section>'
        )

    def _step(self, step: AssistantEvent, place: int) -> str:
        self._steps += 1
        taken = [*time_parts(self._durations[place]), *usage_parts(step.usage)]
        parts = [f"<h3>Step {self._steps} <small>{', '.join(taken)}</small></h3>"]
        if step.thought:
            parts.append(
                '<details class="thought" open><summary>Thought</summary>'
                f'<p class="text" dir="auto">{_text(step.thought)}</p></details>'
            )
        if step.problem:
            parts.append(f'<p class="problem">{_text(step.problem)}</p>')
        parts += [self._call(call) for call in step.calls]
        if step.answer is not None:
            parts.append(f'<p class="answer text" dir="auto">{_text(step.answer)}</p>')
        if step.raw:
            parts.append(_fold("What the model wrote", _pre(step.raw), "raw"))
        return f'<section class="step">{"".join(parts)}</section>'

    def _call(self, call: Call) -> str:
        place = self._answered_at.get(call.id)
        observation = None if place is None else self._trace.events[place]
        problem = f'<p class="problem">{_text(call.problem)}</p>' if call.problem else ""
        arguments = (
            _fold("Arguments", _pre(_json(call.arguments)), "part") if call.arguments else ""
        )
        inner = problem + arguments
        badges = '<span class="badge dim">no answer</span>'
        if isinstance(observation, ObservationEvent) and place is not None:
            if observation.source == "user":  # what a person said stands where it was said
                badges = '<span class="badge dim">asked the user</span>'
            else:
                self._shown.add(place)
                badges = self._badges(observation, place)
                inner += self._inner(observation)
        return (
            f'<details class="call"><summary><code>{_text(_cut(call_line(call)))}</code> {badges}'
            f"</summary>{inner}</details>"
        )

    def _observation(self, event: ObservationEvent, place: int) -> str:
        title = event.tool or "The runtime says"
        return (
            f'<details class="call" open><summary><code>{_text(title)}</code> '
            f"{self._badges(event, place)}</summary>{self._inner(event)}</details>"
        )

    def _badges(self, event: ObservationEvent, place: int) -> str:
        if event.response is None:
            return f'<span class="badge warn">{_text(event.source)}</span>'
        seconds = "".join(time_parts(event.response.seconds or self._durations[place]))
        family = event.response.status // 100
        breaks = '<span class="badge warn">breaks its document</span>'
        return (
            f'<span class="status" data-class="{family}">{event.response.status}</span> '
            f'<span class="badge dim">{seconds}</span>'
            f"{breaks if event.conforming is False else ''}"
        )

    def _inner(self, event: ObservationEvent) -> str:
        parts = []
        if said := notes(event):
            parts.append(f'<p class="notes">{_text(", ".join(said))}</p>')
        if event.request is not None:
            parts.append(_request(event.request))
        if event.response is not None:
            parts.append(_response(event.response))
        read = _pre(event.text)
        parts.append(
            f'<p class="reads">{_text(event.text)}</p>'
            if event.response is None and event.request is None
            else _fold("What the model reads", read, "part")
        )
        for file in event.files:
            kept = f"Kept as {file.name} ({file.content_type}, {file.size:,} bytes)"
            parts.append(f'<p class="notes">{_text(kept)}</p>')
        return "".join(parts)

    def _outcome(self) -> str:
        outcome = self._trace.outcome
        reason = f" {_text(outcome.reason)}" if outcome.reason else ""
        return f'<p class="end">{outcome_badge(self._trace)}{reason}</p>'


def _request(request: HttpRequest) -> str:
    method = request.method.upper()
    line = (
        f'<p class="line"><span class="method" data-method="{_attribute(method)}">'
        f"{_text(method)}</span> <code>{_text(request.url)}</code></p>"
    )
    body = _pre(pretty_json(request.body)) if request.body else ""
    return _fold("Request", line + _headers(request.headers) + body, "part", opened=True)


def _response(response: HttpResponse) -> str:
    body = _pre(pretty_json(response.body)) if response.body else '<p class="notes">(no body)</p>'
    return _fold("Response", _headers(response.headers) + body, "part", opened=True)


def _headers(headers: Mapping[str, str]) -> str:
    if not headers:
        return ""
    return _fold(counted(len(headers), "header"), f"<dl>{_members(headers)}</dl>", "headers")


def _tools(tools: Sequence[ToolSpec]) -> str:
    listed = [
        f'<details class="tool"><summary><code>{_text(tool.name)}</code></summary>'
        f'<p class="text">{_text(tool.description)}</p>{_pre(_json(tool.parameters))}</details>'
        for tool in tools
    ]
    count = counted(len(listed), "tool")
    return f'<aside class="tools"><h3>{count}</h3>{"".join(listed)}</aside>'


def _members(members: Mapping[str, str]) -> str:
    return "".join(
        f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in members.items() if value
    )


def _fold(title: str, inner: str, kind: str, *, opened: bool = False) -> str:
    state = " open" if opened else ""
    return f'<details class="{kind}"{state}><summary>{_text(title)}</summary>{inner}</details>'


def _pre(text: str) -> str:
    return f"<pre>{_text(text)}</pre>"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"


def _text(text: str) -> str:
    """*text* as the content of an element: what HTML has no character for becomes ``�``."""
    return html.escape(_UNPRINTABLE.sub("�", text.replace("\r\n", "\n")), quote=False)


def _attribute(text: str) -> str:
    """*text* as the value of an attribute in double quotes."""
    return html.escape(_UNPRINTABLE.sub("�", text), quote=True)
