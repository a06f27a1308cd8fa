"""Where in a result a value stands that a later call needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolalpaca_corpus.english import singular, split_words
from toolalpaca_corpus.perfect.exchange import Exchange

_NAMES = 5
"""Ways to tell what an object is."""


def named(result: Any, *names: str) -> Iterator[Any]:
    """Values of properties with one of *names*, whatever their spelling; earlier names first."""
    for wanted in dict.fromkeys(_plain(name) for name in names):
        for _, item in _objects(result, ()):
            for key, value in item.items():
                if _plain(key) == wanted and not isinstance(value, dict | list):
                    yield value


def scalars(result: Any) -> Iterator[Any]:
    """Every value that holds no others."""
    if isinstance(result, dict | list):
        for item in result.values() if isinstance(result, dict) else result:
            yield from scalars(item)
    elif result is not None:
        yield result


def fields_of(thing: str, field: str, exchange: Exchange) -> Iterator[Any]:
    """The *field* of objects in a result that are a *thing*, surest first.

    An object is what its ``type`` says, what the name above it says (``albums: [{...}]``), what the
    name above that says (``tracks: {items: [...]}``), or what the operation's path ends in; the
    whole result also what the operation's name says (``getUserProfile``).
    """
    found = [
        (_names(item, path, exchange), item[field])
        for path, item in _objects(exchange.result, ())
        if field in item
    ]
    for sureness in range(_NAMES):
        yield from (value for names, value in found if thing in names[sureness])


def _names(
    item: Mapping[str, Any], path: tuple[str, ...], exchange: Exchange
) -> tuple[tuple[str, ...], ...]:
    """What *item* may be called, surest first."""
    above = ["", "", *path]
    called = [singular(word.lower()) for word in split_words(exchange.function)]
    return (
        (str(item.get("type", "")).lower(),),
        (_thing(above[-1]),),
        (_thing(above[-2]),),
        (thing_named(exchange.path),),
        () if path else tuple(called),
    )


def thing_named(path: str) -> str:
    """What the path of an operation ends in: ``playlist`` for ``/me/playlists``."""
    static = [part for part in path.split("/") if part and not part.startswith("{")]
    return _thing(static[-1]) if static else ""


def _objects(
    value: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Every object, with the names of the properties that lead to it."""
    if isinstance(value, dict):
        yield path, value
        for key, item in value.items():
            yield from _objects(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item, path)


def _thing(name: str) -> str:
    words = [word.lower() for word in split_words(name)]
    return " ".join([*words[:-1], singular(words[-1])]) if words else ""


def _plain(name: str) -> str:
    return "".join(split_words(name)).lower()
