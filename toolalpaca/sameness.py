"""When do two values mean the same? Up to what carries no meaning, as in "Oslo." and "oslo"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from toolalpaca.task import is_reference

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def same_value(
    expected: Any, actual: Any, *, meets: Callable[[Mapping[str, Any], Any], bool] | None = None
) -> bool:
    """Whether two JSON values mean the same.

    Args:
        expected: What is right.
        actual: What was given.
        meets: Decides about ``{"$from": ...}`` and ``{"$any": ...}`` inside *expected*; without
            it they are objects like any other.

    >>> same_value("Your Lie in April.", " your lie in april"), same_value(3, "3.0")
    (True, True)
    >>> same_value("007", "7"), same_value(1, True)
    (False, False)
    """
    if meets and is_reference(expected):
        return meets(expected, actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        keys = {key for value in (expected, actual) for key in value if not left_out(value[key])}
        return all(same_value(expected.get(k), actual.get(k), meets=meets) for k in keys)
    if isinstance(expected, list) and isinstance(actual, list):
        pairs = zip(expected, actual, strict=False)
        return len(expected) == len(actual) and all(same_value(*p, meets=meets) for p in pairs)
    if left_out(expected) or left_out(actual):
        return left_out(expected) and left_out(actual)
    return _same_scalar(expected, actual)


def left_out(value: Any) -> bool:
    """Whether an argument with this value counts as not given."""
    return value is None or value == ""


def occurs_in(value: Any, result: Any, pointer: str = "") -> bool:
    """Whether *value* stands in *result*, a decoded body.

    Args:
        value: What to look for, a whole JSON value (not a part of a string).
        result: Where to look.
        pointer: A JSON Pointer (RFC 6901) to the place, where ``*`` stands for every item of an
            array; ``""`` looks everywhere.
    """
    return any(same_value(place, value) for place in places(result, pointer))


def places(result: Any, pointer: str) -> Iterator[Any]:
    """What stands in *result* at *pointer*, and everything in it when that is ``""``."""
    return _at(result, _segments(pointer)) if pointer else _descend(result)


def _same_scalar(expected: Any, actual: Any) -> bool:
    if isinstance(expected, str) and isinstance(actual, str):
        return _plain(expected) == _plain(actual)
    numbers = (_number(expected), _number(actual))
    if None not in numbers:
        return numbers[0] == numbers[1]
    if isinstance(expected, bool) or isinstance(actual, bool):
        return str(expected).casefold() == str(actual).casefold()
    return bool(expected == actual)


def _plain(text: str) -> str:
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    start, end = 0, len(words)
    while start < end and unicodedata.category(words[start])[0] in "PZ":
        start += 1
    while end > start and unicodedata.category(words[end - 1])[0] in "PZ":
        end -= 1
    return words[start:end] or words


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(str(value))
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def _descend(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for item in value.values():
            yield from _descend(item)
    elif isinstance(value, list):
        for item in value:
            yield from _descend(item)


def _segments(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _at(value: Any, segments: list[str]) -> Iterator[Any]:
    if not segments:
        yield value
        return
    first, rest = segments[0], segments[1:]
    if isinstance(value, dict) and first in value:
        yield from _at(value[first], rest)
    elif isinstance(value, list) and first == "*":
        for item in value:
            yield from _at(item, rest)
    elif isinstance(value, list) and first.isdigit() and int(first) < len(value):
        yield from _at(value[int(first)], rest)
