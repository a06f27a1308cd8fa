"""What is wrong with the arguments of a call, as sentences for whoever has to mend them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from toolalpaca.calling.foreign import foreign_values
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.references import pointer_parts
from toolalpaca.openapi.validation import Validator, Violation


class Checkable(Protocol):
    """A tool whose arguments can be checked, whatever is behind it."""

    @property
    def spec(self) -> ToolSpec:
        """What the model sees."""
        ...

    @property
    def places(self) -> Mapping[str, Any]:
        """Its arguments, by name."""
        ...

    @property
    def validator(self) -> Validator | None:
        """Checks arguments; None when its schema is broken."""
        ...


def argument_faults(tool: Checkable, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with *arguments*, a clause each that begins with the argument's name."""
    if foreign := foreign_values(arguments):
        return foreign
    validator = tool.validator
    if validator is None or validator.is_valid(arguments):
        return ()
    violations = validator.violations(arguments)
    return tuple(dict.fromkeys(fault(violation, tool) for violation in violations))


def fault(violation: Violation, tool: Checkable) -> str:
    """What *violation* says of the arguments of *tool*."""
    place = dotted(violation.pointer)
    if violation.rule == "additionalProperties" and not place:
        unknown = ", ".join(violation.properties)
        return (
            f"{unknown}: there is no such argument (they are: {', '.join(tool.places) or 'none'})"
        )
    if violation.rule == "required" and not place:
        return f"{', '.join(violation.properties)}: this argument is required and missing"
    return f"{place}: {violation.message}" if place else violation.message


def dotted(pointer: str) -> str:
    """A JSON Pointer into arguments as people write it.

    >>> dotted("/filter/0/name")
    'filter.0.name'
    """
    return ".".join(pointer_parts(pointer))
