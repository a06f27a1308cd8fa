"""Items as they are asked for: those that there are, and those that nobody knows to be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.state import items
from toolalpaca_mockserver.state.beginning import Beginnings
from toolalpaca_mockserver.state.places import item_place, place_of
from toolalpaca_mockserver.state.refusing import Refusal
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.store import Item, World
from toolalpaca_mockserver.state.viewing import Viewing, parent_of, shows


class Finder:
    """Finds items by their ids.

    Args:
        beginnings: Gives collections their first items.
        viewing: Sees collections as operations do.
        open_world: Whether an item that nobody has listed, made or deleted exists when it is asked
            for, although its resource is one whose items are all known.
    """

    def __init__(self, beginnings: Beginnings, viewing: Viewing, *, open_world: bool) -> None:
        self.name = beginnings.name
        self.resources = beginnings.resources
        self.seeds = beginnings.seeds
        self.beginnings = beginnings
        self.viewing = viewing
        self.open_world = open_world

    async def find(
        self, world: World, resource: Resource, place: str, key: str, path: Mapping[str, Any]
    ) -> Item | None:
        """The item, imagined when nobody can know that it does not exist."""
        await self.beginnings.ensure(world, resource, place, path)
        item = await world.get(place, key)
        if item is None and self.imagines(resource) and not await world.was_removed(place, key):
            item = await self.imagine(world, resource, place, key, path)
        return item

    async def seen(
        self,
        world: World,
        role: Role,
        operation: Operation,
        place: str,
        key: str,
        path: Mapping[str, Any],
    ) -> Item | None:
        """What :meth:`find` finds, where *role* is about it; what is imagined always is."""
        resource = role.resource
        if role.view is None:
            return await self.find(world, resource, place, key, path)
        await self.beginnings.ensure(world, resource, place, path)
        known = await world.get(place, key)
        found = known or await self.find(world, resource, place, key, path)
        if found is None:
            return None
        if known is None:
            found = await self.viewing.owned(world, role, operation, path, found)
            await world.put(place, key, found)
        parent = parent_of(role.view, operation.path, path)
        return found if shows(role.view, found, parent) else None

    async def missing_parent(
        self, world: World, operation: Operation, path: Mapping[str, Any]
    ) -> Refusal | None:
        """Why a call is refused below an item that does not exist, or None."""
        for template, resource in self.resources.above(operation.path):
            collection, key = item_place(self.name, template, path)
            if key is None:
                continue
            if "{" not in resource.collection:  # it may be seen below another item
                collection = place_of(self.name, resource.collection, {})
            if await self.find(world, resource, collection, key, path) is None:
                return Refusal(404, f"there is no {resource.name} {key}")
        return None

    def imagines(self, resource: Resource) -> bool:
        """Whether an item exists that nobody has listed, made or deleted."""
        return self.open_world or not resource.closed

    async def imagine(
        self,
        world: World,
        resource: Resource,
        place: str,
        key: str,
        path: Mapping[str, Any],
        given: Item | None = None,
    ) -> Item:
        """Let the item with the id *key* exist: *given*, or one of the server's making."""
        if given is not None:
            item = self.seeds.identified(resource, given, key)
        else:
            item = self.seeds.imagined(resource, place, key)
        item = await self.beginnings.links.link(
            world, resource, item, f"{place}/{key}", authored=given is not None
        )
        item = items.with_context(resource, item, path)
        await world.put(place, key, item)
        return item
