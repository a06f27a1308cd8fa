"""What is wrong with a document, as far as whoever serves it can tell."""

from __future__ import annotations

from collections.abc import Iterator

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Document, Example, MediaType, Operation, Problem, Schema
from toolalpaca_mockserver.answers import EMPTY
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.contract import Contract, Direction
from toolalpaca_mockserver.representations import is_sound
from toolalpaca_mockserver.sequences import whole
from toolalpaca_mockserver.values import NoInstance


def known_faults(api: Api) -> list[Problem]:
    """What loading and routing the document of *api* brought to light."""
    return [*api.document.problems, *map(_hidden, api.unreachable)]


def checked(api: Api) -> list[Problem]:
    """Every fault of the document of *api*: examples and answers are tried, which takes a while."""
    return [*known_faults(api), *_example_faults(api.document), *_answer_faults(api)]


def _hidden(operation: Operation) -> Problem:
    message = f"another operation answers {operation.method.upper()} {operation.path}"
    return Problem(operation.pointer, message, "it is out of reach")


def _answer_faults(api: Api) -> Iterator[Problem]:
    """A problem for each success that no value was found for."""
    for name, plan in api.plans.items():
        status, response = plan.success()
        if response is None or status in EMPTY:
            continue
        for media_type in response.content:
            try:
                body = plan.body_of(response, media_type)
                if not body.examples:
                    api.responder.generator.for_contract(body.contract, name=name, key=name)
            except NoInstance:
                message = f"no value was found for the answer {status} as {media_type}"
                message += "; its schema may contradict itself"
                yield Problem(plan.operation.pointer, message, "it is 501 in its place")
            except DocumentError:
                continue  # the document's problems name it


def _example_faults(document: Document) -> list[Problem]:
    """A problem for each example of *document* that breaks its schema, in the document's order."""
    found: dict[str, Problem] = {}
    for schema, content_type, examples, direction in _described(document):
        try:
            contract = Contract(schema, document.root, direction)
            _ = contract.validator
        except DocumentError:
            continue  # the document's problems name it
        for example in examples:
            sound = is_sound(example.value, content_type, contract)
            if example.pointer not in found and not sound:
                found[example.pointer] = _problem(example, contract, direction)
    return list(found.values())


def _described(
    document: Document,
) -> Iterator[tuple[Schema, str, tuple[Example, ...], Direction]]:
    """Every schema with its content type, if any, its examples and which way its values travel."""
    for operation in document:
        for parameter in operation.parameters:
            yield parameter.schema, parameter.content_type or "", parameter.examples, "request"
        for media_type in operation.body.content.values() if operation.body else ():
            yield _whole(media_type, document, "request")
        for response in operation.responses.values():
            for media_type in response.content.values():
                yield _whole(media_type, document, "response")


def _whole(
    media_type: MediaType, document: Document, direction: Direction
) -> tuple[Schema, str, tuple[Example, ...], Direction]:
    try:
        media_type = whole(media_type, document.root, direction)
    except DocumentError:
        return True, "", (), direction  # the document's problems name it
    return media_type.schema, media_type.content_type, media_type.examples, direction


def _problem(example: Example, contract: Contract, direction: Direction) -> Problem:
    violation = contract.violations(example.value)[0]
    place = f" at {violation.pointer}" if violation.pointer else ""
    reason = violation.message.removeprefix("the value ")
    if violation.properties:
        reason = f"{violation.rule}: {', '.join(violation.properties)}"
    consequence = "it is not answered with" if direction == "response" else "it is not used"
    return Problem(example.pointer, f"the example{place} breaks its schema: {reason}", consequence)
