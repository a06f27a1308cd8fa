"""What the document itself shows: ``example``, ``examples`` and ``default``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolalpaca_mockserver.values.names import text_by_name
from toolalpaca_mockserver.values.numbers import bounds

if TYPE_CHECKING:
    from toolalpaca_mockserver.values.build import Build

_SHOWING = frozenset({"examples", "example", "default"})


def example(build: Build, flat: dict[str, Any], name: str) -> tuple[Any] | None:
    """An example to use as it is, in a tuple because it may be None."""
    if build.effort.examples == "none" or flat.keys().isdisjoint(_SHOWING):
        return None
    shown, whole = build.contract.shown(flat)
    if not shown:
        use = "default" in flat and (build.index is None or build.rng.random() < 0.5)
        return (flat["default"],) if use else None
    if whole and build.effort.examples != "whole":
        return None
    if build.index is None:
        return (build.rng.choice(shown),)
    if build.index < len(shown):
        return (shown[build.index],)
    return None if whole or "enum" in flat else _another(build, shown, flat, name)


def _another(build: Build, shown: list[Any], flat: dict[str, Any], name: str) -> tuple[Any] | None:
    """Something like the examples, for the items of a list that come after them."""
    if not isinstance(shown[0], str):
        return _near(build, shown[0], flat)
    if "pattern" in flat or "format" in flat or text_by_name(name, build.owner):
        return None  # a made-up one looks as real, and differs
    return (build.rng.choice(shown),)


def _near(build: Build, shown: Any, flat: dict[str, Any]) -> tuple[Any] | None:
    """A number of the example's size."""
    if isinstance(shown, bool) or not isinstance(shown, (int, float)):
        return None
    if isinstance(shown, int):
        if abs(shown) < 4 or "multipleOf" in flat:
            return None
        value: int | float = round(shown * build.rng.uniform(0.5, 1.5))
    else:
        decimals = min(6, len(repr(shown).rpartition(".")[2]))
        value = round(shown * build.rng.uniform(0.5, 1.5), decimals)
    low, high = bounds(flat)
    if (low is not None and value < low) or (high is not None and value > high):
        return None
    return (value,)
