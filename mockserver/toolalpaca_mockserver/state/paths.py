"""The operations of a document by path, in which parameters are nameless: ``/users/{}``.

An API may call the same one id here, userId there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.spelling import nameless

_PARAMETER = re.compile(r"\{[^{}/]+\}")
_VERB = re.compile(r"(?<=\}):[^{}/]*$")
_LAST_TWO = re.compile(r"/\{([^{}/]+)\}/\{([^{}/]+)\}$")
_NO_OPERATIONS: Mapping[str, Operation] = {}


class Paths:
    """The paths of a document, and which of them are those of collections and items.

    Args:
        operations: The operations of the document, in its order.

    Attributes:
        pairs: Paths of the collections that have paths for their items, in the document's order.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            here = self._operations.setdefault(nameless(operation.path), {})
            here.setdefault(operation.method, operation)
        items = (path for path in self._operations if path.endswith("/{}"))
        self.pairs = dict.fromkeys(path.removesuffix("/{}") for path in items).keys()
        self._added_below: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._operations)

    def at(self, path: str) -> Mapping[str, Operation]:
        """The operations of a nameless path, by their methods."""
        return self._operations.get(path, _NO_OPERATIONS)

    @property
    def tops(self) -> list[str]:
        """Paths of the collections that belong to no item."""
        return [path for path in self.pairs if path and "{" not in path]

    @cached_property
    def homes(self) -> dict[str, str]:
        """Collections below items, by path: where what they list may be kept.

        See :mod:`toolalpaca_mockserver.state.composite`.
        """
        pairs = [path for path in self.pairs if path.endswith("/{}")]
        words = {path: path.removesuffix("/{}").rpartition("/")[2] for path in pairs}
        last = {word: path for path, word in words.items() if "{" not in word}
        return {
            path: last[word]
            for path in self
            for above, _, word in [path.rpartition("/")]
            if word in last and above.endswith("/{}") and path not in self.pairs
        }

    def speaker(self, collection: str) -> Operation:
        """The operation that speaks for *collection*: the one that lists it, or else the first."""
        name = nameless(collection)
        here, below = self.at(name), self.at(name + "/{}")
        first = next(iter([*here.values(), *below.values()]))
        return here.get("get") or below.get("get") or first

    def added_below(self, collection: str) -> list[str]:
        """Paths below an item of *collection*, from its id on, to which clients can add."""
        start = nameless(collection) + "/{}"
        if start not in self._added_below:
            below = (path.removeprefix(start) for path in self if path.startswith(start + "/"))
            self._added_below[start] = [
                path for path in below if "{" not in path and "post" in self.at(start + path)
            ]
        return self._added_below[start]

    def items_within(self, path: str) -> Iterator[str]:
        """The item templates that *path* goes on after, with a segment or as ``{id}:verb`` does.

        Args:
            path: A path template as it is written.
        """
        segments = path.split("/")
        for length in range(3, len(segments) + 1):
            last, following = segments[length - 1], "".join(segments[length : length + 1])
            parameter = _VERB.sub("", last)
            item = "/".join((*segments[: length - 1], parameter))
            if not _PARAMETER.fullmatch(parameter) or item == path:
                continue
            # Two parameters in a row name one item, unless the first one names one, too.
            if not _PARAMETER.fullmatch(following) or nameless(item) in self._operations:
                yield item


def last_parameter(path: str) -> str:
    """The name of the last parameter in the path template *path*, or ``""``."""
    return path.rpartition("{")[2].partition("}")[0]


def last_parameters(path: str) -> tuple[str, str]:
    """The names of the last two parameters of *path*, where it ends in both; else nothing."""
    match = _LAST_TWO.search(path.rstrip("/"))
    return (match[1], match[2]) if match is not None else ("", "")


def last_word(path: str) -> str:
    """The last segment of *path* that is no parameter, lower case: ``bookings``."""
    words = [segment for segment in path.split("/") if segment and "{" not in segment]
    word = re.sub(r"\.(json|xml)$", "", words[-1]) if words else "item"
    return re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") or "item"
