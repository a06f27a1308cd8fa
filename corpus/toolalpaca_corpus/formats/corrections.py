"""What has to be changed in a JSON value that we make so that it is the one that we read.

An importer keeps of its source what has a place in our schemas. The exporter makes the source's
form of that again, and what it gets wrong or cannot know (other fields, other spellings) the
importer has kept as *corrections*. So nothing is lost, whatever a source holds, and what was
changed meanwhile is exported as it is now.

Corrections are ``{"set": {pointer: value}, "remove": [pointer]}`` with JSON pointers (RFC 6901).
Lists of different lengths are replaced as a whole. The law: ``corrected(made, corrections(made,
read))`` is ``read``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, TypeAlias

from toolalpaca.openapi.validation import json_pointer

Corrections: TypeAlias = dict[str, Any]

_NOTHING = object()


def corrections(made: Any, read: Any) -> Corrections:
    """What makes *read* of *made*; empty when they are the same.

    >>> corrections({"a": 1, "b": 2}, {"a": 1, "c": None})
    {'set': {'/c': None}, 'remove': ['/b']}
    """
    found: Corrections = {"set": {}, "remove": []}
    for pointer, value in _different(made, read, ""):
        if value is _NOTHING:
            found["remove"].append(pointer)
        else:
            found["set"][pointer] = value
    return {name: part for name, part in found.items() if part}


def corrected(made: Any, changes: Corrections) -> Any:
    """*made* with *changes*; those whose place is no longer there are left out."""
    value = copy.deepcopy(made)
    for pointer, new in changes.get("set", {}).items():
        if pointer == "":
            value = copy.deepcopy(new)
        elif (holder := _holder(value, pointer)) is not None:
            holder[0][holder[1]] = copy.deepcopy(new)
    for pointer in changes.get("remove", []):
        holder = _holder(value, pointer)
        if holder is not None and isinstance(holder[0], dict):
            holder[0].pop(holder[1], None)
    return value


def _different(made: Any, read: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(made, dict) and isinstance(read, dict):
        for name in [*made, *(name for name in read if name not in made)]:
            place = pointer + json_pointer([name])
            if name not in read:
                yield place, _NOTHING
            elif name not in made:
                yield place, read[name]
            else:
                yield from _different(made[name], read[name], place)
    elif isinstance(made, list) and isinstance(read, list) and len(made) == len(read):
        for index, (one, other) in enumerate(zip(made, read, strict=True)):
            yield from _different(one, other, f"{pointer}/{index}")
    elif type(made) is not type(read) or made != read:  # True is not 1, and 1 is not 1.0
        yield pointer, read


def _holder(value: Any, pointer: str) -> tuple[Any, Any] | None:
    """The object or array of the place, and its name or index there; None when there is none."""
    *path, last = (_unescaped(part) for part in pointer.split("/")[1:])
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    if isinstance(value, dict):
        return value, last
    if isinstance(value, list) and last.isdigit() and int(last) < len(value):
        return value, int(last)
    return None


def _unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")
