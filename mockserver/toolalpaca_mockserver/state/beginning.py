"""How collections begin: with what the document shows, and what is made up beside it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from toolalpaca_mockserver.conforming import conform
from toolalpaca_mockserver.state import items
from toolalpaca_mockserver.state.linking import Links
from toolalpaca_mockserver.state.places import place_of
from toolalpaca_mockserver.state.resource import Resource
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.seeds import AT_TOP, NESTED, SHARED, Seeds
from toolalpaca_mockserver.state.store import Item, World
from toolalpaca_mockserver.state.viewing import placed
from toolalpaca_mockserver.state.views import View
from toolalpaca_mockserver.values import NoInstance

_log = logging.getLogger(__name__)


class Beginnings:
    """Gives collections their first items.

    Args:
        name: The API's name.
        resources: What there are collections of.
        seeds: Makes items.
        origin: Tells the document, and what is known of it, from others: a collection that was
            begun for another one is mended before it is used.

    Attributes:
        links: Lets references lead to things that exist.
    """

    def __init__(self, name: str, resources: Resources, seeds: Seeds, origin: str) -> None:
        self.name = name
        self.resources = resources
        self.seeds = seeds
        self.origin = origin
        self.links = Links(resources, self.top, seeds.generator.seed)

    async def ensure(
        self, world: World, resource: Resource, place: str, path: Mapping[str, Any]
    ) -> None:
        """Let the collection at *place* have had its first items, and fit the document."""
        origin = await world.begun(place)
        if origin == self.origin:
            return
        if origin is not None and await self._mended(world, resource, place):
            return
        made = await self.begin(world, resource, place, path)
        await self.link_first(world, resource, place, path, made)

    async def begin(
        self,
        world: World,
        resource: Resource,
        place: str,
        path: Mapping[str, Any],
        given: Sequence[Item] = (),
    ) -> list[tuple[str, Item]]:
        """Give a collection its first items, *given* ones among them, without their references."""
        # All are there before their references are made: what refers to each other ends here.
        await world.begin(place, {}, self.origin)
        made = await self.seeds.first(resource, place, self.first_count(resource), given)
        for key, item in made:
            await world.put(place, key, items.with_context(resource, item, path))
        return made

    def first_count(self, resource: Resource) -> int:
        """How many items there are from the start, where the document does not show which."""
        if resource.single:
            return 1
        if self.resources.views(resource):
            return SHARED
        return NESTED if "{" in resource.collection else AT_TOP

    async def link_first(
        self,
        world: World,
        resource: Resource,
        place: str,
        path: Mapping[str, Any],
        made: Sequence[tuple[str, Item]],
        *,
        authored: bool = False,
    ) -> None:
        """Let the references of first items lead to things that exist."""
        examples = resource.contract.shape.get("examples") or ()
        shown = max(len(examples), len(self.seeds.shown(resource)))
        before: set[str] = set()
        for key, item in made if self.resources.references(resource) else ():
            if len(before) >= shown:
                linked = await self.links.link(
                    world, resource, item, f"{place}/{key}", before, authored=authored
                )
                await world.put(place, key, items.with_context(resource, linked, path))
            before.add(key)
        for view in self.resources.views(resource):
            await self._spread(world, resource, place, view, shown)

    async def _spread(
        self, world: World, resource: Resource, place: str, view: View, shown: int
    ) -> None:
        """Let each item above have some of the first items, those apart that the document shows."""
        above = self.resources.at(view.reference.target)
        known = await world.items(await self.top(world, above), AT_TOP) if above else []
        for index, (key, item) in enumerate(await world.items(place) if known else ()):
            if index >= shown:
                parent = known[index % len(known)]
                await world.put(place, key, placed(resource.contract, item, view, parent))

    async def _mended(self, world: World, resource: Resource, place: str) -> bool:
        """Let a collection that was begun for another document hold what this one allows.

        Returns:
            Whether it goes on; where nothing fits that it held, it begins anew.
        """
        await world.adopt(place, self.origin)
        mended = dropped = 0
        found = await world.items(place)
        for key, item in found:
            if resource.contract.is_valid(item):
                continue
            fitting = self._fitting(resource, place, key, item)
            if fitting is None:
                await world.remove(place, key)
                dropped += 1
            else:
                await world.put(place, key, fitting)
                mended += 1
        if mended or dropped:
            told = "%s was kept for another document: %d items were mended, %d dropped"
            _log.warning(told, place, mended, dropped)
        return not found or dropped < len(found)

    def _fitting(self, resource: Resource, place: str, key: str, item: Item) -> Item | None:
        """*item* as its resource allows it under its id, or None when it cannot be."""
        try:
            spare = self.seeds.imagined(resource, place, key)
        except NoInstance:
            return None
        fitting = conform(item, resource.contract, lambda: spare)
        if not isinstance(fitting, dict):
            return None
        fitting = self.seeds.identified(resource, fitting, key)
        name = resource.id_property
        return fitting if name is None or items.key_of(fitting.get(name, key)) == key else None

    async def top(self, world: World, resource: Resource) -> str:
        """The place of a resource at the top of the API, which holds its first items."""
        place = place_of(self.name, resource.collection, {})
        await self.ensure(world, resource, place, {})
        return place
