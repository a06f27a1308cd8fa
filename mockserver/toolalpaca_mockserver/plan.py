"""An operation, compiled: what its requests and its answers must be.

Made when the operation is first asked for, so that start-up does not grow with the document.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import is_json, is_xml
from toolalpaca.openapi.model import Document, Example, MediaType, Operation, Response
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.problems import UNREADABLE, Reason
from toolalpaca_mockserver.reading.auth import Guard
from toolalpaca_mockserver.reading.bodies import UNSUPPORTED, BodyReader
from toolalpaca_mockserver.reading.parameters import MISSING, ParameterReader, readers
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.representations import is_sound
from toolalpaca_mockserver.sequences import is_sequence, whole


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a request says, decoded and typed.

    Attributes:
        path: Path parameters.
        query: Query parameters that the operation declares.
        header: Header parameters that it declares.
        cookie: Cookie parameters that it declares.
        body: The body, or None.
        has_body: Whether a body was sent and read.
    """

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    header: Mapping[str, Any]
    cookie: Mapping[str, Any]
    body: Any = None
    has_body: bool = False


class OperationPlan:
    """What it takes to serve one operation.

    Args:
        document: Where the operation stands.
        operation: The operation.
        credentials: See :class:`~toolalpaca_mockserver.reading.auth.Guard`.
    """

    def __init__(
        self,
        document: Document,
        operation: Operation,
        credentials: Collection[str] | None = None,
    ) -> None:
        self._credentials = credentials
        self.document = document
        self.operation = operation
        self.root = document.root
        self._bodies: dict[tuple[str, str], ResponseBody] = {}

    @cached_property
    def guard(self) -> Guard:
        """What demands credentials."""
        return Guard(self.document, self.operation, self._credentials)

    @cached_property
    def readers(self) -> list[ParameterReader]:
        """What reads the parameters."""
        return readers(self.operation.parameters, self.root)

    @cached_property
    def body_reader(self) -> BodyReader | None:
        """What reads the body, when the operation takes one."""
        body = self.operation.body
        return BodyReader(body, self.root) if body is not None else None

    def read(self, request: Request, path_values: Mapping[str, str]) -> Arguments:
        """What *request* says, whatever is wrong with it."""
        return self.check(request, path_values, judge=False)[0]

    def check(
        self, request: Request, path_values: Mapping[str, str], *, judge: bool = True
    ) -> tuple[Arguments, list[Reason]]:
        """What *request* says, and everything that is wrong with it, unless *judge* is false."""
        found: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
        reasons: list[Reason] = []
        for reader in self.readers:
            value, faults = reader.read(request, path_values, judge=judge)
            reasons.extend(faults)
            if value is not MISSING:
                found[reader.location][reader.name] = value
        for name, text in path_values.items():
            found["path"].setdefault(name, text)  # a parameter that the document forgot to declare
        body: Any = MISSING
        if self.body_reader is not None:
            body, faults = self.body_reader.read(request, judge=judge)
            reasons.extend(faults)
        sent = body is not MISSING
        return Arguments(**found, body=body if sent else None, has_body=sent), reasons

    def refusal(self, reasons: list[Reason]) -> int:
        """The status that answers a request with these faults: a documented one, if any says it."""
        if any(reason.rule == UNSUPPORTED for reason in reasons):
            return 415
        documented = self.operation.responses
        if not documented.keys().isdisjoint(("400", "422", "4XX", "default")):
            return 422 if "422" in documented and "400" not in documented else 400
        if "404" in documented and all(reason.location == "path" for reason in reasons):
            return 404  # such a thing cannot exist
        # RFC 9110, 15.5.21: content that is understood, and cannot be followed
        return 400 if any(reason.rule in UNREADABLE for reason in reasons) else 422

    def success(self, *, created: bool = False) -> tuple[int, Response | None]:
        """The status of the answer that a caller hopes for, and its documentation.

        Args:
            created: Whether the operation has made something: 201 is then preferred.
        """
        responses = self.operation.responses
        if created and "201" in responses:
            return 201, responses["201"]
        response = self.operation.success()
        if response is None:
            other = next((s for s in responses if re.fullmatch(r"3\d\d", s)), None)
            return (int(other), responses[other]) if other else (200, None)
        return (int(response.status) if response.status.isdigit() else 200), response

    def body_of(self, response: Response, media_type: str) -> ResponseBody:
        """The body of *response* as *media_type*, one of its content's keys, compiled."""
        key = (response.status, media_type)
        if key not in self._bodies:
            self._bodies[key] = ResponseBody(response.content[media_type], self.root)
        return self._bodies[key]


class ResponseBody:
    """What a documented answer's body must be.

    Args:
        media_type: The representation.
        root: The document.

    Attributes:
        envelope: Some value that satisfies the contract, made when what is remembered has to be
            wrapped or mended for the first time; None before.

    Raises:
        DocumentError: Its schema is broken.
    """

    def __init__(self, media_type: MediaType, root: Mapping[str, Any]) -> None:
        self.media_type = whole(media_type, root, "response")
        self.contract = Contract.of(self.media_type.schema, root, "response")
        self.envelope: Any = None

    @property
    def is_sequence(self) -> bool:
        """Whether the body holds one value after another."""
        return is_sequence(self.media_type.content_type)

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """The examples that satisfy the schema, in the document's order."""
        kind, contract = self.media_type.content_type, self.contract
        return tuple(e for e in self.media_type.examples if is_sound(e.value, kind, contract))


def told_body(plan: OperationPlan, response: Response | None) -> ResponseBody | None:
    """The body of *response* as JSON, else as XML, or None when it has none or a broken schema.

    Its validator is not compiled for it: whoever infers looks at many bodies that nobody asks for.
    """
    kinds = response.content if response is not None else ()
    ranked = [k for k in kinds if is_json(k) or k == "*/*"] + [k for k in kinds if is_xml(k)]
    for media_type in ranked[:1]:
        try:
            return plan.body_of(response, media_type)  # type: ignore[arg-type]
        except DocumentError:
            return None
    return None
