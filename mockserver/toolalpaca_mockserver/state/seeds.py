"""Items that are there before anybody made them, and ids for those that somebody makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.state.items import key_of, settled
from toolalpaca_mockserver.state.resources import Resource
from toolalpaca_mockserver.state.store import Item
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

AT_TOP: Final = 5
NESTED: Final = 3
_TRIES: Final = 20


class Seeds:
    """Makes items.

    Args:
        generator: Makes their values.
    """

    def __init__(self, generator: ValueGenerator) -> None:
        self.generator = generator

    def first(self, resource: Resource, place: str, nested: bool) -> list[tuple[str, Item]]:
        """The items of a collection that nobody has seen yet: the examples, then others.

        Args:
            resource: What they are.
            place: The collection.
            nested: Whether the collection belongs to an item of another: it is then shorter.
        """
        found: dict[str, Item] = {}
        for index in range(NESTED if nested else AT_TOP):
            try:
                item = self._item(resource, f"{place}#{index}", index)
            except NoInstance:
                break
            key, item = self.named(resource, item, place, list(found), -index)
            found[key] = item
        wanted = self._documented_id(resource)
        if found and wanted is not None and wanted not in found:
            _, item = found.popitem()
            found[wanted] = self.identified(resource, item, wanted)
        return list(found.items())

    def _documented_id(self, resource: Resource) -> str | None:
        """The id that the document's example of the path parameter asks for."""
        if resource.reader is None or resource.id_property is None:
            return None
        contract = resource.reader.contract
        given = [example.value for example in resource.reader.parameter.examples]
        shown = contract.shape.get("examples")
        sound = (v for v in [*given, *(shown or ())] if contract.is_valid(v))
        return next((key_of(value) for value in sound), None)

    def another(
        self, resource: Resource, place: str, known: Sequence[str], number: int
    ) -> tuple[str, Item]:
        """One more item, with an id that is not *known*."""
        item = self._item(resource, f"{place}#{number}", AT_TOP + number)
        return self.named(resource, item, place, known, number)

    def imagined(self, resource: Resource, place: str, key: str) -> Item:
        """The item with the id *key*, the same one every time."""
        return self.identified(resource, self._item(resource, f"{place}/{key}", None), key)

    def identified(self, resource: Resource, item: Item, key: str) -> Item:
        """*item* with the id *key*, as far as its contract allows."""
        if resource.id_property is None:
            return item
        schema = resource.contract.properties().get(resource.id_property, True)
        changed = {**item, resource.id_property: coerce(key, schema, resource.contract)}
        return settled(resource, changed, item)

    def named(
        self, resource: Resource, item: Item, place: str, known: Sequence[str], number: int
    ) -> tuple[str, Item]:
        """*item* with an id that no other has, and that id as paths have it."""
        name = resource.id_property
        taken = set(known)
        if name is not None and name in item and self._is_free(resource, item[name], taken):
            return key_of(item[name]), item
        for value in self._ids(resource, place, known, number):
            if not self._is_free(resource, value, taken):
                continue
            if name is None:
                return key_of(value), item
            for shown in (value, key_of(value)):  # a text in the item, a number in the path
                changed = {**item, name: shown}
                if resource.contract.is_valid(changed):
                    return key_of(value), changed
        return f"{place.rpartition('/')[2]}-{number}", item

    def _is_free(self, resource: Resource, value: Any, taken: set[str]) -> bool:
        """Whether *value* can be an id, and is nobody's yet."""
        if isinstance(value, (dict, list, bool)) or value in (None, "") or key_of(value) in taken:
            return False
        reader = resource.reader
        if reader is None:
            return True
        contract = reader.contract
        return contract.is_valid(coerce(key_of(value), contract.schema, contract))

    def _ids(
        self, resource: Resource, place: str, known: Sequence[str], number: int
    ) -> Iterator[Any]:
        """Ids to try."""
        numbers = [int(key) for key in known if key.isdigit()]
        if resource.id_property is not None:
            schema = resource.contract.properties().get(resource.id_property, True)
            yield from self._of_schema(
                resource.contract.part(schema), resource, place, numbers, number
            )
        if resource.reader is not None:
            yield from self._of_schema(resource.reader.contract, resource, place, numbers, number)

    def _of_schema(
        self,
        contract: Contract,
        resource: Resource,
        place: str,
        numbers: list[int],
        number: int,
    ) -> Iterator[Any]:
        if contract.types(contract.shape) & {"integer", "number"}:
            yield max(numbers, default=0) + 1
        for attempt in range(_TRIES):
            try:
                yield self.generator.for_contract(
                    contract,
                    name=resource.id_property or "id",
                    key=f"{place}#{number}#{attempt}",
                    examples=False,
                )
            except NoInstance:
                return

    def _item(self, resource: Resource, key: str, index: int | None) -> Item:
        for attempt in range(_TRIES):
            value = self.generator.for_contract(
                resource.contract,
                name=resource.name,
                key=f"{key}~{attempt}" if attempt else key,
                index=index,
            )
            if isinstance(value, dict):
                return value
        # It may be null, or a list, by a branch of its schema; it always is.
        raise NoInstance(f"a {resource.name} is no object")
