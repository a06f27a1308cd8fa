"""Schemas that nothing satisfies, by mistakes that are common enough to be known.

A document generated from code says ``type: string`` of an enumeration of booleans, or lists one
schema twice under ``oneOf``, which then accepts nothing that it should. Taken literally, the
operation could not be used at all; read as they were meant, both are sound.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.references import at_pointer
from toolalpaca.openapi.structure import Node
from toolalpaca.openapi.validation import Validator, json_pointer

_SAYING_NOTHING = frozenset(
    {"title", "description", "example", "examples", "default", "externalDocs", "$comment"}
)

_LENGTHS = {
    "uuid": (36, 36),
    "date": (10, 10),
    "date-time": (20, math.inf),
    "email": (3, math.inf),
    "ipv4": (7, 15),
}
"""The fewest and the most characters of a format."""


def mend_contradictions(node: Node, root: Mapping[str, Any]) -> Iterator[Problem]:
    """Read a schema that contradicts itself as it was meant, in place."""
    if "type" in node.value and node.value.get("enum"):
        yield from _mend_enum(node)
    if node.value.get("format") in _LENGTHS:
        yield from _mend_format(node)
    if len(node.value.get("oneOf") or ()) > 1:
        yield from _mend_one_of(node, root)


def _mend_enum(node: Node) -> Iterator[Problem]:
    members, kind = node.value["enum"], node.value["type"]
    judge = Validator({"type": kind})
    if any(judge.is_valid(member) for member in members):
        return
    where = json_pointer((*node.path, "enum"))
    message = f"no member of the enumeration is of type {kind}"
    texts = [member if isinstance(member, str) else json.dumps(member) for member in members]
    if judge.is_valid(""):
        node.value["enum"] = list(dict.fromkeys(texts))
        yield Problem(where, message, "its members are read as texts")
    else:
        del node.value["enum"]
        yield Problem(where, message, "the keyword is ignored")


def _mend_format(node: Node) -> Iterator[Problem]:
    shortest, longest = _LENGTHS[node.value["format"]]
    least, most = node.value.get("minLength", 0), node.value.get("maxLength", longest)
    if least <= longest and most >= shortest:
        return
    message = f"no {node.value['format']} is of the length that is asked for"
    where = json_pointer((*node.path, "format"))
    del node.value["format"]
    yield Problem(where, message, "the keyword is ignored")


def _mend_one_of(node: Node, root: Mapping[str, Any]) -> Iterator[Problem]:
    seen = [json.dumps(_meaning(b, root), sort_keys=True) for b in node.value["oneOf"]]
    if len(set(seen)) == len(seen) or "anyOf" in node.value:
        return
    node.value["anyOf"] = node.value.pop("oneOf")
    message = "two schemas of oneOf accept the same values, so that none can be the only one"
    yield Problem(json_pointer((*node.path, "oneOf")), message, "it is read as anyOf")


def _meaning(schema: Any, root: Mapping[str, Any]) -> Any:
    """*schema* without what says nothing of values, a reference at its top followed."""
    if isinstance(schema, dict) and set(schema) == {"$ref"}:
        schema = at_pointer(root, schema["$ref"].removeprefix("#"))
    meaning = _plain(schema)
    properties = meaning.get("properties") if isinstance(meaning, dict) else None
    if isinstance(properties, dict):
        meaning["properties"] = {name: _plain(part) for name, part in properties.items()}
    return meaning


def _plain(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in _SAYING_NOTHING and not keyword.startswith("x-")
    }
