"""Errors as the document declares them, or as problem details where it does not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from toolalpaca.errors import DocumentError, StateError
from toolalpaca.openapi.model import Operation, Response
from toolalpaca_mockserver.answer_headers import AnswerHeaders
from toolalpaca_mockserver.answers import EMPTY, Answer, problem_answer
from toolalpaca_mockserver.engines import Source
from toolalpaca_mockserver.error_bodies import error_body
from toolalpaca_mockserver.negotiation import acceptable
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.problems import Reason, header_text, summary
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.representations import represent
from toolalpaca_mockserver.state.store import SessionFull, state_status
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_log = logging.getLogger(__name__)

_INSTEAD: Final = {404: (410, 400, 422), 409: (422, 400), 507: (503, 429, 413)}
"""What says the same in documents that do not declare the status, best first."""


class Refuser:
    """Refuses requests to the operations of one API.

    Args:
        generator: Makes the values of error bodies.
        headers: Gives answers their headers.
    """

    def __init__(self, generator: ValueGenerator, headers: AnswerHeaders) -> None:
        self.generator = generator
        self.headers = headers

    def refuse(
        self,
        plan: OperationPlan,
        request: Request,
        status: int,
        detail: str,
        reasons: Sequence[Reason] = (),
        *,
        source: Source = "validator",
    ) -> Answer:
        """An error as the document declares it, or problem details when it does not."""
        said = summary(detail, reasons)
        answer = problem_answer(status, detail, reasons, source=source)
        response = plan.operation.response_for(status)
        content_type = acceptable(response, request.headers.get("accept", ""))
        if response is not None and not content_type and response.content:
            content_type = next(iter(response.content))  # an error in another type beats none
        if response is not None and content_type and status not in EMPTY:
            try:
                body = plan.body_of(response, content_type)
                shown = [example.value for example in body.examples]
                value = error_body(self.generator, body.contract, status, said, reasons, shown)
                answer.content_type, answer.body = represent(value, body.media_type, body.contract)
            except (NoInstance, DocumentError) as error:  # the problem details stand
                _log.info("%s: no body of its own for %d: %s", plan.operation.name, status, error)
        if response is not None:
            key = f"{plan.operation.name}!{status}"
            self.headers.add(plan, answer, response, key, None, request)
        answer.rules = tuple(reason.rule for reason in reasons)
        return answer

    def unkept(self, plan: OperationPlan, request: Request, error: StateError) -> Answer:
        """What answers a request whose session cannot be had, or holds no more."""
        status = fitting(plan.operation, state_status(error))
        answer = self.refuse(plan, request, status, str(error), source="state")
        if not isinstance(error, SessionFull):
            answer.headers["Retry-After"] = "1"
        return answer

    def not_acceptable(
        self, plan: OperationPlan, request: Request, response: Response | None
    ) -> Answer:
        """What answers a request that wants a type which *response* has not."""
        offered = ", ".join(response.content) if response is not None else ""
        wanted = header_text(request.headers.get("accept", ""))
        return self.refuse(plan, request, 406, f"the answer is {offered}, and not {wanted}")

    def unable(self, plan: OperationPlan, request: Request, error: Exception) -> Answer:
        """What answers a request to which no answer is found that the document allows."""
        detail = f"no answer satisfies the document: {error}"
        return self.refuse(plan, request, 501, detail, source="schema")


def fitting(operation: Operation, status: int) -> int:
    """*status*, or the one that *operation* documents in its place."""
    if operation.response_for(status) is not None:
        return status
    documented = (other for other in _INSTEAD.get(status, ()) if str(other) in operation.responses)
    return next(documented, status)
