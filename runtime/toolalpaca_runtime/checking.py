"""Arguments checked before anything is sent, and mended where there is one way to mend them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from toolalpaca.calling.faults import Checkable, argument_faults, dotted
from toolalpaca.calling.foreign import foreign_values
from toolalpaca.calling.serialization import json_text
from toolalpaca.openapi.references import pointer_parts
from toolalpaca.openapi.validation import Validator, Violation, json_pointer

_OMITTED = (None, "")
_MENDABLE = ("type", "enum", "const", "anyOf", "oneOf", "format")


@dataclass(frozen=True, slots=True)
class Checked:
    """Arguments after the check.

    Attributes:
        arguments: As they can be sent; meaningless when there are *problems*.
        repairs: What was changed, a sentence each.
        problems: What is wrong, a clause each that begins with the argument's name.
    """

    arguments: dict[str, Any]
    repairs: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def check_arguments(tool: Checkable, arguments: dict[str, Any]) -> Checked:
    """Check *arguments* against the schema of *tool*.

    An optional argument that is null or an empty text, where the schema takes neither, is left out:
    so models often write what they mean to omit.
    ``"3"`` for an integer, ``3`` for a string, ``"true"`` for a boolean, a single value for an
    array, JSON text for an object and an enumeration's value in other letters are mended, when
    exactly one of these makes the value valid.
    """
    if foreign := foreign_values(arguments):
        return Checked(arguments, problems=foreign)
    validator = tool.validator
    arguments = _without_omitted(tool, arguments, validator)
    if validator is None or validator.is_valid(arguments):
        return Checked(arguments)
    mended, repairs = _mend(arguments, validator)
    return Checked(mended, tuple(repairs), argument_faults(tool, mended))


def _without_omitted(
    tool: Checkable, arguments: dict[str, Any], validator: Validator | None
) -> dict[str, Any]:
    if validator is None or not any(value in _OMITTED for value in arguments.values()):
        return arguments
    broken = {v.pointer for v in validator.violations(arguments, at_most=1000)}
    required = tool.spec.parameters.get("required", ())
    return {
        name: value
        for name, value in arguments.items()
        if value not in _OMITTED or name in required or json_pointer([name]) not in broken
    }


def _mend(arguments: dict[str, Any], validator: Validator) -> tuple[dict[str, Any], list[str]]:
    repairs = []
    mended = copy.deepcopy(arguments)
    for violation in validator.violations(arguments):
        if violation.rule not in _MENDABLE or not violation.pointer:
            continue
        candidate = _only_valid(violation, mended, validator)
        if candidate is not None:
            mended = candidate.arguments
            repairs.append(
                f"{dotted(violation.pointer)}: {_shown(violation.value)} was read as "
                f"{_shown(candidate.value)}."
            )
    return mended, repairs


@dataclass(frozen=True, slots=True)
class _Candidate:
    value: Any
    arguments: dict[str, Any]


def _only_valid(
    violation: Violation, arguments: dict[str, Any], validator: Validator
) -> _Candidate | None:
    """The one candidate for the violation's value that removes it, None when it is not one."""
    valid = []
    for value in _candidates(violation.value):
        changed = _with(arguments, pointer_parts(violation.pointer), value)
        if changed is None:
            continue
        left = validator.violations(changed, at_most=1000)
        inside = (v.pointer for v in left)
        if not any(p == violation.pointer or p.startswith(violation.pointer + "/") for p in inside):
            valid.append(_Candidate(value, changed))
    return valid[0] if len(valid) == 1 else None


def _candidates(value: Any) -> Iterator[Any]:
    """Other readings of *value*, each once."""
    seen = [json_text(value)]
    for reading in _readings(value):
        text = json_text(reading)
        if text not in seen:
            seen.append(text)
            yield reading


def _readings(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        structure = _structure(value)
        if structure is not None:
            yield structure
            return  # JSON text of an array is that array, not one item of another
        yield from _scalars(value.strip())
        yield from _spellings(value)
    elif isinstance(value, bool | int | float):
        yield json_text(value)
    if not isinstance(value, list):
        yield [value]


def _structure(text: str) -> dict[str, Any] | list[Any] | None:
    """The array or object that *text* is JSON of."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None


def _scalars(text: str) -> Iterator[Any]:
    """The number or boolean that *text* is, in any letters: ``True``."""
    for written in (text, text.lower()):
        try:
            yield orjson.loads(written)
        except orjson.JSONDecodeError:
            continue


def _spellings(text: str) -> Iterator[str]:
    """*text* in the letters and joints that enumerations use."""
    words = text.replace("-", " ").replace("_", " ").split()
    for joint in (" ", "_", "-", ""):
        joined = joint.join(words)
        yield from (joined, joined.lower(), joined.upper(), joined.title(), joined.capitalize())


def _with(arguments: dict[str, Any], path: list[str], value: Any) -> dict[str, Any] | None:
    changed = copy.deepcopy(arguments)
    parent: Any = changed
    try:
        for part in path[:-1]:
            parent = parent[int(part)] if isinstance(parent, list) else parent[part]
        if isinstance(parent, list):
            parent[int(path[-1])] = value
        else:
            parent[path[-1]] = value
    except (KeyError, IndexError, TypeError, ValueError):  # an earlier repair moved the place
        return None
    return changed


def _shown(value: Any) -> str:
    text = json_text(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
