"""Properties of one object that belong together: bounds in order, sums, counts, flags and dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeGuard

from toolalpaca_mockserver.spelling import words
from toolalpaca_mockserver.values.numbers import bounds

Flat = Callable[[str], dict[str, Any]]

_PRICES: Final = ("unit_price", "price_per_unit", "price", "unit_cost", "unit_amount", "cost")
_QUANTITIES: Final = ("quantity", "qty", "units")
_TOTALS: Final = (
    "total", "total_price", "total_amount", "line_total", "total_cost", "subtotal", "sub_total",
    "amount", "grand_total",
)  # fmt: skip
_COUNTS: Final = ("count", "total_count", "total", "size", "length")
_LOW: Final = frozenset({"min", "minimum", "lowest", "low"})
_HIGH: Final = {"min": "max", "minimum": "maximum", "lowest": "highest", "low": "high"}
_FLAG_TIMES: Final = ("at", "on", "date", "time")


def cohere(value: dict[str, Any], flat: Flat) -> None:
    """Change what was made up in *value* so that it fits together.

    Args:
        value: An object; changed in place.
        flat: Gives the flat schema of a property, empty for one that must stay as it is.
    """
    plain = {_plain(name): name for name in value}
    _order_bounds(value, plain)
    _reckon(value, plain, flat)
    _count(value, plain, flat)
    _raise_flags(value, plain)


@lru_cache(maxsize=8192)
def _plain(name: str) -> str:
    """A name in any spelling as words: ``unitPrice`` is ``unit_price``."""
    return "_".join(words(name))


def _order_bounds(value: dict[str, Any], plain: Mapping[str, str]) -> None:
    for key, name in plain.items():
        for other in _counterparts(key):
            upper = plain.get(other)
            if upper is None or not (_is_number(value[name]) and _is_number(value[upper])):
                continue
            if type(value[name]) is type(value[upper]) and value[name] > value[upper]:
                value[name], value[upper] = value[upper], value[name]


@lru_cache(maxsize=4096)
def _counterparts(key: str) -> tuple[str, ...]:
    """The names of the upper bounds that belong to a lower bound called *key*."""
    parts = key.split("_")
    return tuple(
        "_".join((*parts[:place], _HIGH[part], *parts[place + 1 :]))
        for place, part in enumerate(parts)
        if part in _LOW
    )


def _reckon(value: dict[str, Any], plain: Mapping[str, str], flat: Flat) -> None:
    """A total is the price times the quantity, or the sum of the lines."""
    total = next((plain[name] for name in _TOTALS if name in plain), None)
    if total is None or not _is_number(value[total]):
        return
    own = _product(value, plain)
    if own is None:
        sums = [_sum(v) for v in value.values() if isinstance(v, list) and v]
        known = [found for found in sums if found is not None]
        own = known[0] if len(known) == 1 else None
    if own is not None:
        _put(value, total, own, flat(total))


def _product(value: Mapping[str, Any], plain: Mapping[str, str]) -> float | int | None:
    price = next((value[plain[name]] for name in _PRICES if name in plain), None)
    quantity = next((value[plain[name]] for name in _QUANTITIES if name in plain), None)
    return price * quantity if _is_number(price) and _is_number(quantity) else None


def _sum(lines: list[Any]) -> float | int | None:
    """What lines of an order come to, or None when they are none."""
    found: list[float | int] = []
    for line in lines:
        if not isinstance(line, dict):
            return None
        plain = {_plain(name): name for name in line}
        worth = _product(line, plain)
        if worth is None:
            worth = next((line[plain[name]] for name in _TOTALS if name in plain), None)
        if not _is_number(worth):
            return None
        found.append(worth)
    return sum(found)


def _count(value: dict[str, Any], plain: Mapping[str, str], flat: Flat) -> None:
    """What counts a list says how long it is."""
    lists = {key: value[name] for key, name in plain.items() if type(value[name]) is list}
    if not lists or not any(type(part) is int for part in value.values()):
        return
    for key, found in lists.items():
        single = key.removesuffix("s")
        names = [f"{key}_count", f"{single}_count", f"num_{key}", f"number_of_{key}"]
        names += [f"total_{key}", f"count_{key}"]
        for name in [*names, *(_COUNTS if len(lists) == 1 else ())]:
            counter = plain.get(name)
            if counter is not None and type(value[counter]) is int and not _sums(name, found):
                _put(value, counter, len(found), flat(counter))


def _sums(name: str, lines: list[Any]) -> bool:
    return name in _TOTALS and _sum(lines) is not None and bool(lines)


def _raise_flags(value: dict[str, Any], plain: Mapping[str, str]) -> None:
    """``published`` is true where ``published_at`` has a time, ``is_deleted`` likewise."""
    for key, name in plain.items():
        if not isinstance(value[name], bool):
            continue
        verb = key.removeprefix("is_").removeprefix("has_")
        dates = [plain[f"{verb}_{end}"] for end in _FLAG_TIMES if f"{verb}_{end}" in plain]
        if dates:
            value[name] = value[dates[0]] is not None


def _put(value: dict[str, Any], name: str, number: float | int, flat: dict[str, Any]) -> None:
    """Set a number where its schema leaves it free, and allows it."""
    if not flat or flat.keys() & {"enum", "const", "multipleOf", "oneOf", "anyOf", "not"}:
        return
    if isinstance(value[name], int) and number != int(number):
        return
    number = int(number) if isinstance(value[name], int) else round(float(number), 2)
    low, high = bounds(flat)
    if (low is None or number >= low) and (high is None or number <= high):
        value[name] = number


def _is_number(value: Any) -> TypeGuard[float | int]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
