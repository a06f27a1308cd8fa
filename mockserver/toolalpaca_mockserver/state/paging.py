"""A page of a list: which one is asked for, and what the answer says of it.

There is no standard, so the usual names are known; one that means nothing here does nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.spelling import letters
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
    declared = {letters(p.name): p for p in operation.parameters if p.location == "query"}
    values = {letters(name): value for name, value in query.items()}
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


def describe(envelope: Any, page: Page, keys: Sequence[str], depth: int = 0) -> Any:
    """*envelope*, a wrapper around a list, with its counts and cursors those of *page*.

    Args:
        envelope: The wrapper.
        page: What the list shows.
        keys: Names on the way to the list, which are left alone.
        depth: How deep the wrapper is nested.
    """
    if not isinstance(envelope, dict) or depth > 2:
        return envelope
    described: Item = {}
    for name, value in envelope.items():
        if depth == 0 and keys and name == keys[0]:
            described[name] = value
        elif isinstance(value, dict):
            described[name] = describe(value, page, (), depth + 1)
        else:
            described[name] = _described(letters(name), value, page)
    return {name: value for name, value in described.items() if value is not _ABSENT}


_ABSENT: Final = object()


def _described(name: str, value: Any, page: Page) -> Any:
    if name in _MORE:
        return page.next_cursor is not None if isinstance(value, bool) else value
    if name in _NEXT and (value is None or isinstance(value, str)):
        return page.next_cursor if page.next_cursor is not None else _ABSENT
    if (name in _LINKS_ON and page.next_cursor is None) or (name in _LINKS_BACK and not page.start):
        return _ABSENT
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    pages = -(-page.total // page.size) if page.size else 0
    numbers = (
        (_TOTALS, page.total),
        (_COUNTS, len(page.items)),
        (_PAGE_COUNTS, max(pages, 1)),
        (PAGES, page.number),
        (SIZES, page.size),
        (OFFSETS, page.start),
    )
    return next((number for names, number in numbers if name in names), value)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
