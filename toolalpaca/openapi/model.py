"""The compiled model of an OpenAPI document: what every reader of it works with.

Whatever version a document was written in, its model is that of OpenAPI 3.1: schemas are JSON
Schema 2020-12, references to parameters, bodies, responses and path items are resolved, path-level
parameters have joined their operations. References between *schemas* stay, because schemas may be
recursive; :func:`toolalpaca.openapi.references.bundle` makes one self-contained.

Field names and meanings are those of the specification (https://spec.openapis.org/oas/v3.1.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Schema: TypeAlias = dict[str, Any] | bool
Location = Literal["path", "query", "header", "cookie"]
Style = Literal[
    "matrix", "label", "simple", "form", "spaceDelimited", "pipeDelimited", "deepObject", "cookie"
]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a document that did not keep it from being used.

    Attributes:
        pointer: JSON Pointer (RFC 6901) into the document, ``""`` for the whole.
        message: What is wrong.
        consequence: What the reader does about it: ``"the operation is not served"``.
    """

    pointer: str
    message: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Example:
    """An example value and the name that ``Prefer: example=`` selects it by.

    Attributes:
        pointer: Where it stands in the document.
    """

    name: str
    value: Any
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A representation of a body: its schema, examples and, for forms, encodings.

    Attributes:
        content_type: A media type or range, lower case, without parameters.
        schema: May hold references into the document; ``True`` when none is given.
        examples: In the document's order; a single ``example`` is named ``default``.
        encoding: The Encoding Objects by property name.
        item_encoding: The Encoding Object of each part of a multipart that is a list (3.2).
    """

    content_type: str
    schema: Schema
    examples: tuple[Example, ...] = ()
    encoding: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    item_encoding: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in path, query, header or cookie, with the specification's defaults applied.

    Attributes:
        content_type: Set when the parameter is serialised as that media type (``content``) instead
            of by style.
        whole_query: Set when the query string as a whole is the value (``querystring`` of 3.2).
        pointer: Where the parameter stands in the document.
    """

    name: str
    location: Location
    required: bool
    schema: Schema
    style: Style
    explode: bool
    description: str = ""
    allow_reserved: bool = False
    allow_empty_value: bool = False
    content_type: str | None = None
    whole_query: bool = False
    examples: tuple[Example, ...] = ()
    deprecated: bool = False
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What an operation takes as a body, by media type in the document's order."""

    content: Mapping[str, MediaType]
    required: bool = False
    description: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """A documented answer.

    Attributes:
        status: ``"200"``, a range such as ``"4XX"``, or ``"default"``.
        headers: Response headers as parameters of style ``simple``, by name as written.
        content: By media type in the document's order; empty when no body is documented.
    """

    status: str
    description: str = ""
    headers: Mapping[str, Parameter] = field(default_factory=dict)
    content: Mapping[str, MediaType] = field(default_factory=dict)
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """How a client proves who it is.

    Attributes:
        name: The key under ``components.securitySchemes``.
        type: The specification's ``type``.
        scheme: For ``http``: ``basic``, ``bearer`` ..., lower case.
        location: For ``apiKey``: where the key is sent.
        parameter: For ``apiKey``: the name of the header, query parameter or cookie.
        flows: For ``oauth2``: the OAuth Flows Object.
    """

    name: str
    type: Literal["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"]
    scheme: str = ""
    location: Literal["query", "header", "cookie", ""] = ""
    parameter: str = ""
    flows: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        name: Unique in its document and valid as a tool name (``[A-Za-z0-9_-]{1,64}``): the
            ``operationId`` where it qualifies, else made from it or from method and path.
        operation_id: As written, or ``""``.
        method: Lower case; a method of HTTP or, in 3.2, one of ``additionalOperations``.
        path: The template as written, with a leading slash: ``/pets/{petId}``.
        parameters: Path-level ones included; an operation's own wins over its path's.
        security: Alternatives, each a mapping of scheme name to scopes; empty means public.
        servers: The URLs in force for this operation, variables replaced by their defaults.
        pointer: Where the operation stands in the document.
    """

    name: str
    operation_id: str
    method: str
    path: str
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: RequestBody | None = None
    responses: Mapping[str, Response] = field(default_factory=dict)
    security: tuple[Mapping[str, tuple[str, ...]], ...] = ()
    servers: tuple[str, ...] = ()
    deprecated: bool = False
    pointer: str = ""

    def success(self) -> Response | None:
        """The response that a caller hopes for: the first 2xx, then ``2XX``, then ``default``."""
        documented = sorted(s for s in self.responses if s.startswith("2") and s.isdigit())
        for status in (*documented, "2XX", "default"):
            if status in self.responses:
                return self.responses[status]
        return None

    def response_for(self, status: int) -> Response | None:
        """The response that documents *status*: exact, then its range, then ``default``."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A compiled OpenAPI document.

    Attributes:
        name: A short identifier, from the source's file name or the title: ``railway``.
        source: Where it was read from, for messages.
        version: The version as written in ``openapi`` or ``swagger``.
        root: The document upgraded to OpenAPI 3.1, multi-file references inlined; references
            inside schemas resolve against it.
        servers: URLs of the document, variables replaced by their defaults, in order.
        operations: In the document's order.
        security_schemes: By name.
        problems: Faults that did not keep it from being used.
    """

    name: str
    source: str
    title: str
    version: str
    api_version: str
    description: str
    root: Mapping[str, Any]
    servers: tuple[str, ...]
    operations: tuple[Operation, ...]
    security_schemes: Mapping[str, SecurityScheme]
    problems: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def operation(self, name: str) -> Operation | None:
        """The operation with that unique name, or None."""
        return next((op for op in self.operations if op.name == name), None)
