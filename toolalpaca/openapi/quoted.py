"""Booleans and numbers that stand in quotation marks: ``required: "true"``, ``maximum: "100"``.

Converters write such documents (Spotify's has been published like that). In these places no text is
allowed, and only one value can be meant; taken as it stands, every required parameter is optional.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.structure import Node, tables_for, walk
from toolalpaca.openapi.validation import json_pointer

_BOOLEAN = (bool,)
_NUMBER = (int, float)

_SCHEMA = {
    **dict.fromkeys(
        (
            *("additionalItems", "additionalProperties", "deprecated", "nullable", "readOnly"),
            *("unevaluatedItems", "unevaluatedProperties", "uniqueItems", "writeOnly"),
        ),
        _BOOLEAN,
    ),
    **dict.fromkeys(
        (
            *("maximum", "maxItems", "maxLength", "maxProperties"),
            *("minimum", "minItems", "minLength", "minProperties", "multipleOf"),
        ),
        _NUMBER,
    ),
    "exclusiveMaximum": (bool, int, float),
    "exclusiveMinimum": (bool, int, float),
}
_DESCRIBED = dict.fromkeys(
    ("allowEmptyValue", "allowReserved", "deprecated", "explode", "required"), _BOOLEAN
)

_PLACES: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "schema": _SCHEMA,
    "parameter": {**_SCHEMA, **_DESCRIBED},  # Swagger 2.0 has the schema's keywords there, too
    "header": {**_SCHEMA, **_DESCRIBED},
    "requestBody": {"required": _BOOLEAN},
    "operation": {"deprecated": _BOOLEAN},
    "encoding": {"allowReserved": _BOOLEAN, "explode": _BOOLEAN},
}
"""What the values of fields are, by what they are fields of."""


def unquote(document: dict[str, Any]) -> list[Problem]:
    """Give booleans and numbers of *document*, of any version, their types, in place.

    Returns:
        A problem for each that was a text.
    """
    problems = []
    for node in walk(Node("document", (), document), tables_for(document)):
        fields = _PLACES.get(node.kind)
        if fields is None or not isinstance(node.value, dict):
            continue
        for name, text in node.value.items():
            if name in fields and isinstance(text, str):
                value = _meant(text, fields[name])
                if value is not None:
                    node.value[name] = value
                    pointer = json_pointer((*node.path, name))
                    read = f"read as {orjson.dumps(value).decode()}"
                    problems.append(Problem(pointer, f"{text!r} is a text", read))
    return problems


def _meant(text: str, types: tuple[type, ...]) -> bool | int | float | None:
    """The value that *text* spells, when it is of one of *types*."""
    try:
        value = orjson.loads(text.strip().lower())
    except orjson.JSONDecodeError:
        return None
    return value if type(value) in types else None
