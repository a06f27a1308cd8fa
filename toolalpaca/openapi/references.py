"""References inside a document: following them, and making a schema self-contained.

Only references of the form ``#/json/pointer`` are met here: :mod:`toolalpaca.openapi.loading` has
replaced every other kind (other files, ``$id``, ``$anchor``) by the time that a document is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Schema
from toolalpaca.openapi.names import unique_name
from toolalpaca.openapi.structure import OPENAPI_3, Node, rebuild
from toolalpaca.openapi.validation import json_pointer

_ARRAY_INDEX = re.compile(r"0|[1-9]\d*")


def pointer_parts(pointer: str) -> list[str]:
    """The keys of a JSON Pointer (RFC 6901), or of one in a URI fragment (section 6).

    >>> pointer_parts("/paths/~1pets~1%7Bid%7D/get")
    ['paths', '/pets/{id}', 'get']

    Raises:
        DocumentError: It does not begin with a slash.
    """
    return list(_parts(pointer))


@lru_cache(maxsize=8192)
def _parts(pointer: str) -> tuple[str, ...]:
    """The same, kept: GitHub's document follows each of its references ten times at start."""
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise DocumentError(f"{pointer!r} is no JSON Pointer")
    parts = pointer[1:].split("/")
    return tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in parts)


def reference_to(path: Iterable[str | int]) -> str:
    """The reference that leads to *path* in the same document.

    >>> reference_to(["components", "schemas", "100%"])
    '#/components/schemas/100%25'
    """
    return "#" + json_pointer(path).replace("%", "%25")


def at_pointer(root: Any, pointer: str) -> Any:
    """The value at the JSON Pointer *pointer* of *root*.

    Raises:
        DocumentError: Nothing stands there.
    """
    value = root
    for part in _parts(pointer):
        if isinstance(value, (dict, Mapping)) and part in value:
            value = value[part]
        elif isinstance(value, list) and _ARRAY_INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            raise DocumentError(f"nothing stands at #{pointer}")
    return value


def resolve(root: Mapping[str, Any], ref: str) -> Any:
    """What the reference *ref* (``#/components/schemas/Pet``) leads to, chains followed.

    Siblings of a ``$ref`` on the way are not merged; see
    :func:`toolalpaca.openapi.merging.flatten`.

    Raises:
        DocumentError: It leads out of the document, nowhere, or round in a circle.
    """
    seen = set()
    while True:
        if ref in seen:
            raise DocumentError(f"the reference {ref} leads back to itself")
        seen.add(ref)
        if not ref.startswith("#"):
            raise DocumentError(f"the reference {ref} leads out of the document")
        value = at_pointer(root, ref[1:])
        if isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            ref = value["$ref"]
            continue
        return value


def bundle(schema: Schema, root: Mapping[str, Any]) -> Schema:
    """A self-contained copy of *schema*: what it refers to in *root* stands under ``$defs``.

    Names are kept (``#/components/schemas/Pet`` becomes ``#/$defs/Pet``), made unique where two
    collide; recursion stays recursion. Bundling
    a bundle over itself changes nothing.

    Raises:
        DocumentError: A reference leads nowhere or out of the document.
    """
    if not isinstance(schema, Mapping):
        return schema
    names: dict[str, str] = {}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    waiting: list[str] = []

    def rewrite(_: Node, value: dict[str, Any]) -> dict[str, Any]:
        value.pop("$defs", None)  # reached only through references, which move them
        value.pop("definitions", None)
        ref = value.get("$ref")
        if isinstance(ref, str):
            value["$ref"] = f"#/$defs/{name_of(ref)}"
        return value

    def name_of(ref: str) -> str:
        if not ref.startswith("#"):
            raise DocumentError(f"the reference {ref} leads out of the document")
        if ref not in names:
            names[ref] = unique_name(_last_part(ref), taken, numbers=numbers)
            taken.add(names[ref])
            waiting.append(ref)
        return names[ref]

    bundled: dict[str, Any] = rebuild(Node("schema", (), dict(schema)), OPENAPI_3, rewrite)
    definitions = {}
    while waiting:
        ref = waiting.pop(0)
        target = at_pointer(root, ref[1:])
        definitions[names[ref]] = rebuild(Node("schema", (), target), OPENAPI_3, rewrite)
    return {**bundled, "$defs": definitions} if definitions else bundled


class SharedBundles:
    """Bundles the schemas of one document, with definitions that they share.

    Half of a large document's schemas lead to the same components. Nobody may change a bundle.

    Args:
        root: The document.
        avoided: A keyword: schemas in which it is true somewhere are not bundled.
    """

    def __init__(self, root: Mapping[str, Any], avoided: str) -> None:
        self._root = root
        self._avoided = avoided
        self._bundles: dict[int, tuple[Schema, Schema | None]] = {}
        self._known: dict[str, _Rewritten] = {}
        self._refs: dict[str, str] = {}  # by the name of what they lead to

    def bundle(self, schema: Schema) -> Schema | None:
        """What :func:`bundle` gives; None where names collide, or something is to be avoided.

        The same schema, which is a part of the document, has the same bundle.

        Raises:
            DocumentError: A reference leads nowhere or out of the document.
        """
        if not isinstance(schema, Mapping):
            return schema
        known = self._bundles.get(id(schema))
        if known is None:
            # The schema is kept beside its bundle, so that its id stays taken.
            known = self._bundles[id(schema)] = (schema, self._bundle(schema))
        return known[1]

    def _bundle(self, schema: Mapping[str, Any]) -> Schema | None:
        own = self._rewritten(dict(schema))
        sound, waiting = own.is_sound, list(own.refs)
        definitions: dict[str, Any] = {}
        for ref in waiting:  # it grows
            name = _last_part(ref)
            if not sound or self._refs.setdefault(name, ref) != ref:
                return None
            if name not in definitions:
                if ref not in self._known:
                    self._known[ref] = self._rewritten(at_pointer(self._root, ref[1:]))
                known = self._known[ref]
                sound, definitions[name] = known.is_sound, known.value
                waiting.extend(known.refs)
        if not sound or not isinstance(own.value, dict):
            return None
        return {**own.value, "$defs": definitions} if definitions else own.value

    def _rewritten(self, schema: Any) -> _Rewritten:
        refs: list[str] = []
        avoided: list[bool] = []

        def rewrite(_: Node, value: dict[str, Any]) -> dict[str, Any]:
            value.pop("$defs", None)
            value.pop("definitions", None)
            avoided.append(value.get(self._avoided) is True)
            ref = value.get("$ref")
            if isinstance(ref, str):
                if not ref.startswith("#"):
                    raise DocumentError(f"the reference {ref} leads out of the document")
                refs.append(ref)
                value["$ref"] = f"#/$defs/{_last_part(ref)}"
            return value

        value = rebuild(Node("schema", (), schema), OPENAPI_3, rewrite)
        return _Rewritten(value, tuple(refs), not any(avoided))


class _Rewritten(NamedTuple):
    """A schema whose references lead to definitions, and where they led."""

    value: Any
    refs: tuple[str, ...]
    is_sound: bool


@lru_cache(maxsize=8192)
def _last_part(ref: str) -> str:
    parts = pointer_parts(ref[1:])
    return re.sub(r"[^A-Za-z0-9._-]+", "_", parts[-1]) if parts else "root"
