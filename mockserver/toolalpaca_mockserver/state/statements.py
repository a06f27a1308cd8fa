"""What clients say of an item, and what they may."""

from __future__ import annotations

from collections.abc import Mapping

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state import items
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.store import Item


class Statements:
    """Reads requests as statements about an item.

    Args:
        plans: The plan of each operation, by name.
        resources: What the operations are about.
    """

    def __init__(self, plans: Mapping[str, OperationPlan], resources: Resources) -> None:
        self.plans = plans
        self.resources = resources
        self._requests: dict[str, Contract | None] = {}

    def key_of(self, resource: Resource, operation: Operation, sent: Item) -> str | None:
        """The id that the client chose, when it may choose one."""
        name = resource.id_property
        request = self.request(operation)
        if name is None or name not in sent or request is None:
            return None
        sayable = request.properties().get(name)
        own = resource.contract.properties().get(name, True)
        if sayable is None or resource.contract.flat(own).get("readOnly") is True:
            return None
        return items.key_of(sent[name])

    def request(self, operation: Operation) -> Contract | None:
        """What clients may say of the item."""
        if operation.name not in self._requests:
            reader = self.plans[operation.name].body_reader
            contract = reader.main_contract() if reader is not None else None
            role = self.resources.role(operation)
            inner = _inner(contract, role) if contract is not None else None
            self._requests[operation.name] = inner or contract
        return self._requests[operation.name]

    def sent(self, role: Role, operation: Operation, arguments: Arguments) -> Item:
        """What the client says of the item: the body, or parameters that name properties."""
        if isinstance(arguments.body, dict):
            body = arguments.body
            inner = _inner_name(body, role)
            return body[inner] if inner is not None else body
        if arguments.has_body:
            return {}
        known = role.resource.spellings
        return {
            known[letters(name)]: value
            for name, value in arguments.query.items()
            if letters(name) in known and operation.method != "delete"
        }


def _inner_name(body: Item, role: Role) -> str | None:
    """The key of a body that wraps the item, as ``{"pet": {...}}`` does."""
    if len(body) != 1:
        return None
    name, value = next(iter(body.items()))
    known = role.resource.contract.properties()
    wraps = letters(name) == letters(role.resource.name) or (name,) == role.wrapper
    return name if wraps and name not in known and isinstance(value, dict) else None


def _inner(contract: Contract, role: Role | None) -> Contract | None:
    properties = contract.properties()
    if role is None or len(properties) != 1:
        return None
    name = _inner_name({name: {} for name in properties}, role)
    return contract.part(properties[name]) if name is not None else None
