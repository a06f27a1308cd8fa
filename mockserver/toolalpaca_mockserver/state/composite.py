"""Items that two path parameters name together: ``/repos/{owner}/{repo}``.

They are kept by the first parameter, in the collection ``/repos/{owner}``, and told apart there by
the second. Who lists or adds to ``/users/{username}/repos`` means the same collection, where items
show both: ``owner.login`` and ``name``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters

Keys = tuple[str, ...]

_PERSONAL: Final = ("login", "username", "handle")
_NAMES: Final = (*_PERSONAL, "slug", "name", "key", "id")
"""What an object that stands for an owner is known by, likeliest first."""


@dataclass(frozen=True, slots=True)
class Composite:
    """How an item shows both of its parameters.

    Attributes:
        owner: The properties that lead to the first one: ``owner``, ``login``.
        key: The property that is the second one: ``name``.
    """

    owner: Keys
    key: str


def composite_of(
    contract: Contract, name: str, first: str, second: str, types: frozenset[str]
) -> Composite | None:
    """How items show the path parameters that name them, or None where they do not show both.

    Args:
        contract: What an item is.
        name: What an item is called: ``repo``.
        first: The name of the first path parameter.
        second: The name of the second.
        types: The JSON types that the second may have.
    """
    known = {letters(shown): shown for shown in contract.properties()}
    own, wanted = letters(name), letters(second)
    guesses = (wanted, wanted.removeprefix(own), *(("name", "slug") if wanted == own else ()))
    key = next((known[guess] for guess in guesses if guess in known), None)
    owner = _owner(contract, known.get(letters(first)))
    if key is None or owner is None or owner[0] == key:
        return None
    theirs = contract.types(contract.flat(contract.properties()[key]))
    return Composite(owner, key) if theirs & types else None


def names_owner(parameter: str, first: str, both: Composite, above: Contract | None) -> bool:
    """Whether a list below the item that *parameter* names is a list of what that one owns.

    Teams have repositories, too, which are other people's.

    Args:
        parameter: The path parameter above the list.
        first: The first of the two that name an item.
        both: How items show these.
        above: What the item above is, where that is known.
    """
    if letters(parameter) in (letters(first), *_PERSONAL):
        return True
    name = both.owner[-1]
    return above is not None and name in _PERSONAL and name in above.properties()


def _owner(contract: Contract, shown: str | None) -> Keys | None:
    """The properties that lead to the text that names an owner, who is *shown* in an item."""
    if shown is None:
        return None
    flat = contract.flat(contract.properties()[shown])
    if "string" in contract.types(flat):
        return (shown,)
    inner = contract.properties(flat)
    texts = [n for n, schema in inner.items() if "string" in contract.types(contract.flat(schema))]
    name = next((n for n in _NAMES if n in texts), None)
    return (shown, name) if name is not None else None


def owned_by(contract: Contract, item: dict[str, Any], keys: Keys, owner: str) -> dict[str, Any]:
    """*item* with *owner* at *keys*, where its contract allows that."""
    if not keys:
        return item
    candidate = _with(item, keys, owner)
    return candidate if candidate != item and contract.is_valid(candidate) else item


def _with(item: Mapping[str, Any], keys: Keys, value: Any) -> dict[str, Any]:
    inner = item.get(keys[0])
    if len(keys) > 1:
        value = _with(inner if isinstance(inner, dict) else {}, keys[1:], value)
    return {**item, keys[0]: value}
