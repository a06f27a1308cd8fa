"""What an engine has answered in a session that no resource remembers, so that later calls agree.

It is kept in the session as a collection of its own beside the API's: it is forgotten with the
session, and stands in its snapshots.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from toolalpaca_mockserver.engines import Earlier
from toolalpaca_mockserver.state.store import World

HISTORY: Final = "~answers"
"""Stands where collections have their path, which begins with a slash."""
_ONLY: Final = "latest"
_MOST: Final = 4


def history_place(api: str) -> str:
    """The name of the collection that holds the answers of an API."""
    return f"{api}:{HISTORY}"


async def earlier(world: World, api: str) -> tuple[Earlier, ...]:
    """The last answers, oldest first."""
    kept = await world.get(history_place(api), _ONLY)
    answers = kept.get("answers") if kept is not None else None
    found = []
    for answer in answers if isinstance(answers, list) else ():
        try:
            found.append(Earlier(**answer))
        except TypeError:  # a snapshot may hold anything
            continue
    return tuple(found)


async def remember(world: World, api: str, answer: Earlier) -> None:
    """Add an answer; the oldest is forgotten, and one to the same question replaced."""
    others = [one for one in await earlier(world, api) if one.asked != answer.asked]
    latest = [*others, answer][-_MOST:]
    await world.put(history_place(api), _ONLY, {"answers": [asdict(one) for one in latest]})
