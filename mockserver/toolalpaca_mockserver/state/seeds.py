"""Items that are there before anybody made them, and ids for those that somebody makes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.state.items import key_of, settled
from toolalpaca_mockserver.state.resource import Resource
from toolalpaca_mockserver.state.store import Ids, Item, KnownIds, highest
from toolalpaca_mockserver.values import NoInstance, ValueGenerator, index_for
from toolalpaca_mockserver.values.numbers import bounds

AT_TOP: Final = 5
NESTED: Final = 3
SHARED: Final = 2 * AT_TOP
"""First items of a collection some of which are seen below each of the first items of another."""
ONLY: Final = "only"
"""What stands for the id of a single thing."""
_TRIES: Final = 20
_MOST_SEARCHED: Final = 100
_NUMBERS: Final = frozenset({"integer", "number"})
_VARIANTS: Final = 16
"""Items of a resource that are made whole; others are drawn from them, with an identity of their
own. An issue of GitHub's holds 400 values, which take 3 ms to make."""


class Seeds:
    """Makes items.

    Args:
        generator: Makes their values.
    """

    def __init__(self, generator: ValueGenerator) -> None:
        self.generator = generator

    async def first(
        self, resource: Resource, place: str, count: int, given: Sequence[Item] = ()
    ) -> list[tuple[str, Item]]:
        """The items of a collection that nobody has seen yet: examples, *given* ones, others.

        Where the list has an example there are no others, so that it is answered with that.

        Args:
            resource: What they are.
            place: The collection.
            count: How many there are where the document does not show which.
            given: Sound items that somebody else has made.
        """
        nested = "{" in resource.collection
        found: dict[str, Item] = {}
        ids = KnownIds(found.keys())
        shown = self.shown(resource)
        for index in range(len(shown) if resource.listed else max(len(shown), count)):
            try:
                if index < len(shown):
                    item = self._completed(resource, place, index, nested, shown[index])
                elif index < len(shown) + len(given):
                    item = given[index - len(shown)]
                else:
                    item = self._seeded(resource, place, index, nested)
            except NoInstance:
                break
            key, item = await self.named(resource, item, place, ids, -index)
            found[key] = item
            ids.highest = highest((key,), ids.highest)
        wanted = self._documented_id(resource)
        if found and wanted is not None and wanted not in found:
            if len(found) > len(shown):
                found.popitem()
            found[wanted] = self.imagined(resource, place, wanted)
        return list(found.items())

    def shown(self, resource: Resource) -> list[Item]:
        """What the document's examples show of the items of *resource*, each once.

        An answer with one item often shows more of it than the list.
        """
        name, found = resource.id_property, dict[str, Item]()
        for index, item in enumerate((*resource.listed, *resource.alone)):
            if name is not None and name in item:
                key = key_of(item[name])
            elif index < len(resource.listed) or not found:
                key = f"#{index}"
            else:
                continue  # nobody can say whether it is one of those in the list
            found[key] = {**found.get(key, {}), **item}
        return list(found.values())

    def _completed(
        self, resource: Resource, place: str, index: int, nested: bool, shown: Item
    ) -> Item:
        """*shown*, with what it lacks to be an item of *resource*."""
        if resource.contract.is_valid(shown):
            return shown
        item = self._seeded(resource, place, index, nested)
        return settled(resource, {**item, **shown}, item)

    def _documented_id(self, resource: Resource) -> str | None:
        """The id that the document's example of the path parameter asks for."""
        if resource.reader is None or resource.id_property is None:
            return None
        contract = resource.reader.contract
        given = [example.value for example in resource.reader.parameter.examples]
        shown = contract.shape.get("examples")
        sound = (v for v in [*given, *(shown or ())] if contract.is_valid(v))
        return next((key_of(value) for value in sound), None)

    def _seeded(self, resource: Resource, place: str, index: int, nested: bool) -> Item:
        if not nested:
            return self._item(resource, f"{place}#{index}", index)
        item = self._item(
            resource, f"{resource.collection}~{index_for(_VARIANTS, place)}#{index}", index
        )
        if index < len(resource.contract.shape.get("examples") or ()):
            return item
        return self._individual(resource, item, f"{place}#{index}")

    def variant(self, resource: Resource, place: str, number: int) -> tuple[str, int]:
        """Key and index of what the item is drawn from that change *number* adds to *place*."""
        drawn = (index_for(_VARIANTS, place) + number) % _VARIANTS
        # By their index: the document's examples are taken by the first items.
        return f"{resource.collection}~{drawn}", AT_TOP + drawn

    async def another(
        self, resource: Resource, place: str, ids: Ids, number: int
    ) -> tuple[str, Item]:
        """One more item, with an id that is not among *ids*."""
        item = self._item(resource, *self.variant(resource, place, number))
        item = self._individual(resource, item, f"{place}#{number}")
        return await self.named(resource, item, place, ids, number)

    def imagined(self, resource: Resource, place: str, key: str) -> Item:
        """The item with the id *key*, the same one every time."""
        whole = f"{place}/{key}"
        drawn = f"{resource.collection}/{index_for(_VARIANTS, whole)}"
        item = self._individual(resource, self._item(resource, drawn, None), whole)
        return self.identified(resource, item, key)

    def _individual(self, resource: Resource, item: Item, key: str) -> Item:
        """*item*, drawn from a variant, with what no two things share its own."""
        own = self.own(resource, item, key)
        candidate = {**item, **own}
        return candidate if own and resource.contract.is_valid(candidate) else item

    def own(self, resource: Resource, item: Item, key: str) -> Item:
        """The properties of *item* whose values no two things share, made for *key* alone."""
        return {
            name: self.generator.for_contract(
                contract, name=name, key=f"{key}/{name}", examples=False
            )
            for name, contract in resource.distinctive
            if name in item
        }

    def identified(self, resource: Resource, item: Item, key: str) -> Item:
        """*item* with the id *key*, as far as its contract allows."""
        if resource.id_property is None:
            return item
        schema = resource.contract.properties().get(resource.id_property, True)
        changed = {**item, resource.id_property: coerce(key, schema, resource.contract)}
        return settled(resource, changed, item)

    async def named(
        self, resource: Resource, item: Item, place: str, ids: Ids, number: int
    ) -> tuple[str, Item]:
        """*item* with an id that no other has, and that id as paths have it."""
        if resource.single:
            return ONLY, item
        name = resource.id_property
        if name is not None and name in item and await self._is_free(resource, item[name], ids):
            return key_of(item[name]), item
        for value in self._ids(resource, place, ids, number):
            if not await self._is_free(resource, value, ids):
                continue
            if name is None:
                return key_of(value), item
            for shown in (value, key_of(value)):  # a text in the item, a number in the path
                changed = {**item, name: shown}
                if resource.contract.is_valid(changed):
                    return key_of(value), changed
        return f"{place.rpartition('/')[2]}-{number}", item

    async def new_id(
        self, resource: Resource, place: str, ids: Ids, number: int
    ) -> tuple[str, Any] | None:
        """An id that no item has yet, as paths and as items have it; None when none is found."""
        for value in self._ids(resource, place, ids, number):
            if await self._is_free(resource, value, ids):
                for shown in (value, key_of(value)):
                    if resource.id_contract is None or resource.id_contract.is_valid(shown):
                        return key_of(value), shown
        # Paths may count to ten, as Petstore's orders do; things still differ beyond.
        following = ids.highest + 1
        if resource.id_contract is not None and resource.id_contract.is_valid(following):
            return str(following), following
        return None

    async def _is_free(self, resource: Resource, value: Any, ids: Ids) -> bool:
        """Whether *value* can be an id, and is nobody's yet."""
        if isinstance(value, (dict, list, bool)) or value in (None, ""):
            return False
        key = key_of(value)
        if resource.reader is not None:
            contract = resource.reader.contract
            if not contract.is_valid(coerce(key, contract.schema, contract)):
                return False
        return not await ids.has(key)

    def _ids(self, resource: Resource, place: str, ids: Ids, number: int) -> Iterator[Any]:
        """Ids to try: the next number, or one that is left over, and then of any kind."""
        reader = resource.reader.contract if resource.reader is not None else None
        contracts = [c for c in (resource.id_contract, reader) if c is not None]
        kinds = [contract.types(contract.shape) for contract in contracts]
        if any(kind & _NUMBERS for kind in kinds):
            yield ids.highest + 1
            yield from _left_over(contracts)
        for contract, kind in zip(contracts, kinds, strict=True):
            for attempt in range(_TRIES if not kind or kind - _NUMBERS else 0):
                try:
                    yield self.generator.for_contract(
                        contract,
                        name=resource.id_property or "id",
                        key=f"{place}#{number}#{attempt}",
                        examples=False,
                    )
                except NoInstance:
                    break

    def _item(self, resource: Resource, key: str, index: int | None) -> Item:
        for attempt in range(_TRIES):
            value = self.generator.remembered(
                resource.contract,
                name=resource.name,
                key=f"{key}~{attempt}" if attempt else key,
                index=index,
            )
            if isinstance(value, dict):
                return value
        # It may be null, or a list, by a branch of its schema; it always is.
        raise NoInstance(f"a {resource.name} is no object")


def _left_over(contracts: Sequence[Contract]) -> Iterator[int]:
    """Numbers within the bounds of all *contracts*: the lowest ones, which some items may have."""
    found = [bounds(contract.shape) for contract in contracts]
    low = math.ceil(max((low for low, _ in found if low is not None), default=1))
    high = math.floor(min((high for _, high in found if high is not None), default=low + _TRIES))
    return iter(range(low, min(high, low + _MOST_SEARCHED) + 1))
