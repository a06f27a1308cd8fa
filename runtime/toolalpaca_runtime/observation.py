"""What came of a call, and what a model reads of an API's response.

The form is ToolAlpaca's: ``Status Code: 200. Response: {...}``. A long body is shortened so that it
stays JSON (fewer items, shorter texts), and a note before it says what is missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.trace import HttpRequest, HttpResponse, Source, StoredFile

LONGEST_BODY = 4000
"""Characters of a body that a model reads; about a thousand tokens."""

_BODY = "Response: "

_SHORTENINGS = ((20, 400), (10, 200), (5, 120), (3, 80), (1, 40))
"""Items of an array and characters of a text that are kept, tried in turn."""

_LEFT_OUT = "…"
"""In the place of what is left out whole."""

_SHORT = 40
"""Characters of what is told whole before anything longer is told: ids, names, numbers."""

_LEAST = 20
"""Characters in which a part of a text or of a structure still says something."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A body that the observation's text does not hold whole.

    Attributes:
        content_type: Its media type, parameters included.
        data: The bytes; secrets are redacted where it is text.
        binary: Whether it is no text, so that none of it is told.
    """

    content_type: str
    data: bytes
    binary: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of a call.

    Attributes:
        text: What the model reads.
        source: Who says it.
        request: The request, when one was sent; secrets are redacted.
        response: The response, when one came.
        conforming: Whether the response satisfies the document; None when that is not known.
        payload: The body, when the text does not hold it whole; the toolbox keeps it.
        files: Where it was kept.
        tools: Tools that the model can use from now on.
        approved: What the user said when asked whether to make the call; None when not asked.
    """

    text: str
    source: Source
    request: HttpRequest | None = None
    response: HttpResponse | None = None
    conforming: bool | None = None
    payload: Payload | None = None
    files: tuple[StoredFile, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    approved: bool | None = None


def response_text(
    status: int, body: str, *, cut_off: bool = False, longest: int = LONGEST_BODY
) -> str:
    """How a model is told a response.

    Args:
        status: The status code.
        body: The body as text, ``""`` for none.
        cut_off: Whether the body was longer than what was read.
        longest: Characters of the body to show.
    """
    shown, note = shortened(body, longest)
    if cut_off:
        note = "the response was too large to be read whole"
    # Notes come first: what follows "Response: " is then the body and nothing else.
    note = f"(Shortened: {note}.)\n" if note else ""
    return f"{note}Status Code: {status}. {_BODY}{shown or '(empty)'}"


def shortened(body: str, longest: int) -> tuple[str, str]:
    """*body* within *longest* characters, and what is missing from it, ``""`` when nothing is."""
    try:
        return _shortened_json(json.loads(body), longest)
    except (ValueError, RecursionError):  # no JSON, or nested too deep to be worked with
        if len(body) <= longest:
            return body, ""
        return body[:longest], f"the first {longest:,} of {len(body):,} characters"


def _shortened_json(value: Any, longest: int) -> tuple[str, str]:
    text = _compact(value)
    if len(text) <= longest:
        return text, ""
    for items, characters in _SHORTENINGS:
        left_out: dict[str, int] = {}
        text = _compact(_shorten(value, items, characters, "", left_out))
        if len(text) <= longest:
            arrays = [f"{n:,} more items in {place or 'it'}" for place, n in left_out.items()]
            return text, "; ".join(arrays[:3]) or f"texts are cut to {characters} characters"
    fitted = _compact(_fitted(value, longest))
    if isinstance(value, dict | list) and len(_compact(_LEFT_OUT)) < len(fitted) <= longest:
        return fitted, f"parts are left out as {_LEFT_OUT}"
    return text[:longest], f"the first {longest:,} characters"


def retold(text: str, longest: int) -> str:
    """An observation's text within about *longest* characters; what is missing is said at its end.

    The body of a response stays JSON: a cut in the middle of it would hide what stands last.
    """
    if len(text) <= longest:
        return text
    before, label, body = text.partition(_BODY)
    shown, missing = (
        shortened(body, max(longest - len(before), longest // 2)) if label else ("", "")
    )
    if not missing:
        return f"{text[:longest].rstrip()} ... (cut)"
    return f"{before}{label}{shown} ... (cut: {missing})"


def is_text(content_type: str) -> bool:
    """Whether a body of that type is shown as text."""
    kind = content_type.partition(";")[0].strip().lower()
    return (
        kind.startswith("text/")
        or kind.endswith(("json", "xml", "+yaml"))
        or kind in ("application/x-www-form-urlencoded", "application/javascript", "")
        or kind.endswith("/yaml")
    )


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _shorten(value: Any, items: int, characters: int, place: str, left_out: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {
            key: _shorten(item, items, characters, f"{place}.{key}".lstrip("."), left_out)
            for key, item in value.items()
        }
    if isinstance(value, list):
        if len(value) > items:
            left_out[place] = left_out.get(place, 0) + len(value) - items
        return [_shorten(item, items, characters, f"{place}[]", left_out) for item in value[:items]]
    if isinstance(value, str) and len(value) > characters:
        return f"{value[:characters]}…"
    return value


def _fitted(value: Any, room: int) -> Any:
    """*value* in about so many characters, with a fair share of them for each of its parts.

    A search answers with whole albums in whole tracks in several lists: of each something is told.
    What is short (an id, a name, a number) goes before what is long.
    """
    if len(_compact(value)) <= room:
        return value
    if isinstance(value, str):
        return f"{value[: max(room - 3, 0)]}{_LEFT_OUT}"
    if isinstance(value, list):
        first = _fitted(value[0], room - len('[,"…"]'))
        return [first, _LEFT_OUT] if len(value) > 1 else [first]
    return _fitted_object(value, room) if isinstance(value, dict) else _LEFT_OUT


def _fitted_object(value: dict[str, Any], room: int) -> Any:
    left = room - len("{}") - sum(len(_compact(key)) + len(':"…",') for key in value)
    sizes = {key: len(_compact(item)) - len('"…"') for key, item in value.items()}
    if left < 0:  # its names alone are too long
        return _shortest(value, sizes, room)
    kept: dict[str, Any] = {}
    for place, key in enumerate(sorted(value, key=lambda key: sizes[key])):
        share = left // (len(value) - place)
        if sizes[key] <= max(share, min(left, _SHORT)):
            kept[key] = value[key]
        else:
            kept[key] = _fitted(value[key], share + len('"…"')) if share > _LEAST else _LEFT_OUT
        left -= len(_compact(kept[key])) - len('"…"')
    return {key: kept[key] for key in value}


def _shortest(value: dict[str, Any], sizes: dict[str, int], room: int) -> Any:
    """The shortest properties of *value* that have room, or nothing of it."""
    left = room - len('{"…":"…"}')
    kept = set()
    for key in sorted(value, key=lambda key: sizes[key]):
        left -= len(_compact(key)) + len(':"…",') + sizes[key]
        if left < 0:
            break
        kept.add(key)
    shown = {key: item for key, item in value.items() if key in kept}
    return {**shown, _LEFT_OUT: _LEFT_OUT} if kept else _LEFT_OUT
