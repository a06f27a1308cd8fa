"""Requests that an API sends: the callbacks of an operation, and webhooks.

See https://spec.openapis.org/oas/v3.1.1#callback-object and the field ``webhooks``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.components import Components, Fault
from toolalpaca.openapi.model import METHODS, Document, Operation, RequestBody
from toolalpaca.openapi.references import at_pointer, pointer_parts


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that an API sends.

    Attributes:
        name: What the document calls it.
        url: Where it goes, a runtime expression and text; ``""`` for a webhook, whose receiver
            tells the API in a way that the document does not describe.
        method: Lower case.
        body: What it carries.
    """

    name: str
    url: str
    method: str
    body: RequestBody | None


def callbacks_of(document: Document, operation: Operation) -> list[Outgoing]:
    """What *operation* makes the API send. What cannot be read is left out."""
    path = tuple(pointer_parts(operation.pointer))
    try:
        value = at_pointer(document.root, operation.pointer)
    except DocumentError:
        return []
    callbacks = value.get("callbacks") if isinstance(value, dict) else None
    components = _components(document)
    found: list[Outgoing] = []
    for name, callback in callbacks.items() if isinstance(callbacks, dict) else ():
        try:
            urls, place = components.path_item(callback, (*path, "callbacks", name))
        except Fault:
            continue
        for url, item in urls.items():
            if not url.startswith("x-"):
                found.extend(_of_item(components, name, url, item, (*place, url)))
    return found


def webhooks_of(document: Document) -> list[Outgoing]:
    """What the API sends to whoever has asked for it in some other way."""
    webhooks = document.root.get("webhooks")
    components = _components(document)
    return [
        outgoing
        for name, item in (webhooks.items() if isinstance(webhooks, dict) else ())
        for outgoing in _of_item(components, name, "", item, ("webhooks", name))
    ]


def _components(document: Document) -> Components:
    return Components(document.root, _pass_over)


def _pass_over(path: Sequence[str | int], message: str, consequence: str) -> None:
    """A fault costs what it stands in, which nobody is promised."""
    del path, message, consequence


def _of_item(
    components: Components, name: str, url: str, item: Any, path: Sequence[str | int]
) -> Iterator[Outgoing]:
    try:
        operations, place = components.path_item(item, tuple(path))
    except Fault:
        return
    for method in METHODS:
        value = operations.get(method)
        if isinstance(value, dict):
            body = value.get("requestBody")
            read = components.body(body, (*place, method, "requestBody")) if body else None
            yield Outgoing(name, url, method, read)
