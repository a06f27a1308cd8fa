"""Collections as they are listed: searched, ordered, in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.state import items
from toolalpaca_mockserver.state.beginning import Beginnings
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.paging import page_of
from toolalpaca_mockserver.state.places import collection_place
from toolalpaca_mockserver.state.queries import equalities, is_search, matching
from toolalpaca_mockserver.state.resource import Role
from toolalpaca_mockserver.state.roles import renamed, respelled
from toolalpaca_mockserver.state.store import Item, World
from toolalpaca_mockserver.state.viewing import Viewing

IMAGINED: Final = 2
"""Items that a search with required filters finds at least: the world is larger than its list."""


class Lister:
    """Lists collections.

    Args:
        beginnings: Gives collections their first items.
        viewing: Sees collections as operations do.
    """

    def __init__(self, beginnings: Beginnings, viewing: Viewing) -> None:
        self.name = beginnings.name
        self.corrections = beginnings.resources.corrections
        self.seeds = beginnings.seeds
        self.beginnings = beginnings
        self.viewing = viewing

    async def show(
        self, world: World, role: Role, operation: Operation, arguments: Arguments
    ) -> Outcome:
        """What *operation* lists."""
        place = collection_place(self.name, role, operation, arguments.path)
        await self.beginnings.ensure(world, role.resource, place, arguments.path)
        found, wanted = await self.search(world, role, operation, arguments)
        if not found and wanted:
            await self.imagine(world, role, operation, wanted, arguments.path)
            found, _ = await self.search(world, role, operation, arguments)
        operation, query = self._in_usual_words(operation, arguments.query)
        return Outcome(role, page=page_of(found, query, operation))

    async def search(
        self, world: World, role: Role, operation: Operation, arguments: Arguments
    ) -> tuple[list[tuple[str, Item]], Item]:
        """What a list finds, and what its items must have because the client has to say it."""
        resource = role.resource
        place = collection_place(self.name, role, operation, arguments.path)
        known = await self.viewing.items(world, role, operation, arguments.path, place)
        operation, query = self._in_usual_words(operation, arguments.query)
        demanded = frozenset(p.name for p in operation.parameters if p.required)
        found = matching(known, query, role.shape or resource.contract, demanded)
        wanted = equalities(
            operation,
            query,
            resource.contract,
            id_property=resource.id_property,
            only_searched=is_search(resource.collection),
        )
        return found, wanted

    def _in_usual_words(
        self, operation: Operation, query: Mapping[str, Any]
    ) -> tuple[Operation, Mapping[str, Any]]:
        """The list and what is asked of it, where a person has said what its parameters do."""
        said = self.corrections.operations.get(operation.name)
        if said is None or not said.parameters:
            return operation, query
        return renamed(operation, said.parameters), respelled(query, said.parameters)

    async def imagine(
        self,
        world: World,
        role: Role,
        operation: Operation,
        wanted: Item,
        path: Mapping[str, Any],
        given: Sequence[Item] = (),
    ) -> None:
        """Let the world hold what a search must name: nobody has seen that it does not."""
        resource = role.resource
        place = collection_place(self.name, role, operation, path)
        for index in range(IMAGINED):
            number = await world.tick()
            ids = await world.ids(place)
            written = index < len(given)
            if written:
                key, item = await self.seeds.named(resource, given[index], place, ids, number)
            else:
                key, item = await self.seeds.another(resource, place, ids, number)
            item = await self.beginnings.links.link(
                world, resource, item, f"{place}/{key}", authored=written
            )
            item = items.settled(resource, {**item, **wanted}, item)
            item = items.with_context(resource, item, path)
            await world.put(
                place, key, await self.viewing.owned(world, role, operation, path, item)
            )
