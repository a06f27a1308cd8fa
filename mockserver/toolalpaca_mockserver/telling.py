"""What is remembered, as a body tells it: wrapped, summarised, and allowed by its contract."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from toolalpaca_mockserver.conforming import conform
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import ResponseBody
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.page_links import PageLinks
from toolalpaca_mockserver.state.paging import describe
from toolalpaca_mockserver.state.store import Item
from toolalpaca_mockserver.values import ValueGenerator

_REMEMBERED: Final = 512
_HELD: Final = 20_000
"""Items that what is remembered holds in all: stores give new ones for each request."""


class Teller:
    """Tells outcomes.

    An item is never changed, so what has been found sound needs no second look: for one of
    GitHub's issues it takes 0.04 ms, as long as all the rest of a GET.

    Args:
        generator: Makes what a body demands and nobody remembers.
    """

    def __init__(self, generator: ValueGenerator) -> None:
        self.generator = generator
        # Items that a body told as they are, soundly; kept, so that their ids stay taken.
        self._sound: OrderedDict[tuple[object, ...], Sequence[Item]] = OrderedDict()
        self._held = 0

    def told(
        self, body: ResponseBody, outcome: Outcome, key: str, links: PageLinks | None = None
    ) -> tuple[Any, bool]:
        """The outcome as *body* tells it, and whether *body* can tell it at all."""
        shape, page, contract = outcome.role.shape, outcome.page, body.contract
        if shape is None or (page is None and outcome.item is None):
            return None, False
        if page is not None:
            items = [item for _, item in page.items]
            names = [f"{key}/{item_key}" for item_key, _ in page.items]
        else:
            items, names = [outcome.item or {}], [outcome.key]
        case = _case(contract, outcome, items, links)
        if case in self._sound:
            self._sound.move_to_end(case)
            return self._enclosed(body, outcome, items, links), True
        known = outcome.sound and shape is outcome.role.resource.contract
        fits = [_shows_all(shape, item) and (known or shape.is_valid(item)) for item in items]
        shown = [
            item if fit else self._shown(shape, item, name)
            for item, fit, name in zip(items, fits, names, strict=True)
        ]
        value = self._enclosed(body, outcome, shown, links)
        sound = all(fits)
        if not sound or shape is not contract or value is not outcome.item:
            mended = conform(value, contract, lambda: self._envelope(body))
            sound, value = sound and mended is value, mended
        if sound:
            self._sound[case] = items
            self._held += len(items)
            while len(self._sound) > _REMEMBERED or self._held > _HELD:
                self._held -= len(self._sound.popitem(last=False)[1])
        return value, value is not None

    def _enclosed(
        self, body: ResponseBody, outcome: Outcome, shown: list[Any], links: PageLinks | None
    ) -> Any:
        """The list or the item, *shown*, in its wrapper."""
        value: Any = shown if outcome.page is not None else shown[0]
        if outcome.role.wrapper:
            value = _wrapped(self._envelope(body), outcome.role.wrapper, value)
        if outcome.page is None and body.is_sequence:
            value = [value]
        if outcome.page is not None:
            value = describe(value, outcome.page, outcome.role.wrapper, links)
        return value

    def _envelope(self, body: ResponseBody) -> Any:
        if body.envelope is None:
            shown = (example.value for example in body.examples)
            body.envelope = next(shown, None) or self.generator.for_contract(
                body.contract, key=body.contract.name
            )
        return body.envelope

    def _shown(self, shape: Contract, item: Item, key: str) -> Any:
        """*item* as *shape* shows it: a summary leaves out, a detail adds, the same every time."""
        known = shape.properties()
        extra = shape.shape.get("additionalProperties") not in (None, False)
        visible = {k: v for k, v in item.items() if k in known or extra or not known}
        return conform(visible, shape, lambda: self.generator.for_contract(shape, key=key)) or item


def _case(
    contract: Contract, outcome: Outcome, items: Sequence[Item], links: PageLinks | None
) -> tuple[object, ...]:
    """All that a body depends on."""
    page = outcome.page
    said = (page.total, page.start, page.size, page.number, page.next_cursor) if page else None
    base = links.base if links is not None and outcome.role.wrapper else ""
    return (id(outcome.role), id(contract), said, base, *map(id, items))


def _shows_all(shape: Contract, item: Item) -> bool:
    """Whether *shape* knows all properties of *item*."""
    properties = shape.shape.get("properties")
    return properties is None or properties.keys() >= item.keys()


def _wrapped(envelope: Any, keys: Sequence[str], value: Any) -> Any:
    """*envelope* with *value* at the end of *keys*."""
    if not keys:
        return value
    inside = envelope if isinstance(envelope, dict) else {}
    return {**inside, keys[0]: _wrapped(inside.get(keys[0]), keys[1:], value)}
