"""Objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolalpaca.openapi.validation import Validator
from toolalpaca_mockserver.values import vocabulary
from toolalpaca_mockserver.values.attempt import DEEPEST, MOST_PROPERTIES, DeadEnd
from toolalpaca_mockserver.values.coherence import cohere
from toolalpaca_mockserver.values.moments import order_times
from toolalpaca_mockserver.values.patterns import string_matching

if TYPE_CHECKING:
    from toolalpaca_mockserver.values.build import Build

_MISSING = object()
_ANY_STRING: dict[str, Any] = {"type": "string"}


def build_object(build: Build, flat: dict[str, Any], name: str, depth: int) -> dict[str, Any]:
    """An object for *flat*, whose choices have been made.

    Raises:
        DeadEnd: A required property cannot be built.
    """
    properties = flat.get("properties") or {}
    required = {r: True for r in flat.get("required") or () if isinstance(r, str)}
    built: dict[str, Any] = {}
    closed = [set(p.get("properties") or {}) for p in flat.get("allOf") or () if _is_closed(p)]
    with build.inside(name):
        for key in dict.fromkeys([*properties, *required]):
            schema = properties.get(key, _MISSING)
            if key in required:
                if schema is _MISSING:
                    schema = _schema_of(key, flat)
                built[key] = build.value(schema, key, depth + 1)
            elif _is_included(build, schema, depth) and all(key in names for names in closed):
                _put(build, built, key, schema, depth)
        _add_dependents(build, built, flat, depth)
        _fill(build, built, flat, depth)
    most = flat.get("maxProperties")
    if isinstance(most, int) and len(built) > most:
        for key in [k for k in reversed(built) if k not in required][: len(built) - most]:
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


def _is_included(build: Build, schema: Any, depth: int) -> bool:
    """Whether an optional property is built."""
    if build.is_modest(depth):
        return False
    flat = build.contract.flat(schema)
    if flat == {"not": {}} or flat.get("deprecated") is True:
        return False
    if build.contract.direction == "request" and flat.get("readOnly") is True:
        return False
    if isinstance(schema, dict) and build.is_active_flat(flat):
        return False
    return "items" not in flat or not build.is_active(flat["items"])


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
    for key, schema in (flat.get("properties") or {}).items():
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
