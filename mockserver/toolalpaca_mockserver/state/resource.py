"""Things of one kind that operations speak of, and what an operation does to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.reading.parameters import ParameterReader
from toolalpaca_mockserver.state.corrections import Deed
from toolalpaca_mockserver.state.forms import Form
from toolalpaca_mockserver.state.shapes import Keys
from toolalpaca_mockserver.state.store import Item
from toolalpaca_mockserver.state.views import View

_DISTINCTIVE = frozenset({"id", "_id", "uuid", "guid", "node_id", "sha", "number", "sku", "token"})


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
