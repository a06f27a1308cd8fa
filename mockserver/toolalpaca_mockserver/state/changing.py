"""What becomes of an item that an operation reads, acts on, changes or removes."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.spelling import nameless
from toolalpaca_mockserver.state import items
from toolalpaca_mockserver.state.actions import acted, action_of
from toolalpaca_mockserver.state.finding import Finder
from toolalpaca_mockserver.state.json_patch import PatchError, is_patch, patched
from toolalpaca_mockserver.state.linking import referred
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.places import collection_place, item_place, place_of
from toolalpaca_mockserver.state.refusing import Referee, Refusal
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.seeds import ONLY
from toolalpaca_mockserver.state.statements import Statements
from toolalpaca_mockserver.state.store import Item, World


@dataclass(frozen=True, slots=True)
class _Case:
    """An item that there is, and the call that changes it."""

    world: World
    role: Role
    operation: Operation
    arguments: Arguments
    place: str
    key: str
    old: Item


class Changer:
    """Does to items what operations on one of them do.

    Args:
        finder: Finds them.
        statements: Reads what clients say of them.
        referee: Refuses what cannot be.
    """

    def __init__(self, finder: Finder, statements: Statements, referee: Referee) -> None:
        self.name = finder.name
        self.resources = finder.resources
        self.seeds = finder.seeds
        self.viewing = finder.viewing
        self.finder = finder
        self.statements = statements
        self.referee = referee

    async def act(
        self, world: World, role: Role, operation: Operation, arguments: Arguments
    ) -> Outcome | Refusal:
        """What *operation* on one item comes to."""
        resource = role.resource
        place, key = self._whereabouts(role, operation, arguments)
        old = await self.finder.seen(world, role, operation, place, key, arguments.path)
        if old is None:
            addable = resource.single or "201" in operation.responses
            if role.deed == "replace" and addable and await world.get(place, key) is None:
                return await self._put_new(world, role, operation, arguments, place, key)
            which = resource.name if resource.single else f"{resource.name} {key}"
            return Refusal(404, f"there is no {which}")
        if role.deed == "read":
            return Outcome(role, item=old, key=key)
        if role.deed == "delete":
            await world.remove(place, key)
            await self._remove_children(world, resource, key)
            return Outcome(role, item=old, key=key)
        if role.deed == "act":
            done = acted(resource, operation.path, old)
            if done is not old:
                done = items.touched(resource, done, now=await world.tick())
                await world.put(place, key, done)
            return Outcome(role, item=done, key=key)
        case = _Case(world, role, operation, arguments, place, key, old)
        if role.deed == "update" and is_patch(arguments.body):
            return await self._patch(case)
        return await self._change(case)

    def _whereabouts(
        self, role: Role, operation: Operation, arguments: Arguments
    ) -> tuple[str, str]:
        """The collection of the item that *operation* is about, and its id."""
        resource = role.resource
        if resource.single:
            return collection_place(self.name, role, operation, arguments.path), ONLY
        template = _item_template(role, operation)
        if template.endswith("}"):
            place, key = item_place(self.name, template, arguments.path)
            if "{" not in resource.collection:
                place = place_of(self.name, resource.collection, {})
            return place, key or ""
        # the body names the item
        body = arguments.body if isinstance(arguments.body, dict) else {}
        key = items.key_of(body.get(resource.id_property or "", ""))
        return collection_place(self.name, role, operation, arguments.path), key

    async def _change(self, case: _Case) -> Outcome | Refusal:
        """What replacing or updating an item comes to."""
        role, operation = case.role, case.operation
        change = items.replaced if role.deed == "replace" else items.updated
        request = self.statements.request(operation)
        sent = self.statements.sent(role, operation, case.arguments)
        refusal = await self._refusal(case, sent, request)
        if refusal is not None:
            return refusal
        now = await case.world.tick()
        return await self._keep(case, change(role.resource, sent, request, case.old, now=now))

    async def _patch(self, case: _Case) -> Outcome | Refusal:
        """What a JSON Patch of an item comes to (RFC 5789, section 2.2, has the status)."""
        resource, old = case.role.resource, case.old
        try:
            wanted = patched(old, case.arguments.body)
        except PatchError as error:
            return Refusal(409, f"the patch does not fit the {resource.name} {case.key}: {error}")
        said = wanted if isinstance(wanted, dict) else {}
        sent = {name: value for name, value in said.items() if old.get(name) != value}
        refusal = await self._refusal(case, sent, request=None)
        if refusal is not None:
            return refusal
        now = await case.world.tick()
        return await self._keep(case, items.exchanged(resource, wanted, old, now=now))

    def _refusal(
        self, case: _Case, sent: Item, request: Contract | None
    ) -> Awaitable[Refusal | None]:
        """Why an item may not become what is *sent*, of which clients may say *request*."""
        resource = case.role.resource
        return self.referee.refusal(
            case.world, case.operation, resource, case.place, sent, request, own=case.key
        )

    async def _keep(self, case: _Case, changed: Item) -> Outcome:
        """Put *changed* in the place of the item, as far as the document allows it."""
        world, role, operation = case.world, case.role, case.operation
        settled, sound = items.settle(role.resource, changed, case.old)
        item = await self.viewing.owned(world, role, operation, case.arguments.path, settled)
        await world.put(case.place, case.key, item)
        return Outcome(role, item=item, key=case.key, sound=sound or item is not settled)

    async def _put_new(
        self,
        world: World,
        role: Role,
        operation: Operation,
        arguments: Arguments,
        place: str,
        key: str,
    ) -> Outcome:
        """What replacing an item comes to that there has not been."""
        base = self.seeds.imagined(role.resource, place, key)
        sent = self.statements.sent(role, operation, arguments)
        request = self.statements.request(operation)
        item = items.made(role.resource, sent, request, base, now=await world.tick())
        item = self.seeds.identified(role.resource, item, key)
        item = items.settled(role.resource, item, base)
        item = await self.viewing.owned(world, role, operation, arguments.path, item)
        await world.put(place, key, item)
        return Outcome(role, item=item, key=key, created=True)

    async def _remove_children(self, world: World, parent: Resource, key: str) -> None:
        """Remove what belongs to an item that is gone, though it does not stand below it."""
        for child, reference in self.resources.children(parent):
            place = place_of(self.name, child.collection, {})
            for own, item in await world.items(place):
                if any(items.key_of(value) == key for value in referred(item, reference.path)):
                    await world.remove(place, own)
                    await self._remove_children(world, child, own)


def _item_template(role: Role, operation: Operation) -> str:
    """The path template of the item that *operation* is about; its own where the body names it."""
    path = operation.path.rstrip("/")
    action = action_of(path) if not path.endswith("}") else None
    own = role.view.collection if role.view is not None else role.resource.collection
    return action[0] if action is not None and nameless(action[0]) == f"{own}/{{}}" else path
