"""What the operations at a path are about, inferred from paths and schemas.

A collection and its items are a pair of paths, ``/pets`` and ``/pets/{petId}``; a single thing is
one path, ``/settings``, whose object is read and changed there. What the pair's
operations do follows from their methods; how a list wraps its items, what an item is wrapped in,
and which property holds the id follow from the schemas of the answers. What cannot be inferred is
no resource, and its operations are answered without state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.reading.parameters import ParameterReader
from toolalpaca_mockserver.spelling import nameless, singular
from toolalpaca_mockserver.state.composite import Composite, composite_of, names_owner
from toolalpaca_mockserver.state.corrections import Corrections, Deed
from toolalpaca_mockserver.state.paths import Paths, last_parameter, last_parameters, last_word
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.shapes import Keys, Shapes, id_property

Find = Callable[[str], Resource | None]
Shape = tuple[Keys, Contract]
"""Where an answer holds a list or an item, and what an item is."""
Shelves = Mapping[str, Shape]
"""Other lists of a collection's items, by path as written."""


class Inference:
    """Infers what a path is about.

    Roles go into the mapping that a method is given, for who asks again before it is done.

    Args:
        paths: Those of the document.
        plans: The plan of each operation, by name.
        corrections: What a person knows better.
        at: Finds the resource whose collection has a path.
        behind: Finds the resource whose items have a path.
    """

    def __init__(
        self,
        paths: Paths,
        plans: Mapping[str, OperationPlan],
        corrections: Corrections,
        at: Find,
        behind: Find,
    ) -> None:
        self._paths = paths
        self._plans = plans
        self._corrections = corrections
        self._at = at
        self._behind = behind

    def name(self, collection: str) -> str:
        """What one of the things in *collection* is called."""
        return self._corrections.of(collection).name or singular(last_word(collection))

    def doing(self, operation: Operation, deed: Deed, resource: Resource) -> Role:
        """The role of an operation that does that to a known resource."""
        shapes = Shapes(resource.name, resource.id_property or "", self._plans)
        shape = shapes.of_list(operation) if deed == "list" else shapes.of_item(operation)
        return Role(deed, resource, *(shape or ((), None)))

    # -- pairs ------------------------------------------------------------------------------

    def pair(self, collection: str, roles: dict[str, Role]) -> Resource | None:
        """A collection with a path for its items."""
        above, below = self._paths.at(collection), self._paths.at(collection + "/{}")
        parameter = last_parameter(next(iter(below.values())).path)
        said = self._corrections.of(collection)
        name = self.name(collection)
        shapes = Shapes(name, parameter, self._plans, said.list, said.item)
        listed, read = shapes.of_list(above.get("get")), shapes.of_item(below.get("get"))
        made = shapes.of_item(above.get("post"))
        others = [shapes.of_item(below.get(method)) for method in ("put", "patch", "post")]
        known = next((s for s in (read, listed, made, *others) if s is not None), None)
        contract = known[1] if known is not None else shapes.of_request(above.get("post"))
        if contract is None:
            return None
        own = said.id or id_property(contract, name, parameter)
        both, shelves = self._composite(collection, below, contract, shapes)
        own = both.key if both is not None else own
        if own is None and listed is not None and read is None:
            return None  # a list of something that the item's path does not mean
        resource = Resource(
            name=name,
            collection=collection,
            reader=self._reader(below, parameter),
            id_property=own,
            contract=contract,
            closed=listed is not None or "post" in above or bool(shelves),
            owner=both.owner if both is not None else (),
            owners=frozenset(map(last_parameter, (*shelves, *_written(above, below)))),
            listed=shapes.shown_in_list(above.get("get"), listed[0]) if listed else (),
            alone=shapes.shown_as_item(below.get("get"), read[0]) if read else (),
        )
        self._tell_pair(resource, shapes, listed, read, roles)
        self._tell_shelves(resource, shapes, shelves, roles)
        return resource

    def _tell_pair(
        self,
        resource: Resource,
        shapes: Shapes,
        listed: Shape | None,
        read: Shape | None,
        roles: dict[str, Role],
    ) -> None:
        """Say what the operations at a pair of paths do."""
        above = self._paths.at(resource.collection)
        below = self._paths.at(resource.collection + "/{}")
        changing = shapes.of_request(above.get("put"))
        names_item = changing is not None and resource.id_property in changing.properties()
        deeds: tuple[tuple[Operation | None, Deed, bool], ...] = (
            (above.get("get"), "list", listed is not None),
            (above.get("post"), "create", shapes.of_list(above.get("post")) is None),
            (above.get("put"), "replace", names_item),  # as Petstore's does
            (below.get("get"), "read", read is not None),
            (below.get("put"), "replace", True),
            (below.get("patch"), "update", True),
            (below.get("post"), "update", True),
            (below.get("delete"), "delete", True),
        )
        for operation, deed, sure in deeds:
            if operation is not None and sure:
                shape = listed if deed == "list" else shapes.of_item(operation)
                roles[operation.name] = Role(deed, resource, *(shape or ((), None)))

    def _tell_shelves(
        self, resource: Resource, shapes: Shapes, shelves: Shelves, roles: dict[str, Role]
    ) -> None:
        """Say what the operations at other lists of a pair's items do."""
        for shelf, shown in shelves.items():
            operations = self._paths.at(nameless(shelf))
            at = f"{resource.collection.removesuffix('/{}')}/{{{last_parameter(shelf)}}}"
            roles[operations["get"].name] = Role("list", resource, shown[0], shown[1], at=at)
            post = operations.get("post")
            if post is not None and shapes.of_list(post) is None:
                roles[post.name] = replace(self.doing(post, "create", resource), at=at)

    def _composite(
        self,
        collection: str,
        below: Mapping[str, Operation],
        contract: Contract,
        shapes: Shapes,
    ) -> tuple[Composite | None, Shelves]:
        """How items show both their parameters, and the other lists of them."""
        first, second = last_parameters(next(iter(below.values())).path)
        reader = self._reader(below, second)
        said = self._corrections.of(collection)
        if not collection.endswith("/{}") or not first or reader is None or said.id is not None:
            return None, {}
        types = reader.contract.types(reader.contract.shape)
        both = composite_of(contract, shapes.name, first, second, types)
        listed: dict[str, Shape] = {}
        for path, home in self._paths.homes.items() if both is not None else ():
            get = self._paths.at(path).get("get") if home == collection else None
            shown = shapes.of_list(get)
            known = shown[1].properties() if shown is not None else {}
            if get is None or shown is None or both is None:
                continue
            above = self._behind(path.rpartition("/")[0])
            owner = above.contract if above is not None else None
            own = names_owner(last_parameter(get.path), first, both, owner)
            if own and {both.key, both.owner[0]} <= known.keys():
                listed[get.path.rstrip("/")] = shown
        return (both, listed) if listed else (None, {})

    def _reader(
        self, operations: Mapping[str, Operation], parameter: str
    ) -> ParameterReader | None:
        """What reads the id out of the path."""
        plan = self._plans[next(iter(operations.values())).name]
        mine = (r for r in plan.readers if r.location == "path" and r.name == parameter)
        return next(mine, None)

    # -- lists ------------------------------------------------------------------------------

    def lone_list(self, collection: str, roles: dict[str, Role]) -> Resource | None:
        """A list without paths for its items: a view of known things, or things of its own."""
        operations = self._paths.at(collection)
        operation = operations["get"]
        said = self._corrections.of(collection)
        name = self.name(collection)
        shapes = Shapes(name, "", self._plans, said.list, said.item)
        listed = shapes.of_list(operation)
        if listed is None:
            return None
        contract = listed[1]
        same = self._known_as(contract.name) if "{" not in collection else None
        if same is not None:
            roles[operation.name] = Role("list", same, *listed)
            return None
        post = operations.get("post")
        made = shapes.of_item(post)
        if post is None and any(
            p.required and p.location == "query" and p.name not in contract.properties()
            for p in operation.parameters
        ):
            return None  # it answers a question that nothing in the items shows
        resource = Resource(
            name=name,
            collection=collection,
            reader=None,
            id_property=said.id or id_property(contract, name, "id"),
            contract=made[1] if made is not None else contract,
            closed=True,
            listed=shapes.shown_in_list(operation, listed[0]),
        )
        roles[operation.name] = Role("list", resource, *listed)
        if post is not None and shapes.of_list(post) is None:
            roles.setdefault(post.name, Role("create", resource, *(made or ((), None))))
        return resource

    def _known_as(self, component: str) -> Resource | None:
        """The resource at the top of the API whose items are that component."""
        if not component:
            return None
        for collection in self._paths.pairs:
            if "{" in collection or not self._answers(collection + "/{}", component):
                continue
            resource = self._at(collection)
            if resource is not None and resource.contract.name == component:
                return resource
        return None

    def _answers(self, path: str, component: str) -> bool:
        """Whether a GET of *path* answers that component, read off without compiling anything."""
        operation = self._paths.at(path).get("get")
        response = operation.success() if operation is not None else None
        schemas = [m.schema for m in response.content.values()] if response is not None else []
        refs = [s.get("$ref") for s in schemas if isinstance(s, dict)]
        return any(isinstance(ref, str) and ref.endswith("/" + component) for ref in refs)

    # -- single things ----------------------------------------------------------------------

    def single(self, path: str, roles: dict[str, Role]) -> Resource | None:
        """One thing that GET shows as an object, and PUT or PATCH takes as much the same one."""
        operations = self._paths.at(path)
        get = operations.get("get")
        changing = [operations[method] for method in ("put", "patch") if method in operations]
        if get is None or not changing or "{" in path.rpartition("/")[2]:
            return None
        if any(
            p.required and p.location == "query" for o in (get, *changing) for p in o.parameters
        ):
            return None  # these say which one is meant
        said = self._corrections.of(path)
        shapes = Shapes(self.name(path), "", self._plans, said.list, said.item)
        taken = {o.name: shapes.of_request(o) for o in changing}
        found = (shapes.of_single(get, sent) for sent in taken.values() if sent is not None)
        read = next(filter(None, found), None)
        if read is None:
            return None
        resource = Resource(
            name=shapes.name,
            collection=path,
            reader=None,
            id_property=None,
            contract=read[1],
            closed=False,
            alone=shapes.shown_as_item(get, read[0]),
            single=True,
        )
        roles[get.name] = Role("read", resource, *read)
        for operation in changing:
            sent = taken[operation.name]
            shape = shapes.of_single(operation, sent) if sent is not None else None
            deed: Deed = "update" if operation.method == "patch" else "replace"
            roles[operation.name] = Role(deed, resource, *(shape or ((), None)))
        if "delete" in operations and "404" in get.responses:
            roles[operations["delete"].name] = Role("delete", resource)
        return resource


def _written(above: Mapping[str, Operation], below: Mapping[str, Operation]) -> Iterator[str]:
    """A collection's path as its operations, and those of its items, write it."""
    yield from (operation.path for operation in above.values())
    yield from (operation.path.rstrip("/").rpartition("/")[0] for operation in below.values())
