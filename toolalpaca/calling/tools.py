"""Operations as tools: what a model is told about each, and where its arguments go.

All of an operation's parameters and the properties of its body are the arguments of one tool:

- An argument has the name of its parameter or property. Where a name occurs in several places, the
  first in the order path, query, header, cookie, body keeps it, and the others get their place as a
  suffix: ``id`` in the path and in the body become ``id`` and ``id_body``.
- A name that a model provider refuses is told in letters that all take (``filter[price]`` as
  ``filter_price``), and its description says how the API calls it.
- A body that is no plain object of properties is one argument, ``body``. So is one that is neither
  JSON nor a form: XML is text that the model writes; of bytes see :mod:`toolalpaca.calling.files`.
- A name in the path that the document forgot to declare is an argument, since no request goes
  without it.
- A property that is ``readOnly`` is the API's to write, so it is no argument.
- A property that is required and not described is an argument, since no request goes without it.
- What a security scheme fills (an API key in a query) is no argument: models see no secrets.
- Properties that the body's schema requires are required of the tool when the body is, and with
  POST, PUT and PATCH in any case: documents forget ``required: true`` on bodies far more often
  than they mean that an empty request creates something.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

from toolalpaca.calling.files import HINT, is_bytes
from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.media_types import FORM, is_json, is_json_sequence, is_xml
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import (
    Document,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from toolalpaca.openapi.names import (
    LONGEST_NAME,
    argument_name,
    path_parameters,
    unique_name,
)
from toolalpaca.openapi.references import bundle, resolve
from toolalpaca.openapi.structure import OPENAPI_3, Node, rebuild
from toolalpaca.openapi.validation import Validator
from toolalpaca.task import ASK_TOOL

_log = logging.getLogger(__name__)

Location: TypeAlias = Literal["path", "query", "header", "cookie", "body"]
_LOCATIONS: tuple[Location, ...] = ("path", "query", "header", "cookie", "body")

LONGEST_DESCRIPTION = 1000
"""Characters of a tool's description; OpenAI and Azure refuse more than 1,024."""

# "If in is header and the name field is Accept, Content-Type or Authorization, the parameter
# definition SHALL be ignored." (OpenAPI 3.1.1, Parameter Object)
_IGNORED_HEADERS = ("accept", "content-type", "authorization")
_BODY_METHODS = ("post", "put", "patch")
_SINGLE = ("string", "number", "integer", "boolean")

# The keywords of a schema whose top level says nothing that a merge into one flat object loses.
_PLAIN_OBJECT = {
    "type", "properties", "required", "additionalProperties", "title", "description", "example",
    "examples", "default", "deprecated", "externalDocs", "xml", "readOnly", "writeOnly",
    "minProperties", "$schema", "$id", "$comment",
}  # fmt: skip

ASK = ToolSpec(
    name=ASK_TOOL,
    description="Ask the user for something that only they know and that you need to go on.",
    parameters={
        "type": "object",
        "properties": {
            "question": {"type": "string", "description": "The question, as you would put it."}
        },
        "required": ["question"],
        "additionalProperties": False,
    },
    returns={"type": "string"},
)
"""The special tool that asks the user; the agent answers it, no API does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an argument goes in the request.

    Attributes:
        location: A parameter's location, or ``body``.
        name: The name there; ``""`` when the argument is the whole body.
        schema: What the document says of it; may refer into the document.
        required: Whether a request without it is refused.
        description: For the model.
        parameter: The parameter; None in the body.
    """

    location: Location
    name: str
    schema: Schema
    required: bool
    description: str = ""
    parameter: Parameter | None = None


@dataclass(frozen=True)
class Tool:
    """An operation as a tool.

    Attributes:
        spec: What the model sees.
        operation: What is called.
        places: Where each argument goes, by the argument's name.
        media_type: The representation of the body; None when the operation takes none.
        extra_properties: Whether arguments that the tool does not name belong to the body, too.
    """

    spec: ToolSpec
    operation: Operation
    places: Mapping[str, Place]
    media_type: MediaType | None = None
    extra_properties: bool = False

    @cached_property
    def validator(self) -> Validator | None:
        """Checks arguments; None when the document's schemas are broken, which is logged."""
        try:
            return Validator(self.spec.parameters)
        except DocumentError as error:
            _log.warning("the arguments of %s are not checked: %s", self.spec.name, error)
            return None


def make_tools(document: Document) -> tuple[Tool, ...]:
    """One tool for each operation of *document*, in its order."""
    taken = {ASK_TOOL}
    tools = []
    for operation in document:
        name = unique_name(operation.name, taken, longest=LONGEST_NAME)
        taken.add(name)
        tools.append(make_tool(operation, document, name=name))
    return tuple(tools)


def make_tool(operation: Operation, document: Document, *, name: str | None = None) -> Tool:
    """*operation* as a tool called *name* (default: the operation's own)."""
    media_type = _body_media_type(operation, document.root)
    body, extra = _body_places(operation, media_type, document.root)
    declared = _parameter_places(operation, document)
    places = _named([*_forgotten(operation), *declared, *body])
    spec = ToolSpec(
        name=name or operation.name,
        description=_description(operation),
        parameters=_parameters(places, extra, document.root),
        returns=_returns(operation, document.root),
    )
    return Tool(spec, operation, places, media_type, extra_properties=extra is not False)


def _parameter_places(operation: Operation, document: Document) -> Iterator[Place]:
    secret = _secret_parameters(operation, document)
    for parameter in sorted(operation.parameters, key=lambda p: _LOCATIONS.index(p.location)):
        header = parameter.location == "header"
        if header and parameter.name.lower() in _IGNORED_HEADERS:
            continue
        if (parameter.location, parameter.name) in secret:
            continue
        yield Place(
            parameter.location,
            parameter.name,
            _writable(parameter),
            parameter.required or parameter.location == "path",
            parameter.description,
            parameter,
        )


def _forgotten(operation: Operation) -> Iterator[Place]:
    """The names in the path that no parameter declares."""
    declared = {p.name for p in operation.parameters if p.location == "path"}
    for name in dict.fromkeys(path_parameters(operation.path)):
        if name not in declared:
            parameter = Parameter(name, "path", True, {"type": "string"}, "simple", False)
            yield Place("path", name, parameter.schema, True, parameter=parameter)


def _secret_parameters(operation: Operation, document: Document) -> set[tuple[str, str]]:
    schemes = document.security_schemes
    return {
        (schemes[name].location, schemes[name].parameter)
        for alternative in operation.security
        for name in alternative
        if name in schemes and schemes[name].type == "apiKey"
    }


def _writable(parameter: Parameter) -> Schema:
    """The schema with an example, and without null where that would be no value at all."""
    schema = _with_example(parameter)
    kinds = schema.get("type") if isinstance(schema, dict) else None
    if parameter.required and parameter.content_type is None and isinstance(kinds, list):
        left = [kind for kind in kinds if kind != "null"]
        if left and isinstance(schema, dict):
            return {**schema, "type": left[0] if len(left) == 1 else left}
    return schema


def _with_example(parameter: Parameter) -> Schema:
    """The schema with the parameter's first example, which shows a model the form of a value."""
    schema = parameter.schema
    if not parameter.examples or schema is False:
        return schema
    known: dict[str, Any] = {} if schema is True else dict(schema)
    if "example" not in known:
        known.setdefault("examples", [parameter.examples[0].value])
    return known


def _body_media_type(operation: Operation, root: Mapping[str, Any]) -> MediaType | None:
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


def _body_places(
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
        Place(
            "body",
            name,
            value,
            needed and name in required,
            HINT if files and _holds_bytes(value) else "",
        )
        for name, value in schema["properties"].items()
        if not _read_only(value, root)
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


def _holds_bytes(schema: Any) -> bool:
    """Whether a property is a file, or a list of them."""
    if isinstance(schema, dict) and isinstance(schema.get("items"), dict):
        schema = schema["items"]
    return is_bytes(schema)


def _read_only(schema: Any, root: Mapping[str, Any]) -> bool:
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


def _named(places: list[Place]) -> dict[str, Place]:
    """The places by argument name, in which no two are the same; see the module's rule."""
    named: dict[str, Place] = {}
    wire_names = {place.name for place in places}
    for place in places:
        name = argument_name(place.name) or place.location
        taken = wire_names | set(named)
        if place.name not in ("", name):
            name = unique_name(name, taken, longest=LONGEST_NAME)
        elif name in named:
            longest = LONGEST_NAME - len(place.location) - 1
            wanted = f"{name[:longest]}_{place.location}"
            name = unique_name(wanted, taken, longest=LONGEST_NAME)
        named[name] = place
    return named


def _parameters(
    places: Mapping[str, Place], extra: Schema, root: Mapping[str, Any]
) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _argument_schema(place) for name, place in places.items()},
        "required": [name for name, place in places.items() if place.required],
        "additionalProperties": extra,
    }
    if not schema["required"]:
        del schema["required"]
    try:
        bundled = bundle(schema, root)
    except DocumentError as error:
        _log.warning("arguments whose schemas cannot be read are not described: %s", error)
        schema["properties"] = dict.fromkeys(places, True)
        bundled = {**schema, "additionalProperties": extra is not False}
    assert isinstance(bundled, dict)
    return _without_read_only(bundled)


def _argument_schema(place: Place) -> Schema:
    schema = place.schema
    if schema is False:
        return schema
    own = schema.get("description") if isinstance(schema, dict) else None
    described = [place.description or (own if isinstance(own, str) else "")]
    if place.description == HINT and isinstance(own, str):
        described.insert(0, own)
    if place.name and argument_name(place.name) != place.name:
        described.insert(0, f"The API's {place.name}.")
    if text := " ".join(part.strip() for part in described if part.strip()):
        return {**({} if schema is True else schema), "description": text}
    return schema


def _without_read_only(bundled: dict[str, Any]) -> dict[str, Any]:
    """The schema as a request must satisfy it, without ``readOnly`` properties at any depth."""

    def change(_: Node, value: dict[str, Any]) -> dict[str, Any]:
        properties = value.get("properties")
        if isinstance(properties, dict):
            hidden = {name for name, item in properties.items() if _read_only(item, bundled)}
            if hidden:
                value["properties"] = {n: s for n, s in properties.items() if n not in hidden}
                value["required"] = [n for n in value.get("required", ()) if n not in hidden]
        return value

    rebuilt: dict[str, Any] = rebuild(Node("schema", (), bundled), OPENAPI_3, change)
    return rebuilt


def _description(operation: Operation) -> str:
    summary, description = operation.summary.strip(), operation.description.strip()
    if summary and description.startswith(summary.rstrip(".")):
        summary = ""
    text = "\n".join(part for part in (summary, description) if part)
    text = text or f"{operation.method.upper()} {operation.path}"
    if operation.deprecated:
        text = f"Deprecated. {text}"
    if len(text) <= LONGEST_DESCRIPTION:
        return text
    return text[: LONGEST_DESCRIPTION - 1].rsplit(None, 1)[0] + "…"


def _returns(operation: Operation, root: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a success answers: JSON's schema, or that of text with its media type."""
    response = operation.success()
    if response is None or not response.content:
        return None
    represented = list(response.content.values())
    readable = [m for m in represented if is_json(m.content_type) or "*" in m.content_type]
    if readable:
        schema = _bundled(readable[0].schema, root)
    else:
        schema = {"type": "string", "contentMediaType": represented[0].content_type}
    if schema is not None and response.description.strip():
        schema = {**schema, "description": response.description.strip()}
    return schema


def _bundled(schema: Schema, root: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        bundled = bundle(schema, root)
    except DocumentError:
        return None
    return bundled if isinstance(bundled, dict) else None
