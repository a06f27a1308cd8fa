"""Swagger 2.0 and OpenAPI 3.0 documents as OpenAPI 3.1.

3.1 is the first version whose schemas are JSON Schema (2020-12); with everything brought there,
the rest of the code knows one version. What 3.0 says of its schemas is kept to the letter: siblings
of a ``$ref`` mean nothing there, ``nullable`` needs a ``type`` beside it.
See https://spec.openapis.org/oas/v3.0.4#schema-object and
https://learn.openapis.org/upgrading/v3.0-to-v3.1.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolalpaca.openapi.structure import OPENAPI_3, Node, copy_json, is_swagger, rebuild
from toolalpaca.openapi.swagger import swagger_to_openapi_3

TARGET_VERSION = "3.1.1"


def upgrade(document: Mapping[str, Any]) -> dict[str, Any]:
    """*document* as OpenAPI 3.1; a document of 3.1 or later comes back as an equal copy.

    The document may be unsound: what is not of the expected type is carried over as it is. Keys
    must be text and references of the form ``#/...``, as :mod:`toolalpaca.openapi.loading` leaves
    them.
    """
    if is_swagger(document):
        document = swagger_to_openapi_3(copy_json(dict(document)))
    if not str(document.get("openapi", "")).startswith("3.0"):
        copied: dict[str, Any] = copy_json(dict(document))
        return copied
    whole = Node("document", (), dict(document))
    upgraded: dict[str, Any] = rebuild(whole, OPENAPI_3, _upgrade_object)
    return {**upgraded, "openapi": TARGET_VERSION}


def _upgrade_object(node: Node, value: dict[str, Any]) -> dict[str, Any]:
    if node.kind == "schema":
        return upgrade_schema(value)
    if isinstance(value.get("$ref"), str) and node.kind != "pathItem":
        # A Reference Object; 3.1 gives a meaning to these two siblings, and to no other.
        kept = ("$ref", "summary", "description")
        return {key: item for key, item in value.items() if key in kept}
    if node.kind in ("parameter", "header") and value.get("in") != "query":
        value.pop("allowEmptyValue", None)  # never meant anything there; 3.1 refuses it
    return value


def upgrade_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """One Schema Object of 3.0, its subschemas upgraded already, as JSON Schema 2020-12."""
    nullable = schema.pop("nullable", None) is True or schema.pop("x-nullable", None) is True
    schema.pop("x-nullable", None)
    if isinstance(schema.get("$ref"), str):
        reference = {"$ref": schema["$ref"]}
        return _or_null(reference) if nullable else reference
    _upgrade_bound(schema, "minimum", "exclusiveMinimum")
    _upgrade_bound(schema, "maximum", "exclusiveMaximum")
    _upgrade_tuple(schema)
    if "example" in schema and "examples" not in schema:
        schema["examples"] = [schema.pop("example")]
    if schema.get("type") == "file":
        schema.update(type="string", format="binary")
    if isinstance(schema.get("discriminator"), str):
        schema["discriminator"] = {"propertyName": schema["discriminator"]}
    return _nullable(schema) if nullable else schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if isinstance(kind, str):
        return {**schema, "type": [kind] if kind == "null" else [kind, "null"]}
    if isinstance(kind, list):
        return schema if "null" in kind else {**schema, "type": [*kind, "null"]}
    if any(keyword in schema for keyword in ("allOf", "anyOf", "oneOf")):
        return _or_null(schema)
    return schema  # without a type, null is allowed already


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """*schema* or null.

    By the letter of 3.0.3 ``nullable`` beside a ``$ref`` or an ``allOf`` changes nothing. Nobody
    writes it to change nothing, and every other tool reads it as meant.
    """
    return {"anyOf": [schema, {"type": "null"}]}


def _upgrade_bound(schema: dict[str, Any], bound: str, exclusive: str) -> None:
    flag = schema.get(exclusive)
    if not isinstance(flag, bool):
        return
    del schema[exclusive]
    if flag and bound in schema:
        schema[exclusive] = schema.pop(bound)


def _upgrade_tuple(schema: dict[str, Any]) -> None:
    if not isinstance(schema.get("items"), list):
        return
    schema["prefixItems"] = schema.pop("items")
    if "additionalItems" in schema:
        schema["items"] = schema.pop("additionalItems")
