"""New items: what a client sends, and what an engine makes up beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.engines import Commission, Composed
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.state import items
from toolalpaca_mockserver.state.beginning import Beginnings
from toolalpaca_mockserver.state.context import Context
from toolalpaca_mockserver.state.linking import Linking
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.refusing import Referee, Refusal
from toolalpaca_mockserver.state.resource import Role
from toolalpaca_mockserver.state.statements import Statements
from toolalpaca_mockserver.state.store import Item, World
from toolalpaca_mockserver.state.viewing import Viewing


class Creator:
    """Makes items for clients.

    Args:
        beginnings: Gives collections their first items.
        viewing: Sees collections as operations do.
        statements: Reads what clients say.
        referee: Refuses what cannot be.
        context: What the engine that composes new items is told of the session.
    """

    def __init__(
        self,
        beginnings: Beginnings,
        viewing: Viewing,
        statements: Statements,
        referee: Referee,
        context: Context,
    ) -> None:
        self.resources = beginnings.resources
        self.seeds = beginnings.seeds
        self.links = beginnings.links
        self.origin = beginnings.origin
        self.viewing = viewing
        self.statements = statements
        self.referee = referee
        self.context = context

    async def create(
        self,
        role: Role,
        operation: Operation,
        arguments: Arguments,
        session: str,
        place: str,
        number: int,
    ) -> Outcome | Refusal:
        """What *operation* comes to that adds to the collection at *place*.

        Args:
            role: What it does.
            operation: What was called.
            arguments: With what.
            session: Whose collection it is, of which nothing is open.
            place: The collection.
            number: Of this change in the session.
        """
        resource = role.resource
        sent = self.statements.sent(role, operation, arguments)
        composed = await self._composed(role, operation, arguments, session, place, number)
        base = composed.value if isinstance(composed.value, dict) else {}
        async with self.context.store.open(session) as world:
            ids = await world.ids(place)
            key = self.statements.key_of(resource, operation, sent)
            if key is not None and "409" in operation.responses and await ids.has(key):
                return Refusal(409, f"there is already a {resource.name} {key}")
            request = self.statements.request(operation)
            refusal = await self.referee.refusal(world, operation, resource, place, sent, request)
            if refusal is not None:
                return refusal
            found = None
            if key is None:
                found = await self.seeds.new_id(resource, place, ids, number)
            name = resource.id_property
            identity = {name: found[1]} if found is not None and name is not None else {}
            authored = composed.source in ("llm", "cache")
            salt = f"{place}#{number}"
            linking = await self.links.of(world, resource, base, salt, authored=authored)
            item = self._new(linking, sent, request, arguments.path, identity, place, number)
            item = items.with_owner(resource, item, arguments.path)
            if found is not None and item.get(name or "", found[1]) == found[1]:
                key = found[0]
            if key is None:
                key, item = await self.seeds.named(resource, item, place, ids, number)
            item = await self.viewing.owned(world, role, operation, arguments.path, item)
            await world.put(place, key, item)
            await self._begin_below(world, resource.collection, place, key)
        return Outcome(
            role,
            item=item,
            key=key,
            place=place,
            created=True,
            sound=isinstance(composed.value, dict),
            source=composed.source,
            reason=composed.reason,
        )

    async def _composed(
        self,
        role: Role,
        operation: Operation,
        arguments: Arguments,
        session: str,
        place: str,
        number: int,
    ) -> Composed:
        """What the engine makes up for a new item, before anything is opened that others want."""
        resource = role.resource
        known, earlier = await self.context.of_call(operation, arguments, session)
        variant, index = self.seeds.variant(resource, place, number)
        return await self.context.engine.compose(
            Commission(
                operation,
                arguments,
                resource.contract,
                resource.name,
                variant,
                index=index,
                task="new",
                known=known,
                earlier=earlier,
            )
        )

    def _new(
        self,
        linking: Linking,
        sent: Item,
        request: Contract | None,
        path: Mapping[str, Any],
        identity: Item,
        place: str,
        number: int,
    ) -> Item:
        """What *sent*, a place, a new id and an item made up whole come to.

        What is made up nearly always fits: then the result alone is looked at, once.
        """
        resource, context = linking.resource, items.context(linking.resource, path)
        own = self.seeds.own(resource, {**linking.item, **context}, f"{place}#{number}")

        def made(base: Item) -> Item:
            mine = {name: value for name, value in own.items() if name in base}
            item = items.made(resource, sent, request, {**base, **mine}, now=number)
            return {**item, **context, **identity}

        if linking.likely is not None:
            item = made({**linking.likely, **context})
            if resource.contract.is_valid(item):
                return item
        base = items.with_context(resource, linking.sound, path)
        return items.mended(resource, made(base), base)[0]

    async def _begin_below(self, world: World, template: str, place: str, key: str) -> None:
        """Nothing belongs to a new item yet: what clients add to it begins empty."""
        above = f"{place}/{quote(key, safe='')}"
        below = self.resources.paths.added_below(template)
        if below:
            await world.begin_empty((above + suffix for suffix in below), self.origin)
