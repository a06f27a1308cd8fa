"""What becomes of each property when an item is made or changed, read off the schemas once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters, words

UNSAID: Final[Any] = object()
"""What stands for a value that the schemas do not say."""

_MADE = frozenset(
    {
        "created",
        "added",
        "registered",
        "opened",
        "submitted",
        "ordered",
        "placed",
        "joined",
        "inserted",
        "acquired",
        "paid",
        "issued",
        "recorded",
    }
)
_CHANGED = frozenset({"updated", "modified", "changed", "edited"})
_STATES = frozenset({"status", "state"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A property of an item.

    Attributes:
        name: The property.
        settable: Whether the client may say it.
        default: What it is when the client does not say it, or :data:`UNSAID`.
        omitted: Whether it is left out when the client does not say it.
        first: What it is in a new thing, or :data:`UNSAID`: a thing begins in its first state.
    """

    name: str
    settable: bool
    default: Any
    omitted: bool
    first: Any


class Form:
    """What a client may say of an item, and what the server does.

    Args:
        contract: What an item is, as answers show it.
        request: What the client may send, or None when that is not known.

    Attributes:
        entries: What answers show, in order.
        on_making: Moments that the server notes when an item is made: names, and their formats.
        on_changing: Likewise when one is changed.
    """

    def __init__(self, contract: Contract, request: Contract | None) -> None:
        self.request = request  # kept, so that its id stays taken
        sayable = request.properties() if request is not None else {}
        required = contract.shape.get("required") or ()
        self.entries = []
        self.on_making: dict[str, str] = {}
        self.on_changing: dict[str, str] = {}
        for name, schema in contract.properties().items():
            own = contract.flat(schema)
            sent = request.flat(sayable[name]) if request and name in sayable else None
            self.entries.append(_entry(name, own, sent, required=name in required))
            kept_by_server = sent is None or own.get("readOnly") is True
            if kept_by_server and own.get("format") in ("date", "date-time"):
                if not _CHANGED.isdisjoint(words(name)):
                    self.on_changing[name] = own["format"]
                if not (_MADE | _CHANGED).isdisjoint(words(name)):
                    self.on_making[name] = own["format"]


def _entry(name: str, own: dict[str, Any], sent: dict[str, Any] | None, *, required: bool) -> Entry:
    settable = own.get("readOnly") is not True
    theirs = sent if settable else None
    default = own.get("default", UNSAID)
    members = own.get("enum") if letters(name) in _STATES else None
    return Entry(
        name,
        settable,
        default if theirs is None else theirs.get("default", default),
        theirs is not None and not required,
        members[0] if isinstance(members, list) and members else UNSAID,
    )
