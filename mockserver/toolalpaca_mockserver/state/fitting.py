"""Which collections an API can have, and sessions without others."""

from __future__ import annotations

import re
from collections.abc import Mapping

from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.spelling import nameless
from toolalpaca_mockserver.state.history import HISTORY
from toolalpaca_mockserver.state.store import Store


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

    def fits(collection: str) -> bool:
        api, _, path = collection.partition(":")
        return api in known and known[api].fullmatch(path) is not None

    gone = 0
    for session in reversed(await store.names()):  # so that their order stays
        async with store.open(session) as world:
            gone += await world.keep(fits)
    return gone
