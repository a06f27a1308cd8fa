"""A user who is not there: answers an agent's questions out of facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from toolalpaca.calling.serialization import plain_text
from toolalpaca_runtime.user import PendingCall

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_FILLERS = frozenset(("a", "an", "at", "by", "for", "from", "in", "is", "of", "on", "the", "to"))
"""Words of names that say nothing, unless a name has no others: ``date_of_birth``, ``from``."""


class SimulatedUser:
    """A user who knows *facts* and tells those that a question asks for; deterministic.

    A fact is asked for when every word of its name is in the question, or, when no fact is, when
    most of its words are.

    Args:
        facts: Values by name, such as a parameter's: ``{"email": "maya@mail.example"}``.
        approves: Whether every call is approved, which is right on a simulated API; otherwise
            nobody is there to approve any.
    """

    def __init__(self, facts: Mapping[str, Any], *, approves: bool = True) -> None:
        self._facts = dict(facts)
        self._approves = approves

    async def approve(self, _pending: PendingCall) -> bool | None:
        """Yes, or that nobody is there."""
        return True if self._approves else None

    async def answer(self, question: str) -> str:
        """The answer to *question*, a sentence for each fact."""
        asked = self._asked(question)
        if not asked:
            return "I don't know."
        return " ".join(
            f"The {_spoken(name)} is {plain_text(self._facts[name])}." for name in asked
        )

    def _asked(self, question: str) -> list[str]:
        words = _stems(question)
        shares = {name: _share(_telling(name), words) for name in self._facts}
        for least in (1.0, 0.5):
            if asked := [name for name, share in shares.items() if share >= least]:
                return asked
        return []


def _stems(text: str) -> set[str]:
    """The words of *text* or of a name (``bookingId``, ``booking_id``), lower case, singular."""
    words = {word.lower() for word in _WORDS.findall(text)}
    return {word.removesuffix("s") if len(word) > 3 else word for word in words}


def _telling(name: str) -> set[str]:
    words = _stems(name)
    return words - _FILLERS or words


def _share(name: set[str], question: set[str]) -> float:
    return len(name & question) / len(name) if name else 0.0


def _spoken(name: str) -> str:
    return " ".join(_WORDS.findall(name)).lower() or name
