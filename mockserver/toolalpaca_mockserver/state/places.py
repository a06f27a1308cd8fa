"""The names of collections in a store; see :mod:`toolalpaca_mockserver.state.store`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.state.items import key_of
from toolalpaca_mockserver.state.resource import Role

_PARAMETER = re.compile(r"\{([^{}]*)\}")


def place_of(api: str, template: str, values: Mapping[str, Any]) -> str:
    """The name of a collection in the store: its path, with the API's name in front."""
    parts = list(_parts(template))
    parts[1::2] = [quote(key_of(values.get(name, "")), safe="") for name in parts[1::2]]
    return f"{api}:{''.join(parts)}"


@lru_cache(maxsize=4096)
def _parts(template: str) -> tuple[str, ...]:
    """What stands in a template, and by turns the names of its parameters."""
    return tuple(_PARAMETER.split(template.rstrip("/")))


def item_place(api: str, template: str, values: Mapping[str, Any]) -> tuple[str, str | None]:
    """The collection of the item with that path, and the item's id."""
    above, _, last = template.rstrip("/").rpartition("/")
    value = values.get(last.strip("{}"))
    return place_of(api, above, values), None if value is None else key_of(value)


def collection_place(api: str, role: Role, operation: Operation, values: Mapping[str, Any]) -> str:
    """The name of the collection that *operation* lists, or adds to."""
    collection = role.resource.collection
    template = role.at or (operation.path if "{" in collection else collection)
    return place_of(api, template, values)
