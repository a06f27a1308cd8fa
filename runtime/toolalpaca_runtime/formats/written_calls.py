"""Tool calls that a model wrote as text, though it was given tools in their native place.

Models fall back on the notation that they were trained with when a server does not read it::

    <tool_call>{"name": "getPet", "arguments": {"petId": 7}}</tool_call>
    [TOOL_CALLS][{"name": "getPet", "arguments": {"petId": 7}}]
    <function=getPet>{"petId": 7}</function>
    <|tool_call_begin|>functions.getPet:0<|tool_call_argument_begin|>{"petId": 7}<|tool_call_end|>

and, as all that the reply says, such an object by itself or in a code block.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from toolalpaca_runtime.formats.calls import ARGUMENT_KEYS, NAME_KEYS, tool_name
from toolalpaca_runtime.formats.lenient_json import NoObject, read_object

_OPENING = re.compile(
    r"<(?P<tag>tool_call|toolcall|function_call)>|<function=(?P<name>[\w.-]{1,100})>"
    r"|<\|tool_call_begin\|>(?P<kimi>[\w.:-]{1,100})<\|tool_call_argument_begin\|>"
    r"|(?P<mistral>\[TOOL_CALLS\])"
)
_CLOSING: Final = {"name": "</function>", "kimi": "<|tool_call_end|>"}
_ALONE = re.compile(r"(?:```[A-Za-z_]*|<\|python_tag\|>)?\s*(?=[{\[])")
_NAMED = re.compile(r"[\"'](?:name|tool|function)[\"']\s{0,9}:\s{0,9}[\"']([\w.:-]{1,100})")
_FENCE: Final = "```"
_JSON_BEGINS: Final = ("{", "[", '"', _FENCE)


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call as the model wrote it; neither need exist or be readable."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class WrittenCalls:
    """What a text holds.

    Attributes:
        before: What stands before the first call.
        calls: The calls, in order.
    """

    before: str
    calls: tuple[WrittenCall, ...]


def written_calls(text: str, known: Collection[str]) -> WrittenCalls | None:
    """The calls in *text*, or None when it is a text like any other.

    An object without a mark around it is a call only when it is the whole text and names a tool
    that is *known*: the model may be telling the user about JSON.
    """
    first = _OPENING.search(text)
    if first is not None:
        calls = tuple(call for name, payload in _marked(text) for call in _read(name, payload))
        return WrittenCalls(text[: first.start()], calls) if calls else None
    calls = _alone(text.strip())
    if calls and all(tool_name(call.name, known) in known for call in calls):
        return WrittenCalls("", calls)
    return None


def _marked(text: str) -> Iterator[tuple[str, str]]:
    """The name where the mark holds it, and what stands within each mark."""
    openings = list(_OPENING.finditer(text))
    ends = [*(opening.start() for opening in openings[1:]), len(text)]
    for opening, end in zip(openings, ends, strict=True):
        tag = opening["tag"]
        closing = f"</{tag}>" if tag else _CLOSING.get(str(opening.lastgroup))
        within = text[opening.end() : end]
        yield opening["name"] or opening["kimi"] or "", within.partition(closing or "\0")[0]


def _read(name: str, payload: str) -> Iterator[WrittenCall]:
    if name:
        yield WrittenCall(name, payload.strip())
        return
    if not payload.lstrip().startswith(_JSON_BEGINS):
        return  # a text about such marks
    value = _list(payload)
    if value is not None:
        yield from (call for item in value if (call := _call(item)) is not None)
        return
    found = read_object(payload)
    if isinstance(found, NoObject):
        yield WrittenCall(_named(payload), payload)  # its problem is told as the arguments' one
    elif (call := _call(found)) is not None:
        yield call


def _named(payload: str) -> str:
    """The name in a payload that cannot be read."""
    match = _NAMED.search(payload)
    return match[1] if match else ""


def _alone(text: str) -> tuple[WrittenCall, ...]:
    opening = _ALONE.match(text)
    if opening is None or not text.endswith(("}", "]", _FENCE)):
        return ()
    payload = text[opening.end() :].removesuffix(_FENCE).strip()
    values = _list(payload)
    if values is None:
        found = read_object(payload, alone=True)
        values = [] if isinstance(found, NoObject) else [found]
    calls = [_call(value) for value in values]
    return tuple(call for call in calls if call is not None) if all(calls) else ()


def _list(payload: str) -> list[Any] | None:
    payload = payload.strip()
    if not payload.startswith("["):
        return None
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, list) else None


def _call(value: Any) -> WrittenCall | None:
    """``{"name": ..., "arguments": ...}``, and OpenAI's ``{"function": {...}}`` around it."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = next((value[key] for key in NAME_KEYS if isinstance(value.get(key), str)), None)
    key = next((key for key in ARGUMENT_KEYS if key in value), None)
    if name is None or (key is None and len(value) > 1):
        return None
    arguments = value[key] if key else {}
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return WrittenCall(name, text)
