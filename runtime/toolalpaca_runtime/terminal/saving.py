"""A conversation written to a file of the person's: to be read, or as a trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from toolalpaca.errors import UsageError
from toolalpaca.jsonl import json_line
from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    ObservationEvent,
    Trace,
    TraceRecord,
    UserEvent,
)
from toolalpaca_runtime.http_text import pretty_json

_FORMATS = (".md", ".html", ".jsonl", ".json")


def save_conversation(trace: Trace, path: Path) -> None:
    """Write *trace* to *path*, which is not there yet, in the format that its extension names.

    Raises:
        UsageError: It is there, its extension says nothing, or it cannot be written.
    """
    text = _text(trace, path)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError("is there already", where=str(path), hint="choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from error


def _text(trace: Trace, path: Path) -> str:
    if path.suffix == ".md":
        return conversation_markdown(trace)
    if path.suffix == ".html":
        from toolalpaca_runtime.traces.page import trace_page

        return trace_page([trace])
    if path.suffix in _FORMATS:
        fields = {name: getattr(trace, name) for name in Trace.model_fields}
        line = json_line(TraceRecord(**fields)).decode()
        return line if path.suffix == ".jsonl" else f"{pretty_json(line)}\n"
    raise UsageError(
        f"{path.suffix or 'no extension'} is none of {', '.join(_FORMATS)}", where=str(path)
    )


def conversation_markdown(trace: Trace) -> str:
    """The conversation as Markdown: what was said, and each call with its response."""
    place = f" at {trace.base_url}" if trace.base_url else ""
    head = f"# {trace.toolset}{place}\n\nModel {trace.model}, {trace.started:%Y-%m-%d %H:%M} UTC."
    return "\n\n".join([head, *_paragraphs(trace)]) + "\n"


def _paragraphs(trace: Trace) -> Iterator[str]:
    for event in trace.events:
        match event:
            case UserEvent():
                yield f"**You:** {event.text}"
            case AssistantEvent():
                yield from _step(event)
            case ObservationEvent(source="user"):
                yield f"**You:** {event.text}"
            case ObservationEvent():
                yield _observation(event)


def _step(step: AssistantEvent) -> Iterator[str]:
    if step.thought:
        yield "\n".join(f"> {line}" for line in step.thought.splitlines())
    for call in step.calls:
        yield from _call(call)
    if step.answer is not None:
        yield f"**Agent:** {step.answer}"


def _call(call: Call) -> Iterator[str]:
    if call.tool == ASK_TOOL:
        yield f"**Agent asks:** {call.arguments.get('question', '')}"
        return
    arguments = json.dumps(call.arguments, indent=2, ensure_ascii=False)
    yield f"Calls `{call.tool}`:\n\n{_fenced(arguments, 'json')}"


def _observation(event: ObservationEvent) -> str:
    if event.response is None:
        return _fenced(event.text, "text")
    request = f"`{event.request.method.upper()} {event.request.url}`: " if event.request else ""
    status = f"{request}{event.response.status} ({event.source})"
    body = event.response.body
    return f"{status}\n\n{_fenced(pretty_json(body), 'json')}" if body else status


def _fenced(text: str, language: str) -> str:
    """*text* as a code block that nothing in it can end (CommonMark, section 4.5)."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
