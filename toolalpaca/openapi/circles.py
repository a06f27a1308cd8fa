"""References by which a schema says of a value no more than itself.

``Tree: {properties: {children: {items: {$ref: Tree}}}}`` is recursion: each turn speaks of a
smaller value. ``A: {allOf: [{$ref: A}]}`` speaks of the same value for ever; who follows it never
returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.references import at_pointer
from toolalpaca.openapi.structure import Node
from toolalpaca.openapi.validation import json_pointer

# Applicators that speak of the same value as the schema they stand in.
_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")


class _Open(NamedTuple):
    """A schema whose search has not ended, and the schemas of the same value still to enter."""

    schema: dict[str, Any]
    following: Iterator[dict[str, Any]]


def break_circles(schemas: Iterable[Node], root: Mapping[str, Any]) -> Iterator[Problem]:
    """Drop, in place, each reference that closes a circle; every reference must lead somewhere.

    Args:
        schemas: Every schema of the document that is an object.
        root: The document.
    """
    paths = {id(node.value): node.path for node in schemas}
    done: set[int] = set()
    for node in schemas:
        if id(node.value) in done:
            continue
        stack = [_Open(node.value, _same_value(node.value, root))]
        active = {id(node.value)}
        while stack:
            schema, following = stack[-1]
            target = next(following, None)
            if target is None:
                stack.pop()
                active.discard(id(schema))
                done.add(id(schema))
            elif id(target) in active:
                ref = schema.pop("$ref")  # only a reference leads back up
                where = json_pointer((*paths[id(schema)], "$ref"))
                message = f"the reference {ref} leads back to itself"
                yield Problem(where, message, "the reference is ignored")
            elif id(target) not in done:
                stack.append(_Open(target, _same_value(target, root)))
                active.add(id(target))


def _same_value(schema: dict[str, Any], root: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas that speak of the same value as *schema*."""
    ref = schema.get("$ref")
    if isinstance(ref, str):
        target = at_pointer(root, ref.removeprefix("#"))
        if isinstance(target, dict):
            yield target
    for keyword in _IN_PLACE:
        value = schema.get(keyword)
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict):
                yield item
    dependent = schema.get("dependentSchemas")
    for item in dependent.values() if isinstance(dependent, dict) else ():
        if isinstance(item, dict):
            yield item
