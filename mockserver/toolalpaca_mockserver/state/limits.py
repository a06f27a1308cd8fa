"""How much a server remembers, so that nobody fills it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from toolalpaca_mockserver.reading.sessions import DEFAULT_SESSION
from toolalpaca_mockserver.state.encoding import encode
from toolalpaca_mockserver.state.store import Item, SessionFull

LASTING: Final = DEFAULT_SESSION
"""The session of everybody who names none: others do not push it out."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What sessions may take; None is without limit.

    Attributes:
        idle: Seconds after its last use at which a session begins anew.
        sessions: How many are kept; those used last, and the default one.
        items: How many one holds.
        bytes: How many one holds, as the JSON of its items and their ids.
    """

    idle: float | None = None
    sessions: int | None = 1000
    items: int | None = 100_000
    bytes: int | None = 100_000_000


DEFAULT_LIMITS: Final = Limits()


@dataclass(slots=True)
class Usage:
    """What a session, or a collection of it, holds."""

    items: int = 0
    bytes: int = 0

    def add(self, items: int, size: int) -> None:
        """Count more, or less."""
        self.items += items
        self.bytes += size


def size_of(item: Item) -> int:
    """The bytes of *item* as JSON."""
    return len(encode(item))


def check_room(limits: Limits, session: str, before: Usage, now: Usage) -> None:
    """Refuse what lets a session grow beyond its limits.

    Raises:
        SessionFull: It did.
    """
    held: tuple[tuple[str, str, Any, int, int], ...] = (
        ("items", "--most-items", limits.items, before.items, now.items),
        ("bytes", "--most-bytes", limits.bytes, before.bytes, now.bytes),
    )
    for what, option, most, old, new in held:
        if most is not None and new > most and new > old:
            raise SessionFull(
                f"the session {session} is full: it may hold {most} {what} ({option})",
                hint="remove something, or let the session begin anew",
            )
