"""What an engine writes into a world before it is looked at: first items, and imagined ones.

An engine that sees the state is the author of the world. It is asked while no transaction is open,
and what it wrote is put into the session when that is still wanted: of two who come first, one
writes. The first items of a collection do not depend on who asks for them: they are the same in
every session that knows the same of what they belong and refer to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.engines import Commission, Composed, Source
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.state.context import Context
from toolalpaca_mockserver.state.finding import Finder
from toolalpaca_mockserver.state.listing import IMAGINED, Lister
from toolalpaca_mockserver.state.places import item_place, place_of
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.store import World

_MOST_COLLECTIONS: Final = 8
"""That an engine writes the first items of for one call; schemas make those of others."""


@dataclass(frozen=True, slots=True)
class Want:
    """Something that a world lacks.

    Attributes:
        resource: What is lacking: one of these, or the first of them.
        template: The path of the collection, with its parameters.
        path: Their values.
        key: The id of the item; None for the first items.
    """

    resource: Resource
    template: str
    path: Mapping[str, Any]
    key: str | None = None


@dataclass(slots=True)
class Written:
    """What an engine has written for one call.

    Attributes:
        source: ``llm`` or ``cache``; ``state`` while it has written nothing.
        reason: Why it has not written all, or ``""``.
        collections: How many it was to write the first items of.
    """

    source: Source = "state"
    reason: str = ""
    collections: int = 0

    def take(self, composed: Composed) -> None:
        """Take note of what an engine has made."""
        self.reason = self.reason or composed.reason
        if composed.source in ("llm", "cache") and self.source != "llm":
            self.source = composed.source


class Author:
    """Lets an engine write what a call is going to look at.

    Args:
        finder: Finds items, and puts imagined ones into a world.
        lister: Searches, and puts into a world what a search has to find.
        context: Tells the engine of sessions.
    """

    def __init__(self, finder: Finder, lister: Lister, context: Context) -> None:
        self._name = finder.name
        self._resources = finder.resources
        self._seeds = finder.seeds
        self._beginnings = finder.beginnings
        self._finder = finder
        self._lister = lister
        self._context = context
        self._engine = context.engine
        self._store = context.store

    async def prepare(
        self, operation: Operation, arguments: Arguments, role: Role | None, session: str
    ) -> Written:
        """Write what *operation* looks at and the session lacks."""
        written = Written()
        for level in self._levels(operation, arguments.path, role):
            if not await self._write(level, session, written):
                break
        else:
            if role is not None and role.deed == "list":
                await self._find(role, operation, arguments, session, written)
        return written

    # -- what is looked at ------------------------------------------------------------------

    def _levels(
        self, operation: Operation, path: Mapping[str, Any], role: Role | None
    ) -> Iterator[list[Want]]:
        """What the call looks at, in the order in which it can be written."""
        above = self._resources.above(operation.path)
        involved = [resource for _, resource in above]
        if role is not None:
            involved.append(role.resource)
        tops = [one for one in self._with_targets(involved) if "{" not in one.collection]
        yield [Want(one, one.collection, {}) for one in tops]
        for template, resource in above:
            collection = template.rpartition("/")[0]
            if "{" not in resource.collection:  # it may be seen below another item
                collection = resource.collection
            if "{" in collection:
                yield [Want(resource, collection, path)]
            yield [Want(resource, collection, path, item_place("", template, path)[1])]
        if role is None:
            return
        template = operation.path.rstrip("/")
        own = template.rpartition("/")[0] if template.endswith("}") else template
        if "{" in role.resource.collection:
            yield [Want(role.resource, own, path)]
        if template.endswith("}") and role.deed in ("read", "update"):
            if "{" not in role.resource.collection:
                own = role.resource.collection
            yield [Want(role.resource, own, path, item_place("", template, path)[1])]

    def _with_targets(self, resources: list[Resource]) -> list[Resource]:
        """*resources* and what they refer to, what is referred to first."""
        found: dict[str, Resource] = {}
        begun: set[str] = set()

        def visit(resource: Resource) -> None:
            if resource.collection in begun:
                return
            begun.add(resource.collection)
            for reference in self._resources.references(resource):
                target = self._resources.at(reference.target)
                if target is not None and "{" not in target.collection:
                    visit(target)
            found[resource.collection] = resource

        for resource in resources:
            visit(resource)
        return list(found.values())

    # -- what is written --------------------------------------------------------------------

    async def _write(self, level: list[Want], session: str, written: Written) -> bool:
        """Write what the session lacks of *level*; whether there is any sense in going on."""
        async with self._store.open(session) as world:
            lacking = [want for want in level if await self._lacks(world, want)]
        drafts: list[tuple[Want, Composed]] = []
        for want in lacking:
            if want.key is None:
                written.collections += 1
                if written.collections > _MOST_COLLECTIONS:
                    break
            elif not self._finder.imagines(want.resource):
                return False  # the call is going to be a 404
            composed = await self._compose(want, session, drafts)
            if composed is not None:
                written.take(composed)
                drafts.append((want, composed))
        if drafts:
            async with self._store.open(session) as world:
                await self._put(world, drafts)
        return True

    async def _find(
        self,
        role: Role,
        operation: Operation,
        arguments: Arguments,
        session: str,
        written: Written,
    ) -> None:
        """Write what a search finds that would find nothing; see :meth:`Lister.imagine`."""
        resource = role.resource
        async with self._store.open(session) as world:
            found, wanted = await self._lister.search(world, role, operation, arguments)
        if found or not wanted:
            return
        known, earlier = await self._context.of_call(operation, arguments, session)
        composed = await self._engine.compose(
            Commission(
                operation,
                arguments,
                resource.contract,
                resource.name,
                "",
                task="found",
                several=IMAGINED,
                about=wanted,
                known=known,
                earlier=earlier,
            )
        )
        written.take(composed)
        given = [item for item in composed.value if isinstance(item, dict)]
        async with self._store.open(session) as world:
            found, _ = await self._lister.search(world, role, operation, arguments)
            if not found:
                await self._lister.imagine(world, role, operation, wanted, arguments.path, given)

    async def _lacks(self, world: World, want: Want) -> bool:
        place = self._place(want)
        if want.key is None:
            return await world.begun(place) is None
        if await world.get(place, want.key) is not None:
            return False
        return not await world.was_removed(place, want.key)

    async def _compose(
        self, want: Want, session: str, drafts: list[tuple[Want, Composed]]
    ) -> Composed | None:
        """What the engine writes; None where the document's examples are all there is to be."""
        resource = want.resource
        count = self._beginnings.first_count(resource)
        shown = len(self._seeds.shown(resource))
        if want.key is None and (resource.listed or shown >= count):
            return None
        async with self._store.open(session) as world:
            known = await self._context.digester.of_collection(
                world, resource, want.template, want.path
            )
        for earlier, composed in drafts:
            if composed.value:
                known.setdefault(earlier.template, composed.value)
        first = want.key is None
        return await self._engine.compose(
            Commission(
                self._resources.paths.speaker(resource.collection),
                _NOTHING,
                resource.contract,
                resource.name,
                f"{self._place(want)}/{want.key}",
                task="first" if first else "imagined",
                several=count - shown if first else 0,
                about={} if want.key is None else _identity(resource, want.key),
                known=known,
            )
        )

    async def _put(self, world: World, drafts: list[tuple[Want, Composed]]) -> None:
        """Put what was written into the world, but for what somebody has written meanwhile."""
        lacking = [(want, made) for want, made in drafts if await self._lacks(world, want)]
        # All are there before their references are made: what refers to each other ends here.
        begun = []
        for want, composed in lacking:
            if want.key is None:
                given = [item for item in composed.value if isinstance(item, dict)]
                place = self._place(want)
                made = await self._beginnings.begin(world, want.resource, place, want.path, given)
                begun.append((want, place, made))
        for want, place, made in begun:
            await self._beginnings.link_first(
                world, want.resource, place, want.path, made, authored=True
            )
        for want, composed in lacking:
            if want.key is not None and isinstance(composed.value, dict):
                place = self._place(want)
                await self._finder.imagine(
                    world, want.resource, place, want.key, want.path, composed.value
                )

    def _place(self, want: Want) -> str:
        return place_of(self._name, want.template, want.path)


def _identity(resource: Resource, key: str) -> dict[str, Any]:
    """The id *key* as items of *resource* have it."""
    schema = resource.contract.properties().get(resource.id_property or "", True)
    return {resource.id_property or "id": coerce(key, schema, resource.contract)}


_NOTHING: Final = Arguments({}, {}, {}, {})
