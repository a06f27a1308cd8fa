"""JSON Patch: a list of changes to a value (RFC 6902)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from toolalpaca.openapi.structure import copy_json, equal_json
from toolalpaca_mockserver.json_text import dump

_MOST_COPIED = 100_000
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
"""Of a list (RFC 6901, section 4); no list is longer, and Python reads no number of any length."""
_OPERATIONS = frozenset({"add", "remove", "replace", "move", "copy", "test"})


class PatchError(ValueError):
    """A patch does not fit the value that it should change."""


def is_patch(body: Any) -> bool:
    """Whether *body* is a JSON Patch: steps that are known, with paths that are JSON Pointers."""
    return isinstance(body, list) and all(
        isinstance(step, dict)
        and step.get("op") in _OPERATIONS
        and isinstance(step.get("path"), str)
        and step["path"][:1] in ("", "/")
        for step in body
    )


def patched(value: Any, patch: Sequence[dict[str, Any]]) -> Any:
    """*value* after all steps of *patch*; it is left as it is.

    Raises:
        PatchError: A step leads nowhere, or a test fails.

    >>> patched({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}])
    {'a': [1, 2, 3]}
    """
    whole = {"": copy_json(value)}  # so that the whole value has a place, too
    copied = 0
    for step in patch:
        if step["op"] == "copy":
            copied += len(dump(_at(whole, str(step.get("from", "")))))
        if copied > _MOST_COPIED:  # each copy of the whole into itself doubles it
            raise PatchError(f"it copies more than {_MOST_COPIED:,} bytes")
        _apply(whole, step)
    return _at(whole, "")


def _apply(whole: dict[str, Any], step: dict[str, Any]) -> None:
    operation, path = step["op"], step["path"]
    if operation in ("move", "copy"):
        given = copy_json(_at(whole, str(step.get("from", ""))))
        if operation == "move":
            _remove(whole, str(step.get("from", "")))
        _add(whole, path, given)
    elif operation == "add":
        _add(whole, path, copy_json(step.get("value")))
    elif operation == "remove":
        _remove(whole, path)
    elif operation == "test":
        if not equal_json(_at(whole, path), step.get("value")):
            raise PatchError(f"the test at {path} fails")
    else:
        _at(whole, path)
        holder, key = _place(whole, path)
        holder[key] = copy_json(step.get("value"))


def _place(whole: dict[str, Any], path: str, *, new: bool = False) -> tuple[Any, Any]:
    """The object or list that holds what is at *path*, and its key or index there."""
    *above, last = _parts(path)
    holder: Any = whole
    for part in above:
        holder = _child(holder, part, path)
    if isinstance(holder, dict):
        return holder, last
    if isinstance(holder, list):
        if new and last == "-":
            return holder, len(holder)
        if _INDEX.fullmatch(last) and int(last) < len(holder) + new:
            return holder, int(last)
    raise PatchError(f"there is nothing at {path}")


def _parts(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise PatchError(f"{path!r} is no JSON Pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]


def _child(holder: Any, part: str, path: str) -> Any:
    if isinstance(holder, dict) and part in holder:
        return holder[part]
    if isinstance(holder, list) and _INDEX.fullmatch(part) and int(part) < len(holder):
        return holder[int(part)]
    raise PatchError(f"there is nothing at {path}")


def _at(whole: dict[str, Any], path: str) -> Any:
    holder, key = _place(whole, path)
    return _child(holder, str(key), path)


def _add(whole: dict[str, Any], path: str, value: Any) -> None:
    holder, key = _place(whole, path, new=True)
    if isinstance(holder, list):
        holder.insert(key, value)
    else:
        holder[key] = value


def _remove(whole: dict[str, Any], path: str) -> None:
    _at(whole, path)
    holder, key = _place(whole, path)
    del holder[key]
