"""What stands where in an OpenAPI document.

A property may be *named* ``nullable``, ``$ref`` or ``example``, and examples hold any JSON at all,
so whoever looks for schemas or references must walk by position. These tables are the positions;
each line is a field of the specification that leads to another object.

The tables of 3.x are the union of 3.0, 3.1 and 3.2: what a version lacks is not met in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

Kind = Literal[
    "document",
    "components",
    "pathItem",
    "operation",
    "parameter",
    "header",
    "requestBody",
    "response",
    "mediaType",
    "encoding",
    "example",
    "link",
    "callback",
    "securityScheme",
    "schema",
]
Path: TypeAlias = tuple[str | int, ...]


class Field(NamedTuple):
    """Where a field leads.

    Attributes:
        kind: What stands there.
        shape: ``one`` object, a ``map`` of names to objects, a ``list`` of objects; ``patterned``
            is a map whose keys may also be ``x-`` extensions; ``either`` is one or a list.
    """

    kind: Kind
    shape: Literal["one", "map", "list", "patterned", "either"]


Fields: TypeAlias = Mapping[str, Field]
Tables: TypeAlias = Mapping[str, Fields]

METHOD_NAMES = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_ONE_SCHEMA = (
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)

SCHEMA: Fields = {
    **{keyword: Field("schema", "one") for keyword in _ONE_SCHEMA},
    **{keyword: Field("schema", "list") for keyword in ("allOf", "anyOf", "oneOf", "prefixItems")},
    **{
        keyword: Field("schema", "map")
        for keyword in (
            "$defs",
            "definitions",
            "dependentSchemas",
            "patternProperties",
            "properties",
        )
    },
    "items": Field("schema", "either"),
}

_EXAMPLES = {"examples": Field("example", "map")}
_CONTENT = {"content": Field("mediaType", "map")}

OPENAPI_3: Tables = {
    "document": {
        "paths": Field("pathItem", "patterned"),
        "webhooks": Field("pathItem", "map"),
        "components": Field("components", "one"),
    },
    "components": {
        "schemas": Field("schema", "map"),
        "responses": Field("response", "map"),
        "parameters": Field("parameter", "map"),
        "examples": Field("example", "map"),
        "requestBodies": Field("requestBody", "map"),
        "headers": Field("header", "map"),
        "securitySchemes": Field("securityScheme", "map"),
        "links": Field("link", "map"),
        "callbacks": Field("callback", "map"),
        "pathItems": Field("pathItem", "map"),
        "mediaTypes": Field("mediaType", "map"),
    },
    "pathItem": {
        **{method: Field("operation", "one") for method in METHOD_NAMES},
        "additionalOperations": Field("operation", "map"),
        "parameters": Field("parameter", "list"),
    },
    "operation": {
        "parameters": Field("parameter", "list"),
        "requestBody": Field("requestBody", "one"),
        "responses": Field("response", "patterned"),
        "callbacks": Field("callback", "map"),
    },
    "parameter": {"schema": Field("schema", "one"), **_EXAMPLES, **_CONTENT},
    "header": {"schema": Field("schema", "one"), **_EXAMPLES, **_CONTENT},
    "requestBody": {**_CONTENT},
    "response": {"headers": Field("header", "map"), **_CONTENT, "links": Field("link", "map")},
    "mediaType": {
        "schema": Field("schema", "one"),
        "itemSchema": Field("schema", "one"),
        "encoding": Field("encoding", "map"),
        **_EXAMPLES,
    },
    "encoding": {"headers": Field("header", "map")},
    "example": {},
    "link": {},
    "callback": {"*": Field("pathItem", "one")},
    "securityScheme": {},
    "schema": SCHEMA,
}

SWAGGER_2: Tables = {
    "document": {
        "paths": Field("pathItem", "patterned"),
        "definitions": Field("schema", "map"),
        "parameters": Field("parameter", "map"),
        "responses": Field("response", "map"),
    },
    "pathItem": {
        **{method: Field("operation", "one") for method in METHOD_NAMES},
        "parameters": Field("parameter", "list"),
    },
    "operation": {
        "parameters": Field("parameter", "list"),
        "responses": Field("response", "patterned"),
    },
    "parameter": {"schema": Field("schema", "one")},
    "response": {"schema": Field("schema", "one")},
    "schema": SCHEMA,
}


class Node(NamedTuple):
    """An object of the specification in a document.

    Attributes:
        kind: What the specification says that it is.
        path: Keys and indices that lead to it.
        value: What stands there, of whatever type; a fault in the document may make it any.
    """

    kind: Kind
    path: Path
    value: Any


def tables_for(document: Mapping[str, Any]) -> Tables:
    """The positions of the version that *document* is written in."""
    return SWAGGER_2 if is_swagger(document) else OPENAPI_3


def is_swagger(document: Mapping[str, Any]) -> bool:
    """Whether *document* is written in Swagger 2.0 rather than OpenAPI 3."""
    return "swagger" in document and "openapi" not in document


def field_of(kind: Kind, key: str, tables: Tables) -> Field | None:
    """Where the field *key* of a *kind* leads, None for plain values and extensions."""
    fields = tables.get(kind, {})
    if "*" in fields:  # every key but these is a name
        return None if key.startswith("x-") or key == "$ref" else fields["*"]
    return fields.get(key)


def fields_in(kind: Kind, value: dict[str, Any], tables: Tables) -> list[tuple[str, Field]]:
    """The fields of *value*, a *kind*, that lead to other objects, in its order.

    All walking comes through here, 400,000 keys for GitHub's document: hence one look-up for each.
    """
    known = tables.get(kind, {})
    if "*" in known:
        named = ((key, field_of(kind, key, tables)) for key in value)
        return [(key, field) for key, field in named if field is not None]
    return [(key, known[key]) for key in value if key in known]


def children(node: Node, tables: Tables) -> list[Node]:
    """The objects directly below *node*."""
    if not isinstance(node.value, dict):
        return []
    return [
        child
        for key, field in fields_in(node.kind, node.value, tables)
        for child in _below(field, (*node.path, key), node.value[key])
    ]


def _below(field: Field, path: Path, value: Any) -> list[Node]:
    kind, shape = field
    if shape == "one" or (shape == "either" and not isinstance(value, list)):
        return [Node(kind, path, value)]
    if shape in ("list", "either"):
        items = enumerate(value) if isinstance(value, list) else ()
        return [Node(kind, (*path, index), item) for index, item in items]
    if isinstance(value, dict):
        return [
            Node(kind, (*path, name), item)
            for name, item in value.items()
            if shape == "map" or not name.startswith("x-")
        ]
    return []


def walk(node: Node, tables: Tables) -> Iterator[Node]:
    """*node* and every object below it, parents first, in the document's order."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current, tables)))


def rebuild(node: Node, tables: Tables, change: Callable[[Node, dict[str, Any]], Any]) -> Any:
    """A copy of *node* in which *change* has been applied to every object, children first.

    Args:
        node: Where to start.
        tables: The positions of its version.
        change: Given a node as it was and its value with its children already changed (a new
            dict, which it may keep), returns what stands there now. Values that are no objects
            are copied without asking.
    """
    value = node.value
    if not isinstance(value, dict):
        return copy_json(value)
    changed = dict(value)  # keeps the order
    fields = fields_in(node.kind, value, tables)
    for key, field in fields:
        changed[key] = _rebuild_field(field, (*node.path, key), value[key], tables, change)
    leading = dict(fields)
    for key, item in value.items():
        if isinstance(item, (dict, list)) and key not in leading:
            changed[key] = copy_json(item)
    return change(node, changed)


def _rebuild_field(
    field: Field,
    path: Path,
    value: Any,
    tables: Tables,
    change: Callable[[Node, dict[str, Any]], Any],
) -> Any:
    if field.shape == "one" or (field.shape == "either" and isinstance(value, dict)):
        return rebuild(Node(field.kind, path, value), tables, change)
    if field.shape in ("list", "either") and isinstance(value, list):
        return [
            rebuild(Node(field.kind, (*path, index), item), tables, change)
            for index, item in enumerate(value)
        ]
    if field.shape in ("map", "patterned") and isinstance(value, dict):
        return {
            name: copy_json(item)
            if field.shape == "patterned" and name.startswith("x-")
            else rebuild(Node(field.kind, (*path, name), item), tables, change)
            for name, item in value.items()
        }
    return copy_json(value)


def copy_json(value: Any) -> Any:
    """A deep copy of JSON data."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def equal_json(first: Any, second: Any) -> bool:
    """Equality of JSON data: 1 is 1.0 and not true."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(equal_json(first[k], second[k]) for k in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(equal_json, first, second))
    return bool(first == second)
