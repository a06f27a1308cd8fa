"""A page of a list: which one is asked for, and what the answer says of it.

There is no standard, so the usual names are known; one that means nothing here does nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from toolalpaca.openapi.model import Operation, Parameter
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state.queries import is_moment, is_time
from toolalpaca_mockserver.state.store import Item

DEFAULT_SIZE: Final = 20

PAGES = ("page", "pagenumber", "pageno", "p", "pageindex", "currentpage")
SIZES = (
    "perpage",
    "pagesize",
    "limit",
    "size",
    "count",
    "maxresults",
    "maxitems",
    "max",
    "top",
    "first",
    "take",
    "itemsperpage",
    "maxrecords",
)
OFFSETS = ("offset", "skip", "start", "startindex", "from", "startat")
CURSORS = (
    "cursor",
    "after",
    "startingafter",
    "pagetoken",
    "nexttoken",
    "nextcursor",
    "marker",
    "continuationtoken",
    "startcursor",
    "nextpagetoken",
)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Attributes:
        items: What is on it.
        total: How many match in all.
        start: How many come before it.
        size: How many fit on it.
        number: Which one it is, in the client's counting.
        next_cursor: What asks for the next one, or None when it is the last.
    """

    items: list[tuple[str, Item]]
    total: int
    start: int
    size: int
    number: int
    next_cursor: str | None


def page_of(items: list[tuple[str, Item]], query: Mapping[str, Any], operation: Operation) -> Page:
    """The page of *items* that *query* asks for; everything when the operation has no paging."""
    declared = {letters(p.name): p for p in paging_parameters(operation)}
    values = {letters(name): value for name, value in query.items() if not is_moment(value)}
    sizes = [name for name in SIZES if name in declared]
    paged = bool(sizes) or any(name in declared for name in (*PAGES, *OFFSETS, *CURSORS))
    usual = _usual_size(declared[sizes[0]] if sizes else None) if paged else len(items)
    asked = [max(n, 0) for name in sizes if (n := _whole(values.get(name))) is not None]
    size = asked[0] if asked else usual
    start, number = _start(items, values, declared, size)
    shown = items[start : start + size]
    more = start + size < len(items)
    following = encode_cursor(shown[-1][0]) if more and shown else None
    return Page(shown, len(items), start, size, number, following)


def paging_parameters(operation: Operation) -> list[Parameter]:
    """The parameters of the query that can say which page: ``after``, unless it is a date."""
    return [p for p in operation.parameters if p.location == "query" and not is_time(p.schema)]


def _start(
    items: list[tuple[str, Item]],
    values: Mapping[str, Any],
    declared: Mapping[str, Any],
    size: int,
) -> tuple[int, int]:
    """Where the page begins, and its number."""
    for name in CURSORS:
        if isinstance(values.get(name), str) and values[name]:
            after = _after(items, values[name])
            return after, after // max(size, 1) + 1
    for name in PAGES:
        number = _whole(values.get(name))
        if number is not None:
            first = _first_page(declared.get(name))
            return max(number - first, 0) * size, number
        if name in declared and not any(other in values for other in OFFSETS):
            return 0, _first_page(declared[name])
    for name in OFFSETS:
        skipped = _whole(values.get(name))
        if skipped is not None:
            return max(skipped, 0), max(skipped, 0) // max(size, 1) + 1
    return 0, 1


def _usual_size(parameter: Any) -> int:
    """The size of a page when the client does not say."""
    schema = getattr(parameter, "schema", None)
    usual = schema.get("default") if isinstance(schema, dict) else None
    return usual if isinstance(usual, int) and usual > 0 else DEFAULT_SIZE


def _first_page(parameter: Any) -> int:
    """0 where the document counts pages from 0, as its default or minimum tells, else 1."""
    schema = getattr(parameter, "schema", None)
    if isinstance(schema, dict):
        return 0 if schema.get("default", schema.get("minimum")) == 0 else 1
    return 1


def encode_cursor(key: str) -> str:
    """A cursor that continues after the item with that id."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _after(items: list[tuple[str, Item]], cursor: str) -> int:
    """The place after the item that *cursor* names: encoded, or by its id as Stripe does."""
    keys = [key for key, _ in items]
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        decoded = cursor
    for candidate in (decoded, cursor):
        if candidate in keys:
            return keys.index(candidate) + 1
    return len(items)


# -- what a wrapped list says of itself

_TOTALS = (
    "total",
    "totalcount",
    "totalitems",
    "totalresults",
    "totalrecords",
    "totalelements",
    "totalsize",
    "itemcount",
    "resultcount",
    "numfound",
    "recordcount",
)
_COUNTS = ("count", "numitems", "numberofelements", "returned", "resultsperpage")
_PAGE_COUNTS = ("totalpages", "pagecount", "pages", "lastpage", "numpages")
_MORE = ("hasmore", "hasnext", "hasnextpage", "more", "incomplete", "istruncated")
_NEXT = ("nextcursor", "nextpagetoken", "nexttoken", "endcursor", "continuationtoken", "cursor")


_LINKS_ON = ("next", "nextpage", "nexturl", "nextlink", "nextpageurl")
_LINKS_BACK = ("previous", "prev", "previouspage", "prevpage", "previousurl", "prevurl")
_LINKS: Final = {
    **dict.fromkeys(_LINKS_ON, "next"),
    **dict.fromkeys(_LINKS_BACK, "prev"),
    **dict.fromkeys(("self", "first", "last"), ""),
}
"""What links are called; those to ``""`` are links only where their value is one."""
_PAGED: Final = frozenset((*_TOTALS, *_PAGE_COUNTS))


class Links(Protocol):
    """Where the other pages of a list are."""

    @property
    def by_cursor(self) -> bool:
        """Whether a cursor says where a page begins."""

    def to(self, relation: str) -> str | None:
        """The URL of the page in that relation, or None when there is none."""


def describe(
    envelope: Any, page: Page, keys: Sequence[str], links: Links | None = None, depth: int = 0
) -> Any:
    """*envelope*, a wrapper around a list, with its counts, cursors and links those of *page*.

    Args:
        envelope: The wrapper.
        page: What the list shows.
        keys: Names on the way to the list, which are left alone.
        links: Where other pages are, if that is known.
        depth: How deep the wrapper is nested.
    """
    if not isinstance(envelope, dict) or depth > 2:
        return envelope
    paged = any(letters(name) in _PAGED for name in envelope)
    described: Item = {}
    for name, value in envelope.items():
        plain = letters(name)
        if depth == 0 and keys and name == keys[0]:
            described[name] = value
        elif isinstance(value, dict):
            described[name] = describe(value, page, (), links, depth + 1)
            if plain in _LINKS and "href" in value:  # as HAL and JSON:API write them
                url = _linked(plain, value["href"], page, links)
                described[name] = _ABSENT if url is _ABSENT else {**value, "href": url}
        elif paged and plain in _FACTS and isinstance(value, _FACTS[plain][0]):
            described[name] = _FACTS[plain][1](page)
        else:
            described[name] = _described(plain, value, page, links)
    return {name: value for name, value in described.items() if value is not _ABSENT}


_ABSENT: Final = object()
_FACTS: Final[dict[str, tuple[type, Callable[[Page], Any]]]] = {
    "number": (int, lambda page: page.number),
    "first": (bool, lambda page: page.start == 0),
    "last": (bool, lambda page: page.next_cursor is None),
    "empty": (bool, lambda page: not page.items),
}
"""Names that tell of a page only beside its totals, as Spring writes them."""


def _described(name: str, value: Any, page: Page, links: Links | None) -> Any:
    if name in _MORE:
        return page.next_cursor is not None if isinstance(value, bool) else value
    if name in _NEXT and (value is None or isinstance(value, str)):
        return page.next_cursor if page.next_cursor is not None else _ABSENT
    if name in _LINKS:
        return _linked(name, value, page, links)
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    number = number_of(name, page)
    return value if number is None else number


def _linked(name: str, value: Any, page: Page, links: Links | None) -> Any:
    """A link to a page, or its number; absent where there is no such page."""
    onwards, back = name in _LINKS_ON, name in _LINKS_BACK
    if (onwards and page.next_cursor is None) or (back and not page.start):
        return _ABSENT
    if isinstance(value, int) and not isinstance(value, bool) and (onwards or back):
        return page.number + (1 if onwards else -1)
    is_url = isinstance(value, str) and ("/" in value or ":" in value)
    if onwards and links is not None and links.by_cursor and not is_url:
        return page.next_cursor
    if links is None or not (is_url or ((onwards or back) and _is_text(value))):
        return value
    return links.to(_LINKS[name] or name) or (_ABSENT if back else value)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def number_of(name: str, page: Page) -> int | None:
    """What a number called *name*, in letters, says of *page*; None for nothing."""
    pages = -(-page.total // page.size) if page.size else 0
    numbers = (
        (_TOTALS, page.total),
        (_COUNTS, len(page.items)),
        (_PAGE_COUNTS, max(pages, 1)),
        (PAGES, page.number),
        (SIZES, page.size),
        (OFFSETS, page.start),
    )
    return next((number for names, number in numbers if name in names), None)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
