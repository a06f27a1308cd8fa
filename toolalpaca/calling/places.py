"""Where the arguments of a tool go, and what they are called.

The rules are in :mod:`toolalpaca.calling.tools`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from toolalpaca.openapi.model import Document, Operation, Parameter, Schema
from toolalpaca.openapi.names import (
    LONGEST_NAME,
    argument_name,
    path_parameters,
    unique_name,
)

Location: TypeAlias = Literal["path", "query", "header", "cookie", "body"]
_LOCATIONS: tuple[Location, ...] = ("path", "query", "header", "cookie", "body")

# "If in is header and the name field is Accept, Content-Type or Authorization, the parameter
# definition SHALL be ignored." (OpenAPI 3.1.1, Parameter Object)
_IGNORED_HEADERS = ("accept", "content-type", "authorization")

# Servers take these for the method, so that a call could be another operation's than the one that
# was judged: GET with X-HTTP-Method-Override: DELETE.
_OVERRIDING_HEADERS = ("x-http-method-override", "x-http-method", "x-method-override")
_OVERRIDING_QUERY = "_method"


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


def parameter_places(operation: Operation, document: Document) -> Iterator[Place]:
    """The places of an operation's parameters, in the order path, query, header, cookie."""
    yield from _forgotten(operation)
    secret = _secret_parameters(operation, document)
    for parameter in sorted(operation.parameters, key=lambda p: _LOCATIONS.index(p.location)):
        if _is_ignored(parameter) or (parameter.location, parameter.name) in secret:
            continue
        yield Place(
            parameter.location,
            parameter.name,
            _writable(parameter),
            parameter.required or parameter.location == "path",
            parameter.description,
            parameter,
        )


def _is_ignored(parameter: Parameter) -> bool:
    name = parameter.name.lower()
    if parameter.location == "header":
        return name in _IGNORED_HEADERS or name in _OVERRIDING_HEADERS
    return parameter.location == "query" and name == _OVERRIDING_QUERY


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


def named(places: Sequence[Place]) -> dict[str, Place]:
    """The places by argument name, in which no two are the same; see the rule there."""
    found: dict[str, Place] = {}
    wire_names = {place.name for place in places}
    for place in places:
        name = argument_name(place.name) or place.location
        taken = wire_names | set(found)
        if place.name not in ("", name):
            name = unique_name(name, taken, longest=LONGEST_NAME)
        elif name in found:
            longest = LONGEST_NAME - len(place.location) - 1
            wanted = f"{name[:longest]}_{place.location}"
            name = unique_name(wanted, taken, longest=LONGEST_NAME)
        found[name] = place
    return found


def argument_schema(place: Place) -> Schema:
    """What the model is told of an argument that goes to *place*."""
    schema = place.schema
    if schema is False:
        return schema
    own = schema.get("description") if isinstance(schema, dict) else None
    described = [place.description or (own if isinstance(own, str) else "")]
    if place.name and argument_name(place.name) != place.name:
        described.insert(0, f"The API's {place.name}.")
    if text := " ".join(part.strip() for part in described if part.strip()):
        return {**({} if schema is True else schema), "description": text}
    return schema
