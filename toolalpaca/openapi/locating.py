"""Where references lead: documents and the places in them, by URI and by identifier.

What a document names itself is found by ``$id``, ``$anchor`` and ``$dynamicAnchor`` (section 8.2 of
https://json-schema.org/draft/2020-12/json-schema-core); other documents are read when a reference
first leads to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urldefrag, urljoin

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.references import at_pointer
from toolalpaca.openapi.structure import Kind, Node, tables_for, walk
from toolalpaca.openapi.validation import json_pointer


class Place(NamedTuple):
    """Where a reference leads: a document's URI and a JSON Pointer into it."""

    uri: str
    pointer: str


Bindings: TypeAlias = frozenset[tuple[str, Place]]
"""What dynamic anchors mean, by their names."""


class Locator:
    """Finds what the references of a document lead to.

    Args:
        root: The document; what it names is read off before anything in it is changed.
        base: The URI that it was read from.
        read: Gives the JSON data at the URI of another document.

    Attributes:
        base: The URI by which it calls itself.
        dynamic: What ``$dynamicAnchor`` names, by the base URI of the schema resource and the name.
    """

    def __init__(self, root: dict[str, Any], base: str, read: Callable[[str], Any]) -> None:
        self.base = joined(base, str(root["$self"])) if "$self" in root else base
        self.dynamic: dict[str, dict[str, Place]] = {}
        self._retrieved = base
        self._fetch = read
        self._tables = tables_for(root)
        self._documents: dict[str, Any] = {base: root, self.base: root}
        self._failures: dict[str, str] = {}
        self._named: dict[str, Place] = {}
        self._index(root, self.base, "document")

    def document(self, place: Place) -> Any:
        """The document that *place* is in."""
        return self._documents[place.uri]

    def at(self, place: Place) -> Any:
        """What stands at *place*.

        Raises:
            DocumentError: Nothing does.
        """
        return at_pointer(self._documents[place.uri], place.pointer)

    def locate(self, ref: str, base: str) -> Place:
        """The document and pointer that *ref*, which stands under *base*, leads to.

        Raises:
            DocumentError: It leads nowhere, as far as its document tells.
        """
        if ref.startswith("#/") and base == self.base:
            return Place(base, ref[1:])  # nearly all of them
        try:
            absolute = urljoin(base, ref)
            uri, fragment = urldefrag(absolute)
        except ValueError as error:
            raise DocumentError(f"it is no URI: {error}") from error
        if fragment and not fragment.startswith("/"):  # an anchor
            return self._identified(absolute)
        if uri in self._named:
            return self._within_resource(self._named[uri], fragment)
        if uri not in self._documents:
            self._read(uri)
        if absolute in self._named:  # an $id that reading has made known
            return self._named[absolute]
        return Place(uri, fragment)

    def _identified(self, absolute: str) -> Place:
        uri, anchor = urldefrag(absolute)
        if absolute not in self._named and uri not in self._documents:
            self._read(uri)
        try:
            return self._named[absolute]
        except KeyError:
            raise DocumentError(f"there is no anchor {anchor!r}") from None

    def _within_resource(self, resource: Place, fragment: str) -> Place:
        """A pointer below an ``$id``; by mistake many mean the whole document by ``#``."""
        inside = Place(resource.uri, resource.pointer + fragment)
        try:
            self.at(inside)
        except DocumentError:
            return Place(resource.uri, fragment)
        return inside

    def _read(self, uri: str) -> None:
        if uri in self._failures:
            raise DocumentError(self._failures[uri])
        try:
            document = self._documents[uri] = self._fetch(self._retrievable(uri))
        except DocumentError as error:
            self._failures[uri] = str(error)
            raise
        self._index(document, uri, "document" if _is_openapi(document) else "schema")

    def _retrievable(self, uri: str) -> str:
        """Where to read *uri* from: ``$self`` (3.2) names a document, it does not place it."""
        folder = urljoin(self.base, ".")
        if self.base != self._retrieved and uri.startswith(folder):
            return urljoin(self._retrieved, uri.removeprefix(folder))
        return uri

    def bindings(self, scope: tuple[str, ...]) -> Bindings:
        """What dynamic anchors mean in *scope*: the outermost resource that has one decides."""
        found: dict[str, Place] = {}
        for base in scope:
            for name, place in self.dynamic.get(base, {}).items():
                found.setdefault(name, place)
        return frozenset(found.items())

    def resource_of(self, place: Place) -> str:
        """The base URI of the schema resource that *place* is in, or begins."""
        inside = [
            (len(start.pointer), uri)
            for uri, start in self._named.items()
            if start.uri == place.uri
            and "#" not in uri
            and (place.pointer + "/").startswith(start.pointer + "/")
        ]
        return max(inside)[1] if inside else place.uri

    def _index(self, document: Any, uri: str, kind: Kind) -> None:
        """Note what ``$id``, ``$anchor`` and ``$dynamicAnchor`` name in *document*."""
        bases: dict[tuple[str | int, ...], str] = {}
        for node in walk(Node(kind, (), document), self._tables):
            if node.kind != "schema" or not _has_identifier(node.value):
                continue
            above = (node.path[:length] for length in range(len(node.path), -1, -1))
            base = next((bases[path] for path in above if path in bases), uri)
            place = Place(uri, json_pointer(node.path))
            identifier = node.value.get("$id")
            if isinstance(identifier, str):
                base = bases[node.path] = joined(base, identifier)
                self._named.setdefault(base, place)
            for keyword in ("$anchor", "$dynamicAnchor"):
                anchor = node.value.get(keyword)
                if isinstance(anchor, str):
                    self._named.setdefault(f"{base}#{anchor}", place)
            anchor = node.value.get("$dynamicAnchor")
            if isinstance(anchor, str):
                self.dynamic.setdefault(base, {}).setdefault(anchor, place)


def _has_identifier(schema: Any) -> bool:
    return isinstance(schema, dict) and any(
        keyword in schema for keyword in ("$id", "$anchor", "$dynamicAnchor")
    )


def joined(base: str, identifier: str) -> str:
    """The base URI inside a schema with that ``$id``, which stands under *base*."""
    try:
        return urldefrag(urljoin(base, identifier))[0]
    except ValueError:
        return base


def _is_openapi(value: Any) -> bool:
    return isinstance(value, dict) and ("openapi" in value or "swagger" in value)
