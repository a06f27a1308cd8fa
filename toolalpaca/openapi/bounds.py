"""How large a document may be, whatever it is written in."""

from __future__ import annotations

from typing import Final

DEEPEST: Final = 128
"""Levels of nesting that a document may have."""

MOST_NODES: Final = 4_000_000
"""Values that a document may have once its aliases are expanded."""
