"""The laws of collections, to which every resource that is inferred is held.

What is listed can be read; what is created can be read, is listed and says what was sent; what is
deleted is gone; a walk through the pages meets every item once; what a single thing is set to, it
shows; an action answers the item that it is about.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import orjson
import pytest

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.openapi.model import Document, Operation
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.refusals import fitting
from toolalpaca_mockserver.spelling import letters, nameless
from toolalpaca_mockserver.state.actions import action_of
from toolalpaca_mockserver.state.linking import referred
from toolalpaca_mockserver.state.paging import CURSORS, OFFSETS, PAGES, SIZES, _first_page
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.values import ValueGenerator


def _examples(resource: Resource) -> list[Any]:
    """What the document shows of the items, itself responsible for what they refer to."""
    shown = [*resource.listed, *resource.alone, *(resource.contract.shape.get("examples") or ())]
    return [example for example in shown if isinstance(example, dict)]


class Court:
    """Holds one document to the laws."""

    def __init__(self, document: Document, call: Any, make_request: Any, tally: Tally) -> None:
        self.document = document
        self.app = create_app([self.document])
        self.call, self.make_request, self.tally = call, make_request, tally
        self.generator = ValueGenerator(self.document.root, 1, direction="request")
        self.resources = self.app.apis[0].responder.simulation.resources
        self.name = document.source
        self.roles: dict[str, dict[str, tuple[Operation, Role]]] = {}
        for operation in self.document:
            role = self.resources.role(operation)
            if role is not None:
                view = role.view.collection if role.view is not None else role.resource.collection
                known = self.roles.setdefault(view, {})
                known.setdefault(role.deed, (operation, role))
        for roles in self.roles.values():  # what a view does not do is done at the top
            role = next(iter(roles.values()))[1]
            for deed, whole in self.roles.get(role.resource.collection, {}).items():
                if deed in ("read", "update", "replace", "delete"):
                    roles.setdefault(deed, whole)

    def hold(self) -> None:
        for collection, roles in self.roles.items():
            self.tally.resources += 1
            resource = next(iter(roles.values()))[1].resource
            self.session = collection
            try:
                place = self.place(collection)
                if resource.single:
                    self.changed_says_so(place, roles)
                    continue
                if "list" in roles:
                    self.listed_can_be_read(place, resource, roles)
                    self.pages_meet_each_once(place, roles)
                    self.references_lead_somewhere(resource, roles)
                    self.actions_answer_their_item(place, resource, roles)
                if "create" in roles and resource.reader is not None:
                    self.created_lives_and_dies(place, resource, roles)
            except ToolAlpacaError as error:
                self.tally.judge("requests can be made", False, f"{self.name} {collection} {error}")

    # -- the laws ---------------------------------------------------------------------------

    def listed_can_be_read(self, place: str, resource: Resource, roles: Any) -> None:
        if "read" not in roles or resource.id_property is None:
            return
        operation, role = roles["list"]
        for item in self.items(self.ask(operation, self.own_place(operation)), role)[:3]:
            key = item.get(resource.id_property)
            if key is None:
                continue  # a summary that does not show it
            reply = self.ask(roles["read"][0], self.below(self.home(roles["read"][0], place), key))
            self.judge("what is listed can be read", reply.status == 200, operation, reply)

    def references_lead_somewhere(self, resource: Resource, roles: Any) -> None:
        operation, role = roles["list"]
        shown = role.shape or resource.contract
        for reference in self.resources.references(resource):
            there = self.roles.get(reference.target, {})
            if "read" not in there or "{}" in reference.target:
                continue
            said = {id for e in _examples(resource) for id in referred(e, reference.path)}
            for item in self.items(self.ask(operation, self.own_place(operation)), role)[:3]:
                if reference.path[0] not in shown.properties():
                    continue
                for key in set(referred(item, reference.path)) - said:
                    reply = self.ask(there["read"][0], self.below(reference.target, key))
                    law = "references lead to things that exist"
                    self.judge(law, reply.status == 200, operation, f"{reference.shown} {key}")

    def actions_answer_their_item(self, place: str, resource: Resource, roles: Any) -> None:
        name = resource.id_property
        if "act" not in roles or name is None:
            return
        operation, role = roles["act"]
        action = action_of(operation.path)
        assert action is not None
        end = operation.path.removeprefix(action[0])
        listing, shown = roles["list"]
        for item in self.items(self.ask(listing, self.own_place(listing)), shown)[:3]:
            if item.get(name) is None:
                continue
            home = nameless(operation.path.removesuffix(end)).removesuffix("/{}")
            there = place if home == self.session else self.place(home)
            reply = self.ask(operation, self.below(there, item[name]) + end)
            value = reply.json if "json" in reply.headers.get("content-type", "") else {}
            for key in role.wrapper:
                value = value.get(key) if isinstance(value, dict) else None
            fine = reply.status < 300 and isinstance(value, dict) and value.get(name) == item[name]
            self.judge("an action answers its item", fine, operation, reply)

    def created_lives_and_dies(self, place: str, resource: Resource, roles: Any) -> None:
        operation, _ = roles["create"]
        sample = self.sample(operation, place)
        reply = self.call(self.app, sample, self.session)
        if reply.status == 409:
            return
        self.judge("what is sound is created", 200 <= reply.status < 300, operation, reply)
        if "location" not in reply.headers or reply.status >= 300:
            return
        item_path = urlsplit(reply.headers["location"]).path
        if "read" in roles:
            read = self.ask(roles["read"][0], item_path)
            if read.status in (400, 422) and b'"location":"path"' in read.body:
                return  # the document lets clients choose ids that its paths do not take
            self.judge("what is created can be read", read.status == 200, operation, read)
            self.says(
                self.sent(sample), read, "what is created says what was sent", roles, "create"
            )
        views = {id(r): r for r in (roles, self.roles.get(resource.collection, {}))}
        for listing in views.values() if resource.id_property is not None else ():
            if "list" in listing:
                self.created_is_listed(place, resource, item_path, listing)
        if "read" in roles:
            self.changed_says_so(item_path, roles)  # now, because it may move to another view
        if "delete" in roles:
            deleted = self.ask(roles["delete"][0], item_path)
            fine = 200 <= deleted.status < 300
            self.judge("what exists can be deleted", fine, roles["delete"][0], deleted)
            if "read" in roles and fine:
                gone = self.ask(roles["read"][0], item_path)
                law = "what is deleted is gone"
                absent = fitting(roles["read"][0], 404)
                self.judge(law, gone.status == absent, roles["delete"][0], gone)

    def changed_says_so(self, path: str, roles: Any) -> None:
        for deed in ("update", "replace"):
            if deed not in roles:
                continue
            operation, role = roles[deed]
            if not role.resource.single and not operation.path.rstrip("/").endswith("}"):
                continue
            sample = self.sample(operation, path)
            reply = self.call(self.app, sample, self.session)
            self.judge("what exists can be changed", reply.status < 300, operation, reply)
            read = self.ask(roles["read"][0], path)
            self.says(self.sent(sample), read, "what is changed says what was sent", roles, deed)

    def sent(self, sample: Any) -> dict[str, Any]:
        is_json = "json" in sample.headers.get("content-type", "")
        value = orjson.loads(sample.body) if is_json and sample.body else None
        return value if isinstance(value, dict) else {}

    def says(self, sent: dict[str, Any], reply: Any, law: str, roles: Any, deed: str) -> None:
        """Judge whether the item shows what was sent, where its schema allows the value."""
        role, changing = roles["read"][1], roles[deed]
        if reply.status != 200 or role.shape is None or changing[1].wrapper:
            return
        value = reply.json
        for name in role.wrapper:
            value = value.get(name) if isinstance(value, dict) else None
        shown = role.shape.properties()
        for name, said in sent.items():
            if name not in shown or not isinstance(value, dict):
                continue
            flat = role.shape.flat(shown[name])
            if flat.get("readOnly") or name == role.resource.id_property:
                continue
            view = changing[1].view
            if view is not None and name == view.reference.path[0]:
                continue  # the path says it
            if not role.shape.part(shown[name]).is_valid(said):
                continue
            found = value.get(name)
            fine = found == said or (deed == "update" and within(said, found))
            self.judge(law, fine, changing[0], f"{name}: {said!r:.80} is {found!r:.80}")

    def created_is_listed(self, place: str, resource: Resource, path: str, roles: Any) -> None:
        operation, role = roles["list"]
        if any(p.required and p.location == "query" for p in operation.parameters):
            return  # the filter may well leave it out
        names = {letters(p.name): p for p in operation.parameters if p.location == "query"}
        size = next((names[n] for n in SIZES if n in names), None)
        extra = self.sized(size, 100) if size is not None else []
        reply = self.ask(operation, self.own_place(operation, place), extra)
        shown = [item.get(resource.id_property) for item in self.items(reply, role)]
        keys = [quote(str(key), safe="") for key in shown if key is not None]
        fine = path.rpartition("/")[2] in keys or (bool(shown) and not keys)
        self.judge("what is created is listed", fine, operation, reply)

    def pages_meet_each_once(self, place: str, roles: Any) -> None:
        operation, role = roles["list"]
        names = {letters(p.name): p for p in operation.parameters if p.location == "query"}
        size = next((names[n] for n in SIZES if n in names), None)
        if size is None or role.resource.id_property is None:
            return
        place = self.own_place(operation)
        everything = self.keys(self.ask(operation, place, self.sized(size, 100)), role)
        if not everything or None in everything:
            return
        step = self.size_of(size, 2)
        for law, queries in self.walks(names, step, len(everything)):
            met: list[Any] = []
            cursor = ""
            for query in queries:
                said = query.replace("CURSOR", cursor)
                reply = self.ask(operation, place, [*self.sized(size, step), said])
                page = self.keys(reply, role)
                met += page
                cursor = quote(str(page[-1]), safe="") if page else ""
                if not page:
                    break
            fine = Counter(map(str, met)) == Counter(map(str, everything))
            self.judge(law, fine, operation, f"{met} of {everything}")

    def walks(self, names: Any, step: int, total: int) -> Iterator[tuple[str, list[str]]]:
        count = -(-total // step)
        page = next((names[n] for n in PAGES if n in names), None)
        offset = next((names[n] for n in OFFSETS if n in names), None)
        cursor = next((names[n] for n in CURSORS if n in names), None)
        if page is not None and self.takes(page, "integer"):
            first = _first_page(page)
            yield "pages meet each once", [f"{page.name}={first + n}" for n in range(count)]
        if offset is not None and self.takes(offset, "integer"):
            queries = [f"{offset.name}={n * step}" for n in range(count)]
            yield "offsets meet each once", queries
        if cursor is not None and self.takes(cursor, "string"):
            name = quote(cursor.name, safe="")
            yield "cursors meet each once", ["", *[f"{name}=CURSOR"] * (count - 1)]

    # -- requests ---------------------------------------------------------------------------

    def takes(self, parameter: Any, kind: str) -> bool:
        """Whether any number, or any text, may be said."""
        schema = parameter.schema if isinstance(parameter.schema, dict) else {}
        free = not schema.keys() & {"enum", "pattern", "format", "maximum", "$ref"}
        return schema.get("type") == kind and free

    def size_of(self, parameter: Any, wanted: int) -> int:
        schema = parameter.schema if isinstance(parameter.schema, dict) else {}
        low, high = schema.get("minimum", 1), schema.get("maximum", 100)
        return int(min(max(wanted, low), high))

    def sized(self, parameter: Any, wanted: int) -> list[str]:
        return [f"{quote(parameter.name, safe='')}={self.size_of(parameter, wanted)}"]

    def sample(self, operation: Operation, path: str, query: Any = ()) -> Any:
        sample = self.make_request(self.document, operation, self.generator)
        given = {part.partition("=")[0] for part in query}
        kept = [part for part in sample.query if part.partition("=")[0] not in given]
        return replace(sample, path=path, query=[*kept, *filter(None, query)])

    def ask(self, operation: Operation, path: str, query: Any = ()) -> Any:
        return self.call(self.app, self.sample(operation, path, query), self.session)

    def own_place(self, operation: Operation, place: str = "") -> str:
        """Where *operation* is, which may be another view of the collection at *place*."""
        own = nameless(operation.path)
        if place and own == nameless(self.session):
            return place
        return self.place(own)

    def home(self, operation: Operation, place: str) -> str:
        """The collection of the items that *operation* is about, where *place* is a view of it."""
        home = nameless(operation.path).removesuffix("/{}")
        return place if home == self.session else self.place(home)

    def place(self, collection: str) -> str:
        """A concrete path for *collection*, below things that exist."""
        path = ""
        for segment in collection.split("/")[1:]:
            if segment == "{}":
                path = self.below(path, self.existing(path))
            elif "{}" in segment:
                path += "/" + segment.replace("{}", "1")
            else:
                path += "/" + quote(segment, safe="")
        return path

    def existing(self, place: str) -> Any:
        """The id of something in the collection at *place*."""
        for roles in self.roles.values():
            if "list" not in roles:
                continue
            operation, role = roles["list"]
            if self.is_at(operation, place) and role.resource.id_property:
                keys = [k for k in self.keys(self.ask(operation, place), role) if k is not None]
                if keys:
                    return keys[0]
        for roles in self.roles.values():
            if "create" in roles and self.is_at(roles["create"][0], place):
                made = self.ask(roles["create"][0], place)
                location = urlsplit(made.headers.get("location", "")).path
                return unquote(location.rpartition("/")[2]) or self.any_id(place)
        return self.any_id(place)

    def is_at(self, operation: Operation, place: str) -> bool:
        template = re.escape(nameless(operation.path))
        return re.fullmatch(template.replace(r"\{\}", "[^/]+"), place.rstrip("/")) is not None

    def any_id(self, place: str) -> Any:
        depth = place.count("/") + 1
        for operation in self.document:
            segments = operation.path.split("/")
            shape = re.sub(r"\\\{[^{}]*\\\}", "[^/]+", re.escape("/".join(segments[:depth])))
            if len(segments) > depth and re.fullmatch(shape, place):
                name = segments[depth].strip("{}")
                for parameter in operation.parameters:
                    if parameter.location == "path" and parameter.name == name:
                        return self.generator.generate(parameter.schema, name=name, key="id")
        return "1"

    @staticmethod
    def below(place: str, key: Any) -> str:
        text = str(key).lower() if isinstance(key, bool) else str(key)
        return f"{place}/{quote(text, safe='')}"

    def items(self, reply: Any, role: Role) -> list[Any]:
        if reply.status != 200 or "json" not in reply.headers.get("content-type", ""):
            return []
        value = reply.json
        for name in role.wrapper:
            value = value.get(name, []) if isinstance(value, dict) else []
        return [i for i in value if isinstance(i, dict)] if isinstance(value, list) else []

    def keys(self, reply: Any, role: Role) -> list[Any]:
        return [i.get(role.resource.id_property) for i in self.items(reply, role)]

    def judge(self, law: str, fine: bool, operation: Operation, what: Any) -> None:
        said = f"{what.status} {what.body[:200]!r}" if hasattr(what, "status") else what
        place = f"{self.name} {operation.method.upper()} {operation.path}"
        self.tally.judge(law, fine, f"{law}: {place}: {said}")


def within(sent: Any, found: Any) -> bool:
    """Whether *found* is what merging *sent* into something makes (RFC 7396)."""
    if isinstance(sent, dict) and isinstance(found, dict):
        return all(name in found and within(part, found[name]) for name, part in sent.items())
    return bool(sent == found)


class Tally:
    def __init__(self) -> None:
        self.resources = 0
        self.held: Counter[str] = Counter()
        self.broken: list[str] = []
        self.started = time.perf_counter()

    def judge(self, law: str, fine: bool, what: str) -> None:
        self.held[law] += fine
        if not fine:
            self.broken.append(what)

    def summary(self) -> str:
        laws = ", ".join(f"{law} ({count})" for law, count in sorted(self.held.items()))
        seconds = time.perf_counter() - self.started
        return f"{self.resources} resources: {laws}; {len(self.broken)} broken; {seconds:.1f} s"


@pytest.fixture
def hold(call: Any, make_request: Any) -> Callable[..., Tally]:
    """Holds documents to the laws, and says how it went."""

    def hold_all(*documents: Document) -> Tally:
        tally = Tally()
        for document in documents:
            Court(document, call, make_request, tally).hold()
        return tally

    return hold_all
