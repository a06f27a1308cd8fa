"""What a session remembers, after its documents have changed: whatever still fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from toolalpaca.errors import DocumentError
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.conforming import conform
from toolalpaca_mockserver.spelling import nameless
from toolalpaca_mockserver.state.resources import Resource
from toolalpaca_mockserver.state.store import Item, Remembered, Snapshot, Store
from toolalpaca_mockserver.values import NoInstance


async def keep_what_fits(store: Store, apis: Mapping[str, Api]) -> int:
    """Let every session of *store* hold only what *apis* can have; how many items had to go."""
    gone = 0
    for session in await store.names():
        before = await store.snapshot(session)
        after = fitting(before, apis)
        if after != before:
            await store.restore(session, after)
            gone += _count(before) - _count(after)
    return gone


def fitting(snapshot: Snapshot, apis: Mapping[str, Api]) -> Snapshot:
    """What of *snapshot* the collections of *apis* can hold, items mended where they must be.

    Args:
        snapshot: A session.
        apis: What is served, by name.
    """
    kept: dict[str, Remembered] = {}
    shapes = {name: _Shapes(api) for name, api in apis.items()}
    for name, remembered in snapshot["collections"].items():
        api, _, path = name.partition(":")
        resource = shapes[api].resource(path) if api in shapes else None
        if resource is not None:
            items = dict(_fitting_items(remembered, resource, apis[api]))
            kept[name] = {"items": items, "removed": remembered["removed"]}
    return {"ticks": snapshot["ticks"], "collections": kept}


def _fitting_items(
    remembered: Remembered, resource: Resource, api: Api
) -> Iterator[tuple[str, Item]]:
    for key, item in remembered["items"].items():
        mended = conform(item, resource.contract, lambda: _spare(resource, api))
        if isinstance(mended, dict):
            yield key, mended


def _spare(resource: Resource, api: Api) -> object:
    """An item, from which what is missing is taken."""
    try:
        return api.responder.generator.for_contract(resource.contract, key=resource.name)
    except (NoInstance, DocumentError):
        return {}


class _Shapes:
    """Finds the resource that a collection's path means."""

    def __init__(self, api: Api) -> None:
        self._resources = api.simulation.resources
        paths = {nameless(operation.path).removesuffix("/{}") for operation in api.document}
        # A template without parameters comes first: /pets/mine is no collection of the pet "mine".
        self._templates = [
            (re.compile("[^/]*".join(map(re.escape, path.split("{}")))), path)
            for path in sorted(paths, key=lambda path: path.count("{}"))
        ]

    def resource(self, path: str) -> Resource | None:
        for pattern, template in self._templates:
            if pattern.fullmatch(path):
                found = self._resources.at(template)
                if found is not None:
                    return found
        return None


def _count(snapshot: Snapshot) -> int:
    return sum(len(kept["items"]) for kept in snapshot["collections"].values())
