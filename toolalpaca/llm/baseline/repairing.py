"""Repairing: which arguments an API's refusal is about."""

from __future__ import annotations

import re

from toolalpaca.llm.baseline.filling import Filling
from toolalpaca.llm.baseline.results import Result
from toolalpaca.llm.baseline.slots import Slot

_MENDABLE = frozenset({None, 400, 422})


def repaired(filling: Filling, result: Result) -> list[Slot]:
    """The slots that the refusal names, when it is one that other arguments could avoid.

    A 404 or 409 is about the world, a 401 about rights, a 5xx about the server: there nothing is
    to be mended here.
    """
    if result.status not in _MENDABLE:
        return []
    return [slot for slot in filling.slots if _is_named(slot, result.text)]


def _is_named(slot: Slot, text: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(slot.name)}(?![\w])", text) is not None
