"""Which operations are disturbed, and how.

A file of disturbances is YAML: what is disturbed, and how. What is said of an operation counts in
the place of what is said of all::

    "*": latency=50ms~400ms
    GET /bookings: latency=50ms~400ms, status=503@10%
    createBooking: rate=5/60s
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolalpaca.errors import UsageError
from toolalpaca.openapi.decoding import decode
from toolalpaca.openapi.model import Document, Operation
from toolalpaca.openapi.sources import read_file
from toolalpaca_mockserver.disturbance.grammar import NO_TERMS, Terms, read_terms
from toolalpaca_mockserver.spelling import means

_ALL = "*"


@dataclass(frozen=True, slots=True)
class Rules:
    """Disturbances by what they happen to.

    Attributes:
        everywhere: What may happen to every operation that nothing else is said of.
        of: What may happen to operations, by ``GET /pets`` or operationId.
        seed: For what is left to chance.
    """

    everywhere: Terms = NO_TERMS
    of: Mapping[str, Terms] = field(default_factory=dict)
    seed: int = 0

    def terms(self, operation: Operation) -> Terms:
        """What may happen to *operation*."""
        return next(
            (terms for name, terms in self.of.items() if means(name, operation)), self.everywhere
        )


NO_RULES = Rules()


def read_rules(text: str | None, path: Path | None, seed: int = 0) -> Rules:
    """The rules of the command line: *text* for all operations, and the file at *path*.

    Raises:
        DocumentError: The file cannot be read, or is no YAML.
        UsageError: What stands there is no disturbance.
    """
    everywhere = _terms(text, "--disturb") if text else NO_TERMS
    if path is None:
        return Rules(everywhere, seed=seed)
    content, _ = decode(read_file(path), str(path))
    if not isinstance(content, dict):
        hint = "write a mapping, such as GET /pets: status=503@10%"
        raise UsageError("is no mapping of operations to disturbances", where=str(path), hint=hint)
    of = {str(name): _terms(said, f"{path}: {name}") for name, said in content.items()}
    return Rules(of.pop(_ALL, everywhere), of, seed)


def refuse_unmet(rules: Rules, documents: Iterable[Document], where: str) -> None:
    """Refuse rules for operations that no document has.

    Raises:
        UsageError: There are some.
    """
    operations = [operation for document in documents for operation in document]
    for name in rules.of:
        if not any(means(name, operation) for operation in operations):
            hint = "name it like GET /pets, or by its operationId"
            raise UsageError(f"no document has {name}", where=where, hint=hint)


def _terms(said: object, where: str) -> Terms:
    if not isinstance(said, str):
        raise UsageError("is no text of terms", where=where, hint="write such as status=503@10%")
    try:
        return read_terms(said)
    except ValueError as error:
        raise UsageError(str(error), where=where) from None
