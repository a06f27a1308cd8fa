"""What the body of an operation is to its tool: the representation that is sent, and its places.

The rules are in :mod:`toolalpaca.calling.tools`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from toolalpaca.calling.files import HINT, is_bytes
from toolalpaca.calling.places import Place
from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import FORM, is_json, is_json_sequence, is_xml
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import MediaType, Operation, RequestBody, Schema
from toolalpaca.openapi.references import resolve

_log = logging.getLogger(__name__)

_BODY_METHODS = ("post", "put", "patch")
_SINGLE = ("string", "number", "integer", "boolean")

# The keywords of a schema whose top level says nothing that a merge into one flat object loses.
_PLAIN_OBJECT = {
    "type", "properties", "required", "additionalProperties", "title", "description", "example",
    "examples", "default", "deprecated", "externalDocs", "xml", "readOnly", "writeOnly",
    "minProperties", "$schema", "$id", "$comment",
}  # fmt: skip


def written_media_type(operation: Operation, root: Mapping[str, Any]) -> MediaType | None:
    """The representation that can be written best, as far as writing it needs its schema."""
    if operation.body is None or not operation.body.content:
        return None
    media = min(operation.body.content.values(), key=lambda media: _rank(media.content_type))
    if is_json_sequence(media.content_type):
        return replace(media, schema=_sequence_schema(media, root))
    if _is_form(media.content_type):
        return replace(media, schema=_form_schema(media, root))
    return media


def _rank(content_type: str) -> int:
    """JSON, then forms, then ranges (they take JSON, too), then whatever comes first."""
    if content_type == "application/json-patch+json":
        return 4  # a list of changes is harder to write than what they lead to
    preferred = ("application/json", "+json", FORM, "multipart/")
    ranks = (rank for rank, part in enumerate(preferred) if part in content_type)
    usual = 4 if has_fields(content_type) else 5
    return usual if is_json_sequence(content_type) else next(ranks, usual)


def has_fields(content_type: str) -> bool:
    """Whether a body of this type is a JSON value or a form, which is written by its schema."""
    return (
        is_json(content_type)
        or is_json_sequence(content_type)
        or _is_form(content_type)
        or content_type in ("*/*", "application/*")
    )


def _is_form(content_type: str) -> bool:
    return content_type == FORM or content_type.startswith("multipart/")


def _sequence_schema(media: MediaType, root: Mapping[str, Any]) -> Schema:
    """A list of values; before OpenAPI 3.2 documents describe one of them, or text."""
    flat = _flat(media.schema, root)
    kind = flat.get("type") if isinstance(flat, dict) else None
    if kind == "array":
        return media.schema
    return {"type": "array", "items": True if kind == "string" else media.schema}


def _form_schema(media: MediaType, root: Mapping[str, Any]) -> Schema:
    """The form's properties with their references followed: writing one asks for its type."""
    schema = _flat(media.schema, root)
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return media.schema
    properties = {name: _flat(value, root) for name, value in schema["properties"].items()}
    for name, value in properties.items():
        if isinstance(value, dict) and isinstance(value.get("items"), dict):
            properties[name] = {**value, "items": _flat(value["items"], root)}
    return {**schema, "properties": properties}


def body_places(
    operation: Operation, media_type: MediaType | None, root: Mapping[str, Any]
) -> tuple[list[Place], Schema]:
    """The body's places, and the schema of properties that it does not name (False: none)."""
    if media_type is None or operation.body is None:
        return [], False
    if not has_fields(media_type.content_type):
        return [_text_body(operation.body, media_type, root)], False
    schema = _flat(media_type.schema, root)
    if not _is_plain_object(schema):
        body = Place(
            "body", "", media_type.schema, operation.body.required, operation.body.description
        )
        return [body], False
    needed = operation.body.required or operation.method in _BODY_METHODS
    required = schema.get("required") or ()
    files = media_type.content_type.startswith("multipart/")
    places = [
        Place("body", name, value, needed and name in required, _hint(value) if files else "")
        for name, value in schema["properties"].items()
        if not is_read_only(value, root)
    ]
    undescribed = schema.get("additionalProperties", True)
    if undescribed is not False:
        names = (name for name in required if name not in schema["properties"])
        places += [Place("body", name, undescribed, needed) for name in names]
    return places, schema.get("additionalProperties", False)


def _flat(schema: Schema, root: Mapping[str, Any]) -> Any:
    try:
        return flatten(schema, root)
    except DocumentError as error:
        _log.warning("a body's schema cannot be read: %s", error)
        return schema


def _is_plain_object(schema: Any) -> bool:
    if not isinstance(schema, dict) or not schema.get("properties"):
        return False
    kind = schema.get("type", "object")
    object_only = kind == "object" or (isinstance(kind, list) and "object" in kind)
    return object_only and all(
        keyword in _PLAIN_OBJECT or keyword.startswith("x-") or _only_requires(keyword, value)
        for keyword, value in schema.items()
    )


def _only_requires(keyword: str, value: Any) -> bool:
    """Whether a combination only says which properties go together.

    GitHub's document is full of ``anyOf: [{required: [a]}, {required: [b]}]``. The flat object
    loses that, and the API still checks it.
    """
    return keyword in ("anyOf", "oneOf") and all(
        isinstance(branch, dict) and set(branch) <= {"required", "type"} for branch in value
    )


def _text_body(body: RequestBody, media_type: MediaType, root: Mapping[str, Any]) -> Place:
    """A body that is one text, or bytes."""
    content_type = media_type.content_type
    textual = content_type.startswith("text/") or is_xml(content_type)
    schema = _flat(media_type.schema, root)
    if not (textual and isinstance(schema, dict) and schema.get("type") in _SINGLE):
        schema = {"type": "string"}
    written = f"{content_type} text." if textual else f"{content_type}. {HINT}"
    described = (body.description, f"The whole body, as {written}")
    return Place("body", "", schema, body.required, " ".join(part for part in described if part))


def _hint(schema: Any) -> str:
    """How the model writes a property that is a file, or a list of them; ``""`` for others."""
    own = schema.get("description") if isinstance(schema, dict) else None
    if isinstance(schema, dict) and isinstance(schema.get("items"), dict):
        schema = schema["items"]
    return f"{own} {HINT}" if is_bytes(schema) and own else HINT if is_bytes(schema) else ""


def is_read_only(schema: Any, root: Mapping[str, Any]) -> bool:
    """Whether *schema*, or what it refers to in *root*, is ``readOnly``."""
    seen = 0
    while isinstance(schema, dict) and seen < 10:
        if schema.get("readOnly") is True:
            return True
        if not isinstance(schema.get("$ref"), str):
            return False
        try:
            schema = resolve(root, schema["$ref"])
        except DocumentError:
            return False
        seen += 1
    return False
