"""Operations as tools: what a model is told about each, and where its arguments go.

All of an operation's parameters and the properties of its body are the arguments of one tool:

- An argument has the name of its parameter or property. Where a name occurs in several places, the
  first in the order path, query, header, cookie, body keeps it, and the others get their place as a
  suffix: ``id`` in the path and in the body become ``id`` and ``id_body``.
- A body that is no plain object of properties is one argument, ``body``.
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
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Document, MediaType, Operation, Parameter, Schema
from toolalpaca.openapi.names import LONGEST_NAME, unique_name
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
    media_type = _body_media_type(operation)
    body, extra = _body_places(operation, media_type, document.root)
    places = _named([*_parameter_places(operation, document), *body])
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
            _with_example(parameter),
            parameter.required or parameter.location == "path",
            parameter.description,
            parameter,
        )


def _secret_parameters(operation: Operation, document: Document) -> set[tuple[str, str]]:
    schemes = document.security_schemes
    return {
        (schemes[name].location, schemes[name].parameter)
        for alternative in operation.security
        for name in alternative
        if name in schemes and schemes[name].type == "apiKey"
    }


def _with_example(parameter: Parameter) -> Schema:
    """The schema with the parameter's first example, which shows a model the form of a value."""
    schema = parameter.schema
    if not parameter.examples or schema is False:
        return schema
    known: dict[str, Any] = {} if schema is True else dict(schema)
    if "example" not in known:
        known.setdefault("examples", [parameter.examples[0].value])
    return known


def _body_media_type(operation: Operation) -> MediaType | None:
    """The representation that can be written best: JSON, then forms, then the first."""
    if operation.body is None or not operation.body.content:
        return None
    return min(operation.body.content.values(), key=lambda media: _rank(media.content_type))


def _rank(content_type: str) -> int:
    preferred = ("application/json", "+json", "application/x-www-form-urlencoded", "multipart/")
    for rank, part in enumerate(preferred):
        if part in content_type and content_type != "application/json-patch+json":
            return rank
    # A range such as */* takes JSON, too.
    return len(preferred) + ("*" not in content_type)


def has_fields(content_type: str) -> bool:
    """Whether a body of this type is written property by property: JSON and forms."""
    return _rank(content_type) < 4 or "*" in content_type


def _body_places(
    operation: Operation, media_type: MediaType | None, root: Mapping[str, Any]
) -> tuple[list[Place], Schema]:
    """The body's places, and the schema of properties that it does not name (False: none)."""
    if media_type is None or operation.body is None:
        return [], False
    if not has_fields(media_type.content_type):
        return [_text_body(operation.body.required, media_type)], False
    schema = _flat(media_type.schema, root)
    if not _is_plain_object(schema):
        body = Place(
            "body", "", media_type.schema, operation.body.required, operation.body.description
        )
        return [body], False
    needed = operation.body.required or operation.method in _BODY_METHODS
    required = schema.get("required") or ()
    places = [
        Place("body", name, property_schema, needed and name in required)
        for name, property_schema in schema["properties"].items()
        if not _read_only(property_schema, root)
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


def _text_body(required: bool, media_type: MediaType) -> Place:
    description = f"The whole body, as {media_type.content_type} text."
    return Place("body", "", {"type": "string"}, required, description)


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
        name = place.name or "body"
        if name in named:
            taken = wire_names | set(named)
            name = unique_name(f"{name}_{place.location}", taken)
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
    if not place.description:
        return place.schema
    if place.schema is True:
        return {"description": place.description}
    return {**place.schema, "description": place.description} if place.schema else place.schema


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
    readable = [m for m in represented if "json" in m.content_type or "*" in m.content_type]
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
