"""Moments: generated time, and dates of an object in their order."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from toolalpaca_mockserver.spelling import words

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""Where generated time begins. It is fixed, so that the same seed gives the same bytes."""


def moment(rng: random.Random) -> datetime:
    """A time within a year after :data:`EPOCH`, on a full minute."""
    return EPOCH + timedelta(minutes=rng.randrange(0, 365 * 24 * 60, 5))


def timestamp(time: datetime) -> str:
    """*time* as RFC 3339 writes it, in UTC."""
    return time.isoformat()[:19] + "Z"


def order_times(value: dict[str, Any]) -> None:
    """Exchange dates of an object so that what begins does so before it ends."""
    ranked: dict[int, list[tuple[int, str]]] = {}
    for name, text in value.items():
        form = _FORMS.get(len(text)) if isinstance(text, str) else None
        if form is not None:
            rank = _time_rank(name)
            if rank is not None and form.fullmatch(text):
                ranked.setdefault(len(text), []).append((rank, name))
    for found in ranked.values():
        times = sorted(value[name] for _, name in found)
        for (_, name), text in zip(sorted(found), times, strict=True):
            value[name] = text


_FORMS = {
    10: re.compile(r"\d{4}-\d\d-\d\d"),
    20: re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}Z"),
}
"""Dates and times by their length."""


@lru_cache(maxsize=4096)
def _time_rank(name: str) -> int | None:
    parts = set(words(name))
    for rank, verbs in enumerate((_FIRSTS, _THENS, _LASTS)):
        if parts & verbs:
            return rank
    return None


_FIRSTS = frozenset({"created", "joined", "registered", "opened", "ordered", "published"})
_THENS = frozenset(
    {
        "updated",
        "modified",
        "changed",
        "start",
        "starts",
        "begin",
        "from",
        "departs",
        "departure",
        "paid",
        "check_in",
    }
)
_LASTS = frozenset(
    {
        "end",
        "ends",
        "finish",
        "to",
        "arrives",
        "arrival",
        "due",
        "expires",
        "expiry",
        "closed",
        "delivered",
        "completed",
        "returned",
    }
)
