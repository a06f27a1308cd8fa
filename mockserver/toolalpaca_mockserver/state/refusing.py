"""Why the state refuses an item: it refers to nothing, or is too much like another.

Only where the document has a status for it; otherwise the item is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters, words
from toolalpaca_mockserver.state.items import key_of
from toolalpaca_mockserver.state.linking import Links, referred
from toolalpaca_mockserver.state.references import MANY
from toolalpaca_mockserver.state.resource import Resource
from toolalpaca_mockserver.state.store import Item, World

_ABSENT: Final = re.compile(
    r"(?i)not (be )?found|n[o']t exist|no such|unknown|non-?exist|(invalid|dangling) ref"
)
_TAKEN: Final = re.compile(r"(?i)already|exist|duplicat|taken|unique|in use|conflict")
_UNIQUE: Final = frozenset(
    {"email", "emailaddress", "username", "login", "slug", "handle", "sku", "iban", "vin"}
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The state does not allow what was asked.

    Attributes:
        status: 404 or 409, or what the document says instead.
        detail: Why, as a sentence.
    """

    status: int
    detail: str


class Referee:
    """Refuses items.

    Args:
        links: Knows what refers to what.
    """

    def __init__(self, links: Links) -> None:
        self.links = links
        self._absent: dict[str, int | None] = {}
        self._unique: dict[str, list[str]] = {}

    async def refusal(
        self,
        world: World,
        operation: Operation,
        resource: Resource,
        place: str,
        sent: Item,
        request: Contract | None,
        own: str | None = None,
    ) -> Refusal | None:
        """Why an item that is *sent* is refused, or None.

        Args:
            world: Where the others are.
            operation: What was called.
            resource: What the item is one of.
            place: The collection.
            sent: What the client said of it.
            request: What it may say.
            own: The key of the item that is changed, or None for a new one.
        """
        if operation.name not in self._absent:
            self._absent[operation.name] = _absent_status(operation)
            self._unique[operation.name] = _unique_properties(operation, resource)
        status = self._absent[operation.name]
        refused = None
        if status is not None:
            refused = await self._dangling(world, resource, sent, request, status)
        names = [name for name in self._unique[operation.name] if sent.get(name)]
        if refused is None and names:
            refused = await _conflict(world, names, resource, place, sent, own)
        return refused

    async def _dangling(
        self, world: World, resource: Resource, sent: Item, request: Contract | None, status: int
    ) -> Refusal | None:
        """Why an item is refused for what it refers to, or None."""
        for reference in self.links.resources.references(resource):
            target = self.links.resources.at(reference.target)
            said = list(referred(sent, reference.path))
            if target is None or not target.closed or "{" in target.collection or not said:
                continue
            ids = await world.ids(await self.links.begun(world, target))
            for value in said:
                shown = request is not None and _is_shown(request, reference.path, value)
                if not shown and not await ids.has(key_of(value)):
                    return Refusal(status, f"there is no {target.name} {value}")
        return None


async def _conflict(
    world: World, names: Sequence[str], resource: Resource, place: str, sent: Item, own: str | None
) -> Refusal | None:
    """Why an item is refused for what others are, or None; *names* are what must be unique."""
    others = await world.items(place)
    for name in names:
        wanted = str(sent[name]).casefold()
        for key, other in others:
            if key != own and str(other.get(name, "")).casefold() == wanted:
                detail = f"there is already a {resource.name} with the {name} {sent[name]}"
                return Refusal(409, detail)
    return None


def _absent_status(operation: Operation) -> int | None:
    """The status that refuses a body which refers to nothing, or None to accept it.

    404 where it is documented and cannot mean what the path names; others only where their
    description speaks of things that do not exist, because most documents mean a malformed request
    by them.
    """
    free = "{" not in operation.path
    for status in ("404", "422", "409", "400"):
        response = operation.responses.get(status)
        told = response is not None and _ABSENT.search(response.description) is not None
        if response is not None and (free if status == "404" else told):
            return int(status)
    return None


def _is_shown(request: Contract, path: Sequence[str], value: Any) -> bool:
    """Whether the document itself shows *value* at *path* of a body: it must then do."""
    flat = request.shape
    shown: list[Any] = []
    for depth, name in enumerate(path):
        shown += [v for e in _examples(flat) for v in referred(e, path[depth:])]
        if name == MANY:
            flat = request.flat(flat.get("items", True))
        else:
            flat = request.flat(request.properties(flat).get(name, True))
    return value in shown or value in _examples(flat)


def _examples(flat: dict[str, Any]) -> list[Any]:
    several = flat.get("examples")
    single = [flat[name] for name in ("example", "default") if name in flat]
    return [*(several if isinstance(several, list) else ()), *single]


def _unique_properties(operation: Operation, resource: Resource) -> list[str]:
    """Properties of which no two items may have the same value, where 409 is documented.

    Those that are unique everywhere (email, username, slug...), and texts that the description of
    409 names: "a team with this name already exists".
    """
    response = operation.responses.get("409")
    if response is None:
        return []
    told = set(words(response.description)) if _TAKEN.search(response.description) else set()
    return [
        name
        for name, schema in resource.contract.properties().items()
        if letters(name) in _UNIQUE
        or (set(words(name)) <= told and _is_free_text(resource.contract.flat(schema)))
    ]


def _is_free_text(flat: dict[str, Any]) -> bool:
    return flat.get("type") == "string" and not flat.keys() & {"enum", "const", "format"}
