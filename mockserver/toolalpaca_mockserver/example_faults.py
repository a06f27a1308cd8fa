"""Examples that break the schemas that they are examples of."""

from __future__ import annotations

from collections.abc import Iterator

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Document, Example, Problem, Schema
from toolalpaca_mockserver.contract import Contract, Direction


def example_faults(document: Document) -> list[Problem]:
    """A problem for each example of *document* that breaks its schema, in the document's order."""
    found: dict[str, Problem] = {}
    for schema, examples, direction in _described(document):
        try:
            contract = Contract(schema, document.root, direction)
            _ = contract.validator
        except DocumentError:
            continue  # the document's problems name it
        for example in examples:
            if example.pointer not in found and not contract.is_valid(example.value):
                found[example.pointer] = _problem(example, contract, direction)
    return list(found.values())


def _described(document: Document) -> Iterator[tuple[Schema, tuple[Example, ...], Direction]]:
    """Every schema with examples, and which way its values travel."""
    for operation in document:
        for parameter in operation.parameters:
            yield parameter.schema, parameter.examples, "request"
        for media_type in operation.body.content.values() if operation.body else ():
            yield media_type.schema, media_type.examples, "request"
        for response in operation.responses.values():
            for media_type in response.content.values():
                yield media_type.schema, media_type.examples, "response"


def _problem(example: Example, contract: Contract, direction: Direction) -> Problem:
    violation = contract.violations(example.value)[0]
    place = f" at {violation.pointer}" if violation.pointer else ""
    reason = violation.message.removeprefix("the value ")
    if violation.properties:
        reason = f"{violation.rule}: {', '.join(violation.properties)}"
    consequence = "it is not answered with" if direction == "response" else "it is not used"
    return Problem(example.pointer, f"the example{place} breaks its schema: {reason}", consequence)
