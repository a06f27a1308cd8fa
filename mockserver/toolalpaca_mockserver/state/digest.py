"""What a session knows, for a model that answers in it: what the call is about first, and little.

The digest is an object whose first members matter most, so that whoever has no room for all of it
leaves out the rest. It is a function of the state and the call alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.state.items import key_of
from toolalpaca_mockserver.state.places import item_place, place_of
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.store import Item, World

_SHOWN: Final = 5
"""Items of the collection that is called."""
_SHOWN_OF_OTHERS: Final = 2
_MOST_TOPS: Final = 24
_MOST_NAMED: Final = 12


class Digester:
    """Tells what is known.

    Args:
        name: The API's name.
        resources: What it is about.
    """

    def __init__(self, name: str, resources: Resources) -> None:
        self.name = name
        self.resources = resources

    async def of_call(
        self, world: World, operation: Operation, arguments: Arguments, role: Role | None
    ) -> dict[str, Any]:
        """What matters to a call: what it is below, what it names, its collection, others."""
        found = await self._parents(world, operation.path, arguments.path)
        named = await self._named(world, arguments)
        if named:
            found["named in the call"] = named
        own = self._own_place(operation, arguments.path, role)
        if own is not None:
            await self._show(world, found, own, _SHOWN)
        for place in self._tops():
            if place != own:
                await self._show(world, found, place, _SHOWN_OF_OTHERS)
        return found

    async def of_collection(
        self, world: World, resource: Resource, template: str, path: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What matters to a collection's items, whoever calls: what they belong and refer to."""
        found = await self._parents(world, template + "/", path)
        for reference in self.resources.references(resource):
            target = self.resources.at(reference.target)
            if target is not None and target is not resource and "{" not in target.collection:
                place = place_of(self.name, target.collection, {})
                await self._show(world, found, place, _SHOWN)
        return found

    async def _parents(
        self, world: World, template: str, path: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The items that the path *template* leads through, the nearest first."""
        found: dict[str, Any] = {}
        for above, resource in reversed(self.resources.above(template)):
            place, key = item_place(self.name, above, path)
            item = await world.get(place, key) if key is not None else None
            if item is not None:
                found[f"the {resource.name} of the call"] = item
        return found

    async def _named(self, world: World, arguments: Arguments) -> dict[str, Item]:
        """Items whose ids stand in the query or the body."""
        found: dict[str, Item] = {}
        values = dict.fromkeys(map(key_of, _scalars([arguments.query, arguments.body])))
        tops = self._tops()
        for value in list(values)[:_MOST_NAMED]:
            for place in tops:
                item = await world.get(place, value)
                if item is not None:
                    found[f"{_path(place)}/{value}"] = item
        return found

    async def _show(self, world: World, found: dict[str, Any], place: str, most: int) -> None:
        items = [item for _, item in await world.items(place)]
        if len(items) > most:
            found[_path(place)] = {"count": len(items), "items": items[:most]}
        elif items:
            found[_path(place)] = items

    def _tops(self) -> list[str]:
        return [place_of(self.name, path, {}) for path in self.resources.paths.tops[:_MOST_TOPS]]

    def _own_place(
        self, operation: Operation, path: Mapping[str, Any], role: Role | None
    ) -> str | None:
        """Where the collection is that the call is about."""
        template = operation.path.rstrip("/")
        if role is None:
            return None
        if "{" not in role.resource.collection:
            return place_of(self.name, role.resource.collection, {})
        if template.endswith("}"):
            return item_place(self.name, template, path)[0]
        return place_of(self.name, template, path)


def _path(place: str) -> str:
    return place.partition(":")[2]


def _scalars(value: Any) -> Iterator[Any]:
    """The texts and whole numbers in *value*, the outermost of each branch first."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _scalars(part)
    elif isinstance(value, list):
        for part in value:
            yield from _scalars(part)
    elif isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
        yield value
