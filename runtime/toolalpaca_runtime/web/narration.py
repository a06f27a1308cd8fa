"""What an agent does, told in lines of text."""

from __future__ import annotations

from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import AssistantEvent, Event, ObservationEvent
from toolalpaca_runtime.event_text import call_line

_LONGEST = 300  # characters of a line that an API or a model fills


def narrated(event: Event) -> str:
    """*event* as lines, each with its end; ``""`` for what is told elsewhere.

    The user's words are known, and answer and question are the answer's.
    """
    lines: list[str] = []
    if isinstance(event, AssistantEvent):
        lines += [event.thought] if event.thought else []
        lines += [f"→ {_cut(call_line(call))}" for call in event.calls if call.tool != ASK_TOOL]
    elif isinstance(event, ObservationEvent) and event.source != "user":
        lines.append(f"← {_result(event)}")
    return "".join(f"{line}\n" for line in lines)


def _result(event: ObservationEvent) -> str:
    if event.response is None:
        return _cut(event.text)
    return _cut(f"{event.response.status} {event.response.body}")


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
