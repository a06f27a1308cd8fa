"""A long body made short enough to be read, so that JSON stays JSON.

Arrays keep their first items and texts their first characters; where that is not enough, each part
of an object gets a fair share of the room.
"""

from __future__ import annotations

import json
from typing import Any

_SHORTENINGS = ((20, 400), (10, 200), (5, 120), (3, 80), (1, 40))
"""Items of an array and characters of a text that are kept, tried in turn."""

_LEFT_OUT = "…"
"""In the place of what is left out whole."""

_SHORT = 40
"""Characters of what is told whole before anything longer is told: ids, names, numbers."""

_LEAST = 20
"""Characters in which a part of a text or of a structure still says something."""


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
