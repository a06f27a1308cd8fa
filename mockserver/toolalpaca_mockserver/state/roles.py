"""What a list's query parameters do: by their usual names, or as a person has said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state import paging, queries

NO_ROLE: Final = "none"
_USUAL: Final = {
    "page": "page",
    "size": "limit",
    "offset": "offset",
    "cursor": "cursor",
    "sort": "sort",
    "direction": "direction",
    "search": "q",
}
_NAMES: Final[tuple[tuple[str, Sequence[str]], ...]] = (
    ("page", paging.PAGES),
    ("size", paging.SIZES),
    ("offset", paging.OFFSETS),
    ("cursor", paging.CURSORS),
)
_OTHERS: Final[tuple[tuple[str, Sequence[str]], ...]] = (
    ("sort", queries.SORTS),
    ("direction", (*queries.DIRECTIONS, *queries.REVERSED)),
    ("search", queries.SEARCHES),
)


def role_of(name: str, contract: Contract) -> str | None:
    """What the query parameter *name* does to a list of such items, or None for nothing."""
    plain = letters(queries.plain_name(name))
    properties = {letters(known): known for known in contract.properties()}
    for role, names in _NAMES:
        if plain in names:
            return role
    if plain in properties:
        return f"filter:{properties[plain]}"
    for role, names in _OTHERS:
        if plain in names:
            return role
    bound = queries.bound_of(name, contract)
    return ":".join(bound) if bound is not None else None


def renamed(operation: Operation, roles: Mapping[str, str]) -> Operation:
    """*operation*, its query parameters under the usual names of their *roles*."""
    parameters = []
    for parameter in operation.parameters:
        if parameter.location != "query" or parameter.name not in roles:
            parameters.append(parameter)
        elif roles[parameter.name] != NO_ROLE:
            parameters.append(replace(parameter, name=usual_name(roles[parameter.name])))
    return replace(operation, parameters=tuple(parameters))


def respelled(query: Mapping[str, Any], roles: Mapping[str, str]) -> dict[str, Any]:
    """*query* under the usual names of the parameters' *roles*."""
    return {
        usual_name(roles[name]) if name in roles else name: value
        for name, value in query.items()
        if roles.get(name) != NO_ROLE
    }


def usual_name(role: str) -> str:
    """The name by which everybody knows *role*.

    >>> [usual_name(role) for role in ("size", "filter:kind", "min:price")]
    ['limit', 'kind', 'minprice']
    """
    kind, _, name = role.partition(":")
    if kind == "filter":
        return name
    return kind + name if name else _USUAL[kind]
