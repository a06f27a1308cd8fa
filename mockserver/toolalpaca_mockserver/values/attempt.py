"""What one attempt at a value is like, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

DEEP: Final = 4
"""Below it, optional properties are left out."""
DEEPEST: Final = 24
MOST_NODES: Final = 400
"""Values in one attempt; beyond it only what is required is built."""
MOST_ITEMS: Final = 250_000
"""Items that a list may demand, those of the lists in it included."""
MOST_UNIQUE: Final = 500
"""Items that differ: each is compared with every other one."""
MOST_PROPERTIES: Final = 500


class DeadEnd(Exception):
    """The attempt leads to no value: a reason to try again, not an error."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How an attempt goes about it.

    Attributes:
        examples: ``whole`` objects, only ``leaves``, or ``none``.
        minimal: Only what is required, as small as it may be.
        apart: Branches of a ``oneOf`` that one value satisfies are told apart, by properties of
            the wrong type if need be.
    """

    examples: Literal["whole", "leaves", "none"]
    minimal: bool = False
    apart: bool = False
