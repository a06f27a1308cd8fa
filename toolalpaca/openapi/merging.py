"""A schema's outermost layer as one object: ``$ref`` followed, ``allOf`` merged.

Who makes tools, values or state out of a schema wants to see ``type``, ``properties`` and
``required``, wherever inheritance has put them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from toolalpaca.openapi.model import Schema
from toolalpaca.openapi.references import at_pointer
from toolalpaca.openapi.structure import equal_json

# Keywords that mean something only together: a group is merged whole or not at all.
_GROUPS: tuple[tuple[str, ...], ...] = (
    ("additionalProperties", "patternProperties", "properties"),
    ("items", "prefixItems"),
    ("contains", "minContains", "maxContains"),
    ("if", "then", "else"),
    ("contentEncoding", "contentMediaType", "contentSchema"),
)
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")
_ANNOTATIONS = frozenset(
    (
        "title", "description", "default", "examples", "example", "deprecated", "readOnly",
        "writeOnly", "externalDocs", "xml", "discriminator", "$comment", "$id", "$schema",
        "$anchor", "$defs", "definitions", "format-annotation",
    )
)  # fmt: skip


def flatten(schema: Schema, root: Mapping[str, Any]) -> Schema:
    """*schema* with its own ``$ref`` followed and its ``allOf`` merged in; nested ones stay.

    The result accepts exactly the values that *schema* accepts: what cannot be merged (two
    patterns, ``additionalProperties`` beside another's ``properties``) stays in ``allOf``, though
    its properties are shown at the top. Of annotations the outermost wins.

    Raises:
        DocumentError: A reference leads nowhere or out of the document.
    """
    if not isinstance(schema, Mapping):
        return schema
    return _flatten(dict(schema), root, frozenset())


def _flatten(schema: dict[str, Any], root: Mapping[str, Any], seen: frozenset[str]) -> Schema:
    merged = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
    parts: list[tuple[Any, frozenset[str]]] = []
    ref = schema.get("$ref")
    if isinstance(ref, str) and ref not in seen:  # round in a circle it would say nothing new
        parts.append((at_pointer(root, ref[1:]), seen | {ref}))
    all_of = schema.get("allOf")
    parts.extend((part, seen) for part in (all_of if isinstance(all_of, list) else []))
    rest: list[Any] = []
    for part, path in parts:
        if not isinstance(part, Mapping):
            if part is False:
                return False
            continue
        flat = _flatten(dict(part), root, path)
        if flat is False:
            return False
        if isinstance(flat, dict):
            if not flat.keys().isdisjoint(_UNEVALUATED):
                rest.append(dict(flat))  # they speak of what stands beside them: keep it whole
                flat = {key: value for key, value in flat.items() if key not in _UNEVALUATED}
            rest.extend(flat.pop("allOf", []))
            residue = _merge_into(merged, flat)
            if residue:
                rest.append(residue)
    if rest:
        merged["allOf"] = rest
    return merged


def _merge_into(target: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Merge *source* into *target*; what could not be merged is returned as a schema."""
    residue: dict[str, Any] = {}
    done: set[str] = set()
    for group in _GROUPS:
        present = [keyword for keyword in group if keyword in source]
        if not present:
            continue
        done.update(present)
        mine = {keyword: source[keyword] for keyword in present}
        if not any(keyword in target for keyword in group):
            target.update(mine)
        elif group[-1] == "properties":
            residue.update(_merge_properties(target, mine))
        elif not equal_json([target.get(key) for key in group], [source.get(key) for key in group]):
            residue.update(mine)
    for keyword, value in source.items():
        if keyword in done:
            continue
        if keyword not in target:
            target[keyword] = value
        elif keyword not in _ANNOTATIONS and not keyword.startswith("x-"):
            merge = _MERGES.get(keyword, _same)
            try:
                both = merge(target[keyword], value)
            except TypeError:  # one of them is nothing that may stand there
                both = None
            if both is None:
                residue[keyword] = value
            else:
                target[keyword] = both
    return residue


def _merge_properties(target: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    closed = [_is_closed(target), _is_closed(source)]
    residue: dict[str, Any] = {}
    if closed[0]:
        # The target's additionalProperties spoke of its own properties only: set it apart before
        # the others' join them.
        group = {keyword: target.pop(keyword) for keyword in _GROUPS[0] if keyword in target}
        residue["allOf"] = [group]
        target["properties"] = _schemas(group, "properties")
    if closed[1]:
        residue.setdefault("allOf", []).append(source)
    properties = _schemas(target, "properties")
    for name, schema in _schemas(source, "properties").items():
        properties[name] = _both(properties[name], schema) if name in properties else schema
    if properties:
        target["properties"] = properties
    patterns = _schemas(target, "patternProperties")
    for pattern, schema in _schemas(source, "patternProperties").items():
        patterns[pattern] = _both(patterns[pattern], schema) if pattern in patterns else schema
    if patterns:
        target["patternProperties"] = patterns
    return residue


def _schemas(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    """The schemas by name below *keyword*; whatever else stands there names none."""
    value = schema.get(keyword)
    return dict(value) if isinstance(value, Mapping) else {}


def _is_closed(schema: dict[str, Any]) -> bool:
    return schema.get("additionalProperties", True) not in (True, {})


def _both(first: Schema, second: Schema) -> Schema:
    return first if equal_json(first, second) else {"allOf": [first, second]}


def _same(first: Any, second: Any) -> Any:
    return first if equal_json(first, second) else None


def _merge_required(first: Any, second: Any) -> Any:
    return [*first, *(name for name in second if name not in first)]


def _merge_types(first: Any, second: Any) -> Any:
    mine, theirs = (kind if isinstance(kind, list) else [kind] for kind in (first, second))
    both = [kind for kind in mine if kind in theirs]
    if "number" in mine and "integer" in theirs and "integer" not in both:
        both.append("integer")
    if "integer" in mine and "number" in theirs and "integer" not in both:
        both.append("integer")
    if not both:
        return None  # they contradict each other, and the residue says so
    return both[0] if len(both) == 1 else both


def _merge_enums(first: Any, second: Any) -> Any:
    both = [value for value in first if any(equal_json(value, other) for other in second)]
    return both or None  # nothing is left, and the residue says so


def _bound(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def merge(first: Any, second: Any) -> Any:
        return choose(first, second)

    return merge


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "type": _merge_types,
    "required": _merge_required,
    "enum": _merge_enums,
    **dict.fromkeys(
        ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), _bound(max)
    ),
    **dict.fromkeys(
        ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), _bound(min)
    ),
    "uniqueItems": lambda first, second: first or second,
}
