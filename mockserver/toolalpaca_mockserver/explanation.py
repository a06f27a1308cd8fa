"""What was inferred of a document, and why: ``toolalpaca mock --explain``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolalpaca.errors import UsageError
from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.spelling import letters, nameless
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.roles import role_of

_BARE = "the answer itself"


def explain(api: Api) -> dict[str, Any]:
    """What the server knows of the API, as JSON."""
    resources = api.simulation.resources
    used: dict[str, list[tuple[Operation, Role]]] = {}
    others = []
    for operation in api.document:
        role = resources.role(operation)
        if role is None:
            others.append({"operation": _shown(operation), "why": _why_not(resources, operation)})
        else:
            used.setdefault(role.resource.collection, []).append((operation, role))
    return {
        "document": api.document.name,
        "source": api.document.source,
        "resources": [_resource(resources, found) for found in used.values()],
        "without_state": others,
        "mistakes": [str(mistake) for mistake in mistakes(resources)],
    }


def mistakes(resources: Resources) -> list[UsageError]:
    """The corrections that do not fit what they are about."""
    return [*resources.corrections.mistakes, *_unfit_resources(resources), *_unfit(resources)]


def lines(explained: dict[str, Any]) -> Iterator[str]:
    """What :func:`explain` says, for a person."""
    yield f"{explained['document']} ({explained['source']})"
    for resource in explained["resources"]:
        yield f"  {resource['name']}: {resource['collection']}"
        if resource["single"]:
            yield "    id          none: there is one"
        else:
            known = "all are known" if resource["closed"] else "unknown ones are imagined"
            yield f"    id          {resource['id'] or 'none'}: {resource['id_why']}; {known}"
        for operation in resource["operations"]:
            yield f"    {operation['does']:<11} {operation['operation']}{_placed(operation)}"
            if "view" in operation:
                yield f"                  a view: those whose {operation['view']} the path names"
            for name, role in operation.get("parameters", {}).items():
                yield f"                  {name}: {role or 'no role'}"
        for name in ("parents", "references"):
            for entry in resource[name]:
                yield f"    {name[:-1]:<11} {entry['by']} -> {entry['collection']}"
    if explained["without_state"]:
        yield "  without state:"
    for entry in explained["without_state"]:
        yield f"    {entry['operation']}: {entry['why']}"
    yield from (f"  mistake: {mistake}" for mistake in explained["mistakes"])


def _placed(operation: dict[str, Any]) -> str:
    place = operation.get("found_in")
    return f"  (in {place})" if place not in (None, _BARE) else ""


def _shown(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _resource(resources: Resources, found: list[tuple[Operation, Role]]) -> dict[str, Any]:
    resource = found[0][1].resource
    above = resources.above(_written(found, resource) + "/{}")
    parents = [
        {"collection": parent.collection, "by": template.rpartition("/")[2]}
        for template, parent in above
    ]
    return {
        "name": resource.name,
        "collection": _written(found, resource),
        "id": resource.id_property,
        "id_why": _why_id(resources, resource),
        "schema": resource.contract.name or None,
        "closed": resource.closed,
        "single": resource.single,
        "operations": [_operation(operation, role) for operation, role in found],
        "parents": parents,
        "references": [
            {"by": reference.shown, "collection": reference.target}
            for reference in resources.references(resource)
        ],
    }


def _written(found: list[tuple[Operation, Role]], resource: Resource) -> str:
    """The collection's path with the parameters' names in it."""
    for operation, _ in found:
        if nameless(operation.path) == resource.collection:
            return operation.path
        if nameless(operation.path) == resource.collection + "/{}":
            return operation.path.rstrip("/").rpartition("/")[0]
    return resource.collection


def _operation(operation: Operation, role: Role) -> dict[str, Any]:
    explained: dict[str, Any] = {"operation": _shown(operation), "does": role.deed}
    if role.shape is not None:
        explained["found_in"] = ".".join(role.wrapper) or _BARE
    if role.view is not None:
        explained["view"] = role.view.reference.shown
    if role.deed == "list":
        contract = role.shape or role.resource.contract
        queries = [p.name for p in operation.parameters if p.location == "query"]
        explained["parameters"] = {name: role_of(name, contract) for name in queries}
    return explained


def _why_id(resources: Resources, resource: Resource) -> str:
    said = resources.corrections.resources.get(resource.collection)
    name = resource.id_property
    if said is not None and said.id is not None:
        return "a correction says so"
    if resource.single:
        return "there is one"
    if name is None:
        return "no property is called like one, so paths alone tell items apart"
    parameter = resource.reader.name if resource.reader is not None else ""
    if letters(name) == letters(parameter):
        return f"the path parameter is called {parameter}"
    if letters(parameter) == letters(resource.name) + letters(name):
        return f"the path parameter {parameter} is the {resource.name}'s {name}"
    return "it is called like an id"


def _why_not(resources: Resources, operation: Operation) -> str:
    if resources.is_stateless(operation):
        return "a correction says so"
    if operation.path.rstrip("/").endswith("}"):
        return "what its items are cannot be told from its answers"
    if operation.method == "get":
        return "it answers no list of objects, or one that its parameters decide"
    return "its path is no collection, and no item of one"


def _unfit_resources(resources: Resources) -> Iterator[UsageError]:
    for path, said in resources.corrections.resources.items():
        resource = resources.at(path)
        if said.stateless:
            continue
        if said.view_of and not _is_view(resources, path):
            text = f"{path} is no view of {said.view_of}"
            hint = "both list things, and one of these refers to the item in the path by its name"
            yield UsageError(text, where=f"{said.where}/view_of", hint=hint)
            continue
        if resource is None:
            hint = "it needs a path for its items, or an answer that is a list of objects"
            yield UsageError(f"{path} is no collection even so", where=said.where, hint=hint)
            continue
        known = resource.contract.properties()
        if said.id is not None and said.id not in known:
            hint = f"there are {', '.join(known)}"
            text = f"a {resource.name} has no property {said.id}"
            yield UsageError(text, where=f"{said.where}/id", hint=hint)
        if said.list is not None and _lists_nothing(resources, path):
            text = f"the answer holds no list of objects at {'.'.join(said.list) or 'its top'}"
            yield UsageError(text, where=f"{said.where}/list")
        if said.parent is not None and not _refers(resources, resource, said.parent):
            text = f"{said.parent} is no reference of a {resource.name}"
            hint = "say under references which collection it leads to"
            yield UsageError(text, where=f"{said.where}/parent", hint=hint)
        for name, target in said.references.items():
            if target and resources.at(target) is None:
                text = f"{target} is no collection"
                yield UsageError(text, where=f"{said.where}/references/{name}")
            if name.replace("[]", "").partition(".")[0] not in known:
                text = f"a {resource.name} has no property {name}"
                yield UsageError(text, where=f"{said.where}/references/{name}")


def _is_view(resources: Resources, path: str) -> bool:
    shown = resources.at(path)
    views = resources.views(shown) if shown is not None else ()
    return nameless(path) in [view.collection for view in views]


def _lists_nothing(resources: Resources, path: str) -> bool:
    listing = resources.listing(path)
    return listing is not None and resources.role(listing) is None


def _refers(resources: Resources, resource: Resource, name: str) -> bool:
    return any(reference.shown == name for reference in resources.references(resource))


def _unfit(resources: Resources) -> Iterator[UsageError]:
    for name, said in resources.corrections.operations.items():
        operation = resources.plans[name].operation
        if said.resource is not None and resources.role(operation) is None:
            text = f"{said.resource} is no collection"
            yield UsageError(text, where=f"{said.where}/resource")
        role = resources.role(operation)
        declared = [p.name for p in operation.parameters if p.location == "query"]
        for parameter, wanted in said.parameters.items():
            where = f"{said.where}/parameters/{parameter}"
            if parameter not in declared:
                hint = f"there are {', '.join(declared)}" if declared else None
                text = f"{_shown(operation)} has no query parameter {parameter}"
                yield UsageError(text, where=where, hint=hint)
            elif role is None or role.deed != "list":
                yield UsageError(f"{_shown(operation)} lists no resource", where=where)
            elif not _is_property(wanted, role):
                text = f"the items have no property {wanted.partition(':')[2]}"
                yield UsageError(text, where=where)


def _is_property(wanted: str, role: Role) -> bool:
    name = wanted.partition(":")[2]
    return not name or name in (role.shape or role.resource.contract).properties()
