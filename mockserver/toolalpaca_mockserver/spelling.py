"""Names as people spell them: ``bookingId`` and ``booking_id`` are one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from toolalpaca.openapi.model import Operation


@lru_cache(maxsize=4096)
def letters(name: str) -> str:
    """*name* without case and punctuation: ``bookingId`` and ``booking_id`` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a name in any spelling: ``createdAt`` is created, at."""
    return tuple(w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name))


_SINGULARS: Final = {
    "addenda": "addendum", "analyses": "analysis", "aliases": "alias", "biases": "bias",
    "buses": "bus", "caches": "cache", "calories": "calorie", "campuses": "campus",
    "children": "child", "cookies": "cookie", "criteria": "criterion",
    "diagnoses": "diagnosis", "feet": "foot", "geese": "goose", "halves": "half",
    "indices": "index", "knives": "knife", "leaves": "leaf", "lives": "life",
    "matrices": "matrix", "men": "man", "mice": "mouse", "movies": "movie", "news": "news",
    "people": "person", "quizzes": "quiz", "selfies": "selfie", "series": "series",
    "shelves": "shelf", "species": "species", "statuses": "status", "teeth": "tooth",
    "vertices": "vertex", "viruses": "virus", "women": "woman", "zombies": "zombie",
}  # fmt: skip
"""Plurals whose endings mislead."""


def singular(word: str) -> str:
    """The singular of an English plural, as well as endings tell.

    >>> [singular(word) for word in ("bookings", "properties", "addresses", "status", "movies")]
    ['booking', 'property', 'address', 'status', 'movie']
    """
    start, _, last = word.rpartition("_")
    if last in _SINGULARS:
        return f"{start}_{_SINGULARS[last]}" if start else _SINGULARS[last]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def means(name: str, operation: Operation) -> bool:
    """Whether *name*, ``GET /pets`` or an operationId, means *operation*."""
    if name == operation.operation_id:
        return True
    method, _, path = name.partition(" ")
    same_place = nameless(path.strip()) == nameless(operation.path)
    return bool(path) and same_place and method.lower() == operation.method


@lru_cache(maxsize=4096)
def nameless(path: str) -> str:
    """A path template without its parameters' names, and without a slash at its end.

    >>> nameless("/users/{userId}/posts/")
    '/users/{}/posts'
    """
    return re.sub(r"\{[^{}]*\}", "{}", path).rstrip("/")
