"""What a trace comes to: steps, calls, tokens, cost and time, and what belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolalpaca.counting import counted
from toolalpaca.llm.protocol import Usage
from toolalpaca.trace import AssistantEvent, ObservationEvent, Trace, UserEvent


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one trace.

    Attributes:
        steps: Replies of the model.
        calls: Uses of tools.
        seconds: From the beginning to the last event or the end.
    """

    steps: int
    calls: int
    usage: Usage
    seconds: float

    def __str__(self) -> str:
        parts = [counted(self.steps, "step"), counted(self.calls, "call")]
        return ", ".join([*parts, *usage_parts(self.usage), *time_parts(self.seconds)])


def totals(trace: Trace) -> Totals:
    """The counts of *trace*; one that was interrupted has them from its events."""
    steps = [event for event in trace.events if isinstance(event, AssistantEvent)]
    usage = sum((step.usage for step in steps), Usage())
    last = trace.events[-1].at if trace.events else 0.0
    return Totals(
        steps=len(steps),
        calls=sum(len(step.calls) for step in steps),
        usage=usage if trace.outcome.usage == Usage() else trace.outcome.usage,
        seconds=max(trace.outcome.seconds, last),
    )


def first_words(trace: Trace) -> str:
    """What the user said first, on one line; ``""`` when nothing was said."""
    said = (event.text for event in trace.events if isinstance(event, UserEvent))
    return " ".join(next(said, "").split())


def answered_at(trace: Trace) -> Mapping[str, int]:
    """Where in the events each call is answered, by the call's id."""
    found: dict[str, int] = {}
    for place, event in enumerate(trace.events):
        if isinstance(event, ObservationEvent) and event.call is not None:
            found.setdefault(event.call, place)
    return found


def notes(event: ObservationEvent) -> list[str]:
    """What is to be said of an observation besides its status and its text."""
    said = [] if event.response is None else [f"from {event.source}"]
    if event.conforming is not None:
        said.append("conforms" if event.conforming else "breaks its document")
    if event.fault:
        said.append(f"disturbed: {event.fault}")
    if event.approved is not None:
        said.append("approved" if event.approved else "not approved")
    return said


def durations(trace: Trace) -> list[float]:
    """Seconds from each event's predecessor to it: what a step or a call took."""
    times = [event.at for event in trace.events]
    return [max(at - before, 0.0) for before, at in zip([0.0, *times], times, strict=False)]


def usage_parts(usage: Usage) -> list[str]:
    """Tokens and cost as texts; none for what is not known.

    >>> usage_parts(Usage(prompt_tokens=1200, completion_tokens=80, cost=0.0041))
    ['1,200 + 80 tokens', '$0.0041']
    """
    parts = []
    if usage.prompt_tokens or usage.completion_tokens:
        cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
        parts.append(f"{usage.prompt_tokens:,}{cached} + {usage.completion_tokens:,} tokens")
    if usage.cost:
        parts.append(f"${usage.cost:.2g}" if usage.cost < 0.01 else f"${usage.cost:,.2f}")
    return parts


def time_parts(seconds: float) -> list[str]:
    """A duration as a text; none for 0, since a trace that was imported has no times."""
    return [seconds_text(seconds)] if seconds else []


def began(trace: Trace, pattern: str) -> str:
    """When *trace* began, here and by the *pattern* of ``strftime``; ``""`` when nobody knows."""
    return trace.started.astimezone().strftime(pattern) if trace.started.timestamp() else ""


def seconds_text(seconds: float) -> str:
    """A duration as people read it.

    >>> [seconds_text(value) for value in (0.0031, 0.42, 12.34, 194.0)]
    ['3 ms', '0.42 s', '12.3 s', '3 min 14 s']
    """
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
