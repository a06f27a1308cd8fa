"""A value that a slot could take, and how much speaks for it.

Scores are on one scale: a bare mention of the right kind is worth about 1, the slot's own name
beside it 2 to 3, a label (``city: Oslo``) 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolalpaca.llm.baseline.mentions import Mention


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a slot could take.

    Attributes:
        value: Satisfies the slot's schema.
        score: How much speaks for it.
        passage: Which passage it stands in.
        start: Offset in the passage.
        end: Offset behind it.
        mention: What it was read from, where it was a mention.
    """

    value: Any
    score: float
    passage: int
    start: int
    end: int
    mention: Mention | None = None
