"""What an operation on a resource came to."""

from __future__ import annotations

from dataclasses import dataclass

from toolalpaca_mockserver.engines import Source
from toolalpaca_mockserver.state.paging import Page
from toolalpaca_mockserver.state.resource import Role
from toolalpaca_mockserver.state.store import Item


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation on a resource came to.

    Attributes:
        role: What it was.
        item: The item that it was about; None for lists.
        page: What a list shows.
        key: The item's id.
        place: Where a new item is kept.
        created: Whether the item is new.
        sound: Whether it is known to satisfy the contract of its resource.
        source: Who made a new item's values, or those that the call has brought to light.
        reason: Why it was not the chosen engine.
    """

    role: Role
    item: Item | None = None
    page: Page | None = None
    key: str = ""
    place: str = ""
    created: bool = False
    sound: bool = False
    source: Source = "state"
    reason: str = ""
