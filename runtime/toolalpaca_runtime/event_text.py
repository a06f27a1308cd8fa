"""What happened, in lines for a terminal."""

from __future__ import annotations

import unicodedata

import orjson

from toolalpaca.trace import Call, ObservationEvent

_NO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


def printable(text: str, *, keep_lines: bool = True) -> str:
    """*text* without control characters: what an API or a model sends must not drive a terminal.

    Spaces of all kinds are plain ones; characters without width, on which terminals do not agree,
    are left out.
    """
    if not keep_lines:
        text = " ".join(text.split())
    return "".join(map(_shown, text.expandtabs(4)))


def _shown(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return "" if character in _NO_WIDTH else "�"


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


def _status(event: ObservationEvent) -> str:
    assert event.response is not None
    who = "" if event.source == "real" else f" ({event.source})"
    broken = " breaks its document" if event.conforming is False else ""
    return f"{event.response.status}{who}{broken}"
