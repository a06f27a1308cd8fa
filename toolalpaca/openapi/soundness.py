"""Making every schema of a document one that can be compiled.

Schemas in real documents hold patterns of other regex dialects, types that do not exist,
``required: true``, references that lead nowhere. A validator refuses such a schema whole; here only
the keyword that is broken is lost, and said to be. After :func:`mend_schemas` every schema of the
document compiles, and following references in place never runs in a circle.

A ``format`` that is not of JSON Schema's own (``int32``, ``float``, ``byte``) asserts nothing, as
OpenAPI leaves to its readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.circles import break_circles
from toolalpaca.openapi.contradictions import mend_contradictions
from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.patterns import mend_pattern
from toolalpaca.openapi.references import at_pointer
from toolalpaca.openapi.structure import OPENAPI_3, SCHEMA, Field, Node, Path, children, walk
from toolalpaca.openapi.validation import json_pointer

_ANY = "any value is accepted there"
_IGNORED = "the keyword is ignored"
_ROUNDS = 10
_META_SCHEMA = {"$ref": "https://json-schema.org/draft/2020-12/schema"}


def mend_schemas(root: dict[str, Any], broken: Mapping[str, str]) -> list[Problem]:
    """Take out of the schemas of *root*, in place, what cannot be compiled.

    Args:
        root: A document of OpenAPI 3.1 or later.
        broken: Why a reference leads nowhere, by the reference.

    Returns:
        A problem for each keyword that was lost or read differently.
    """
    problems = _fit_meta_schema(root)
    schemas = [node for node in walk(Node("document", (), root), OPENAPI_3) if _is_schema(node)]
    for node in schemas:
        if "$ref" in node.value:
            problems.extend(_check_reference(node, root, broken))
        if "pattern" in node.value:
            problems.extend(_mend_pattern(node))
        if "patternProperties" in node.value:
            problems.extend(_mend_pattern_properties(node))
        if "example" in node.value:  # 3.1 still knows it, deprecated
            example = node.value.pop("example")
            node.value.setdefault("examples", [example])
    for node in schemas:
        problems.extend(mend_contradictions(node, root))
    problems.extend(break_circles(schemas, root))
    return problems


def _is_schema(node: Node) -> bool:
    return node.kind == "schema" and isinstance(node.value, dict)


# The meta-schema


def _fit_meta_schema(root: dict[str, Any]) -> list[Problem]:
    """Take out what the meta-schema of 2020-12 refuses."""
    problems: list[Problem] = []
    for _ in range(_ROUNDS):  # taking one keyword out may uncover another fault
        outermost = list(_outermost(root))
        whole = {"$defs": {f"s{i}": value for i, (_, value, _) in enumerate(outermost)}}
        # This meta-schema is there for every validator; ours, which lists faults, takes 2 MB more.
        if jsonschema_rs.meta.is_valid(whole):
            break
        errors = {tuple(e.instance_path): e for e in _meta_schema().iter_errors(whole)}
        if not errors:
            break
        for path in errors:
            holder, value, place = outermost[int(str(path[1])[1:])]
            problem = _take_out(holder, place, value, [str(part) for part in path[2:]])
            if problem is not None:
                problems.append(problem)
    return problems


@lru_cache(maxsize=1)
def _meta_schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_META_SCHEMA, validate_formats=False)


def _outermost(root: dict[str, Any]) -> Iterator[tuple[Any, Any, Path]]:
    """Schemas that stand in no other schema: their holder, themselves, their path."""
    waiting = [Node("document", (), root)]
    while waiting:
        node = waiting.pop()
        for child in children(node, OPENAPI_3):
            if child.kind == "schema":
                holder = node.value
                for part in child.path[len(node.path) : -1]:
                    holder = holder[part]
                yield holder, child.value, child.path
            else:
                waiting.append(child)


def _take_out(holder: Any, place: Path, schema: Any, path: list[str]) -> Problem | None:
    """Take out the keyword to which *path* leads from *schema*, which stands in *holder*.

    Where the path leads to a schema that is none, ``True`` takes its place. None when a fault met
    before has taken it out already.
    """
    key = place[-1]
    while path and isinstance(schema, dict):
        keyword, *path = path
        if keyword not in schema:
            return None
        value, field = schema[keyword], SCHEMA.get(keyword)
        if field is None or not _leads_on(field, value, path):
            return _drop(schema, keyword, place)
        place = (*place, keyword)
        if field.shape in ("one", "either"):
            holder, key = schema, keyword
        else:
            holder, key = value, _key(value, path.pop(0))
            place = (*place, key)
        schema = holder[key]
    if isinstance(schema, dict | bool):
        return None
    holder[key] = True
    return Problem(json_pointer(place), f"{_short(schema)} is no schema", _ANY)


def _leads_on(field: Field, value: Any, path: list[str]) -> bool:
    """Whether the fault lies in a schema below this keyword, not in the keyword's own value."""
    if field.shape == "map":
        return isinstance(value, dict) and bool(path) and path[0] in value
    if field.shape == "list":
        return isinstance(value, list) and bool(path) and int(path[0]) < len(value)
    return isinstance(value, dict) and bool(path)


def _key(value: dict[str, Any] | list[Any], part: str) -> str | int:
    return int(part) if isinstance(value, list) else part


def _drop(schema: dict[str, Any], keyword: str, place: Path) -> Problem:
    value = schema.pop(keyword)
    message = f"{keyword!r} cannot be {_short(value)}"
    return Problem(json_pointer((*place, keyword)), message, _IGNORED)


def _short(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# References


def _check_reference(
    node: Node, root: Mapping[str, Any], broken: Mapping[str, str]
) -> Iterator[Problem]:
    """Drop a reference that leads to no schema."""
    ref = node.value["$ref"]
    reason = broken.get(ref)
    if reason is None:
        try:
            target = at_pointer(root, ref.removeprefix("#"))
            if isinstance(target, dict | bool):
                return
            reason = "it leads to no schema"
        except DocumentError as error:
            reason = str(error)
    del node.value["$ref"]
    yield Problem(
        json_pointer((*node.path, "$ref")), f"the reference {ref} is broken: {reason}", _ANY
    )


# Patterns


def _mend_pattern(node: Node) -> Iterator[Problem]:
    pattern = node.value["pattern"]
    mended = mend_pattern(pattern)
    if mended == pattern:
        return
    where = json_pointer((*node.path, "pattern"))
    if mended is None:
        del node.value["pattern"]
        yield Problem(where, f"the pattern {_short(pattern)} cannot be compiled", _IGNORED)
    else:
        node.value["pattern"] = mended
        yield Problem(where, f"the pattern {_short(pattern)} is unusual", f"read as {mended!r}")


def _mend_pattern_properties(node: Node) -> Iterator[Problem]:
    properties = node.value["patternProperties"]
    for pattern in list(properties):
        mended = mend_pattern(pattern)
        if mended == pattern:
            continue
        where = json_pointer((*node.path, "patternProperties", pattern))
        schema = properties.pop(pattern)
        if mended is None:
            yield Problem(where, f"the pattern {_short(pattern)} cannot be compiled", _IGNORED)
        else:
            properties.setdefault(mended, schema)
            yield Problem(where, f"the pattern {_short(pattern)} is unusual", f"read as {mended!r}")
