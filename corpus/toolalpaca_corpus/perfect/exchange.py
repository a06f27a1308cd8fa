"""A golden call that was made, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """A golden call that was made, and what came back.

    Attributes:
        function: What was called.
        path: The path of its operation; ``""`` for a question to the user.
        told: What the model was told.
        result: The decoded result as far as it was told; None when the call failed.
    """

    function: str
    path: str
    told: str
    result: Any
