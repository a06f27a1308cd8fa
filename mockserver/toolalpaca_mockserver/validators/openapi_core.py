"""openapi-core as the judge of requests: slow, independent, the reference that ours is held to.

It is given the upgraded document (3.1 or 3.2) and the operation that our router has found, because
its own search of paths is linear. Credentials stay with :mod:`toolalpaca_mockserver.reading.auth`:
it does not know OAuth2. Where the two differ, and who is right, stands in ``docs/validation.md``.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from jsonschema_path import SchemaPath
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.security.factories import SecurityProviderFactory
from openapi_core.templating.datatypes import TemplateResult
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.paths.finders import BasePathFinder
from openapi_core.validation.request.exceptions import (
    MissingRequiredParameter,
    MissingRequiredRequestBody,
    ParameterValidationError,
    SecurityValidationError,
)
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict

from toolalpaca.openapi.model import Document, Operation
from toolalpaca.openapi.references import at_pointer, resolve
from toolalpaca.openapi.upgrade import TARGET_VERSION
from toolalpaca.openapi.validation import json_pointer
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.problems import Reason
from toolalpaca_mockserver.reading.bodies import UNSUPPORTED
from toolalpaca_mockserver.reading.requests import Request, decode_path, decode_query
from toolalpaca_mockserver.validators import MakeValidator

_READ = ("3.1", "3.2")
_log = logging.getLogger(__name__)
# It warns of every branch of a oneOf that a value does not satisfy.
logging.getLogger("openapi_core").setLevel(logging.ERROR)


def openapi_core(document: Document) -> MakeValidator:
    """What makes the validators of *document*'s operations."""
    reference = Reference(document)
    return lambda plan: OpenApiCoreValidator(plan, reference)


class OpenApiCoreValidator:
    """A plan whose requests openapi-core judges; what they say is still ours to read.

    Args:
        plan: The operation.
        reference: The judge of its document.
    """

    def __init__(self, plan: OperationPlan, reference: Reference) -> None:
        self.plan = plan
        self.reference = reference

    def check(
        self, request: Request, path_values: Mapping[str, str]
    ) -> tuple[Arguments, list[Reason]]:
        """See :class:`~toolalpaca_mockserver.validators.RequestValidator`."""
        arguments, reasons = self.plan.check(request, path_values)
        operation = self.plan.operation
        try:
            errors = self.reference.errors(operation, request, path_values)
        except Exception as error:
            # It trips over types that are lists, and over some styles.
            told = f"{type(error).__name__}: {error}"
            _log.warning("%s: openapi-core failed (%s); the plan judges", operation.name, told)
            return arguments, reasons
        return arguments, [reason for error in errors for reason in _reasons(error)]


class Reference:
    """A document as openapi-core reads it.

    Args:
        document: The document.
        security: Whether credentials are judged, too.
    """

    def __init__(self, document: Document, *, security: bool = False) -> None:
        self._document = document
        self._security = security
        self._places = {operation.name: index for index, operation in enumerate(document)}

    @cached_property
    def _openapi(self) -> OpenAPI:
        root = dict(self._document.root)
        if not str(root.get("openapi")).startswith(_READ):
            root["openapi"] = TARGET_VERSION
        # Each operation has a path of its own: it then finds one without search, and keys that it
        # cannot read (a "#" divides them) do no harm.
        root["paths"] = {f"/{i}": _item_with(op, root) for i, op in enumerate(self._document)}
        providers = SecurityProviderFactory() if self._security else _AnyCredential()
        config = Config(
            spec_validator_cls=None,  # it refuses a fifth of all documents in the wild
            path_finder_cls=_OperationFinder,
            security_provider_factory=providers,
        )
        return OpenAPI.from_dict(root, config=config)

    def errors(
        self, operation: Operation, request: Request, path_values: Mapping[str, str]
    ) -> list[Exception]:
        """What openapi-core says is wrong with *request* to *operation*."""
        place = f"/{self._places[operation.name]}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of deprecations in documents
            return list(self._openapi.iter_request_errors(_Sent.of(place, request, path_values)))


def _item_with(operation: Operation, root: Mapping[str, Any]) -> dict[str, Any]:
    """A path item that has that operation alone, as ``post``."""
    above, _, method = operation.pointer.rpartition("/")
    item = at_pointer(root, above.removesuffix("/additionalOperations"))
    if "$ref" in item:
        item = {**resolve(root, item["$ref"]), **item}
    found = item["additionalOperations"] if above.endswith("/additionalOperations") else item
    return {"parameters": item.get("parameters", []), "post": found[method]}


@dataclass
class _Sent:
    """A request in the shape of ``openapi_core.protocols.Request``."""

    parameters: RequestParameters
    method: str
    body: bytes | None
    content_type: str
    path: str
    host_url: str = "http://localhost"

    @classmethod
    def of(cls, place: str, request: Request, path_values: Mapping[str, str]) -> _Sent:
        cookies = ((name, decode_query(raw)) for name, raw in request.cookies)
        queried = ((name, decode_query(raw)) for name, raw in request.query_pairs)
        return cls(
            RequestParameters(
                query=ImmutableMultiDict(list(queried)),
                header=Headers(list(request.headers.items())),
                cookie=ImmutableMultiDict(list(cookies)),
                path={name: decode_path(raw) for name, raw in path_values.items()},
            ),
            request.method.lower(),
            request.body or None,
            request.headers.get("content-type", "application/octet-stream"),
            place,
        )


class _OperationFinder(BasePathFinder):
    """Finds the operation that a path of ours stands for."""

    def __init__(self, spec: SchemaPath, base_url: str | None = None) -> None:
        del base_url
        self.spec = spec

    def find(self, method: str, name: str) -> PathOperationServer:
        """The operation of that URL."""
        del method
        path = self.spec / "paths" / urlsplit(name).path
        nothing = TemplateResult("", {})
        return PathOperationServer(path, path / "post", None, nothing, nothing)


class _AnyCredential(SecurityProviderFactory):
    def create(self, scheme: SchemaPath) -> Any:
        """A provider that is content with nothing."""
        del scheme
        return lambda _: ""


def _reasons(error: Exception) -> Iterator[Reason]:
    """One of openapi-core's errors as ours, without the values that its messages repeat."""
    cause = error.__cause__
    if isinstance(error, SecurityValidationError):
        yield Reason("header", "/authorization", "security", "no credentials are sent")
        return
    if isinstance(error, ParameterValidationError):
        location, pointer = error.location, json_pointer([error.name])
        what = f"the {location} parameter {error.name}"
    else:
        location, pointer, what = "body", "", "the request body"
    if isinstance(error, MissingRequiredParameter | MissingRequiredRequestBody):
        yield Reason(location, pointer, "required", f"{what} is missing")
    elif isinstance(cause, MediaTypeNotFound):
        known = ", ".join(cause.availableMimetypes)
        message = f"{cause.mimetype} is sent where the body is {known}"
        yield Reason(location, pointer, UNSUPPORTED, message)
    elif isinstance(cause, InvalidSchemaValue):
        for schema_error in cause.schema_errors:
            yield _reason(schema_error, location, pointer, what)
    else:
        kind = type(cause or error).__name__
        yield Reason(location, pointer, "syntax", f"{what} cannot be read ({kind})")


def _reason(error: Any, location: str, pointer: str, what: str) -> Reason:
    inside = json_pointer(error.path)
    place = f"{what} at {inside}" if inside else what
    rule = str(error.validator)
    if rule == "required":
        lacking = next((n for n in error.validator_value if repr(n) in error.message), "")
        message = f"{place} lacks the property {lacking}"
        return Reason(location, pointer + inside + json_pointer([lacking]), rule, message)
    return Reason(location, pointer + inside, rule, f"{place} breaks {rule}", error.instance)
