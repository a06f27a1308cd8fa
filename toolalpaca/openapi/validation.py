"""Compiled JSON Schema validation, and violations that say where and why.

jsonschema-rs does the work: measured on one Pet it takes 0.9 microseconds where jsonschema takes
260 (see DESIGN in ``docs/architecture.md``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Schema

# A pattern that backtracks forever is cut off here instead of hanging the process.
_DEEPEST_BRANCH = 8
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value breaks its schema.

    Attributes:
        pointer: JSON Pointer (RFC 6901) into the value, ``""`` for the whole.
        rule: The schema keyword that is broken: ``required``, ``enum``, ``type``.
        message: The reason as a sentence.
        value: The value at the pointer.
        properties: The properties that are missing or not allowed, for the rules that are about
            properties: ``required``, ``additionalProperties``, ``unevaluatedProperties``.
    """

    pointer: str
    rule: str
    message: str
    value: Any
    properties: tuple[str, ...] = ()


class Validator:
    """A schema compiled once, to check many values.

    Args:
        schema: Self-contained JSON Schema 2020-12 (:func:`toolalpaca.openapi.references.bundle`).
        formats: Whether ``format`` is an assertion. On by default: an API that documents
            ``format: date`` means it.
        mask: What messages say instead of the value: for values that may be secret or long.

    Raises:
        DocumentError: The schema itself is broken.
    """

    def __init__(self, schema: Schema, *, formats: bool = True, mask: str | None = None) -> None:
        try:
            self._compiled = jsonschema_rs.Draft202012Validator(
                schema,
                validate_formats=formats,
                pattern_options=_PATTERNS,
                retriever=_refuse_to_retrieve,
                mask=mask,
            )
        except ValueError as error:  # jsonschema_rs.ValidationError is one
            reason = getattr(error, "message", None) or str(error)
            raise DocumentError(f"a schema is not valid JSON Schema: {reason}") from error

    def is_valid(self, value: Any) -> bool:
        """Whether *value* satisfies the schema; much faster than collecting violations."""
        return self._compiled.is_valid(value)

    def violations(self, value: Any, *, at_most: int = 20) -> list[Violation]:
        """The ways in which *value* breaks the schema, in schema order, none when it is valid."""
        errors = (part for error in self._compiled.iter_errors(value) for part in _meant(error))
        return [
            Violation(
                json_pointer(error.instance_path),
                str(error.kind.name),
                error.message,
                error.instance,
                _properties(error.kind),
            )
            for error in itertools.islice(errors, at_most)
        ]


def _meant(error: Any, depth: int = 0) -> Iterator[Any]:
    """*error*, or what is wrong by the only branch of ``oneOf`` or ``anyOf`` that can be meant."""
    branches = getattr(error.kind, "context", None) if depth < _DEEPEST_BRANCH else None
    left = [b for b in branches or () if not any(_rules_out(part, error) for part in b)]
    if len(left) != 1:
        yield error
        return
    for part in left[0]:
        yield from _meant(part, depth + 1)


def _rules_out(part: Any, whole: Any) -> bool:
    """Whether a branch in which *part* is wrong of *whole* is not meant.

    The value is of another type, or one of its properties, a label, is not what it is there.
    """
    below = len(part.instance_path) - len(whole.instance_path)
    if part.kind.name == "type":
        return below == 0
    single = part.kind.name == "enum" and len(part.kind.options) == 1
    return below <= 1 and (single or part.kind.name == "const")


def _properties(kind: Any) -> tuple[str, ...]:
    if kind.name == "required":
        return (str(kind.property),)
    return tuple(getattr(kind, "unexpected", ()))


def compiles(pattern: str) -> bool:
    """Whether the regular expression *pattern* can be used in a schema."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=_PATTERNS)
    except ValueError:
        return False
    return True


def _refuse_to_retrieve(uri: str) -> Any:
    """A schema must stand alone: a validator that opens connections is a way in."""
    raise ValueError(f"the reference {uri} leads out of the document")


def json_pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of a path of keys and indices.

    >>> json_pointer(["paths", "/pets/{id}", 0])
    '/paths/~1pets~1{id}/0'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
