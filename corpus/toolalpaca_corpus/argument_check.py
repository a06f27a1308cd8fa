"""Whether the arguments of a golden call fit the schema of its tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolalpaca.openapi.validation import Validator
from toolalpaca.sameness import left_out
from toolalpaca.task import references


def argument_faults(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with *arguments*, as clauses; nothing when they fit.

    Arguments that hold references are only looked up by name, because their values are not known
    before the call; arguments that count as left out must be optional.

    Args:
        arguments: The arguments of a :class:`~toolalpaca.task.GoldenCall`.
        schema: The tool's ``parameters``, self-contained.
    """
    properties = schema.get("properties", {})
    given = {name: value for name, value in arguments.items() if not left_out(value)}
    for name in schema.get("required", ()):
        if name not in given:
            yield f"the required argument {name!r} is missing"
    for name, value in given.items():
        if name not in properties:
            if schema.get("additionalProperties", True) in (True, False):
                yield f"there is no argument {name!r}"
        elif not any(references(value)):
            yield from _value_faults(name, value, properties[name], schema)


def _value_faults(name: str, value: Any, schema: Any, root: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(schema, dict) and "$defs" in root:
        schema = {**schema, "$defs": {**root["$defs"], **schema.get("$defs", {})}}
    for violation in Validator(schema).violations(value):
        place = f"{name}{violation.pointer}"
        yield f"the argument {place!r} does not fit: {violation.message}"
