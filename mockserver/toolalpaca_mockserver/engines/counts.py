"""What a language model costs: counted for an API as a whole, and for each answer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import Any

from toolalpaca.llm.protocol import Usage


@dataclass(slots=True)
class Counts:
    """What one engine has done since it was made. All are sums, and grow only.

    Attributes:
        answers: Values that were asked of the engine.
        made: Those that the model made.
        hits: Those that were in the cache.
        fallbacks: Those that the schema engine made, by reason.
        calls: Questions that the model was asked.
        repairs: Calls that were second attempts, with the faults of the first named.
        prompt_tokens: Tokens of the questions.
        cached_tokens: Those of them that the backend did not compute again.
        completion_tokens: Tokens of the replies.
        seconds: Time that the model took, in seconds.
        cost: US dollars, as the model's server or --model-price tell them; 0 without.
    """

    answers: int = 0
    made: int = 0
    hits: int = 0
    fallbacks: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    repairs: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """All of it as plain numbers."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        found["fallbacks"] = dict(sorted(self.fallbacks.items()))
        return found | {"seconds": round(self.seconds, 3), "cost": round(self.cost, 6)}

    def add(self, other: Counts) -> None:
        """Add what *other* has counted."""
        for one in fields(self):
            if one.name == "fallbacks":
                self.fallbacks.update(other.fallbacks)
            else:
                setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(slots=True)
class Spending:
    """What one answer has cost.

    Attributes:
        began: When it was begun, on the clock of :func:`time.monotonic`.
        calls: Questions that the model was asked.
        repairs: Those that were second attempts.
        usage: Tokens.
        seconds: Time that the model took.
        hits: Values that were in the cache.
    """

    began: float = field(default_factory=time.monotonic)
    calls: int = 0
    repairs: int = 0
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    hits: int = 0

    def as_header(self) -> str:
        """The value of the header ``toolalpaca-model``, or ``""`` when no model had a part."""
        if not (self.calls or self.hits):
            return ""
        usage = self.usage
        return (
            f"tokens={usage.prompt_tokens}+{usage.completion_tokens}, "
            f"seconds={self.seconds:.3f}, calls={self.calls}, repairs={self.repairs}, "
            f"cached={self.hits}"
        )


_spending: ContextVar[Spending | None] = ContextVar("spending", default=None)


@contextmanager
def spending() -> Iterator[Spending]:
    """Counts what the block spends, in tasks that it begins, too."""
    found = Spending()
    token = _spending.set(found)
    try:
        yield found
    finally:
        _spending.reset(token)


def current_spending() -> Spending:
    """What counts what is spent here; one that nobody reads when nobody counts."""
    return _spending.get() or Spending()
