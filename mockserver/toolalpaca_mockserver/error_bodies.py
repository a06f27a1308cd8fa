"""Error bodies as a document declares them, carrying what went wrong."""

from __future__ import annotations

from typing import Any

from toolalpaca.openapi.structure import copy_json
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import ResponseBody
from toolalpaca_mockserver.values import ValueGenerator

_MESSAGES = (
    "detail",
    "message",
    "error_description",
    "errormessage",
    "error_message",
    "msg",
    "description",
    "title",
    "error",
    "reason",
    "fault",
    "errors",
    "error_summary",
)
_STATUSES = ("status", "statuscode", "status_code", "httpstatus", "code")
_LONGEST = 500


def error_body(
    generator: ValueGenerator,
    body: ResponseBody,
    status: int,
    message: str,
    *,
    answer_problem: dict[str, Any],
) -> Any:
    """A body that satisfies the declared schema and says *message* where it can.

    Args:
        generator: Makes the rest of it.
        body: What is declared.
        status: The status that it goes with.
        message: What went wrong.
        answer_problem: The same as problem details, used whole where the schema is theirs.
    """
    contract = body.contract
    names = contract.properties()
    if {"title", "detail"} <= names.keys() or {"title", "status"} <= names.keys():
        shown = {name: value for name, value in answer_problem.items() if name in names}
        if contract.is_valid(shown):
            return shown
    value = generator.for_contract(contract, name="error", key=f"error {status}")
    return _saying(value, contract, status, message[:_LONGEST])


def _saying(value: Any, contract: Contract, status: int, message: str) -> Any:
    """*value* with the message and the status put where they fit."""
    if isinstance(value, str):
        return message if contract.is_valid(message) else value
    said = copy_json(value)
    for path in _text_places(said):
        candidate = _with(said, path, message)
        if contract.is_valid(candidate):
            said = candidate
            break
    for path in _status_places(said):
        for number in (status, str(status)):
            candidate = _with(said, path, number)
            if contract.is_valid(candidate):
                said = candidate
                break
    return said


def _text_places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where a message may go, likeliest first."""
    found: list[tuple[str | int, ...]] = []
    deeper: list[tuple[str | int, ...]] = []
    if isinstance(value, list):
        return _text_places(value[0], (*path, 0)) if value else []
    if not isinstance(value, dict):
        return [path] if isinstance(value, str) and path else []
    names = {name.lower(): name for name in value}
    for wanted in _MESSAGES:
        name = names.get(wanted)
        if name is None:
            continue
        if isinstance(value[name], str):
            found.append((*path, name))
        elif isinstance(value[name], (dict, list)) and len(path) < 3:
            deeper.extend(_text_places(value[name], (*path, name)))
    return [*found, *deeper]


def _status_places(value: Any) -> list[tuple[str | int, ...]]:
    places: list[tuple[str | int, ...]] = []
    for prefix, part in (((), value), *(((k,), v) for k, v in _items(value))):
        for name, item in _items(part):
            if name.lower() in _STATUSES and type(item) in (int, str):
                digits = isinstance(item, int) or item.isdigit()
                if digits:
                    places.append((*prefix, name))
    return places


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _with(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, head: _with(value[str(head)], rest, new)}
    changed = list(value)
    changed[int(head)] = _with(changed[int(head)], rest, new)
    return changed
