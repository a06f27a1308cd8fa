"""Event streams: ``text/event-stream``, one event after another.

How they are written and read is the HTML Standard's (https://html.spec.whatwg.org/multipage/,
section 9.2); that an event is an object with ``event``, ``data``, ``id`` and ``retry`` is OpenAPI's
(https://spec.openapis.org/oas/v3.2.0, Special Considerations for Server-Sent Events). Documents
that describe something else describe what ``data`` holds, as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import orjson

from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.json_text import dump, load

EVENT_STREAM: Final = "text/event-stream"
_FIELDS: Final = frozenset({"data", "event", "id", "retry"})
_SPEAKING: Final = frozenset({"data", "event"})
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def write_events(items: Sequence[Any], contract: Contract) -> bytes:
    """Each of *items* as an event.

    Args:
        items: Events, or what is the data of one.
        contract: What one item must be.
    """
    whole = describes_events(contract)
    events = [
        item
        if whole and isinstance(item, dict) and not item.keys().isdisjoint(_FIELDS)
        else {"data": item}
        for item in items
    ]
    return "".join(map(_written, events)).encode("utf-8", "replace")


def read_events(body: bytes, contract: Contract | None) -> list[Any]:
    """The items of a stream: events, or the data of each, typed as *contract* has them.

    Raises:
        ValueError: It is no event stream; the message says why.
    """
    events = _events(body)
    if contract is None:
        return events
    if describes_events(contract):
        return [_typed_event(event, contract) for event in events]
    return [_typed_data(event["data"], contract) for event in events if "data" in event]


def describes_events(contract: Contract) -> bool:
    """Whether a schema speaks of events, and not of the data of one."""
    for part in contract.alternatives(contract.shape):
        names = part["properties"].keys() if isinstance(part.get("properties"), dict) else set()
        if names <= _FIELDS and not names.isdisjoint(_SPEAKING):
            return True
    return False


def _written(event: dict[str, Any]) -> str:
    """An event as lines. Its data comes last; only data may have several lines."""
    named = [(name, value) for name, value in event.items() if name != "data" and value is not None]
    lines = [f"{name}: {_LINE_END.sub(' ', _text(value))}" for name, value in named]
    if "data" in event:
        lines.extend(f"data: {line}" for line in _LINE_END.split(_text(event["data"])))
    return "\n".join(lines) + "\n\n"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dump(value).decode()


def _events(body: bytes) -> list[dict[str, Any]]:
    """The events of a stream as they stand there, comments and unknown fields left out."""
    lines = _LINE_END.split(body.decode().removeprefix("\ufeff"))
    if lines.pop():
        raise ValueError("the last line has no end")
    events: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            events.extend([event] if event else [])
            event = {}
        elif name == "data" and "data" in event:
            event["data"] += "\n" + value
        elif name in _FIELDS:
            event[name] = value
    if event:
        raise ValueError("no empty line ends the last event")
    return events


def _typed_event(event: dict[str, Any], contract: Contract) -> Any:
    others = {name: value for name, value in event.items() if name != "data"}
    typed: dict[str, Any] = coerce(others, contract.schema, contract)
    if isinstance(typed.get("retry"), str) and typed["retry"].isdecimal():
        typed["retry"] = int(typed["retry"])
    if "data" not in event:
        return typed
    types = contract.types(contract.flat(contract.properties().get("data", True)))
    choices = [{**typed, "data": data} for data in _readings(event["data"])]
    return _fitting(choices, contract, "string" in types)


def _typed_data(text: str, contract: Contract) -> Any:
    types = contract.types(contract.shape)
    return _fitting(list(_readings(text)), contract, "string" in types)


def _fitting(choices: list[Any], contract: Contract, textual: bool) -> Any:
    """The first choice that *contract* takes, else the one that it would speak of."""
    return next(filter(contract.is_valid, choices), choices[0 if textual else -1])


def _readings(text: str) -> list[Any]:
    """What data may mean: itself, and the JSON value that it is."""
    try:
        return [text, load(text.encode())]
    except orjson.JSONDecodeError:
        return [text]
