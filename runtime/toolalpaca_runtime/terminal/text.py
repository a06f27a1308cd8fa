"""What happened, in lines for a terminal."""

from __future__ import annotations

import json

import orjson

from toolalpaca.trace import Call, ObservationEvent


def printable(text: str, *, keep_lines: bool = True) -> str:
    """*text* without control characters: what an API or a model sends must not drive a terminal."""
    if not keep_lines:
        text = " ".join(text.split())
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text.expandtabs(4))


def call_line(call: Call) -> str:
    """A call as one reads it: ``getPet(id=3, fields=["name"])``."""
    arguments = ", ".join(
        f"{name}={orjson.dumps(value).decode()}" for name, value in call.arguments.items()
    )
    return f"{call.tool}({arguments})"


def observation_line(event: ObservationEvent) -> str:
    """An observation on one line: status, who answered, and the beginning of the body."""
    if event.response is None:
        return printable(event.text, keep_lines=False)
    body = " ".join(event.response.body.split())
    return printable(f"{_status(event)} {body}".rstrip(), keep_lines=False)


def folded_observation(event: ObservationEvent) -> str:
    """An observation in a few words: ``200 in 0.1 s``, or why nothing was sent."""
    if event.approved is False:
        return "not made: you said no"
    if event.response is None:
        return observation_line(event)
    return printable(f"{_status(event)} in {event.response.seconds:.1f} s", keep_lines=False)


def went_well(event: ObservationEvent) -> bool:
    """Whether the call did what it was meant to, as far as one sees."""
    if event.response is None:
        return event.request is None and event.source not in ("runtime", "validator")
    return event.response.status < 400


def pretty_json(text: str) -> str:
    """*text* as indented JSON; as it is when it is none."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _status(event: ObservationEvent) -> str:
    assert event.response is not None
    who = "" if event.source == "real" else f" ({event.source})"
    broken = " breaks its document" if event.conforming is False else ""
    return f"{event.response.status}{who}{broken}"
