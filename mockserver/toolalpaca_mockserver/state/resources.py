"""Which operations speak of the same things: resources, inferred from paths and schemas.

A collection and its items are a pair of paths, ``/pets`` and ``/pets/{petId}``; a single thing is
one path, ``/settings``, whose object is read and changed there. What the pair's
operations do follows from their methods; how a list wraps its items, what an item is wrapped in,
and which property holds the id follow from the schemas of the answers. What cannot be inferred is
no resource, and its operations are answered without state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from toolalpaca.openapi.model import Document, Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.reading.parameters import ParameterReader
from toolalpaca_mockserver.spelling import letters, nameless, singular
from toolalpaca_mockserver.state.actions import METHODS, action_of, makes_another
from toolalpaca_mockserver.state.composite import Composite, composite_of, names_owner
from toolalpaca_mockserver.state.corrections import NONE, Corrections, Deed, ResourceCorrection
from toolalpaca_mockserver.state.forms import Form
from toolalpaca_mockserver.state.references import Reference, references_of
from toolalpaca_mockserver.state.shapes import Keys, Shapes, id_property
from toolalpaca_mockserver.state.store import Item
from toolalpaca_mockserver.state.views import View, owner

_DISTINCTIVE = frozenset({"id", "_id", "uuid", "guid", "node_id", "sha", "number", "sku", "token"})
_PARAMETER = re.compile(r"\{[^{}/]+\}")
_VERB = re.compile(r"(?<=\}):[^{}/]*$")
_LAST_TWO = re.compile(r"/\{([^{}/]+)\}/\{([^{}/]+)\}$")
_LAST_PARAMETER = re.compile(r"/\{([^{}/]+)\}$")


@dataclass(frozen=True)
class Resource:
    """Things of one kind.

    Attributes:
        name: What one of them is called: ``booking``.
        collection: Path template of the collection, its parameters nameless.
        reader: What reads an item's id out of a path, or None when items have no path.
        id_property: The property that holds the id, or None when the items do not show it.
        contract: What an item is, as answers show it.
        closed: Whether all items are known, because they are listed or made here: an id that is
            not known is then a 404, and otherwise an item that has not been asked for yet.
        listed: The items that the list's example shows: then these are all that there are at first.
        alone: The items that examples of answers with one item show.
        single: Whether it is one thing, which its path alone names: ``/settings``.
        owner: The properties that lead to what the collection's last parameter names; see
            :mod:`toolalpaca_mockserver.state.composite`.
        owners: The names of that parameter.
    """

    name: str
    collection: str
    reader: ParameterReader | None
    id_property: str | None
    contract: Contract
    closed: bool
    listed: tuple[Item, ...] = ()
    alone: tuple[Item, ...] = ()
    single: bool = False
    owner: Keys = ()
    owners: frozenset[str] = frozenset()

    @cached_property
    def id_contract(self) -> Contract | None:
        """What an id is, as items show it."""
        if self.id_property is None:
            return None
        return self.contract.part(self.contract.properties().get(self.id_property, True))

    def form(self, request: Contract | None) -> Form:
        """What becomes of the properties of an item of which clients send *request*."""
        if id(request) not in self._forms:
            self._forms[id(request)] = Form(self.contract, request)
        return self._forms[id(request)]

    @cached_property
    def _forms(self) -> dict[int, Form]:
        return {}

    @property
    def spellings(self) -> Mapping[str, str]:
        """The properties by their letters: see :func:`toolalpaca_mockserver.spelling.letters`."""
        return self.contract.spellings

    @cached_property
    def distinctive(self) -> tuple[tuple[str, Contract], ...]:
        """Properties, the id apart, whose values no two things share, and what these must be."""
        return tuple(
            (name, self.contract.part(schema))
            for name, schema in self.contract.properties().items()
            if name in _DISTINCTIVE and name != self.id_property
        )


@dataclass(frozen=True)
class Role:
    """What an operation does to a resource.

    Attributes:
        deed: What it does.
        resource: To what.
        wrapper: Keys that lead from the answer to the list or the item; empty when it is bare.
        shape: What the list's items, or the item, are in this answer; None when the answer is
            something else.
        view: Set when it is about those alone that belong to an item above.
        at: The path template of the collection where that is not the operation's own path.
    """

    deed: Deed
    resource: Resource
    wrapper: Keys = ()
    shape: Contract | None = None
    view: View | None = None
    at: str = ""


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
        self._references: dict[str, tuple[Reference, ...]] = {}
        # Parameters are nameless in these keys: an API may call the same one id here, userId there.
        self._paths: dict[str, dict[str, Operation]] = {}
        for operation in document:
            self._paths.setdefault(nameless(operation.path), {}).setdefault(
                operation.method, operation
            )
        self._items = list(
            dict.fromkeys(p.removesuffix("/{}") for p in self._paths if p.endswith("/{}"))
        )
        self._above: dict[str, list[tuple[str, Resource]]] = {}
        self._below: dict[str, list[str]] = {}
        self._views: dict[str, tuple[View, ...]] = {}
        self._actions: dict[str, Role | None] = {}
        self._inferred: dict[str, tuple[Resource | None, dict[str, Role]]] = {}

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
        role = self._doing(operation, "update" if changes else "act", resource)
        return replace(role, view=_view_of(roles)) if _tells(role, roles) else None

    def is_stateless(self, operation: Operation) -> bool:
        """Whether a person has said that *operation* has nothing to do with what is remembered."""
        said = self.corrections.operations.get(operation.name)
        own = self._correction(nameless(operation.path)).stateless
        return own or (said is not None and said.stateless)

    def _told(self, operation: Operation, deed: Deed, collection: str) -> Role | None:
        """What a person has said that *operation* does."""
        resource = self._infer(nameless(collection))[0]
        return self._doing(operation, deed, resource) if resource is not None else None

    def _doing(self, operation: Operation, deed: Deed, resource: Resource) -> Role:
        """The role of an operation that does that to a known resource."""
        shapes = Shapes(resource.name, resource.id_property or "", self.plans)
        shape = shapes.of_list(operation) if deed == "list" else shapes.of_item(operation)
        return Role(deed, resource, *(shape or ((), None)))

    def at(self, collection: str) -> Resource | None:
        """The resource whose collection has that path template."""
        return self._infer(nameless(collection))[0]

    def listing(self, collection: str) -> Operation | None:
        """The GET of the path template *collection*."""
        return self._paths.get(nameless(collection), {}).get("get")

    def speaker(self, collection: str) -> Operation:
        """The operation that speaks for *collection*: the one that lists it, or else the first."""
        name = nameless(collection)
        here, below = self._paths.get(name, {}), self._paths.get(name + "/{}", {})
        first = next(iter([*here.values(), *below.values()]))
        return here.get("get") or below.get("get") or first

    def references(self, resource: Resource) -> tuple[Reference, ...]:
        """What the items of *resource* refer to."""
        known = self._references.get(resource.collection)
        if known is None:
            said = self._correction(resource.collection).references
            known = references_of(resource, self.called, self.at, said)
            self._references[resource.collection] = known
        return known

    def children(self, parent: Resource) -> list[tuple[Resource, Reference]]:
        """What belongs to the items of *parent* by a reference to them.

        A person has said so, or a path below *parent* shows it.
        """
        found: list[tuple[Resource, Reference]] = []
        for path in self._paths:
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
        for path in self._paths:
            if path.count("{}") == 1 and path.rpartition("/")[0].endswith("/{}"):
                found.setdefault(letters(self._name(path)), []).append(path)
        return found

    def _correction(self, collection: str) -> ResourceCorrection:
        return self.corrections.resources.get(collection, ResourceCorrection(""))

    def behind(self, item: str) -> Resource | None:
        """The resource whose items have the path template *item*."""
        found = self._infer(nameless(item).removesuffix("/{}"))[0]
        return None if found is None or found.single else found

    def above(self, path: str) -> list[tuple[str, Resource]]:
        """Item templates within the template *path*, outermost first, and what they are."""
        known = self._above.get(path)
        if known is None:
            found = ((item, self.behind(item)) for item in self._items_within(path))
            known = [(item, resource) for item, resource in found if resource is not None]
            self._above[path] = known
        return known

    def _items_within(self, path: str) -> Iterator[str]:
        """The item templates that *path* goes on after, with a segment or as ``{id}:verb`` does."""
        segments = path.split("/")
        for length in range(3, len(segments) + 1):
            last, following = segments[length - 1], "".join(segments[length : length + 1])
            parameter = _VERB.sub("", last)
            item = "/".join((*segments[: length - 1], parameter))
            if not _PARAMETER.fullmatch(parameter) or item == path:
                continue
            # Two parameters in a row name one item, unless the first one names one, too.
            if not _PARAMETER.fullmatch(following) or nameless(item) in self._paths:
                yield item

    def added_below(self, collection: str) -> list[str]:
        """Paths below an item of *collection*, from its id on, to which clients can add."""
        start = nameless(collection) + "/{}"
        if start not in self._below:
            below = (p.removeprefix(start) for p in self._paths if p.startswith(start + "/"))
            self._below[start] = [
                path for path in below if "{" not in path and "post" in self._paths[start + path]
            ]
        return self._below[start]

    @property
    def pairs(self) -> int:
        """How many collections have paths for their items, which takes no inference."""
        return len(self._items)

    @property
    def tops(self) -> list[str]:
        """Paths of the collections that belong to no item."""
        return [path for path in self._items if path and "{" not in path]

    def called(self, name: str) -> Resource | None:
        """The resource at the top of the API of which one is called *name*, or None."""
        collection = self._names.get(name) or self._lists.get(name)
        found = self._infer(collection)[0] if collection is not None else None
        return None if found is None or found.single else found

    @cached_property
    def _names(self) -> dict[str, str]:
        tops = sorted(self.tops, reverse=True)  # of two of one name, the shorter path wins
        return {letters(self._name(path)): path for path in tops}

    @cached_property
    def _lists(self) -> dict[str, str]:
        """Collections at the top whose items have no path."""
        lists = [
            path for path in self._paths if path and "{" not in path and path not in self._items
        ]
        return {letters(self._name(path)): path for path in sorted(lists, reverse=True)}

    def _name(self, collection: str) -> str:
        return self._correction(collection).name or singular(_last_word(collection))

    def every(self) -> list[Resource]:
        """All resources; it infers what has not been inferred yet."""
        found: dict[str, Resource] = {}
        for path in [*self._items, *self._paths]:
            for role in self._infer(path)[1].values():
                found.setdefault(role.resource.collection, role.resource)
        return list(found.values())

    def _infer(self, collection: str) -> tuple[Resource | None, dict[str, Role]]:
        if collection not in self._inferred:
            roles: dict[str, Role] = {}
            self._inferred[collection] = (None, roles)  # what asks again meanwhile finds nothing
            if self._correction(collection).stateless:
                return self._inferred[collection]
            home = self._homes.get(collection)
            found = self._infer(home)[1] if home is not None else {}
            mine = {o.name for o in self._paths.get(collection, {}).values()} & found.keys()
            if home is not None and mine:
                roles.update((name, found[name]) for name in mine)
                self._inferred[collection] = (self._infer(home)[0], roles)
                return self._inferred[collection]
            resource = self._pair(collection, roles) if collection in self._items else None
            get = self._paths.get(collection, {}).get("get")
            if get is not None and get.name not in roles:
                resource = self._list(collection, roles) or resource
            if not roles and collection not in self._items:
                resource = self._single(collection, roles)
            self._inferred[collection] = (resource, roles)
            own = resource is None or not resource.single
            shown = self._shown_by(collection, resource, roles) if roles and own else None
            if shown is not None:
                target, view = shown
                for name, role in roles.items():
                    known = role if role.shape is not None else None
                    known = known or self._doing(self.plans[name].operation, role.deed, target)
                    roles[name] = replace(known, resource=target, view=view)
                self._inferred[collection] = (target, roles)
        return self._inferred[collection]

    def _shown_by(
        self, collection: str, own: Resource | None, roles: Mapping[str, Role]
    ) -> tuple[Resource, View] | None:
        """The resource at the top whose items a collection below an item shows, and how."""
        above = collection.rpartition("/")[0]
        said = self._correction(collection).view_of
        if said == "" or not above.endswith("/{}") or "{" in above.removesuffix("/{}"):
            return None
        parent = self.at(above.removesuffix("/{}"))
        target = self.at(said) if said else self.called(letters(self._name(collection)))
        if parent is None or own is None or target is None or "{" in target.collection:
            return None
        has_items = collection in self._items
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

    def _pair(self, collection: str, roles: dict[str, Role]) -> Resource | None:
        """A collection with a path for its items."""
        above, below = self._paths.get(collection, {}), self._paths[collection + "/{}"]
        match = _LAST_PARAMETER.search(next(iter(below.values())).path.rstrip("/"))
        parameter = match[1] if match else ""
        said = self._correction(collection)
        name = self._name(collection)
        shapes = Shapes(name, parameter, self.plans, said.list, said.item)
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
            owners=frozenset(map(_last_parameter, (*shelves, *_written(above, below)))),
            listed=shapes.shown_in_list(above.get("get"), listed[0]) if listed else (),
            alone=shapes.shown_as_item(below.get("get"), read[0]) if read else (),
        )
        changing = shapes.of_request(above.get("put"))
        names_item = changing is not None and own in changing.properties()
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
        for shelf, shown in shelves.items():
            operations = self._paths[nameless(shelf)]
            at = f"{collection.removesuffix('/{}')}/{{{_last_parameter(shelf)}}}"
            roles[operations["get"].name] = Role("list", resource, shown[0], shown[1], at=at)
            post = operations.get("post")
            if post is not None and shapes.of_list(post) is None:
                roles[post.name] = replace(self._doing(post, "create", resource), at=at)
        return resource

    @cached_property
    def _homes(self) -> dict[str, str]:
        """Collections below items, by path: where what they list may be kept; see `composite`."""
        pairs = [path for path in self._items if path.endswith("/{}")]
        words = {path: path.removesuffix("/{}").rpartition("/")[2] for path in pairs}
        last = {word: path for path, word in words.items() if "{" not in word}
        return {
            path: last[word]
            for path in self._paths
            for above, _, word in [path.rpartition("/")]
            if word in last and above.endswith("/{}") and path not in self._items
        }

    def _composite(
        self,
        collection: str,
        below: Mapping[str, Operation],
        contract: Contract,
        shapes: Shapes,
    ) -> tuple[Composite | None, dict[str, tuple[Keys, Contract]]]:
        """How items show both their parameters, and the other lists of them, by path as written."""
        first, second = _last_parameters(next(iter(below.values())).path)
        reader = self._reader(below, second)
        said = self._correction(collection)
        if not collection.endswith("/{}") or not first or reader is None or said.id is not None:
            return None, {}
        types = reader.contract.types(reader.contract.shape)
        both = composite_of(contract, shapes.name, first, second, types)
        listed: dict[str, tuple[Keys, Contract]] = {}
        for path, home in self._homes.items() if both is not None else ():
            get = self._paths[path].get("get") if home == collection else None
            shown = shapes.of_list(get)
            known = shown[1].properties() if shown is not None else {}
            if get is None or shown is None or both is None:
                continue
            above = self.behind(path.rpartition("/")[0])
            owner = above.contract if above is not None else None
            own = names_owner(_last_parameter(get.path), first, both, owner)
            if own and {both.key, both.owner[0]} <= known.keys():
                listed[get.path.rstrip("/")] = shown
        return (both, listed) if listed else (None, {})

    def _list(self, collection: str, roles: dict[str, Role]) -> Resource | None:
        """A list without paths for its items: a view of known things, or things of its own."""
        operations = self._paths[collection]
        operation = operations["get"]
        said = self._correction(collection)
        name = self._name(collection)
        shapes = Shapes(name, "", self.plans, said.list, said.item)
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

    def _single(self, path: str, roles: dict[str, Role]) -> Resource | None:
        """One thing that GET shows as an object, and PUT or PATCH takes as much the same one."""
        operations = self._paths.get(path, {})
        get = operations.get("get")
        changing = [operations[method] for method in ("put", "patch") if method in operations]
        if get is None or not changing or "{" in path.rpartition("/")[2]:
            return None
        if any(
            p.required and p.location == "query" for o in (get, *changing) for p in o.parameters
        ):
            return None  # these say which one is meant
        said = self._correction(path)
        shapes = Shapes(self._name(path), "", self.plans, said.list, said.item)
        taken = {o.name: shapes.of_request(o) for o in changing}
        found = (shapes.of_single(get, sent) for sent in taken.values() if sent is not None)
        read = next(filter(None, found), None)
        if read is None:
            return None
        resource = Resource(
            name=self._name(path),
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

    def _known_as(self, component: str) -> Resource | None:
        """The resource at the top of the API whose items are that component."""
        if not component:
            return None
        for collection in self._items:
            if "{" in collection or not self._answers(collection + "/{}", component):
                continue
            resource = self._infer(collection)[0]
            if resource is not None and resource.contract.name == component:
                return resource
        return None

    def _answers(self, path: str, component: str) -> bool:
        """Whether a GET of *path* answers that component, read off without compiling anything."""
        operation = self._paths[path].get("get")
        response = operation.success() if operation is not None else None
        schemas = [m.schema for m in response.content.values()] if response is not None else []
        refs = [s.get("$ref") for s in schemas if isinstance(s, dict)]
        return any(isinstance(ref, str) and ref.endswith("/" + component) for ref in refs)

    def _reader(
        self, operations: Mapping[str, Operation], parameter: str
    ) -> ParameterReader | None:
        """What reads the id out of the path."""
        plan = self.plans[next(iter(operations.values())).name]
        mine = (r for r in plan.readers if r.location == "path" and r.name == parameter)
        return next(mine, None)


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


def _last_parameters(path: str) -> tuple[str, str]:
    """The names of the last two parameters of *path*, where it ends in both; else nothing."""
    match = _LAST_TWO.search(path.rstrip("/"))
    return (match[1], match[2]) if match is not None else ("", "")


def _last_parameter(path: str) -> str:
    """The name of the last parameter in *path*."""
    return path.rpartition("{")[2].partition("}")[0]


def _written(above: Mapping[str, Operation], below: Mapping[str, Operation]) -> Iterator[str]:
    """A collection's path as its operations, and those of its items, write it."""
    yield from (operation.path for operation in above.values())
    yield from (operation.path.rstrip("/").rpartition("/")[0] for operation in below.values())


def _last_word(path: str) -> str:
    """The last segment of *path* that is no parameter, lower case: ``bookings``."""
    words = [segment for segment in path.split("/") if segment and "{" not in segment]
    word = re.sub(r"\.(json|xml)$", "", words[-1]) if words else "item"
    return re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") or "item"
