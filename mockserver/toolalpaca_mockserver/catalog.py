"""The APIs that a server serves, which may be exchanged for others while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from toolalpaca_mockserver.api import Api

T = TypeVar("T")


class Catalog:
    """The APIs, each below its prefix.

    Args:
        apis: What is served; one alone may have the prefix ``""``, the root.
    """

    def __init__(self, apis: Sequence[Api]) -> None:
        self.replace(apis)

    def replace(self, apis: Sequence[Api]) -> None:
        """Serve *apis* from the next request on; those in progress end with what they began."""
        self._apis = tuple(apis)
        self._by_prefix = {api.prefix: api for api in apis}
        self._by_name = {api.document.name: api for api in apis}

    def __iter__(self) -> Iterator[Api]:
        return iter(self._apis)

    def __len__(self) -> int:
        return len(self._apis)

    def __getitem__(self, place: int) -> Api:
        return self._apis[place]

    def named(self, name: str) -> Api | None:
        """The API of the document with that name, or None."""
        return self._by_name.get(name)

    @property
    def names(self) -> list[str]:
        """The names of the documents, in their order."""
        return list(self._by_name)

    def at(self, path: str) -> tuple[Api | None, str]:
        """The API that *path* leads to, if any, and the rest of the path below its prefix."""
        if "" in self._by_prefix:
            return self._by_prefix[""], path
        end = path.find("/", 1)
        prefix = path if end < 0 else path[:end]
        return self._by_prefix.get(prefix), path[len(prefix) :] or "/"


class PerApi(Generic[T]):
    """What is made once of each API, and again when another one is served by its name.

    Args:
        make: Makes it.
    """

    def __init__(self, make: Callable[[Api], T]) -> None:
        self._make = make
        self._made: dict[str, tuple[Api, T]] = {}

    def of(self, api: Api) -> T:
        """What was made of *api*."""
        name = api.document.name
        known = self._made.get(name)
        if known is None or known[0] is not api:
            known = self._made[name] = (api, self._make(api))
        return known[1]
