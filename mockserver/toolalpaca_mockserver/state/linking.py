"""References between items: they lead to things that exist."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.state.items import key_of
from toolalpaca_mockserver.state.references import MANY, Reference
from toolalpaca_mockserver.state.resource import Resource
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.store import Item, World
from toolalpaca_mockserver.values import index_for

Known = Sequence[tuple[str, Item]]
_MOST: Final = 32
"""Things that made-up references choose from: what they cost must not grow with a collection."""


class Links:
    """Lets the references of made-up items lead to things that exist.

    Args:
        resources: Knows what refers to what.
        begun: Gives the place of a resource at the top of the API, which holds its first items.
        seed: Another seed, other references.
    """

    def __init__(
        self,
        resources: Resources,
        begun: Callable[[World, Resource], Awaitable[str]],
        seed: int,
    ) -> None:
        self.resources = resources
        self.begun = begun
        self.seed = seed
        self._targets: dict[str, list[tuple[Reference, Resource]]] = {}

    async def link(
        self,
        world: World,
        resource: Resource,
        item: Item,
        salt: str,
        before: Collection[str] | None = None,
        *,
        authored: bool = False,
    ) -> Item:
        """*item* with all its references; see :meth:`of`."""
        return (await self.of(world, resource, item, salt, before, authored=authored)).sound

    async def of(
        self,
        world: World,
        resource: Resource,
        item: Item,
        salt: str,
        before: Collection[str] | None = None,
        *,
        authored: bool = False,
    ) -> Linking:
        """The references of *item*, and what they may lead to.

        Args:
            world: Where the things are.
            resource: What the item is one of.
            item: The item.
            salt: Tells the item apart from others.
            before: The items of its own kind that it may refer to: those that came before it, so
                that parents make a tree; None for all.
            authored: Whether somebody has chosen the references, who knew what there is: those that
                lead to something stay.
        """
        found: list[tuple[Reference, Known]] = []
        all_known: dict[str, Known] = {}
        for reference, target in self._leading(resource):
            if authored and await self._leads(world, target, item, reference):
                continue
            if target.collection not in all_known:
                place = await self.begun(world, target)
                all_known[target.collection] = await world.items(place, _MOST)
            known = all_known[target.collection]
            if target is resource and len(reference.path) > 1 and not reference.inside:
                known = [("", item)]  # a part of the item that names the whole
            elif target is resource and before is not None:
                known = [pair for pair in known if pair[0] in before]
            found.append((reference, known))
        return Linking(resource, item, found, f"{self.seed}/{salt}")

    async def _leads(
        self, world: World, target: Resource, item: Item, reference: Reference
    ) -> bool:
        """Whether what *item* has at *reference* exists."""
        ids = await world.ids(await self.begun(world, target))
        for value in referred(item, reference.path):
            if not await ids.has(key_of(value)):
                return False
        return True

    def _leading(self, resource: Resource) -> list[tuple[Reference, Resource]]:
        """The references of *resource* to what belongs to no item, and what that is."""
        known = self._targets.get(resource.collection)
        if known is None:
            references = self.resources.references(resource)
            pairs = ((reference, self.resources.at(reference.target)) for reference in references)
            known = [(r, to) for r, to in pairs if to is not None and "{" not in to.collection]
            self._targets[resource.collection] = known
        return known


def pointed(
    contract: Contract, item: Item, reference: Reference, target: tuple[str, Item]
) -> Item | None:
    """*item* with *reference*, which it has already, to *target*; None where it may not."""
    for form, alike in _ATTEMPTS:
        candidate = _following(item, _Picker([target], reference, "", form, alike))
        if contract.is_valid(candidate):
            return candidate
    return None


class Linking:
    """An item, and what its references may lead to.

    Args:
        resource: What the item is one of.
        item: The item.
        found: The references, and the things that each may lead to.
        salt: Tells the item apart from others.
    """

    def __init__(
        self, resource: Resource, item: Item, found: Sequence[tuple[Reference, Known]], salt: str
    ) -> None:
        self.resource, self.item, self.found, self.salt = resource, item, found, salt

    @cached_property
    def likely(self) -> Item | None:
        """The item with all references as they nearly always may be, unchecked; None for none.

        Who checks what becomes of it needs no other check: one of GitHub's issues takes 0.04 ms.
        """
        linked = self.item
        for reference, known in self.found:
            if not known:
                return None
            linked = _following(linked, _Picker(known, reference, self.salt, *_ATTEMPTS[0]))
        return linked

    @cached_property
    def sound(self) -> Item:
        """The item with each reference that it may have; one to nothing goes, if it may."""
        likely, item, contract = self.likely, self.item, self.resource.contract
        if likely is not None and (likely is item or contract.is_valid(likely)):
            return likely
        for reference, known in self.found:
            if not known:
                item = _without(self.resource, item, reference)
                continue
            for form, alike in _ATTEMPTS if reference.inside else _ATTEMPTS[:3]:
                candidate = _following(item, _Picker(known, reference, self.salt, form, alike))
                if candidate is item or contract.is_valid(candidate):
                    item = candidate
                    break
        return item


class _Picker:
    """Gives one known thing after another; the first is the same one for the same salt."""

    def __init__(
        self,
        known: Known,
        reference: Reference,
        salt: str,
        form: Callable[[Any], Any],
        alike: bool,
    ) -> None:
        self.known, self.form, self.alike = known, form, alike
        self.target = reference.id_property
        self.inside = reference.path[-1] if reference.inside else None
        self.path = reference.path[:-1] if reference.inside else reference.path
        self.next = index_for(len(known), salt, reference.shown)

    def __call__(self, old: Any) -> Any:
        key, item = self.known[self.next % len(self.known)]
        self.next += 1
        identity = self.form(item.get(self.target or "", key))
        if self.inside is None:
            return identity
        if not isinstance(old, dict):
            return old
        if not self.alike:
            return {**old, self.inside: identity}
        shown = {name: item.get(name, value) for name, value in old.items()}
        shown[self.inside] = identity
        return shown


def _following(item: Item, pick: _Picker) -> Item:
    changed: Item = _changed(item, pick.path, pick)
    return changed


def _changed(value: Any, path: Sequence[str], pick: _Picker) -> Any:
    """A copy of *value* with what *pick* gives at *path*."""
    if not path:
        return pick(value) if value is not None else None
    head, rest = path[0], path[1:]
    if head == MANY and isinstance(value, list):
        most = len(pick.known) if not rest else len(value)
        return [_changed(part, rest, pick) for part in value[:most]]
    if isinstance(value, dict) and head in value:
        inner = _changed(value[head], rest, pick)
        return value if inner is value[head] else {**value, head: inner}
    return value


def _without(resource: Resource, item: Item, reference: Reference) -> Item:
    """*item* without a reference that could lead nowhere."""
    name = reference.path[0]
    if len(reference.path) > 1 or name not in item:
        return item
    less = {n: v for n, v in item.items() if n != name}
    for candidate in ({**item, name: None}, less):
        if resource.contract.is_valid(candidate):
            return candidate
    return item


def referred(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """The ids that stand at *path* in *value*."""
    if not path:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
            yield value
    elif path[0] == MANY:
        for part in value if isinstance(value, list) else ():
            yield from referred(part, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from referred(value[path[0]], path[1:])


def _as_it_is(value: Any) -> Any:
    return value


def _as_number(value: Any) -> Any:
    text = str(value)
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else value


_ATTEMPTS: Final[tuple[tuple[Callable[[Any], Any], bool], ...]] = (
    (_as_it_is, True), (str, True), (_as_number, True),
    (_as_it_is, False), (str, False), (_as_number, False),
)  # fmt: skip
"""Forms of the id, and whether an object that shows it shows the rest as it is there."""
