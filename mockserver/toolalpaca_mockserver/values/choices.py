"""Which branch of ``oneOf``, ``anyOf`` and ``if`` a value follows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from toolalpaca_mockserver.values.attempt import DEEP, DeadEnd

if TYPE_CHECKING:
    from toolalpaca_mockserver.contract import Contract
    from toolalpaca_mockserver.values.build import Build

_MOST_CHOICES = 16
"""Alternatives within alternatives that are followed for one value."""
_ALTERNATIVES = ("oneOf", "anyOf", "if")
_CHOOSING = frozenset((*_ALTERNATIVES, "allOf"))


def choose(build: Build, flat: dict[str, Any], depth: int) -> dict[str, Any]:
    """*flat* with one branch of each ``oneOf``, ``anyOf`` and ``if`` merged in.

    Raises:
        DeadEnd: No branch is possible.
    """
    if flat.keys().isdisjoint(_CHOOSING):
        return flat
    for _ in range(_MOST_CHOICES):
        keyword = next((k for k in _ALTERNATIVES if k in flat), None)
        if keyword == "if":
            flat = _conditional(build, flat)
        elif keyword is not None:
            flat = _taking(build, flat, keyword, depth)
        else:
            residue = [part for part in flat.get("allOf") or () if _chooses(part)]
            if not residue:
                return flat
            flat = build.contract.joined(build.contract.without(flat, "allOf"), *residue)
    return flat


def _chooses(part: Any) -> bool:
    return isinstance(part, dict) and any(keyword in part for keyword in _ALTERNATIVES)


def _conditional(build: Build, flat: dict[str, Any]) -> dict[str, Any]:
    rest = build.contract.without(flat, "if", "then", "else")
    if build.rng.random() < 0.5:
        return build.contract.joined(rest, flat["if"], flat.get("then", True))
    return build.contract.joined(rest, flat.get("else", True))


def _taking(build: Build, flat: dict[str, Any], keyword: str, depth: int) -> dict[str, Any]:
    """*flat* with a branch of *keyword* merged in; the discriminator names it."""
    contract, branches = build.contract, flat[keyword]
    if not isinstance(branches, list) or not branches:
        return contract.without(flat, keyword)
    branch = _branch(build, branches, depth)
    rest = contract.without(flat, keyword, "discriminator", "examples", "example")
    merged = contract.joined(rest, branch)
    discriminator = flat.get("discriminator")
    label = _label(discriminator, branch)
    if isinstance(discriminator, dict) and label is not None:
        name = str(discriminator.get("propertyName"))
        own = contract.flat((merged.get("properties") or {}).get(name, True))
        if "const" not in own and label in own.get("enum", [label]):
            merged = contract.joined(contract.labelled(name, label), merged)
    return merged


def _branch(build: Build, branches: list[Any], depth: int) -> Any:
    flats = [build.contract.flat(branch) for branch in branches]
    possible = [i for i, f in enumerate(flats) if f != {"not": {}}]
    if not possible:
        raise DeadEnd
    fresh = [i for i in possible if not build.is_active(branches[i])]
    plain = [i for i in fresh if flats[i].get("type") != "null"]
    if depth > DEEP:  # simple things end recursion
        simple = [i for i in fresh if flats[i].get("type") not in ("object", "array", None)]
        plain = simple or plain
    return branches[build.rng.choice(plain or fresh or possible)]


def told_apart(build: Build, value: Any, flat: dict[str, Any]) -> Any:
    """*value* so that one branch of *flat*'s ``oneOf`` accepts it, if several do.

    Properties are left out, and where no branch demands what another does not know, one that only
    another branch knows gets a value that it does not allow: null if that will do.
    """
    branches = flat.get("oneOf")
    if not isinstance(value, dict) or not isinstance(branches, list):
        return value
    accepting = [part for part in map(build.contract.part, branches) if part.is_valid(value)]
    for kept in accepting if len(accepting) > 1 else ():
        candidate: dict[str, Any] | None = value
        for other in accepting:
            if candidate is not None and other is not kept:
                candidate = _refused(candidate, kept, other)
        if candidate is not None:
            return candidate
    return value


def _refused(value: dict[str, Any], kept: Contract, other: Contract) -> dict[str, Any] | None:
    """*value*, changed as little as may be for *other* to refuse it while *kept* accepts it."""
    known = kept.properties()
    less = ({k: v for k, v in value.items() if k != name} for name in value)
    more = (
        {**value, name: wrong}
        for name in other.properties()
        if name not in known
        for wrong in _WRONG
    )
    changed = chain((value,), less, more)
    return next((v for v in changed if not other.is_valid(v) and kept.is_valid(v)), None)


_WRONG: tuple[Any, ...] = (None, False, 0, "", [], {})


def _label(discriminator: Any, branch: Any) -> str | None:
    """What the discriminator says of the branch that has been chosen."""
    ref = branch.get("$ref") if isinstance(branch, dict) else None
    if not isinstance(discriminator, dict) or not isinstance(ref, str):
        return None
    target = ref.rpartition("/")[2]
    mapping = discriminator.get("mapping")
    for label, place in mapping.items() if isinstance(mapping, dict) else ():
        if isinstance(place, str) and place.rpartition("/")[2] == target:
            return str(label)
    return target
