"""Lists and items in answers: how they are wrapped, and which property is the id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import OperationPlan, ResponseBody, told_body
from toolalpaca_mockserver.spelling import letters, singular
from toolalpaca_mockserver.state.store import Item

Keys = tuple[str, ...]

_LISTS = (
    "data",
    "items",
    "results",
    "records",
    "entries",
    "values",
    "list",
    "content",
    "elements",
    "objects",
    "rows",
    "hits",
    "docs",
    "value",
)
_WRAPPERS = ("data", "result", "response", "payload", "item", "record", "object", "_embedded")
_IDS = ("_id", "uuid", "guid", "key", "slug", "code", "name", "number", "symbol", "username")


class Shapes:
    """Finds lists and items in the answers of operations.

    Args:
        name: What an item is called.
        parameter: The path parameter of the items.
        plans: The plan of each operation, by name.
        list_keys: Where the list is, when a person has said so.
        item_keys: Where the item is, when a person has said so.
    """

    def __init__(
        self,
        name: str,
        parameter: str,
        plans: Mapping[str, OperationPlan],
        list_keys: Keys | None = None,
        item_keys: Keys | None = None,
    ) -> None:
        self.name = name
        self.parameter = parameter
        self.plans = plans
        self.list_keys = list_keys
        self.item_keys = item_keys

    def of_list(self, operation: Operation | None) -> tuple[Keys, Contract] | None:
        """Where the answer holds the list, and what its items are; None when it is no list."""
        contract = self._answer(operation)
        if contract is None:
            return None
        keys = self.list_keys
        if keys is None:
            keys = self._list_keys(contract, contract.shape, depth=0)
        array = _follow(contract, keys) if keys is not None else None
        if keys is None or array is None:
            return None
        items = contract.part(contract.flat(array).get("items", True))
        return (keys, items) if "object" in items.types(items.shape) else None

    def _list_keys(self, contract: Contract, flat: dict[str, Any], depth: int) -> Keys | None:
        if "array" in contract.types(flat):
            return ()
        properties = contract.properties(flat)
        arrays = [n for n, s in properties.items() if _is_array_of_objects(contract, s)]
        own = letters(self.name)
        wanted = [n for n in arrays if singular(letters(n)) == own]
        for name in (*_LISTS, *wanted):
            if name in arrays:
                return (name,)
        if len(arrays) == 1 and not _has_id(properties, self.name, self.parameter):
            return (arrays[0],)
        for name in _WRAPPERS if depth < 2 else ():
            if name in properties:
                below = self._list_keys(contract, contract.flat(properties[name]), depth + 1)
                if below is not None:
                    return (name, *below)
        return None

    def of_item(self, operation: Operation | None) -> tuple[Keys, Contract] | None:
        """Where the answer holds the item, and what it is; None when it holds none."""
        contract = self._answer(operation)
        if contract is None or "object" not in contract.types(contract.shape):
            return None
        if self.item_keys is not None:
            inner = _follow(contract, self.item_keys)
            return (self.item_keys, contract.part(inner)) if inner is not None else None
        properties = contract.properties()
        if _has_id(properties, self.name, self.parameter):
            return (), contract
        own = letters(self.name)
        names = [n for n in properties if letters(n) == own]
        for name in (*_WRAPPERS, *names):
            if name in properties and "object" in contract.types(contract.flat(properties[name])):
                part = contract.part(properties[name])
                if _has_id(part.properties(), self.name, self.parameter):
                    return (name,), part
        return ((), contract) if self._is_plausible(contract) else None

    def of_single(
        self, operation: Operation | None, request: Contract
    ) -> tuple[Keys, Contract] | None:
        """Where the answer holds the one thing of which clients send *request*, and what it is."""
        contract = self._answer(operation)
        sent = request.properties().keys()
        if contract is None or not sent or "object" not in contract.types(contract.shape):
            return None
        names = (n for n in contract.properties() if letters(n) == letters(self.name))
        told = [(name,) for name in (*_WRAPPERS, *names)]
        for keys in [self.item_keys] if self.item_keys is not None else [(), *told]:
            inner = _follow(contract, keys)
            part = contract.part(inner) if inner is not None else None
            if part is not None and 2 * len(sent & part.properties().keys()) >= len(sent):
                return keys, part
        return None

    def _is_plausible(self, contract: Contract) -> bool:
        """Whether an answer without an id may still be the item: it is no list and no note."""
        properties = contract.properties()
        return len(properties) >= 2 and self._list_keys(contract, contract.shape, 0) is None

    def shown_in_list(self, operation: Operation | None, keys: Keys) -> tuple[Item, ...]:
        """The items of the first example of a list that has any."""
        body = self._body(operation)
        if body is None:
            return ()
        whole = [example.value for example in body.examples]
        whole += filter(body.contract.is_valid, body.contract.shape.get("examples") or ())
        lists = (_at(value, keys) for value in whole)
        return next((items for items in map(_objects, lists) if items), ())

    def shown_as_item(self, operation: Operation | None, keys: Keys) -> tuple[Item, ...]:
        """The items that the examples of an answer show, which holds one at *keys*."""
        body = self._body(operation)
        return _objects([_at(e.value, keys) for e in body.examples] if body is not None else [])

    def of_request(self, operation: Operation | None) -> Contract | None:
        """What the operation takes, when that is an object."""
        reader = self.plans[operation.name].body_reader if operation is not None else None
        contract = reader.main_contract() if reader is not None else None
        if contract is None or "object" not in contract.types(contract.shape):
            return None
        return contract

    def _answer(self, operation: Operation | None) -> Contract | None:
        body = self._body(operation)
        return body.contract if body is not None else None

    def _body(self, operation: Operation | None) -> ResponseBody | None:
        if operation is None:
            return None
        plan = self.plans[operation.name]
        return told_body(plan, plan.success(created=operation.method == "post")[1])


def _at(value: Any, keys: Keys) -> Any:
    """What *keys* lead to in *value*, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _objects(values: Any) -> tuple[Item, ...]:
    return tuple(v for v in values if isinstance(v, dict)) if isinstance(values, list) else ()


def _follow(contract: Contract, keys: Keys) -> Any:
    """The part of *contract* that *keys* lead to, or None."""
    schema: Any = contract.schema
    for key in keys:
        properties = contract.properties(contract.flat(schema))
        if key not in properties:
            return None
        schema = properties[key]
    flat = contract.flat(schema)
    return next((part for part in contract.alternatives(flat) if "items" in part), flat)


def _is_array_of_objects(contract: Contract, schema: Any) -> bool:
    flat = contract.flat(schema)
    if "array" not in contract.types(flat):
        return False
    items = contract.flat(_follow_items(contract, flat))
    return "object" in contract.types(items)


def _follow_items(contract: Contract, flat: dict[str, Any]) -> Any:
    return next((p["items"] for p in contract.alternatives(flat) if "items" in p), True)


def _has_id(properties: Mapping[str, Any], name: str, parameter: str) -> bool:
    return any(key in properties for key in _id_names(properties, name, parameter))


def id_property(contract: Contract, name: str, parameter: str) -> str | None:
    """The property that holds the id of an item, or None.

    Args:
        contract: What an item is.
        name: What an item is called.
        parameter: The path parameter that selects one.
    """
    properties = contract.properties()
    weak = [key for key in _IDS if key in properties]
    for key in (*_id_names(properties, name, parameter), *weak):
        types = contract.types(contract.flat(properties[key]))
        if not types or types & {"string", "integer", "number"}:
            return key
    return None


def _id_names(properties: Mapping[str, Any], name: str, parameter: str) -> Iterator[str]:
    """Properties that are an id by their name, likeliest first."""
    plain = {letters(key): key for key in properties}
    own, wanted = letters(name), letters(parameter)
    guesses = [
        wanted,
        wanted.removeprefix(own),
        "id",
        own + "id",
        own + "number",
        own + "code",
        own + "name",
    ]
    for guess in guesses:
        if guess and guess in plain:
            yield plain[guess]
