"""Arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from toolalpaca.openapi.structure import equal_json
from toolalpaca_mockserver.values.attempt import MOST_UNIQUE, DeadEnd

if TYPE_CHECKING:
    from toolalpaca_mockserver.values.build import Build


def build_array(build: Build, flat: dict[str, Any], name: str, depth: int) -> list[Any]:
    """An array for *flat*, whose choices have been made.

    Raises:
        DeadEnd: It would be too long, or an item that it needs cannot be built.
    """
    fewest = int(flat.get("minItems", 0))
    if flat.get("uniqueItems") is True and fewest > MOST_UNIQUE:
        raise DeadEnd
    contained = int(flat.get("minContains", 1)) if "contains" in flat else 0
    with build.demanding(max(fewest, contained)):
        return _array(build, flat, name, depth, contained)


def _array(build: Build, flat: dict[str, Any], name: str, depth: int, contained: int) -> list[Any]:
    fewest = int(flat.get("minItems", 0))
    prefix = flat.get("prefixItems") or []
    items = flat.get("items", True)
    count = max(_count(build, flat, fewest, depth), fewest)
    built = [build.value(schema, name, depth + 1) for schema in prefix[:count]]
    if items is False:
        return built
    if contained:
        both = build.contract.joined(items, flat["contains"])
        built.extend(build.value(both, name, depth + 1) for _ in range(contained))
    _extend(build, built, flat, name, depth, count)
    if flat.get("uniqueItems") is True and len(built) < fewest:
        _number(build, built, items, fewest)
    return built


def _extend(
    build: Build, built: list[Any], flat: dict[str, Any], name: str, depth: int, count: int
) -> None:
    """Add items until there are *count*."""
    items, unique = flat.get("items", True), flat.get("uniqueItems") is True
    with build.listing():
        for attempt in range(count * (6 if unique else 1)):
            if len(built) >= count:
                break
            build.index = len(built) if attempt < count else None
            try:
                item = build.value(items, name, depth + 1)
            except DeadEnd:
                if len(built) >= flat.get("minItems", 0):
                    break
                raise
            if not unique or not any(equal_json(item, other) for other in built):
                built.append(item)


def _number(build: Build, built: list[Any], items: Any, fewest: int) -> None:
    """Add texts until there are *fewest*, told apart by numbers: there are only so many words."""
    words = [word for word in built if isinstance(word, str)]
    part, known = build.contract.part(items), set(words)
    longest = part.shape.get("maxLength", math.inf)
    for number in range(2, fewest + 2):
        for word in words:
            if len(built) >= fewest:
                return
            text = _numbered(word, number, longest)
            if text not in known and part.is_valid(text):
                known.add(text)
                built.append(text)


def _numbered(word: str, number: int, longest: float) -> str:
    """*word* with a number behind it, in an email address before the ``@``."""
    start, at, rest = word.partition("@")
    space = longest - len(f"-{number}{at}{rest}")
    if space <= 0:
        return str(number)
    return f"{start[: int(min(space, len(start)))]}-{number}{at}{rest}"


def _count(build: Build, flat: dict[str, Any], fewest: int, depth: int) -> int:
    if build.is_modest(depth) or build.is_active(flat.get("items")):
        return fewest
    most = flat.get("maxItems")
    wanted = fewest if fewest > 2 else build.rng.randint(max(1, fewest), 3)
    return min(wanted, most) if isinstance(most, int) else wanted
