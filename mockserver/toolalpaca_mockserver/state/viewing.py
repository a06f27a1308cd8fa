"""What a :class:`~toolalpaca_mockserver.state.views.View` makes of items and paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.state.items import key_of
from toolalpaca_mockserver.state.linking import pointed, referred
from toolalpaca_mockserver.state.places import item_place, place_of
from toolalpaca_mockserver.state.resource import Role
from toolalpaca_mockserver.state.store import Item, World
from toolalpaca_mockserver.state.views import View


def parent_of(view: View, template: str, path: Mapping[str, Any]) -> str:
    """The id of the item above, in a request for *template*, which is or begins with *view*."""
    above = "/".join(template.split("/")[: view.collection.count("/")])
    return item_place("", above, path)[1] or ""


def shows(view: View, item: Item, parent: str) -> bool:
    """Whether *item* belongs to the item above with the id *parent*."""
    return any(key_of(value) == parent for value in referred(item, view.reference.path))


class Viewing:
    """Sees collections as operations do: whole, or what belongs to an item above.

    Args:
        api: The API's name.
    """

    def __init__(self, api: str) -> None:
        self.api = api

    async def items(
        self, world: World, role: Role, operation: Operation, path: Mapping[str, Any], place: str
    ) -> list[tuple[str, Item]]:
        """Ids and items of the collection at *place*, as far as *role* is about them."""
        found = await world.items(place)
        if role.view is None:
            return found
        parent = parent_of(role.view, operation.path, path)
        return [(key, item) for key, item in found if shows(role.view, item, parent)]

    async def others(
        self, world: World, role: Role, operation: Operation, path: Mapping[str, Any], place: str
    ) -> dict[str, Item]:
        """What the collection at *place* holds besides what *role* is about."""
        mine = {key for key, _ in await self.items(world, role, operation, path, place)}
        return {key: item for key, item in await world.items(place) if key not in mine}

    async def owned(
        self, world: World, role: Role, operation: Operation, path: Mapping[str, Any], item: Item
    ) -> Item:
        """*item* as one that belongs to the item above, where *role* is about those alone."""
        if role.view is None:
            return item
        key = parent_of(role.view, operation.path, path)
        above = await world.get(place_of(self.api, role.view.reference.target, {}), key)
        return placed(role.resource.contract, item, role.view, (key, above or {}))


def placed(contract: Contract, item: Item, view: View, parent: tuple[str, Item]) -> Item:
    """*item* as one that belongs to *parent*, an id and an item; as it was where it may not."""
    if shows(view, item, parent[0]):
        return item
    reference = view.reference
    keys = reference.path[:-1] if reference.inside else reference.path
    told = _shown(contract, keys, parent[1]) if reference.inside else ""
    for placeholder in (told, {} if reference.inside else ""):
        found = pointed(contract, _opened(item, keys, placeholder), reference, parent)
        if found is not None:
            return found
    return item


def _opened(item: Item, keys: Sequence[str], placeholder: Any) -> Item:
    """*item* with something at *keys*."""
    name, rest = keys[0], keys[1:]
    inner = item.get(name)
    if not rest:
        return {**item, name: placeholder if inner is None else inner}
    return {**item, name: _opened(inner if isinstance(inner, dict) else {}, rest, placeholder)}


def _shown(contract: Contract, keys: Sequence[str], item: Item) -> Item:
    """As much of *item* as the object at *keys* shows."""
    flat = contract.shape
    for name in keys:
        flat = contract.flat(contract.properties(flat).get(name, True))
    known = contract.properties(flat)
    return {name: value for name, value in item.items() if name in known}


def address(path: str, template: str, collection: str) -> str:
    """The path of *collection*, at the top, on the server that answers *template* at *path*."""
    above = path.rstrip("/").split("/")[: -template.rstrip("/").count("/")]
    return "/".join(above) + quote(collection)
