"""Operations on resources: what is created is listed, read, changed and gone again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.engines import Engine
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.problems import Reason, reasons_of
from toolalpaca_mockserver.state.authoring import Author
from toolalpaca_mockserver.state.beginning import Beginnings
from toolalpaca_mockserver.state.changing import Changer
from toolalpaca_mockserver.state.context import Context
from toolalpaca_mockserver.state.creating import Creator
from toolalpaca_mockserver.state.digest import Digester
from toolalpaca_mockserver.state.finding import Finder
from toolalpaca_mockserver.state.listing import Lister
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.places import collection_place, place_of
from toolalpaca_mockserver.state.refusing import Referee, Refusal
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.seeds import Seeds
from toolalpaca_mockserver.state.statements import Statements
from toolalpaca_mockserver.state.store import Item, KnownIds, Store, highest
from toolalpaca_mockserver.state.viewing import Viewing

_LOOKS: Final = frozenset({"list", "read"})


class Simulation:
    """The state of one API.

    Args:
        name: The API's name, which keeps its collections apart in a session.
        plans: The plan of each operation, by name.
        resources: What the operations are about.
        seeds: Makes items.
        engine: Composes what is created.
        store: Where sessions are kept.
        open_world: Whether an item that nobody has listed, made or deleted exists when it is asked
            for, although its resource is one whose items are all known.
        origin: Tells the document, and what is known of it, from others: a collection that was
            begun for another one is mended before it is used.
    """

    def __init__(
        self,
        name: str,
        plans: Mapping[str, OperationPlan],
        resources: Resources,
        seeds: Seeds,
        engine: Engine,
        store: Store,
        *,
        open_world: bool = False,
        origin: str = "",
    ) -> None:
        self.name = name
        self.plans = plans
        self.resources = resources
        self.seeds = seeds
        self.store = store
        self.origin = origin
        self.viewing = Viewing(name)
        self.beginnings = Beginnings(name, resources, seeds, origin)
        self.context = Context(Digester(name, resources), engine, store)
        statements, referee = Statements(plans, resources), Referee(self.beginnings.links)
        self.finder = Finder(self.beginnings, self.viewing, open_world=open_world)
        self.lister = Lister(self.beginnings, self.viewing)
        self.changer = Changer(self.finder, statements, referee)
        self.creator = Creator(self.beginnings, self.viewing, statements, referee, self.context)
        author = Author(self.finder, self.lister, self.context)
        self.author = author if engine.sees_state else None

    async def act(
        self, operation: Operation, arguments: Arguments, session: str
    ) -> Outcome | Refusal | None:
        """What *operation* comes to in that session; None when it is about no resource."""
        role = self.resources.role(operation)
        if role is None and self.resources.is_stateless(operation):
            return None
        if self.author is None:
            return await self._act(role, operation, arguments, session)
        written = await self.author.prepare(operation, arguments, role, session)
        outcome = await self._act(role, operation, arguments, session)
        if not isinstance(outcome, Outcome) or outcome.created:
            return outcome
        return replace(outcome, source=written.source, reason=written.reason)

    async def _act(
        self, role: Role | None, operation: Operation, arguments: Arguments, session: str
    ) -> Outcome | Refusal | None:
        reads = role is not None and role.deed in _LOOKS
        async with self.store.open(session, reads=reads) as world:
            refusal = await self.finder.missing_parent(world, operation, arguments.path)
            if refusal is not None or role is None:
                return refusal
            if role.deed == "list":
                return await self.lister.show(world, role, operation, arguments)
            if role.deed == "create":
                place = collection_place(self.name, role, operation, arguments.path)
                await self.beginnings.ensure(world, role.resource, place, arguments.path)
                number = await world.tick()
            else:
                return await self.changer.act(world, role, operation, arguments)
        return await self.creator.create(role, operation, arguments, session, place, number)

    async def fill(
        self, operation: Operation, path: Mapping[str, Any], given: Sequence[Item], session: str
    ) -> list[Reason]:
        """Let the collection that *operation* lists hold just the items *given*.

        Returns:
            What is wrong with them; nothing has changed then.

        Raises:
            LookupError: The operation lists no resource.
        """
        role = self.resources.role(operation)
        if role is None or role.deed != "list":
            raise LookupError(f"{operation.method.upper()} {operation.path} lists no resource")
        resource = role.resource
        reasons = [
            reason
            for index, item in enumerate(given)
            for reason in reasons_of(resource.contract, item, "body", f"/{index}", "the item")
        ]
        if reasons:
            return reasons
        place = collection_place(self.name, role, operation, path)
        async with self.store.open(session) as world:
            if role.view is not None:
                await self.beginnings.ensure(world, resource, place, path)
            held = await self.viewing.others(world, role, operation, path, place)
            ids = KnownIds(held.keys(), highest(held))
            for number, item in enumerate(given, 1):
                key, named = await self.seeds.named(resource, item, place, ids, number)
                held[key] = await self.viewing.owned(world, role, operation, path, named)
                ids.highest = highest((key,), ids.highest)
            await world.begin(place, held, self.origin)
        return []

    async def first(
        self, resource: Resource, place: str, path: Mapping[str, Any], session: str
    ) -> str | None:
        """The id of the oldest item of the collection at *place*, or None when it is empty.

        Args:
            resource: What its items are.
            place: The collection.
            path: Path parameters that led to it.
            session: Whose collection it is.
        """
        async with self.store.open(session) as world:
            await self.beginnings.ensure(world, resource, place, path)
            known = await world.items(place, 1)
        return known[0][0] if known else None

    async def another(self, resource: Resource, session: str) -> Item:
        """An item that nobody has seen, and that is not kept; its references are to what exists.

        Args:
            resource: What it is.
            session: Whose things it refers to.
        """
        place = place_of(self.name, resource.collection, {})
        _, item = await self.seeds.another(resource, place, KnownIds(), 1)
        async with self.store.open(session) as world:
            return await self.beginnings.links.link(world, resource, item, f"{place}#another")
