"""Values that Python reads out of JSON text and that JSON does not have.

``json.loads`` takes ``NaN``, ``Infinity`` and the escape of half a surrogate pair. Neither a
validator nor the wire can hold them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_SURROGATE = re.compile(r"[\ud800-\udfff]")


def foreign_values(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """What is foreign to JSON in *arguments*, a clause each that begins with the argument's name.

    >>> foreign_values({"a": 1, "b": [float("nan")]})
    ('b: nan is no number that JSON has',)
    """
    found = (
        f"{_SURROGATE.sub('�', name)}: {what}"
        for name, value in arguments.items()
        for what in (*_foreign(name), *_foreign(value))
    )
    return tuple(dict.fromkeys(found))


def _foreign(value: Any) -> Iterator[str]:
    waiting = [value]  # no recursion: a model may nest deeper than Python's stack
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and _SURROGATE.search(part):
            yield "a text holds half of a surrogate pair"
        elif isinstance(part, float) and not math.isfinite(part):
            yield f"{part} is no number that JSON has"
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
