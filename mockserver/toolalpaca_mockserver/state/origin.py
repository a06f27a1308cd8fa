"""What a collection was begun for: its items need not fit another document."""

from __future__ import annotations

import hashlib

import orjson

from toolalpaca import __version__
from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.state.corrections import Corrections


def origin_of(document: Document, corrections: Corrections) -> str:
    """A fingerprint of all that decides what an item looks like.

    The seed is not a part of it: items of another seed are no worse.
    """
    root = dict(document.root)
    try:
        known = orjson.dumps(root, default=repr, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # whole numbers over 64 bits, halves of surrogate pairs
        known = repr(root).encode("utf-8", "backslashreplace")
    said = [known, repr(corrections).encode(), __version__.encode()]
    return hashlib.sha256(b"\n".join(said)).hexdigest()[:16]
