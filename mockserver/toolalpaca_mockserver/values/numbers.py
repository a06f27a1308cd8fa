"""Numbers."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from toolalpaca_mockserver.spelling import words
from toolalpaca_mockserver.values.attempt import DeadEnd
from toolalpaca_mockserver.values.names import coordinate, number_by_name

if TYPE_CHECKING:
    from toolalpaca_mockserver.values.build import Build


def build_integer(build: Build, flat: dict[str, Any], name: str, _: int = 0) -> int | float:
    """An integer for *flat*, of the usual size for something called *name*.

    Raises:
        DeadEnd: The bounds leave none.
    """
    low, high = bounds(flat)
    first, last = _window(low, high, number_by_name(name) or (1, 100, 0))
    step = flat.get("multipleOf")
    if isinstance(step, (int, float)) and step > 0 and step != 1:
        return _multiple(build, Decimal(str(step)), low, high, whole=True)
    smallest, largest = math.ceil(first), math.floor(last)
    if smallest > largest:
        raise DeadEnd
    if build.effort.minimal:
        return smallest
    numbered = name.lower() == "id" and build.index is not None
    if numbered and build.index is not None and smallest <= build.index + 1 <= largest:
        return build.index + 1
    return build.rng.randint(smallest, largest)


def build_number(build: Build, flat: dict[str, Any], name: str, _: int = 0) -> float | int:
    """A number for *flat*, with as many decimals as are usual for something called *name*.

    Raises:
        DeadEnd: The bounds leave none.
    """
    low, high = bounds(flat)
    usual = number_by_name(name) or (0, 100, 2)
    first, last = _window(low, high, usual)
    step = flat.get("multipleOf")
    if isinstance(step, (int, float)) and step > 0:
        return _multiple(build, Decimal(str(step)), low, high, whole=False)
    if first > last:
        raise DeadEnd
    value = _on_the_map(build, name)
    if value is not None and first <= value <= last:
        return value
    value = build.rng.uniform(first, last)
    for decimals in (max(usual[2], 1), 4, 8):
        rounded = round(value, decimals)
        if first <= rounded <= last:
            return rounded
    return value


def _on_the_map(build: Build, name: str) -> float | None:
    """The latitude or longitude of the place that the number is about."""
    axis = coordinate(name)
    if axis is None:
        return None
    build.rng.prefix = "_".join(words(name)[:-1])
    return build.rng.place.latitude if axis == "latitude" else build.rng.place.longitude


def bounds(flat: dict[str, Any]) -> tuple[float | None, float | None]:
    """The smallest and the largest number, both allowed; whole numbers step over exclusions."""
    low, high = _as_number(flat.get("minimum")), _as_number(flat.get("maximum"))
    whole = flat.get("type") == "integer"
    above = _as_number(flat.get("exclusiveMinimum"))
    below = _as_number(flat.get("exclusiveMaximum"))
    if above is not None:
        inside = math.floor(above) + 1 if whole else math.nextafter(above, math.inf)
        low = inside if low is None else max(low, inside)
    if below is not None:
        inside = math.ceil(below) - 1 if whole else math.nextafter(below, -math.inf)
        high = inside if high is None else min(high, inside)
    if flat.get("format") == "int32":
        low = max(low, -(2**31)) if low is not None else None
        high = min(high, 2**31 - 1) if high is not None else None
    return low, high


def _multiple(
    build: Build, step: Decimal, low: float | None, high: float | None, *, whole: bool
) -> float | int:
    """A multiple of *step* between the bounds, reckoned in decimals: 0.1 is not binary."""
    first = -((-Decimal(str(low))) // step) if low is not None else None
    last = Decimal(str(high)) // step if high is not None else None
    if first is None:
        first = last - 40 if last is not None and last < 1 else Decimal(1)
    while Decimal(str(low if low is not None else first * step)) > first * step:
        first += 1  # `//` rounds towards zero
    if last is None:
        last = first + 40
    if first > last:
        raise DeadEnd
    for _ in range(40):
        value = step * build.rng.randint(int(first), int(last))
        if not whole or value == value.to_integral_value():
            return int(value) if value == value.to_integral_value() else float(value)
    raise DeadEnd


def _window(
    low: float | None, high: float | None, usual: tuple[float, float, int]
) -> tuple[float, float]:
    """The part of the usual range that the bounds allow, or a part of what they allow."""
    first, last = usual[0], usual[1]
    width = last - first
    if low is not None and (first < low or low > last):
        first, last = low, (last if last > low else low + width)
    if high is not None and last > high:
        last = high
        if first > high:
            first = high - width if low is None else low
    return first, last


def _as_number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
