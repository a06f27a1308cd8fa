"""Objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from toolalpaca.openapi.validation import Validator
from toolalpaca_mockserver.values import vocabulary
from toolalpaca_mockserver.values.attempt import DEEPEST, MOST_PROPERTIES, DeadEnd
from toolalpaca_mockserver.values.coherence import cohere
from toolalpaca_mockserver.values.moments import order_times
from toolalpaca_mockserver.values.patterns import string_matching

if TYPE_CHECKING:
    from toolalpaca_mockserver.contract import Contract
    from toolalpaca_mockserver.values.build import Build

_ANY_STRING: dict[str, Any] = {"type": "string"}


def build_object(build: Build, flat: dict[str, Any], name: str, depth: int) -> dict[str, Any]:
    """An object for *flat*, whose choices have been made.

    Raises:
        DeadEnd: A required property cannot be built.
    """
    # Who is modest before the first property still is so at the last.
    form = build.contract.derived(_least if build.is_modest(depth) else _form, flat)
    properties, built = form.properties, dict[str, Any]()
    outer = build.enter(name)
    try:
        for member in form.members:
            if member.is_required:
                built[member.name] = build.flat_value(member.flat, member.name, depth + 1)
            elif not build.is_modest(depth) and not _recurs(build, member):
                try:
                    built[member.name] = build.flat_value(member.flat, member.name, depth + 1)
                except DeadEnd:
                    continue
        _add_dependents(build, built, flat, depth)
        _fill(build, built, flat, depth)
    finally:
        build.leave(outer)
    most = flat.get("maxProperties")
    if isinstance(most, int) and len(built) > most:
        for key in [k for k in reversed(built) if k not in form.required][: len(built) - most]:
            del built[key]
    if not build.effort.minimal:
        order_times(built)
        cohere(built, lambda name: _free(build, properties.get(name, True)))
    return built


def _free(build: Build, schema: Any) -> dict[str, Any]:
    """The flat schema of a property, empty when the document shows its value."""
    flat = build.contract.flat(schema)
    return {} if flat.keys() & {"example", "examples", "default"} else flat


def _put(build: Build, built: dict[str, Any], key: str, schema: Any, depth: int) -> None:
    """Add a property, unless it cannot be built."""
    try:
        built[key] = build.value(schema, key, depth + 1)
    except DeadEnd:
        return


class _Member(NamedTuple):
    """A property that objects have, or may have.

    Attributes:
        name: Its name.
        flat: Its schema, flat.
        items: The schema of its items, flat; None when it has none.
        is_required: Whether every object has it.
        may_recur: Whether its schema is one that other values may have, too.
    """

    name: str
    flat: dict[str, Any]
    items: dict[str, Any] | None
    is_required: bool
    may_recur: bool


@dataclass(frozen=True, slots=True)
class _Form:
    """What all objects of one schema have in common.

    Attributes:
        properties: As the schema has them.
        required: The names of those that every object has.
        members: What is built, in order.
    """

    properties: dict[str, Any]
    required: frozenset[str]
    members: tuple[_Member, ...]


def _form(contract: Contract, flat: dict[str, Any]) -> _Form:
    return _form_of(contract, flat, least=False)


def _least(contract: Contract, flat: dict[str, Any]) -> _Form:
    """The form of objects that have only what is required."""
    return _form_of(contract, flat, least=True)


def _form_of(contract: Contract, flat: dict[str, Any], *, least: bool) -> _Form:
    properties = flat.get("properties") or {}
    required = {r: True for r in flat.get("required") or () if isinstance(r, str)}
    closed = [set(p.get("properties") or {}) for p in flat.get("allOf") or () if _is_closed(p)]
    members = []
    for name in dict.fromkeys([*properties, *required]):
        if name not in required and (least or not all(name in names for names in closed)):
            continue
        schema = properties[name] if name in properties else _schema_of(name, flat)
        own = contract.flat(schema)
        if name in required or _is_shown(contract, own):
            below = own.get("items")
            items = contract.flat(below) if isinstance(below, dict) else None
            members.append(_Member(name, own, items, name in required, isinstance(schema, dict)))
    return _Form(properties, frozenset(required), tuple(members))


def _is_shown(contract: Contract, flat: dict[str, Any]) -> bool:
    """Whether an optional property is built at all."""
    if flat == {"not": {}} or flat.get("deprecated") is True:
        return False
    return contract.direction != "request" or flat.get("readOnly") is not True


def _recurs(build: Build, member: _Member) -> bool:
    """Whether a value of the same schema is being built around the object."""
    if member.may_recur and build.is_active_flat(member.flat):
        return True
    return member.items is not None and build.is_active_flat(member.items)


def _is_closed(part: Any) -> bool:
    return isinstance(part, dict) and part.get("additionalProperties") is False


def _schema_of(key: str, flat: dict[str, Any]) -> Any:
    """The schema of a property that ``properties`` does not list."""
    for pattern, schema in (flat.get("patternProperties") or {}).items():
        if Validator({"pattern": pattern}).is_valid(key):
            return schema
    return flat.get("additionalProperties", True)


def _add_dependents(build: Build, built: dict[str, Any], flat: dict[str, Any], depth: int) -> None:
    properties = flat.get("properties") or {}
    for trigger, names in (flat.get("dependentRequired") or {}).items():
        for key in names if trigger in built else ():
            if key not in built:
                built[key] = build.value(properties.get(key, True), key, depth + 1)
    for trigger, schema in (flat.get("dependentSchemas") or {}).items():
        if trigger in built and depth < DEEPEST:
            flat = build.contract.flat(schema)
            extra = build_object(build, flat, build.owner, depth + 1)
            for key, more in (flat.get("properties") or {}).items():
                if key in properties and (key in built or key in extra):
                    both = build.contract.joined(properties[key], more)
                    built[key] = build.value(both, key, depth + 1)
            for key, value in extra.items():
                built.setdefault(key, value)


def _fill(build: Build, built: dict[str, Any], flat: dict[str, Any], depth: int) -> None:
    """Add properties that have no fixed name: maps, and objects that need more of them."""
    fewest = flat.get("minProperties", 0)
    for key, schema in (flat.get("properties") or {}).items() if len(built) < fewest else ():
        if len(built) < fewest and key not in built:
            _put(build, built, key, schema, depth)
    extra = flat.get("additionalProperties", True)
    patterns = flat.get("patternProperties") or {}
    is_map = isinstance(extra, dict) or bool(patterns)
    wanted = fewest
    if is_map and not flat.get("properties") and not build.is_modest(depth):
        wanted = max(fewest, min(2, flat.get("maxProperties", 2)))
    for _ in range(4 * min(wanted, MOST_PROPERTIES)):
        if len(built) >= wanted:
            break
        key, schema = _new_property(build, flat, patterns, extra)
        if key is not None and key not in built:
            _put(build, built, key, schema, depth)


def _new_property(
    build: Build, flat: dict[str, Any], patterns: dict[str, Any], extra: Any
) -> tuple[str | None, Any]:
    names = flat.get("propertyNames")
    if names is not None and (patterns or extra is not False):
        key = build.value(build.contract.joined(names, _ANY_STRING), "key")
        return (key, _schema_of(key, flat)) if isinstance(key, str) else (None, None)
    if patterns and (extra is False or build.rng.random() < 0.5):
        pattern = build.rng.choice(list(patterns))
        return string_matching(pattern, build.rng, shortest=1), patterns[pattern]
    if extra is False:
        return None, None
    word = build.rng.choice(vocabulary.WORDS)
    return f"{word}{build.rng.choice(('', '_1', '_2'))}", extra
