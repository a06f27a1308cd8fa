"""What happens to one request: drawn by seed, so that a run can be repeated."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from random import Random
from typing import Final

from toolalpaca_mockserver.disturbance.grammar import Fate, Terms

_MOST_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens to one answer.

    Attributes:
        seconds: How much later it comes.
        status: The error that comes in its place, or None.
        fate: How its delivery fails, or None.
        retry_after: With a 429: whole seconds until there will be another answer.
    """

    seconds: float = 0.0
    status: int | None = None
    fate: Fate | None = None
    retry_after: int | None = None

    @property
    def label(self) -> str:
        """What happens, for the header ``toolalpaca-disturbance`` and the log."""
        said = [f"latency={self.seconds * 1000:.0f}ms"] if self.seconds else []
        said += [f"status={self.status}"] if self.status is not None else []
        return ", ".join([*said, *([self.fate] if self.fate is not None else [])])


class Chance:
    """Draws disturbances; the n-th request of a session to an operation always draws the same.

    Args:
        seed: Other seed, other fortunes.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn: OrderedDict[tuple[str, str], int] = OrderedDict()

    def draw(self, terms: Terms, operation: str, session: str) -> Disturbance:
        """What happens to the next request of *session* to *operation*; not what rates ask for."""
        count = self._counted(operation, session)
        random = Random(f"{self._seed} {operation} {session} {count}")  # noqa: S311 - no secret
        seconds = 0.0
        if terms.latency is not None and random.random() < terms.latency[1]:
            seconds = terms.latency[0].draw(random)
        left = random.random()
        for status, share in terms.statuses:
            left -= share
            if left < 0:
                return Disturbance(seconds, status)
        for fate, share in terms.fates:
            left -= share
            if left < 0:
                return Disturbance(seconds, fate=fate)
        return Disturbance(seconds)

    def _counted(self, operation: str, session: str) -> int:
        """The number of this request; who has not asked for long begins anew."""
        count = self._drawn[operation, session] = self._drawn.get((operation, session), 0) + 1
        self._drawn.move_to_end((operation, session))
        if len(self._drawn) > _MOST_COUNTED:
            self._drawn.popitem(last=False)
        return count
