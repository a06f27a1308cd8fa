"""Items as bytes, as every store that outlives the process keeps them."""

from __future__ import annotations

import json
from typing import Any

import orjson

from toolalpaca_mockserver.state.store import Item

_BEYOND = b" "
"""In front of what orjson does not take: whole numbers over 64 bits, halves of surrogate pairs."""


def encode(item: Item) -> bytes:
    """*item* as JSON.

    >>> encode({"id": 7}), encode({"id": 2**70})
    (b'{"id":7}', b' {"id": 1180591620717411303424}')
    """
    try:
        return orjson.dumps(item)
    except TypeError:
        return _BEYOND + json.dumps(item).encode()


def decode(content: bytes) -> Item:
    """The item that :func:`encode` was given."""
    item: Any = json.loads(content) if content.startswith(_BEYOND) else orjson.loads(content)
    return dict(item)
