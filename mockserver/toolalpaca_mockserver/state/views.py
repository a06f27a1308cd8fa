"""One thing under two paths: a collection below an item that shows those at the top of the API.

``/stores/{storeId}/products`` beside ``/products`` shows the products whose ``store_id`` is the
store's, where both list the same component and one product refers to one store by that name.
Anything less certain is two collections, unless a correction says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state.references import MANY, Reference

_EMBEDDED: Final = "_embedded"
"""Where HAL puts what is linked: what stands there says nothing by its depth."""


@dataclass(frozen=True, slots=True)
class View:
    """A collection that shows some of another's items.

    Attributes:
        collection: Its path template, the parameters nameless: ``/stores/{}/products``.
        reference: How one of the items says to which item above it belongs.
        has_items: Whether there are paths of items below it.
    """

    collection: str
    reference: Reference
    has_items: bool


def owner(references: Sequence[Reference], parent: str, name: str) -> Reference | None:
    """The one of *references* that tells which item above something belongs to, or None.

    Args:
        references: Of the things.
        parent: The collection of the items above.
        name: What one of them is called.
    """
    found = [
        reference
        for reference in references
        if reference.target == parent
        and MANY not in reference.path
        and _is_direct(reference)
        and letters(_named(reference)).startswith(letters(name))
    ]
    return found[0] if len(found) == 1 else None


def _named(reference: Reference) -> str:
    return reference.path[-2 if reference.inside else -1]


def _is_direct(reference: Reference) -> bool:
    """Whether the item itself refers, and not a part of it that tells of something else."""
    depth = len(reference.path) - reference.inside - (reference.path[0] == _EMBEDDED)
    return depth == 1
