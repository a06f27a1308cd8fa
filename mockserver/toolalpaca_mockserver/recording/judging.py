"""What is wrong with an answer that somebody else has made."""

from __future__ import annotations

from collections.abc import Iterator

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import essence, is_json
from toolalpaca.openapi.model import Parameter, Response
from toolalpaca.openapi.validation import json_pointer
from toolalpaca_mockserver.answers import EMPTY, Answer
from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.json_text import load
from toolalpaca_mockserver.negotiation import best_match
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.problems import Reason, reasons_of


def faults_of(plan: OperationPlan, answer: Answer) -> list[Reason]:
    """How *answer* breaks the document.

    Bodies other than JSON are held to their content type alone, and a part of the document whose
    schema is broken demands nothing.
    """
    response = plan.operation.response_for(answer.status)
    if response is None:
        known = ", ".join(plan.operation.responses) or "none"
        message = f"the status {answer.status} is not documented; there are {known}"
        return [Reason("status", "", "status", message, answer.status)]
    return [*_header_faults(plan, answer, response), *_body_faults(plan, answer, response)]


def _header_faults(plan: OperationPlan, answer: Answer, response: Response) -> Iterator[Reason]:
    sent = {name.lower(): value for name, value in answer.headers.items()}
    for name, header in response.headers.items():
        pointer = json_pointer([name])
        if name.lower() == "content-type":
            continue  # "SHALL be ignored" (OpenAPI 3.1.1, Response Object)
        if name.lower() in sent:
            yield from _value_faults(plan, header, sent[name.lower()], pointer)
        elif header.required:
            message = f"the answer lacks the header {name}"
            yield Reason("header", pointer, "required", message)


def _value_faults(
    plan: OperationPlan, header: Parameter, text: str, pointer: str
) -> Iterator[Reason]:
    try:
        contract = Contract.of(header.schema, plan.root, "response")
        value = coerce(text, contract.schema, contract)
        if not contract.types(contract.shape) & {"array", "object"}:
            what = f"the answer's header {header.name}"
            yield from reasons_of(contract, value, "header", pointer, what)
    except DocumentError:
        return


def _body_faults(plan: OperationPlan, answer: Answer, response: Response) -> list[Reason]:
    if plan.operation.method == "head" or answer.status in EMPTY or not response.content:
        return []
    sent = essence(answer.content_type)
    key = best_match(sent, response.content)
    if key is None:
        known = ", ".join(response.content)
        message = f"the answer is {sent or 'of no content type'} where the document has {known}"
        return [Reason("header", "/content-type", "media-type", message, answer.content_type)]
    if not is_json(sent):
        return []
    try:
        contract = plan.body_of(response, key).contract
        return reasons_of(contract, load(answer.body), "body", "", "the answer's body")
    except ValueError as error:
        return [Reason("body", "", "json", f"the answer's body is not JSON: {error}")]
    except DocumentError:
        return []
