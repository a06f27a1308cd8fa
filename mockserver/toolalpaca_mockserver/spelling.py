"""Names as people spell them: ``bookingId`` and ``booking_id`` are one."""

from __future__ import annotations

import re
from functools import lru_cache


def letters(name: str) -> str:
    """*name* without case and punctuation: ``bookingId`` and ``booking_id`` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a name in any spelling: ``createdAt`` is created, at."""
    return tuple(w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name))


def singular(word: str) -> str:
    """The singular of an English plural, as well as endings tell.

    >>> [singular(word) for word in ("bookings", "categories", "addresses", "status")]
    ['booking', 'category', 'address', 'status']
    """
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
