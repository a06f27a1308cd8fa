"""What operations may be tried with, so that they meet with what a session knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.state.places import item_place, place_of
from toolalpaca_mockserver.state.simulation import Simulation
from toolalpaca_mockserver.state.store import Item


async def known_ids(
    simulation: Simulation, operation: Operation, path: Mapping[str, Any], session: str
) -> dict[str, Any]:
    """Path parameters of *operation* that lead to an item which exists, as far as there is one.

    Args:
        simulation: The state of the operation's API.
        operation: What is to be tried.
        path: Values of its path parameters, for those that lead to no item.
        session: Whose world it is tried in; collections that nobody has seen get their first items.
    """
    resources = simulation.resources
    templates = resources.above(operation.path)
    own = resources.behind(operation.path) if operation.path.endswith("}") else None
    if own is not None:
        templates.append((operation.path, own))
    found: dict[str, Any] = {}
    for template, resource in templates:
        name = template.rpartition("/")[2].strip("{}")
        values = {**path, **found}
        place, _ = item_place(simulation.name, template, values)
        if "{" not in resource.collection:
            place = place_of(simulation.name, resource.collection, {})
        key = await simulation.first(resource, place, values, session)
        if key is None:
            break
        found[name] = key
    return found


async def new_item(
    simulation: Simulation, operation: Operation, contract: Contract, session: str
) -> Item | None:
    """What *operation* may be sent to create an item whose references lead to things that exist.

    Args:
        simulation: The state of the operation's API.
        operation: What is to be tried.
        contract: What its body must be.
        session: Whose world it is tried in.

    Returns:
        None when the operation creates nothing, or its body is not what its items are.
    """
    role = simulation.resources.role(operation)
    if role is None or role.deed != "create":
        return None
    resource = role.resource
    item = await simulation.another(resource, session)
    sayable = contract.properties()
    hidden = {
        name
        for name, schema in sayable.items()
        if contract.flat(schema).get("readOnly") is True
        or (name == resource.id_property and name not in (contract.shape.get("required") or ()))
    }
    sent = {name: item[name] for name in sayable if name in item and name not in hidden}
    return sent if sent and contract.is_valid(sent) else None
