"""Bytes of a document to JSON data, and Python data to JSON data."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import orjson

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.bounds import DEEPEST, MOST_NODES
from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.validation import json_pointer


def decode(content: bytes, source: str) -> tuple[Any, list[Problem]]:
    """The JSON data that *content* holds as JSON or YAML, and the duplicate keys in it.

    Raises:
        DocumentError: It is neither; the message names the line where it breaks.
    """
    text = _text(content, source)
    looks_like_json = text.lstrip()[:1] in ("{", "[")
    if not looks_like_json:
        return _parse_yaml(text, source)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if source.endswith(".json"):
            raise _no_json(error, source) from error
        try:
            return _parse_yaml(text, source)  # YAML's flow style begins like JSON
        except DocumentError:
            raise _no_json(error, source) from error
    check_bounds(value, source)
    return value, _duplicate_keys(text)


def _parse_yaml(text: str, source: str) -> tuple[Any, list[Problem]]:
    from toolalpaca.openapi.yaml12 import parse_yaml  # here: most documents are JSON

    return parse_yaml(text, source)


def _no_json(error: orjson.JSONDecodeError, source: str) -> DocumentError:
    return DocumentError(
        f"is not JSON: {error.msg} (column {error.colno})", where=f"{source}:{error.lineno}"
    )


def _text(content: bytes, source: str) -> str:
    encoding = "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DocumentError(
            f"is not UTF-8 text: {error.reason}", where=f"{source}:{line}"
        ) from error


def check_bounds(value: Any, source: str) -> None:
    """Refuse a value that is nested too deeply or too large to be worked with.

    Raises:
        DocumentError: It is.
    """
    nodes = 0
    level: list[Any] = [value]
    for _ in range(DEEPEST + 1):
        nodes += len(level)
        if nodes > MOST_NODES:
            raise DocumentError(f"holds more than {MOST_NODES:,} values", where=source)
        level = [item for outer in level if type(outer) not in _PLAIN for item in _items(outer)]
        if not level:
            return
    raise DocumentError(f"is nested more than {DEEPEST} levels deep", where=source)


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, (dict, Mapping)):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


_PLAIN = frozenset({str, int, float, bool, type(None)})


class _WithDuplicates(dict[str, Any]):
    """An object of which some keys were written twice."""

    twice: tuple[str, ...] = ()


def _duplicate_keys(text: str) -> list[Problem]:
    """Each key that an object of the JSON *text* has twice; orjson keeps the last silently."""
    objects: list[list[tuple[str, Any]]] = []
    json.loads(text, object_pairs_hook=objects.append)  # no function of ours: half the time
    if sum(map(len, objects)) == sum(map(len, map(dict, objects))):
        return []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = _WithDuplicates(pairs)
        if len(value) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            value.twice = tuple(key for key, count in counts.items() if count > 1)
        return value

    value = json.loads(text, object_pairs_hook=build)
    return [
        Problem(json_pointer([*path, key]), f"the key {key!r} stands twice", "the last one counts")
        for path, item in _walk(value)
        if isinstance(item, _WithDuplicates)
        for key in item.twice
    ]


def _walk(root: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), root)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting.extend(((*path, key), item) for key, item in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))


def plain_data(value: Any, source: str) -> tuple[Any, list[Problem]]:
    """A copy of Python data as JSON data: keys are text, tuples lists, dates ISO 8601.

    Parsers of YAML 1.1 leave numbers as keys and dates as values; both are mended.

    Raises:
        DocumentError: It holds something that JSON has no form for, or is too deep or too large.
    """
    check_bounds(value, source)
    problems: list[Problem] = []

    def copy(item: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(item, Mapping):
            return {
                _key(key, path, problems): copy(below, (*path, _key(key, path, [])))
                for key, below in item.items()
            }
        if isinstance(item, list | tuple):
            return [copy(below, (*path, index)) for index, below in enumerate(item)]
        if isinstance(item, date | datetime):
            return item.isoformat()
        if isinstance(item, str):
            return _whole(item)
        if item is None or isinstance(item, bool | int | float):
            return item
        raise DocumentError(
            f"a {type(item).__name__} has no form in JSON", where=f"{source}#{json_pointer(path)}"
        )

    return copy(value, ()), problems


def _whole(text: str) -> str:
    """*text* with halves of characters (lone surrogates), which no encoding has, replaced."""
    return (
        text
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def _key(key: Any, path: tuple[str | int, ...], problems: list[Problem]) -> str:
    if isinstance(key, str):
        return _whole(key)
    text = str(key).lower() if isinstance(key, bool) else str(key)
    problems.append(
        Problem(json_pointer([*path, text]), f"the key {key!r} is no text", f"read as {text!r}")
    )
    return text
