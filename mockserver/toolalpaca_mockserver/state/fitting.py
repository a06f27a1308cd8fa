"""Which collections an API can have, and sessions without others."""

from __future__ import annotations

import re
from collections.abc import Mapping

from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.spelling import nameless
from toolalpaca_mockserver.state.history import HISTORY
from toolalpaca_mockserver.state.store import Snapshot, Store


def collection_paths(document: Document) -> re.Pattern[str]:
    """Matches where collections can be: the paths of *document*, those above its items, answers."""
    found = {nameless(operation.path).removesuffix("/{}") for operation in document}
    shapes = (map(re.escape, path.split("{}")) for path in found)
    paths = ("[^/]*".join(parts) for parts in shapes)
    return re.compile("|".join([*paths, re.escape(HISTORY)]))


async def forget_unknown(store: Store, documents: Mapping[str, Document]) -> int:
    """Take from every session of *store* the collections that no document has a place for.

    What a collection holds that is there still is mended when it is next used.

    Returns:
        How many items have gone.
    """
    known = {name: collection_paths(document) for name, document in documents.items()}
    gone = 0
    for session in await store.names():
        before = await store.snapshot(session)
        after = _without_unknown(before, known)
        if len(after["collections"]) < len(before["collections"]):
            await store.restore(session, after)
            gone += _count(before) - _count(after)
    return gone


def _without_unknown(snapshot: Snapshot, known: Mapping[str, re.Pattern[str]]) -> Snapshot:
    kept = {
        name: remembered
        for name, remembered in snapshot["collections"].items()
        for api, _, path in (name.partition(":"),)
        if api in known and known[api].fullmatch(path)
    }
    return {"ticks": snapshot["ticks"], "collections": kept}


def _count(snapshot: Snapshot) -> int:
    return sum(len(kept["items"]) for kept in snapshot["collections"].values())
