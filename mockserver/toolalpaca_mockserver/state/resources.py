"""The resources of a document: which operations speak of the same things, and how they relate.

What a path alone says is inferred in :mod:`toolalpaca_mockserver.state.inference`; here it is
brought together with what is known of other paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from toolalpaca.openapi.model import Document, Operation
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.spelling import letters, nameless
from toolalpaca_mockserver.state.actions import METHODS, action_of, makes_another
from toolalpaca_mockserver.state.corrections import NONE, Corrections, Deed
from toolalpaca_mockserver.state.inference import Inference
from toolalpaca_mockserver.state.paths import Paths
from toolalpaca_mockserver.state.references import Reference, references_of
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.state.shapes import Shapes
from toolalpaca_mockserver.state.views import View, owner

_Inferred = tuple[Resource | None, dict[str, Role]]
"""What a path is about, and what its operations do, by their names."""


class Resources:
    """The resources of a document, each inferred when it is first asked for.

    Args:
        document: The document.
        plans: The plan of each operation, by name.
        corrections: What a person knows better.
    """

    def __init__(
        self,
        document: Document,
        plans: Mapping[str, OperationPlan],
        corrections: Corrections = NONE,
    ) -> None:
        self.plans = plans
        self.corrections = corrections
        self.paths = Paths(document)
        self._inference = Inference(self.paths, plans, corrections, self.at, self.behind)
        self._inferred: dict[str, _Inferred] = {}
        self._actions: dict[str, Role | None] = {}
        self._references: dict[str, tuple[Reference, ...]] = {}
        self._views: dict[str, tuple[View, ...]] = {}
        self._above: dict[str, list[tuple[str, Resource]]] = {}

    def role(self, operation: Operation) -> Role | None:
        """What *operation* does to which resource, or None when that cannot be inferred."""
        said = self.corrections.operations.get(operation.name)
        if said is not None and said.stateless:
            return None
        if said is not None and said.does is not None and said.resource is not None:
            return self._told(operation, said.does, said.resource)
        path = nameless(operation.path)
        for collection in dict.fromkeys((path.removesuffix("/{}"), path)):
            role = self._infer(collection)[1].get(operation.name)
            if role is not None:
                return role
        if operation.name not in self._actions:
            self._actions[operation.name] = self._acting(operation)
        return self._actions[operation.name]

    def _acting(self, operation: Operation) -> Role | None:
        """What an action does whose answer is the item that it is about.

        PUT and PATCH that take some of the item's own properties change these.
        """
        action = action_of(operation.path) if operation.method in METHODS else None
        if action is None or makes_another(action[1], created="201" in operation.responses):
            return None
        resource, roles = self._infer(nameless(action[0]).removesuffix("/{}"))
        if resource is None or resource.single or resource.reader is None:
            return None
        shapes = Shapes(resource.name, "", self.plans)
        sent = shapes.of_request(operation) if operation.method in ("put", "patch") else None
        told = sent.properties().keys() if sent is not None else ()
        changes = bool(told) and resource.contract.properties().keys() >= set(told)
        role = self._inference.doing(operation, "update" if changes else "act", resource)
        return replace(role, view=_view_of(roles)) if _tells(role, roles) else None

    def is_stateless(self, operation: Operation) -> bool:
        """Whether a person has said that *operation* has nothing to do with what is remembered."""
        said = self.corrections.operations.get(operation.name)
        own = self.corrections.of(nameless(operation.path)).stateless
        return own or (said is not None and said.stateless)

    def _told(self, operation: Operation, deed: Deed, collection: str) -> Role | None:
        """What a person has said that *operation* does."""
        resource = self._infer(nameless(collection))[0]
        return self._inference.doing(operation, deed, resource) if resource is not None else None

    def at(self, collection: str) -> Resource | None:
        """The resource whose collection has that path template."""
        return self._infer(nameless(collection))[0]

    def listing(self, collection: str) -> Operation | None:
        """The GET of the path template *collection*."""
        return self.paths.at(nameless(collection)).get("get")

    def references(self, resource: Resource) -> tuple[Reference, ...]:
        """What the items of *resource* refer to."""
        known = self._references.get(resource.collection)
        if known is None:
            said = self.corrections.of(resource.collection).references
            known = references_of(resource, self.called, self.at, said)
            self._references[resource.collection] = known
        return known

    def children(self, parent: Resource) -> list[tuple[Resource, Reference]]:
        """What belongs to the items of *parent* by a reference to them.

        A person has said so, or a path below *parent* shows it.
        """
        found: list[tuple[Resource, Reference]] = []
        for path in self.paths:
            if path.rpartition("/")[0] == parent.collection + "/{}" and not path.endswith("}"):
                shown, roles = self._infer(path)
                view = _view_of(roles)
                found += [(shown, view.reference)] if shown is not None and view else []
        for collection, said in self.corrections.resources.items():
            child = self.at(collection) if said.parent is not None else None
            if child is not None:
                wanted = (said.parent, parent.collection)
                mine = self.references(child)
                found += [(child, r) for r in mine if (r.shown, r.target) == wanted]
        return found

    def views(self, resource: Resource) -> tuple[View, ...]:
        """The collections below items of others that show items of *resource*."""
        known = self._views.get(resource.collection)
        if known is None:
            inferred = [self._infer(path) for path in self._alike(resource)]
            views = [_view_of(roles) for shown, roles in inferred if shown is resource]
            known = tuple(view for view in views if view is not None)
            self._views[resource.collection] = known
        return known

    def _alike(self, resource: Resource) -> list[str]:
        """Collections directly below an item at the top that may show items of *resource*."""
        if "{" in resource.collection:
            return []
        said = [c for c, s in self.corrections.resources.items() if s.view_of]
        return list(dict.fromkeys((*self._nested.get(letters(resource.name), ()), *said)))

    @cached_property
    def _nested(self) -> dict[str, list[str]]:
        """Collections directly below an item at the top, by what one of them is called."""
        found: dict[str, list[str]] = {}
        for path in self.paths:
            if path.count("{}") == 1 and path.rpartition("/")[0].endswith("/{}"):
                found.setdefault(letters(self._inference.name(path)), []).append(path)
        return found

    def behind(self, item: str) -> Resource | None:
        """The resource whose items have the path template *item*."""
        found = self._infer(nameless(item).removesuffix("/{}"))[0]
        return None if found is None or found.single else found

    def above(self, path: str) -> list[tuple[str, Resource]]:
        """Item templates within the template *path*, outermost first, and what they are."""
        known = self._above.get(path)
        if known is None:
            found = ((item, self.behind(item)) for item in self.paths.items_within(path))
            known = [(item, resource) for item, resource in found if resource is not None]
            self._above[path] = known
        return known

    def called(self, name: str) -> Resource | None:
        """The resource at the top of the API of which one is called *name*, or None."""
        collection = self._names.get(name) or self._lists.get(name)
        found = self._infer(collection)[0] if collection is not None else None
        return None if found is None or found.single else found

    @cached_property
    def _names(self) -> dict[str, str]:
        tops = sorted(self.paths.tops, reverse=True)  # of two of one name, the shorter path wins
        return {letters(self._inference.name(path)): path for path in tops}

    @cached_property
    def _lists(self) -> dict[str, str]:
        """Collections at the top whose items have no path."""
        pairs = self.paths.pairs
        lists = [path for path in self.paths if path and "{" not in path and path not in pairs]
        return {letters(self._inference.name(path)): path for path in sorted(lists, reverse=True)}

    def every(self) -> list[Resource]:
        """All resources; it infers what has not been inferred yet."""
        found: dict[str, Resource] = {}
        for path in [*self.paths.pairs, *self.paths]:
            for role in self._infer(path)[1].values():
                found.setdefault(role.resource.collection, role.resource)
        return list(found.values())

    def _infer(self, collection: str) -> _Inferred:
        """What the operations at a nameless path do to which resource."""
        if collection not in self._inferred:
            roles: dict[str, Role] = {}
            self._inferred[collection] = (None, roles)  # what asks again meanwhile finds nothing
            if not self.corrections.of(collection).stateless:
                housed = self._housed(collection)
                found = housed or (self._own(collection, roles), roles)
                self._inferred[collection] = found
                self._inferred[collection] = found if housed else self._seen(collection, *found)
        return self._inferred[collection]

    def _housed(self, collection: str) -> _Inferred | None:
        """What a collection is whose items are kept in another one; None where they are its own."""
        home = self.paths.homes.get(collection)
        if home is None:
            return None
        resource, roles = self._infer(home)
        mine = {o.name for o in self.paths.at(collection).values()} & roles.keys()
        return (resource, {name: roles[name] for name in mine}) if mine else None

    def _own(self, collection: str, roles: dict[str, Role]) -> Resource | None:
        """What a path is about by itself; its operations' roles go into *roles*."""
        is_pair = collection in self.paths.pairs
        resource = self._inference.pair(collection, roles) if is_pair else None
        get = self.paths.at(collection).get("get")
        if get is not None and get.name not in roles:
            resource = self._inference.lone_list(collection, roles) or resource
        if not roles and not is_pair:
            resource = self._inference.single(collection, roles)
        return resource

    def _seen(self, collection: str, own: Resource | None, roles: dict[str, Role]) -> _Inferred:
        """What a path is about that may show the items of a resource at the top of the API."""
        is_single = own is not None and own.single
        shown = self._shown_by(collection, own, roles) if roles and not is_single else None
        if shown is None:
            return own, roles
        target, view = shown
        for name, role in roles.items():
            operation = self.plans[name].operation
            if role.shape is None:
                role = self._inference.doing(operation, role.deed, target)
            roles[name] = replace(role, resource=target, view=view)
        return target, roles

    def _shown_by(
        self, collection: str, own: Resource | None, roles: Mapping[str, Role]
    ) -> tuple[Resource, View] | None:
        """The resource at the top whose items a collection below an item shows, and how."""
        above = collection.rpartition("/")[0]
        said = self.corrections.of(collection).view_of
        if said == "" or not above.endswith("/{}") or "{" in above.removesuffix("/{}"):
            return None
        parent = self.at(above.removesuffix("/{}"))
        target = self.at(said) if said else self.called(letters(self._inference.name(collection)))
        if parent is None or own is None or target is None or "{" in target.collection:
            return None
        has_items = collection in self.paths.pairs
        if not said and not self._is_same(own, roles, target, has_items):
            return None
        reference = owner(self.references(target), parent.collection, parent.name)
        return (target, View(collection, reference, has_items)) if reference else None

    def _is_same(
        self, own: Resource, roles: Mapping[str, Role], target: Resource, has_items: bool
    ) -> bool:
        """Whether both are the same component, and their items have the same ids."""
        if has_items and own.id_property != target.id_property:
            return False
        theirs = self._infer(target.collection)[1]
        return not _components(own, roles).isdisjoint(_components(target, theirs))


def _components(resource: Resource, roles: Mapping[str, Role]) -> set[str]:
    """The components that items of *resource* are, whole and in lists."""
    lists = (role.shape for role in roles.values() if role.deed == "list")
    names = {resource.contract.name, *(shape.name for shape in lists if shape is not None)}
    return names - {""}


def _tells(role: Role, roles: Mapping[str, Role]) -> bool:
    """Whether an answer is the item as others show it, and nothing that merely looks like it."""
    if role.shape is None:
        return False
    if role.shape.name:
        return role.shape.name in _components(role.resource, roles)
    return bool(role.shape.schema == role.resource.contract.schema)


def _view_of(roles: Mapping[str, Role]) -> View | None:
    return next((role.view for role in roles.values()), None)
