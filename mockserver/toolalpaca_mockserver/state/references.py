"""Which properties of an item refer to items of another resource.

``train_id``, ``trainId`` and ``trainIds``, an object ``train`` with an ``id``, a list ``trains`` of
ids, wherever the API has a collection of trains at its top; ``parent_id`` refers to the item's own
kind. Where names do not tell, a correction can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters, singular, words

MANY: Final = "*"
"""The step from a list to its items."""
_DEEPEST: Final = 3
_SCALARS: Final = frozenset({"string", "integer", "number"})
_SHOWING: Final = frozenset({"examples", "enum", "const"})
"""Where a document shows what is in a list, the list's name alone does not make ids of it: events
of ``["push", "label"]`` are kinds, though there may be ``/events``."""
_ENDINGS: Final = (("id",), ("ids",), ("uuid",), ("uuids",), ("ref",))


class Target(Protocol):
    """What is referred to: a :class:`~toolalpaca_mockserver.state.resource.Resource`."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def collection(self) -> str: ...  # noqa: D102

    @property
    def id_property(self) -> str | None: ...  # noqa: D102

    @property
    def contract(self) -> Contract: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Reference:
    """A property that holds another item's id.

    Attributes:
        path: The properties that lead to the id; ``*`` stands for each item of a list.
        target: The collection of what is referred to, its parameters nameless.
        id_property: What holds the id there, or None where only paths do.
        inside: Whether the id stands in an object that shows more of what is referred to.
    """

    path: tuple[str, ...]
    target: str
    id_property: str | None = None
    inside: bool = False

    @property
    def shown(self) -> str:
        """The path as people write it: ``lines[].product_id``."""
        return ".".join(self.path).replace(f".{MANY}", "[]")


Called = Callable[[str], Target | None]


def references_of(
    own: Target, called: Called, at: Called, corrected: Mapping[str, str] | None = None
) -> tuple[Reference, ...]:
    """What the properties of *own*'s items refer to.

    Args:
        own: The resource.
        called: Finds the resource of which one item has that name.
        at: Finds the resource with that collection.
        corrected: Collections by the dotted path of the property, where a person has said so.
    """
    said = {
        tuple(path.replace("[]", f".{MANY}").split(".")): collection
        for path, collection in (corrected or {}).items()
    }
    finder = _Finder(own, called)
    found = [r for r in finder.within(own.contract.shape, (), 0) if r.path not in said]
    told = ((path, at(collection)) for path, collection in said.items() if collection)
    return (*found, *(_to(target, path) for path, target in told if target is not None))


def _to(target: Target, path: tuple[str, ...], *, inside: bool = False) -> Reference:
    return Reference(path, target.collection, target.id_property, inside)


class _Finder:
    def __init__(self, own: Target, called: Called) -> None:
        self.own, self.called, self.contract = own, called, own.contract

    def within(
        self, flat: dict[str, Any], path: tuple[str, ...], depth: int
    ) -> Iterator[Reference]:
        """The references in an object."""
        for name, schema in self.contract.properties(flat).items():
            if not path and name == self.own.id_property:
                continue
            yield from self._at(name, self.contract.flat(schema), (*path, name), depth)

    def _at(
        self, name: str, flat: dict[str, Any], path: tuple[str, ...], depth: int
    ) -> Iterator[Reference]:
        types = self.contract.types(flat)
        if types & _SCALARS:
            target = self._named(name)
            if target is not None and self._holds_id(target, flat):
                yield _to(target, path)
        elif depth < _DEEPEST and "array" in types:
            parts = self.contract.alternatives(flat)
            items = next((part["items"] for part in parts if "items" in part), True)
            shows = not _SHOWING.isdisjoint(flat)
            yield from self._item(name, self.contract.flat(items), (*path, MANY), depth, shows)
        elif depth < _DEEPEST and "object" in types:
            yield from self._object(name, flat, path, depth)

    def _item(
        self, name: str, flat: dict[str, Any], path: tuple[str, ...], depth: int, shows: bool
    ) -> Iterator[Reference]:
        if self.contract.types(flat) & _SCALARS:
            target = self._named(name)
            if target is None and not shows and _SHOWING.isdisjoint(flat):
                target = self.called(letters(singular(name.lower())))
            if target is not None and self._holds_id(target, flat):
                yield _to(target, path)
        elif "object" in self.contract.types(flat):
            yield from self._object(singular(name), flat, path, depth)

    def _object(
        self, name: str, flat: dict[str, Any], path: tuple[str, ...], depth: int
    ) -> Iterator[Reference]:
        target = self.called(letters(name))
        if target is not None and target.id_property in self.contract.properties(flat):
            yield _to(target, (*path, str(target.id_property)), inside=True)
        else:
            yield from self.within(flat, path, depth + 1)

    def _named(self, name: str) -> Target | None:
        """The resource whose id a property of that name holds: ``sold_by_user_id`` is a user's."""
        parts = words(name)
        if parts[-1:] not in _ENDINGS:
            if len(parts) > 1 or not parts or parts[0].endswith("id"):
                whole = letters(name)
                return self.called(whole[:-2]) if whole.endswith("id") else None
            return None
        parts = parts[:-1]
        if parts == ("parent",):
            return self.own
        for start in range(len(parts)):
            target = self.called("".join(parts[start:]))
            if target is not None:
                return target
        return None

    def _holds_id(self, target: Target, flat: dict[str, Any]) -> bool:
        """Whether the ids of *target* may be of the type that *flat* allows."""
        if target.id_property is None:
            return False
        known = target.contract.properties().get(target.id_property, True)
        theirs = target.contract.types(target.contract.flat(known)) & _SCALARS
        return not theirs or bool(theirs & self.contract.types(flat))
