"""What a person says of resources where inference goes wrong.

It stands in the document, as ``x-toolalpaca-resource`` at a collection's path and
``x-toolalpaca-operation`` at an operation, or in a YAML file of the same words::

    resources:
      /bookings:
        id: reference
        list: data.rows
    operations:
      GET /bookings:
        parameters: {pg: page, n: size}

The file wins over the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from toolalpaca.errors import UsageError
from toolalpaca.openapi.decoding import decode
from toolalpaca.openapi.model import Document, Operation
from toolalpaca.openapi.sources import read_file
from toolalpaca.openapi.validation import Validator, json_pointer
from toolalpaca_mockserver.spelling import means, nameless

RESOURCE: Final = "x-toolalpaca-resource"
OPERATION: Final = "x-toolalpaca-operation"
Deed = Literal["list", "create", "read", "replace", "update", "delete", "act"]

_KEYS: Final = {"type": "string", "pattern": r"^([^.]+(\.[^.]+)*)?$"}
_ROLE: Final = {
    "type": "string",
    "pattern": r"^(page|size|offset|cursor|sort|direction|search|none|(filter|min|max):.+)$",
}
_RESOURCE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "id": {"type": "string", "minLength": 1},
        "list": _KEYS,
        "item": _KEYS,
        "parent": {"type": "string", "minLength": 1},
        "view_of": {"type": "string"},
        "references": {"type": "object", "additionalProperties": {"type": "string"}},
        "stateless": {"type": "boolean"},
    },
}
_OPERATION: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "stateless": {"type": "boolean"},
        "does": {"enum": ["list", "create", "read", "replace", "update", "delete", "act"]},
        "resource": {"type": "string"},
        "parameters": {"type": "object", "additionalProperties": _ROLE},
    },
    "dependentRequired": {"does": ["resource"], "resource": ["does"]},
}
_FILE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "resources": {"type": "object", "additionalProperties": _RESOURCE},
        "operations": {"type": "object", "additionalProperties": _OPERATION},
    },
}

_BELOW: Final = {"resources": _RESOURCE, "operations": _OPERATION}


@dataclass(frozen=True, slots=True)
class ResourceCorrection:
    """What is said of a resource; None where nothing is.

    Attributes:
        where: Where it is said.
        name: What one item is called.
        id: The property that holds the id.
        list: Keys that lead to the list in the answer that lists; none when it is bare.
        item: Keys that lead to the item in the answers that show one.
        parent: The property that names what an item belongs to, and goes with.
        view_of: The collection at the top whose items it shows, below the item that they refer to;
            ``""`` when its items are its own.
        references: Collections by the property, or dotted path of properties, that leads there.
        stateless: Whether nothing is remembered.
    """

    where: str
    name: str | None = None
    id: str | None = None
    list: tuple[str, ...] | None = None
    item: tuple[str, ...] | None = None
    parent: str | None = None
    view_of: str | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    stateless: bool = False


@dataclass(frozen=True, slots=True)
class OperationCorrection:
    """What is said of an operation.

    Attributes:
        where: Where it is said.
        stateless: Whether it neither reads nor changes what is remembered.
        does: What it does to *resource*.
        resource: The path of a collection at the top of the API.
        parameters: Roles of query parameters, by name.
    """

    where: str
    stateless: bool = False
    does: Deed | None = None
    resource: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corrections:
    """All that is said of one document.

    Attributes:
        resources: By the nameless path of the collection.
        operations: By the operation's name.
        mistakes: What is said wrongly, and has no effect.
    """

    resources: Mapping[str, ResourceCorrection] = field(default_factory=dict)
    operations: Mapping[str, OperationCorrection] = field(default_factory=dict)
    mistakes: tuple[UsageError, ...] = ()

    def of(self, collection: str) -> ResourceCorrection:
        """What is said of the resource whose collection has that nameless path."""
        return self.resources.get(collection, _NOTHING)


_NOTHING: Final = ResourceCorrection("")
NONE: Final = Corrections()


@dataclass(frozen=True, slots=True)
class CorrectionsFile:
    """A file of corrections, read; whether they fit a document shows when they meet it."""

    source: str
    resources: Mapping[str, Any]
    operations: Mapping[str, Any]
    mistakes: tuple[UsageError, ...] = ()


def read_corrections_file(path: Path) -> CorrectionsFile:
    """The corrections in the YAML or JSON file at *path*.

    Raises:
        DocumentError: It cannot be read, or is not YAML.
    """
    content, _ = decode(read_file(path), str(path))
    said = content if content is not None else {}
    mistakes = tuple(_mistakes(said, _FILE, f"{path}#"))
    if mistakes:
        return CorrectionsFile(str(path), {}, {}, mistakes)
    return CorrectionsFile(str(path), said.get("resources", {}), said.get("operations", {}))


def corrections_of(document: Document, file: CorrectionsFile | None = None) -> Corrections:
    """What *document* says of itself, and *file* of it."""
    reader = _Reader(document)
    reader.read_document()
    if file is not None:
        reader.read_file(file)
    return Corrections(reader.resources, reader.operations, tuple(reader.mistakes))


def unmet(file: CorrectionsFile, documents: Iterable[Document]) -> list[UsageError]:
    """The mistake for each correction of *file* that none of *documents* has a place for."""
    readers = [_Reader(document) for document in documents]
    mistakes = list(file.mistakes)
    for path in file.resources:
        if not any(nameless(path) in reader.paths for reader in readers):
            where = file.source + "#" + json_pointer(["resources", path])
            mistakes.append(UsageError(f"no document has the path {path}", where=where))
    for name in file.operations:
        if not any(reader.named(name) for reader in readers):
            where = file.source + "#" + json_pointer(["operations", name])
            hint = "name it like GET /pets, or by its operationId"
            mistakes.append(UsageError(f"no document has {name}", where=where, hint=hint))
    return mistakes


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.resources: dict[str, ResourceCorrection] = {}
        self.operations: dict[str, OperationCorrection] = {}
        self.mistakes: list[UsageError] = []

    @cached_property
    def paths(self) -> frozenset[str]:
        """The nameless paths of the document."""
        return frozenset(nameless(operation.path) for operation in self.document)

    def read_document(self) -> None:
        paths = self.document.root.get("paths")
        for path, item in paths.items() if isinstance(paths, dict) else ():
            if isinstance(item, dict) and RESOURCE in item:
                where = f"{self.document.source}#" + json_pointer(["paths", path, RESOURCE])
                self._add_resource(str(path), item[RESOURCE], where, check=True)
        for operation in self.document:
            raw = self._raw(operation)
            if OPERATION in raw:
                where = f"{self.document.source}#{operation.pointer}/{OPERATION}"
                self._add_operation(operation, raw[OPERATION], where, check=True)

    def read_file(self, file: CorrectionsFile) -> None:
        for path, said in file.resources.items():
            if nameless(path) in self.paths:
                where = file.source + "#" + json_pointer(["resources", path])
                self._add_resource(path, said, where, check=False)
        for name, said in file.operations.items():
            operation = self.named(name)
            if operation is not None:
                where = file.source + "#" + json_pointer(["operations", name])
                self._add_operation(operation, said, where, check=False)

    def named(self, name: str) -> Operation | None:
        """The operation that *name*, ``GET /pets`` or an operationId, means."""
        return next((found for found in self.document if means(name, found)), None)

    def _raw(self, operation: Operation) -> Mapping[str, Any]:
        """The operation as the document has it."""
        paths = self.document.root.get("paths")
        item = paths.get(operation.path) if isinstance(paths, dict) else None
        raw = item.get(operation.method) if isinstance(item, dict) else None
        return raw if isinstance(raw, dict) else {}

    def _add_resource(self, path: str, said: Any, where: str, *, check: bool) -> None:
        if check and self._is_wrong(said, _RESOURCE, where):
            return
        words = dict(said)
        for name in ("list", "item"):
            if name in words:
                words[name] = tuple(filter(None, words[name].split(".")))
        self.resources[nameless(path)] = ResourceCorrection(where, **words)

    def _add_operation(self, operation: Operation, said: Any, where: str, *, check: bool) -> None:
        if not check or not self._is_wrong(said, _OPERATION, where):
            self.operations[operation.name] = OperationCorrection(where, **said)

    def _is_wrong(self, said: Any, schema: dict[str, Any], where: str) -> bool:
        found = _mistakes(said, schema, where)
        self.mistakes.extend(found)
        return bool(found)


def _mistakes(said: Any, schema: dict[str, Any], where: str) -> list[UsageError]:
    found = []
    for violation in Validator(schema).violations(said):
        names = ", ".join(violation.properties)
        nearest = _BELOW.get(violation.pointer.split("/")[1]) if violation.pointer else schema
        known = ", ".join((nearest or schema)["properties"])
        message = violation.message
        if violation.rule == "additionalProperties":
            message = f"{names} is no correction"
        elif violation.rule == "pattern":
            message = f"{violation.value!r} is no role of a parameter, and no path of keys"
        hint = f"there are {known}" if violation.rule == "additionalProperties" else None
        found.append(UsageError(message, where=where + violation.pointer, hint=hint))
    return found
