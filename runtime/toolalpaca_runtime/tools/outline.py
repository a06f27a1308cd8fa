"""The structure of a JSON value in a line: what a model needs to know of what it does not see."""

from __future__ import annotations

from typing import Any

_FIELDS = 30  # properties of an object that are named
_DEPTH = 4


def outline(value: Any, *, longest: int = 800) -> str:
    """The structure of *value*, in at most about *longest* characters.

    >>> outline({"items": [{"id": 1}, {"id": 2}], "next": None})
    '{items: [2 x {id: integer}], next: null}'
    """
    for depth in range(_DEPTH, 0, -1):
        text = _outline(value, depth)
        if len(text) <= longest:
            return text
    return f"{text[:longest]}..."


def _outline(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        if not depth:
            return "object"
        fields = [f"{key}: {_outline(item, depth - 1)}" for key, item in value.items()]
        more = [f"{len(fields) - _FIELDS} more"] if len(fields) > _FIELDS else []
        return "{" + ", ".join(fields[:_FIELDS] + more) + "}"
    if isinstance(value, list):
        if not value:
            return "[]"
        # The first item stands for all: an API's arrays are of one kind.
        return f"[{len(value)} x {_outline(value[0], depth - 1) if depth else 'items'}]"
    return _kind(value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"
