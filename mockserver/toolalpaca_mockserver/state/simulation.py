"""Operations on resources: what is created is listed, read, changed and gone again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.engines import Commission, Composed, Earlier, Engine, Source
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.problems import Reason, reasons_of
from toolalpaca_mockserver.spelling import nameless
from toolalpaca_mockserver.state import history, items
from toolalpaca_mockserver.state.actions import acted, action_of
from toolalpaca_mockserver.state.authoring import IMAGINED, Author
from toolalpaca_mockserver.state.beginning import Beginnings
from toolalpaca_mockserver.state.digest import Digester
from toolalpaca_mockserver.state.json_patch import PatchError, is_patch, patched
from toolalpaca_mockserver.state.linking import Linking, referred
from toolalpaca_mockserver.state.paging import Page, page_of
from toolalpaca_mockserver.state.places import item_place, place_of
from toolalpaca_mockserver.state.queries import equalities, matching
from toolalpaca_mockserver.state.refusing import Referee, Refusal
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.roles import renamed, respelled
from toolalpaca_mockserver.state.seeds import ONLY, Seeds
from toolalpaca_mockserver.state.statements import Statements
from toolalpaca_mockserver.state.store import Item, KnownIds, Store, World, highest
from toolalpaca_mockserver.state.viewing import Viewing, parent_of, shows

_LOOKS: Final = frozenset({"list", "read"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation on a resource came to.

    Attributes:
        role: What it was.
        item: The item that it was about; None for lists.
        page: What a list shows.
        key: The item's id.
        place: Where a new item is kept.
        created: Whether the item is new.
        sound: Whether it is known to satisfy the contract of its resource.
        source: Who made a new item's values, or those that the call has brought to light.
        reason: Why it was not the chosen engine.
    """

    role: Role
    item: Item | None = None
    page: Page | None = None
    key: str = ""
    place: str = ""
    created: bool = False
    sound: bool = False
    source: Source = "state"
    reason: str = ""


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
        self.engine = engine
        self.store = store
        self.open_world = open_world
        self.origin = origin
        self.viewing = Viewing(name)
        self.beginnings = Beginnings(name, resources, seeds, origin)
        self.statements = Statements(plans, resources)
        self.links = self.beginnings.links
        self.referee = Referee(self.links)
        self.digester = Digester(name, resources)
        self.author = Author(self) if engine.sees_state else None

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
            refusal = await self._missing_parent(world, operation, arguments)
            if refusal is not None or role is None:
                return refusal
            if role.deed == "list":
                return await self._list(world, role, operation, arguments)
            if role.deed == "create":
                place = self.place(role, operation, arguments.path)
                await self.beginnings.ensure(world, role.resource, place, arguments.path)
                number = await world.tick()
            else:
                return await self._on_item(world, role, operation, arguments)
        return await self._create(role, operation, arguments, session, place, number)

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
        place = self.place(role, operation, path)
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

    async def context(
        self, operation: Operation, arguments: Arguments, session: str
    ) -> tuple[dict[str, Any], tuple[Earlier, ...]]:
        """What an engine is told of the session that answers a call in it: nothing if it is blind.

        Returns:
            A digest of what is remembered, and the engine's last answers.
        """
        if not self.engine.sees_state or not session:
            return {}, ()
        role = self.resources.role(operation)
        async with self.store.open(session, reads=True) as world:
            known = await self.digester.of_call(world, operation, arguments, role)
            return known, await history.earlier(world, self.name)

    async def remember(self, answer: Earlier, session: str) -> None:
        """Let later calls know what an engine has answered."""
        async with self.store.open(session) as world:
            await history.remember(world, self.name, answer)

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
            return await self.links.link(world, resource, item, f"{place}#another")

    # -- collections ------------------------------------------------------------------------

    async def _missing_parent(
        self, world: World, operation: Operation, arguments: Arguments
    ) -> Refusal | None:
        for template, resource in self.resources.above(operation.path):
            collection, key = item_place(self.name, template, arguments.path)
            if key is None:
                continue
            if "{" not in resource.collection:  # it may be seen below another item
                collection = place_of(self.name, resource.collection, {})
            if await self._find(world, resource, collection, key, arguments.path) is None:
                return Refusal(404, f"there is no {resource.name} {key}")
        return None

    def place(self, role: Role, operation: Operation, path: Mapping[str, Any]) -> str:
        """Where the collection is that *operation* lists, or adds to."""
        collection = role.resource.collection
        template = role.at or (operation.path if "{" in collection else collection)
        return place_of(self.name, template, path)

    async def _list(
        self, world: World, role: Role, operation: Operation, arguments: Arguments
    ) -> Outcome:
        resource = role.resource
        place = self.place(role, operation, arguments.path)
        await self.beginnings.ensure(world, resource, place, arguments.path)
        found, wanted = await self.search(world, role, operation, arguments)
        if not found and wanted:
            await self.imagine_matching(world, role, operation, wanted, arguments.path)
            found, _ = await self.search(world, role, operation, arguments)
        operation, query = self._in_usual_words(operation, arguments.query)
        return Outcome(role, page=page_of(found, query, operation))

    async def search(
        self, world: World, role: Role, operation: Operation, arguments: Arguments
    ) -> tuple[list[tuple[str, Item]], Item]:
        """What a list finds, and what its items must have because the client has to say it."""
        resource = role.resource
        place = self.place(role, operation, arguments.path)
        known = await self.viewing.items(world, role, operation, arguments.path, place)
        operation, query = self._in_usual_words(operation, arguments.query)
        demanded = frozenset(p.name for p in operation.parameters if p.required)
        found = matching(known, query, role.shape or resource.contract, demanded)
        return found, equalities(operation, query, resource.contract)

    def _in_usual_words(
        self, operation: Operation, query: Mapping[str, Any]
    ) -> tuple[Operation, Mapping[str, Any]]:
        """The list and what is asked of it, where a person has said what its parameters do."""
        said = self.resources.corrections.operations.get(operation.name)
        if said is None or not said.parameters:
            return operation, query
        return renamed(operation, said.parameters), respelled(query, said.parameters)

    async def imagine_matching(
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
        place = self.place(role, operation, path)
        for index in range(IMAGINED):
            number = await world.tick()
            ids = await world.ids(place)
            written = index < len(given)
            if written:
                key, item = await self.seeds.named(resource, given[index], place, ids, number)
            else:
                key, item = await self.seeds.another(resource, place, ids, number)
            item = await self.links.link(world, resource, item, f"{place}/{key}", authored=written)
            item = items.settled(resource, {**item, **wanted}, item)
            item = items.with_context(resource, item, path)
            await world.put(
                place, key, await self.viewing.owned(world, role, operation, path, item)
            )

    # -- items ------------------------------------------------------------------------------

    async def _find(
        self, world: World, resource: Resource, place: str, key: str, path: Mapping[str, Any]
    ) -> Item | None:
        """The item, imagined when nobody can know that it does not exist."""
        await self.beginnings.ensure(world, resource, place, path)
        item = await world.get(place, key)
        if item is None and self.imagines(resource) and not await world.was_removed(place, key):
            item = await self.imagine(world, resource, place, key, path)
        return item

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
        authored = given is not None
        item = await self.links.link(world, resource, item, f"{place}/{key}", authored=authored)
        item = items.with_context(resource, item, path)
        await world.put(place, key, item)
        return item

    async def _seen(
        self,
        world: World,
        role: Role,
        operation: Operation,
        place: str,
        key: str,
        path: Mapping[str, Any],
    ) -> Item | None:
        """What :meth:`_find` finds, where *role* is about it; what is imagined always is."""
        resource = role.resource
        if role.view is None:
            return await self._find(world, resource, place, key, path)
        await self.beginnings.ensure(world, resource, place, path)
        known = await world.get(place, key)
        found = known or await self._find(world, resource, place, key, path)
        if found is None:
            return None
        if known is None:
            found = await self.viewing.owned(world, role, operation, path, found)
            await world.put(place, key, found)
        return (
            found if shows(role.view, found, parent_of(role.view, operation.path, path)) else None
        )

    async def _on_item(
        self, world: World, role: Role, operation: Operation, arguments: Arguments
    ) -> Outcome | Refusal:
        resource = role.resource
        template = _item_template(role, operation)
        if resource.single:
            place, key = self.place(role, operation, arguments.path), ONLY
        elif template.endswith("}"):
            place, found_key = item_place(self.name, template, arguments.path)
            if "{" not in resource.collection:
                place = place_of(self.name, resource.collection, {})
            key = found_key or ""
        else:  # the body names the item
            place = self.place(role, operation, arguments.path)
            body = arguments.body if isinstance(arguments.body, dict) else {}
            key = items.key_of(body.get(resource.id_property or "", ""))
        old = await self._seen(world, role, operation, place, key, arguments.path)
        is_free = old is None and await world.get(place, key) is None
        addable = resource.single or "201" in operation.responses
        if is_free and role.deed == "replace" and addable:
            return await self._put_new(world, role, operation, arguments, place, key)
        if old is None:
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
        if role.deed == "update" and is_patch(arguments.body):
            return await self._patch(world, role, operation, arguments, place, key, old)
        change = items.replaced if role.deed == "replace" else items.updated
        request = self.statements.request(operation)
        sent = self.statements.sent(role, operation, arguments)
        refusal = await self.referee.refusal(
            world, operation, resource, place, sent, request, own=key
        )
        if refusal is not None:
            return refusal
        changed = change(resource, sent, request, old, now=await world.tick())
        settled, sound = items.settle(resource, changed, old)
        item = await self.viewing.owned(world, role, operation, arguments.path, settled)
        await world.put(place, key, item)
        return Outcome(role, item=item, key=key, sound=sound or item is not settled)

    async def _patch(
        self,
        world: World,
        role: Role,
        operation: Operation,
        arguments: Arguments,
        place: str,
        key: str,
        old: Item,
    ) -> Outcome | Refusal:
        """What a JSON Patch of an item comes to (RFC 5789, section 2.2, has the status)."""
        resource = role.resource
        try:
            wanted = patched(old, arguments.body)
        except PatchError as error:
            return Refusal(409, f"the patch does not fit the {resource.name} {key}: {error}")
        said = wanted if isinstance(wanted, dict) else {}
        sent = {name: value for name, value in said.items() if old.get(name) != value}
        refusal = await self.referee.refusal(
            world, operation, resource, place, sent, request=None, own=key
        )
        if refusal is not None:
            return refusal
        changed = items.exchanged(resource, wanted, old, now=await world.tick())
        settled, sound = items.settle(resource, changed, old)
        item = await self.viewing.owned(world, role, operation, arguments.path, settled)
        await world.put(place, key, item)
        return Outcome(role, item=item, key=key, sound=sound or item is not settled)

    async def _remove_children(self, world: World, parent: Resource, key: str) -> None:
        """Remove what belongs to an item that is gone, though it does not stand below it."""
        for child, reference in self.resources.children(parent):
            place = place_of(self.name, child.collection, {})
            for own, item in await world.items(place):
                if any(items.key_of(value) == key for value in referred(item, reference.path)):
                    await world.remove(place, own)
                    await self._remove_children(world, child, own)

    async def _put_new(
        self,
        world: World,
        role: Role,
        operation: Operation,
        arguments: Arguments,
        place: str,
        key: str,
    ) -> Outcome:
        base = self.seeds.imagined(role.resource, place, key)
        sent = self.statements.sent(role, operation, arguments)
        request = self.statements.request(operation)
        item = items.made(role.resource, sent, request, base, now=await world.tick())
        item = self.seeds.identified(role.resource, item, key)
        item = items.settled(role.resource, item, base)
        item = await self.viewing.owned(world, role, operation, arguments.path, item)
        await world.put(place, key, item)
        return Outcome(role, item=item, key=key, created=True)

    async def _create(
        self,
        role: Role,
        operation: Operation,
        arguments: Arguments,
        session: str,
        place: str,
        number: int,
    ) -> Outcome | Refusal:
        resource = role.resource
        sent = self.statements.sent(role, operation, arguments)
        composed = await self._composed(role, operation, arguments, session, place, number)
        base = composed.value if isinstance(composed.value, dict) else {}
        async with self.store.open(session) as world:
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
        known, earlier = await self.context(operation, arguments, session)
        variant, index = self.seeds.variant(resource, place, number)
        return await self.engine.compose(
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


def _item_template(role: Role, operation: Operation) -> str:
    """The path template of the item that *operation* is about; its own where the body names it."""
    path = operation.path.rstrip("/")
    action = action_of(path) if not path.endswith("}") else None
    own = role.view.collection if role.view is not None else role.resource.collection
    return action[0] if action is not None and nameless(action[0]) == f"{own}/{{}}" else path
