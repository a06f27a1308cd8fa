"""Operations over HTTP: what they take, what they answer, and a request to try them with."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict

from toolalpaca.calling.request import UnusableArgument
from toolalpaca.openapi.model import Location, Operation, SecurityScheme
from toolalpaca_mockserver.admin.own_problems import api_named
from toolalpaca_mockserver.admin.sessions import checked_session
from toolalpaca_mockserver.admin.trying import Trials, TriedBody, TriedParameter, prepared
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog, PerApi
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.explanation import explain
from toolalpaca_mockserver.reading.sessions import DEFAULT_SESSION

_SIMULATED: Final = "simulated"


class OperationSummary(BaseModel):
    """An operation, in short."""

    name: str
    method: str
    path: str
    summary: str
    tags: list[str]
    deprecated: bool


class ParameterShown(BaseModel):
    """A parameter.

    Attributes:
        location: `path`, `query`, `header` or `cookie`.
        type: What it is, in words.
        options: The values that there are; null when they are not listed.
        example: A value to try; null when none is known.
    """

    name: str
    location: Location
    required: bool
    description: str
    type: str
    options: list[Any] | None
    example: Any


class CredentialShown(BaseModel):
    """What lets a client in.

    Attributes:
        scheme: Its name in the document.
        location: Where it is sent.
        name: Of the header, query parameter or cookie.
        example: What opens, unless the server was told that only others do.
    """

    scheme: str
    location: Location
    name: str
    example: str


class BodyShown(BaseModel):
    """A body that the operation takes.

    Attributes:
        media_type: As the document has it.
        content_type: To send the example with.
        example: As text; null when there is none.
    """

    media_type: str
    content_type: str
    example: str | None


class ResponseShown(BaseModel):
    """An answer that is documented.

    Attributes:
        status: `200`, `4XX` or `default`.
        examples: Names, to be preferred with `Prefer: example=`.
    """

    status: str
    description: str
    content_types: list[str]
    examples: list[str]


class RoleShown(BaseModel):
    """What an operation does to the state."""

    does: str
    resource: str
    collection: str


class OperationShown(OperationSummary):
    """An operation.

    Attributes:
        body_required: Whether a request without a body is refused.
        role: Null when the operation is about nothing that is remembered.
    """

    description: str
    parameters: list[ParameterShown]
    credentials: list[CredentialShown]
    bodies: list[BodyShown]
    body_required: bool
    responses: list[ResponseShown]
    role: RoleShown | None


class Values(BaseModel):
    """Values of parameters by name; texts are sent as they are."""

    model_config = ConfigDict(extra="forbid")

    path: dict[str, Any] = {}
    query: dict[str, Any] = {}
    header: dict[str, Any] = {}
    cookie: dict[str, Any] = {}


class RequestShown(BaseModel):
    """A request, without its body.

    Attributes:
        url: Path and query, encoded.
    """

    method: str
    url: str
    headers: list[tuple[str, str]]


def _tried_in(session: str = DEFAULT_SESSION) -> str:
    return checked_session(session)


TriedIn = Annotated[str, Depends(_tried_in)]


def operation_routes(apis: Catalog) -> APIRouter:
    """The routes under ``/apis/{name}`` that tell of its operations.

    Args:
        apis: What is served.
    """
    routes = APIRouter(prefix="/apis/{name}")
    trials = PerApi(Trials)

    def asked(name: str, operation: str) -> tuple[Api, Operation]:
        api = api_named(apis, name)
        found = api.document.operation(operation)
        if found is None:
            raise HTTPException(404, f"the API {name} has no operation {operation!r}")
        return api, found

    @routes.get("/operations")
    async def list_operations(name: str) -> list[OperationSummary]:
        """The operations of an API."""
        return [OperationSummary(**_summary(found)) for found in api_named(apis, name).document]

    @routes.get("/resources")
    async def list_resources(name: str) -> dict[str, Any]:
        """What was inferred of the API's state, as `toolalpaca mock --explain` tells it."""
        return explain(api_named(apis, name))

    @routes.get("/operations/{operation}")
    async def read_operation(name: str, operation: str, session: TriedIn) -> OperationShown:
        """An operation, with a request that it can be tried with in a session."""
        api, found = asked(name, operation)
        trial = trials.of(api)
        parameters = await trial.parameters(found, session)
        bodies = await trial.bodies(found, session)
        only = api.settings.credentials is not None
        return OperationShown(
            **_summary(found),
            description=found.description,
            parameters=[_parameter(tried) for tried in parameters],
            credentials=[_credential(scheme, only) for scheme in trial.credentials(found)],
            bodies=[_body(tried) for tried in bodies],
            body_required=found.body is not None and found.body.required,
            responses=_responses(found),
            role=_role(api, found),
        )

    @routes.post("/operations/{operation}/request")
    async def make_request(name: str, operation: str, values: Values) -> RequestShown:
        """The request that carries these parameters, in the styles that the document asks for."""
        try:
            made = prepared(*asked(name, operation), values.model_dump())
        except UnusableArgument as error:
            raise HTTPException(422, str(error)) from error
        return RequestShown(method=made.method, url=made.full_url, headers=made.all_headers())

    return routes


def _summary(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.name,
        "method": operation.method.upper(),
        "path": operation.path,
        "summary": operation.summary,
        "tags": list(operation.tags),
        "deprecated": operation.deprecated,
    }


def _parameter(tried: TriedParameter) -> ParameterShown:
    parameter, contract = tried.parameter, tried.contract
    return ParameterShown(
        name=parameter.name,
        location=parameter.location,
        required=parameter.required or parameter.location == "path",
        description=parameter.description,
        type=_type(contract),
        options=_options(contract),
        example=tried.value,
    )


def _type(contract: Contract | None) -> str:
    """What a value is, in words: ``array of string``, ``integer or null``."""
    if contract is None:
        return "any"
    kinds = " or ".join(sorted(contract.types(contract.shape))) or "any"
    if kinds == "array":
        inner = contract.types(contract.flat(contract.shape.get("items", True)))
        return f"array of {' or '.join(sorted(inner)) or 'any'}"
    form = contract.shape.get("format")
    return f"{kinds} ({form})" if isinstance(form, str) else kinds


def _options(contract: Contract | None) -> list[Any] | None:
    if contract is None:
        return None
    found = contract.shape.get("enum")
    if found is None and contract.types(contract.shape) == {"boolean"}:
        return [True, False]
    return found if isinstance(found, list) else None


def _credential(scheme: SecurityScheme, only: bool) -> CredentialShown:
    """What to send; no *example* where the server knows the *only* credentials that open."""
    if scheme.type == "apiKey":
        example = "" if only else _SIMULATED
        where = scheme.location or "header"
        return CredentialShown(
            scheme=scheme.name, location=where, name=scheme.parameter, example=example
        )
    kind = scheme.scheme if scheme.type == "http" else "bearer"
    text = base64.b64encode(b"simulated:simulated").decode() if kind == "basic" else _SIMULATED
    return CredentialShown(
        scheme=scheme.name,
        location="header",
        name="Authorization",
        example=f"{kind.capitalize()} {'' if only else text}",
    )


def _body(tried: TriedBody) -> BodyShown:
    try:
        example = tried.content.decode() if tried.content is not None else None
    except UnicodeDecodeError:
        example = None
    return BodyShown(media_type=tried.media_type, content_type=tried.content_type, example=example)


def _responses(operation: Operation) -> list[ResponseShown]:
    return [
        ResponseShown(
            status=status,
            description=response.description,
            content_types=list(response.content),
            examples=list(
                dict.fromkeys(e.name for kind in response.content.values() for e in kind.examples)
            ),
        )
        for status, response in operation.responses.items()
    ]


def _role(api: Api, operation: Operation) -> RoleShown | None:
    role = api.simulation.resources.role(operation)
    if role is None:
        return None
    return RoleShown(
        does=role.deed, resource=role.resource.name, collection=role.resource.collection
    )
