"""Every reference of a document as a JSON Pointer into it.

Parts that stand in other files are copied into the document's components, once each, so that
recursion stays recursion. References by ``$id``, ``$anchor`` and ``$dynamicAnchor`` become
pointers; a schema that means another thing by ``$dynamicRef`` where it is extended is copied for
each extension. A ``$ref`` in a place where the specification has none (a ``content`` map, ``info``)
is replaced by what it leads to, as every bundler does.

A document reads only from where it came itself: a file from files, a URL from its own origin, a
mapping from nowhere. Whoever serves another's document should not be made to fetch anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.locating import Bindings, Locator, Place, joined
from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.names import unique_name
from toolalpaca.openapi.references import at_pointer, pointer_parts, reference_to
from toolalpaca.openapi.structure import (
    Field,
    Kind,
    Node,
    Tables,
    copy_json,
    fields_in,
    is_swagger,
    tables_for,
)
from toolalpaca.openapi.validation import json_pointer

NOWHERE = "http://nowhere.invalid/"
"""The base URI of a document that was read from no place (RFC 2606 keeps the name unused)."""

MOST_COPIED = 1_000_000
"""Values that may be copied out of other files or to other places of the document."""

_SECTIONS_3: Mapping[Kind, tuple[str, ...]] = {
    "schema": ("components", "schemas"),
    "response": ("components", "responses"),
    "parameter": ("components", "parameters"),
    "example": ("components", "examples"),
    "requestBody": ("components", "requestBodies"),
    "header": ("components", "headers"),
    "securityScheme": ("components", "securitySchemes"),
    "link": ("components", "links"),
    "callback": ("components", "callbacks"),
    "pathItem": ("components", "pathItems"),
    "mediaType": ("components", "mediaTypes"),
}
_SECTIONS_2: Mapping[Kind, tuple[str, ...]] = {
    "schema": ("definitions",),
    "parameter": ("parameters",),
    "response": ("responses",),
    "pathItem": ("x-pathItems",),
}
_PLAIN_FIELDS = ("info", "servers", "tags", "security", "externalDocs")


@dataclass(slots=True)
class Linked:
    """What :func:`link` found.

    Attributes:
        problems: Faults that were worked round.
        broken: Why, by the reference as written, each reference that leads nowhere does not.
    """

    problems: list[Problem] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)


def link(root: dict[str, Any], base: str, read: Callable[[str], Any]) -> Linked:
    """Make every reference of *root* a JSON Pointer into it, in place.

    References that lead nowhere stay as they are.

    Args:
        root: A document of any version; ours to change.
        base: The URI that it was read from, or :data:`NOWHERE`.
        read: Gives the JSON data at the URI of another document.
    """
    linker = _Linker(root, base, read)
    linker.run()
    return linker.result


class _Step(NamedTuple):
    node: Node
    base: str
    inlined: frozenset[Place]
    scope: tuple[str, ...] = ()
    """The schema resources on the way here, outermost first, that something is extended from."""


class _Linker:
    def __init__(self, root: dict[str, Any], base: str, read: Callable[[str], Any]) -> None:
        self.root = root
        self.locator = Locator(root, base, read)
        self.result = Linked()
        self.tables: Tables = tables_for(root)
        self.sections = _SECTIONS_2 if is_swagger(root) else _SECTIONS_3
        self.extended: dict[tuple[Place, Bindings], str] = {}
        self.pristine: Any = None
        self.copies: dict[tuple[Kind, Place], str] = {}
        self.numbers: dict[str, int] = {}
        self.copied = 0
        self.waiting: list[_Step] = []

    def run(self) -> None:
        base, dynamic = self.locator.base, self.locator.dynamic
        if dynamic:  # schemas are copied for their extensions as they were
            self.pristine = copy_json(self.root)
        for key in _PLAIN_FIELDS:
            value = self.root.get(key)
            if isinstance(value, dict) and isinstance(value.get("$ref"), str):
                self._inline(self.root, key, base, frozenset(), (key,))
        self.waiting.append(_Step(Node("document", (), self.root), base, frozenset()))
        while self.waiting:
            self._visit(self.waiting.pop())

    # Walking

    def _visit(self, step: _Step) -> None:
        node, base, inlined, scope = step
        value = node.value
        if not isinstance(value, dict):
            return
        if node.kind == "schema":
            base = self._without_identifiers(value, base)
            if self.locator.dynamic:
                scope = scope if base in scope else (*scope, base)
                self._bind(value, base, scope)
        if isinstance(value.get("$ref"), str) and not (scope and self._extend(value, base, scope)):
            self._relink(node, value, base)
        below: list[_Step] = []
        for key, place in fields_in(node.kind, value, self.tables):
            below.extend(self._field(node, key, place, base, inlined))
        self.waiting.extend(reversed([step._replace(scope=scope) for step in below]))

    def _field(
        self, node: Node, key: str, place: Field, base: str, inlined: frozenset[Place]
    ) -> list[_Step]:
        value = node.value[key]
        is_reference = isinstance(value, dict) and isinstance(value.get("$ref"), str)
        may_refer = place.shape in ("one", "either") and place.kind in self.sections
        path = (*node.path, key)
        if is_reference and not may_refer:
            base, inlined = self._inline(node.value, key, base, inlined, path)
            value = node.value[key]
        if place.shape == "one" or (place.shape == "either" and isinstance(value, dict)):
            return [_Step(Node(place.kind, path, value), base, inlined)]
        if isinstance(value, list):
            return [
                _Step(Node(place.kind, (*path, index), item), base, inlined)
                for index, item in enumerate(value)
            ]
        if isinstance(value, dict):
            return [
                _Step(Node(place.kind, (*path, name), item), base, inlined)
                for name, item in value.items()
                if not (place.shape == "patterned" and name.startswith("x-"))
            ]
        return []

    def _inline(
        self,
        owner: dict[str, Any],
        key: str,
        base: str,
        inlined: frozenset[Place],
        path: tuple[str | int, ...],
    ) -> tuple[str, frozenset[Place]]:
        """Put what a misplaced reference leads to in its stead; the base URI that holds there."""
        reference = owner[key]
        try:
            place = self.locator.locate(reference["$ref"], base)
            if place in inlined:
                raise DocumentError("it leads back to itself")
            target = self._copy(place)
        except DocumentError as error:
            owner[key] = {name: item for name, item in reference.items() if name != "$ref"}
            self._report(path, reference["$ref"], f"leads nowhere: {error}", "it is left out")
            return base, inlined
        if isinstance(target, dict):
            target.update((name, item) for name, item in reference.items() if name != "$ref")
        owner[key] = target
        self._report(path, reference["$ref"], "stands where none may stand", "it is followed")
        return place.uri, inlined | {place}

    def _report(
        self, path: tuple[str | int, ...], ref: str, message: str, consequence: str
    ) -> None:
        problem = Problem(json_pointer(path), f"the reference {ref} {message}", consequence)
        self.result.problems.append(problem)

    # Extensions (https://json-schema.org/draft/2020-12/json-schema-core#section-8.2.3.2)

    def _bind(self, schema: dict[str, Any], base: str, scope: tuple[str, ...]) -> None:
        """Make the dynamic reference of *schema* a plain one to what it means in *scope*."""
        dynamic = schema.pop("$dynamicRef", None)
        if not isinstance(dynamic, str) or "$ref" in schema:
            return
        schema["$ref"] = dynamic
        resource, anchor = urldefrag(_absolute(base, dynamic))
        meant = dict(self.locator.bindings(scope)).get(anchor)
        if meant is not None and anchor in self.locator.dynamic.get(resource, {}):
            schema["$ref"] = f"{meant.uri}#{meant.pointer}"

    def _extend(self, schema: dict[str, Any], base: str, scope: tuple[str, ...]) -> bool:
        """Let *schema* refer to a copy of its own, when what it refers to means another thing here.

        Returns:
            Whether it does.
        """
        try:
            place = self.locator.locate(schema["$ref"], base)
            inside = self.locator.resource_of(place)
            own = self.locator.bindings((inside,))
            bindings = self.locator.bindings((*scope, inside))
            if bindings == own or not own or place in dict(bindings).values():
                return False
            if (place, bindings) not in self.extended:
                self._place_extension(place, bindings, inside, scope)
        except DocumentError:
            return False
        schema["$ref"] = self.extended[place, bindings]
        return True

    def _place_extension(
        self, place: Place, bindings: Bindings, base: str, scope: tuple[str, ...]
    ) -> None:
        holder: dict[str, Any] = self.root
        for key in self.sections["schema"]:
            holder = holder.setdefault(key, {})
        source = self.locator.document(place)
        pristine = self.pristine if source is self.root else source
        name = unique_name(_name(place), holder, numbers=self.numbers)
        holder[name] = copy = self._counted(at_pointer(pristine, place.pointer))
        path = (*self.sections["schema"], name)
        self.extended[place, bindings] = reference_to(path)
        self.waiting.append(_Step(Node("schema", path, copy), base, frozenset(), (*scope, base)))

    # References

    def _relink(self, node: Node, value: dict[str, Any], base: str) -> None:
        ref = value["$ref"]
        try:
            value["$ref"] = self._local(node.kind, self.locator.locate(ref, base))
        except DocumentError as error:
            self.result.broken[ref] = str(error)

    def _local(self, kind: Kind, place: Place) -> str:
        """A reference within the root to what stands at *place*, copied there if need be."""
        section = self.sections.get(kind)
        self.locator.at(place)  # raises when nothing stands there
        inside = self.locator.document(place) is self.root
        # 2.0's structure changes in the upgrade; only what is in its section can be found again.
        stays = self.sections is _SECTIONS_3 or section is None
        parts = tuple(pointer_parts(place.pointer))
        if inside and (stays or parts[: len(section or ())] == section):
            return f"#{place.pointer}"
        if section is None:
            raise DocumentError(f"a {kind} cannot be referred to")
        if (kind, place) not in self.copies:
            self._place(kind, section, place)
        return self.copies[kind, place]

    def _place(self, kind: Kind, section: tuple[str, ...], place: Place) -> None:
        holder: dict[str, Any] = self.root
        for key in section:
            if not isinstance(holder.get(key), dict):
                holder[key] = {}
            holder = holder[key]
        name = unique_name(_name(place), holder, numbers=self.numbers)
        holder[name] = copy = self._copy(place)
        path = (*section, name)
        self.copies[kind, place] = reference_to(path)
        self.waiting.append(_Step(Node(kind, path, copy), place.uri, frozenset()))

    def _copy(self, place: Place) -> Any:
        return self._counted(self.locator.at(place))

    def _counted(self, value: Any) -> Any:
        """A copy of *value*.

        Raises:
            DocumentError: Too much has been copied.
        """
        if self.copied <= MOST_COPIED:
            self.copied += _size(value)
        if self.copied > MOST_COPIED:
            raise DocumentError(f"the references unfold to more than {MOST_COPIED:,} values")
        return copy_json(value)

    # Identifiers (https://json-schema.org/draft/2020-12/json-schema-core#section-8.2)

    def _without_identifiers(self, schema: dict[str, Any], base: str) -> str:
        """Take the identifiers out, now that pointers do their work; the base URI inside."""
        identifier = schema.pop("$id", None)
        if isinstance(identifier, str):
            base = joined(base, identifier)
        for keyword in ("$anchor", "$dynamicAnchor", "$schema", "$vocabulary"):
            if isinstance(schema.get(keyword), str | dict):
                del schema[keyword]
        if not self.locator.dynamic and isinstance(schema.get("$dynamicRef"), str):
            schema.setdefault("$ref", schema.pop("$dynamicRef"))  # nothing has a dynamic anchor
        return base


def _absolute(base: str, ref: str) -> str:
    try:
        return urljoin(base, ref)
    except ValueError:
        return ref


def _name(place: Place) -> str:
    parts = pointer_parts(place.pointer)
    return parts[-1] if parts else PurePosixPath(unquote(urlsplit(place.uri).path)).stem or "root"


def _size(value: Any) -> int:
    count, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        count += 1
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return count
