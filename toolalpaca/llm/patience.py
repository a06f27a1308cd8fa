"""How long to wait before a model's server is asked again, and when not to ask again."""

from __future__ import annotations

from random import uniform
from typing import Final

from toolalpaca.errors import ModelError

_FIRST_PAUSE: Final = 0.5  # seconds; each further one is twice as long
_LONGEST_PAUSE: Final = 60.0  # seconds; whoever is to wait longer than that is told instead


def pause_after(error: ModelError, attempt: int, retries: int) -> float:
    """Seconds until the next attempt.

    Args:
        error: What came of the last one.
        attempt: Its number, from 1.
        retries: Attempts after the first.

    Raises:
        ModelError: There is none; it is *error*, with how often it was tried.
    """
    pause = min(_FIRST_PAUSE * 2.0 ** (attempt - 1), _LONGEST_PAUSE)
    pause *= uniform(0.5, 1)  # noqa: S311 - so that clients do not come back all at once
    asked_for = error.retry_after or 0.0
    if not error.passing or attempt > retries or asked_for > _LONGEST_PAUSE:
        notes = [f"it was tried {attempt} times"] if attempt > 1 else []
        if error.passing and asked_for > _LONGEST_PAUSE:
            notes.append(f"it wants to be left alone for {asked_for:.0f} s")
        error.hint = "; ".join([*notes, *([error.hint] if error.hint else [])]) or None
        raise error
    return max(pause, asked_for)
