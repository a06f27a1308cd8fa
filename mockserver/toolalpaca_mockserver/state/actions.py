"""Actions on items: ``POST /jobs/{id}/cancel`` and ``POST /jobs/{id}:cancel``.

What an action answers is its item. Where the item shows a status that the action's verb leads to,
by the spelling of English, it has it from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from toolalpaca_mockserver.spelling import letters, singular, words

if TYPE_CHECKING:
    from toolalpaca_mockserver.state.resource import Resource
    from toolalpaca_mockserver.state.store import Item

METHODS: Final = frozenset({"post", "put", "patch", "delete"})
_ACTION: Final = re.compile(r"(?P<item>.*/\{[^{}/]+\})[/:](?P<verb>[^{}/:]+)/?")
_COPYING: Final = frozenset({"copy", "clone", "duplicate", "fork"})
_HELPING: Final = frozenset({"mark", "set", "do", "make", "as", "to", "is"})
_STATES: Final = frozenset({"status", "state"})
_IRREGULAR: Final = {
    "begin": ("begun",), "deactivate": ("inactive",), "disable": ("inactive",),
    "enable": ("active",), "finish": ("done", "completed"), "hold": ("held",),
    "pay": ("paid",), "reopen": ("open",), "resume": ("running", "active"), "run": ("running",),
    "send": ("sent",), "start": ("running", "active"), "stop": ("inactive",),
    "withdraw": ("withdrawn",),
}  # fmt: skip
"""What verbs lead to whose own forms do not say it, or not alone."""


def action_of(path: str) -> tuple[str, str] | None:
    """The template of the item that the path template *path* acts on, and the action's name.

    >>> action_of("/jobs/{jobId}:cancel")
    ('/jobs/{jobId}', 'cancel')
    """
    match = _ACTION.fullmatch(path)
    return (match["item"], match["verb"]) if match is not None else None


def makes_another(name: str, *, created: bool) -> bool:
    """Whether an action of that name answers another item than the one that it is about.

    Args:
        name: The last part of its path: ``copy``, ``replies``.
        created: Whether it is documented to create something.
    """
    is_plural = singular(name.lower()) != name.lower()
    return not _COPYING.isdisjoint(words(name)) or (created and is_plural)


def acted(resource: Resource, path: str, old: Item) -> Item:
    """*old* after the action at the path template *path*, as far as its properties can tell it."""
    action = action_of(path)
    verb = _verb(resource, action[1]) if action is not None else None
    if verb is None:
        return old
    led_to = meanings(verb)
    for shown, schema in resource.contract.properties().items():
        flat = resource.contract.flat(schema)
        value = _state(shown, flat, led_to)
        if value is not None and resource.contract.is_valid({**old, shown: value}):
            return {**old, shown: value}
    return old


def _verb(resource: Resource, name: str) -> str | None:
    """The one word of *name* that says what is done: ``cancel`` of ``cancelJob``."""
    said = [w for w in words(name) if w not in _HELPING and w not in words(resource.name)]
    return said[0] if len(said) == 1 else None


def _state(name: str, flat: dict[str, Any], led_to: tuple[str, ...]) -> Any:
    """The value of the property *name* that an action leads to, or None."""
    if isinstance(flat.get("enum"), list) and not _STATES.isdisjoint(words(name)[-1:]):
        members = {letters(m): m for m in flat["enum"] if isinstance(m, str)}
        return next((members[word] for word in led_to if word in members), None)
    own = letters(name).removeprefix("is")
    return True if flat.get("type") == "boolean" and own in led_to else None


@lru_cache(maxsize=512)
def meanings(verb: str) -> tuple[str, ...]:
    """How a thing is after what *verb* says, in all spellings, likeliest first.

    >>> meanings("cancel")[:2]
    ('canceled', 'cancelled')
    """
    return tuple(dict.fromkeys(_meanings(verb)))


def _meanings(verb: str) -> Iterator[str]:
    stem = verb.removesuffix("e")
    yield from (verb + "ed", verb + verb[-1] + "ed") if stem == verb else (verb + "d",)
    if verb.endswith("y"):
        yield verb[:-1] + "ied"
    yield from _IRREGULAR.get(verb, ())
    if verb.endswith("ate"):
        yield verb.removesuffix("ate") + "e"  # activate, active
    yield verb  # open, complete, and what is a participle already
    yield from (stem + "ing", verb + verb[-1] + "ing")
