"""Lists as clients ask for them: filtered, and a page at a time.

There is no standard for either, so the usual names are known: what a query parameter is called
decides what it does, and one that means nothing here does nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state.store import Item

DEFAULT_SIZE: Final = 20

_PAGE = ("page", "pagenumber", "pageno", "p", "pageindex", "currentpage")
_SIZE = (
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
_OFFSET = ("offset", "skip", "start", "startindex", "from", "startat")
_CURSOR = (
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
_SEARCH = ("q", "query", "search", "keyword", "keywords", "term", "searchterm", "text")


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


def matching(
    items: Sequence[tuple[str, Item]], query: Mapping[str, Any], contract: Contract
) -> list[tuple[str, Item]]:
    """The items that satisfy the filters of *query*."""
    tests = filters(query, contract)
    return [(key, item) for key, item in items if all(test(item) for test in tests)]


def filters(query: Mapping[str, Any], contract: Contract) -> list[Callable[[Item], bool]]:
    """A test for each parameter that names a property, a bound of one, or a search."""
    properties = {letters(name): name for name in contract.properties()}
    tests: list[Callable[[Item], bool]] = []
    for parameter, wanted in query.items():
        name = letters(parameter)
        if name in properties:
            tests.append(_equals(properties[name], wanted))
        elif name in _SEARCH and isinstance(wanted, str):
            tests.append(_contains(wanted))
        elif name[:3] in ("min", "max") and name[3:] in properties:
            tests.append(_bounded(properties[name[3:]], wanted, lower=name[:3] == "min"))
    return tests


def equalities(operation: Operation, query: Mapping[str, Any], contract: Contract) -> Item:
    """What a list's items must have because a *required* parameter names the property."""
    properties = {letters(name): name for name in contract.properties()}
    required = {p.name for p in operation.parameters if p.required and p.location == "query"}
    return {
        properties[letters(name)]: value
        for name, value in query.items()
        if name in required and letters(name) in properties
    }


def page_of(items: list[tuple[str, Item]], query: Mapping[str, Any], operation: Operation) -> Page:
    """The page of *items* that *query* asks for; everything when the operation has no paging."""
    declared = {letters(p.name): p for p in operation.parameters if p.location == "query"}
    values = {letters(name): value for name, value in query.items()}
    sizes = [name for name in _SIZE if name in declared]
    paged = bool(sizes) or any(name in declared for name in (*_PAGE, *_OFFSET, *_CURSOR))
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
    for name in _CURSOR:
        if isinstance(values.get(name), str) and values[name]:
            after = _after(items, values[name])
            return after, after // max(size, 1) + 1
    for name in _PAGE:
        number = _whole(values.get(name))
        if number is not None:
            first = _first_page(declared.get(name))
            return max(number - first, 0) * size, number
        if name in declared and not any(other in values for other in _OFFSET):
            return 0, _first_page(declared[name])
    for name in _OFFSET:
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


def _equals(name: str, wanted: Any) -> Callable[[Item], bool]:
    choices = wanted if isinstance(wanted, list) else [wanted]
    plain = {_plain(choice) for choice in choices}

    def test(item: Item) -> bool:
        value = item.get(name)
        if isinstance(value, list):
            return bool(plain & {_plain(part) for part in value})
        return _plain(value) in plain

    return test


def _plain(value: Any) -> str:
    """A value as it is compared: texts without case, objects by what they are called."""
    if isinstance(value, dict):
        value = next((value[k] for k in ("id", "name", "code", "slug") if k in value), "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).casefold()


def _contains(wanted: str) -> Callable[[Item], bool]:
    words = wanted.casefold().split()

    def test(item: Item) -> bool:
        text = " ".join(_texts(item)).casefold()
        return all(word in text for word in words)

    return test


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def _bounded(name: str, bound: Any, *, lower: bool) -> Callable[[Item], bool]:
    def test(item: Item) -> bool:
        value = item.get(name)
        if isinstance(value, bool) or type(value) not in (int, float, str):
            return False
        comparable = isinstance(value, str) == isinstance(bound, str)
        if not comparable:
            return False
        return bool(value >= bound if lower else value <= bound)

    return test


# -- what a wrapped list says of itself -------------------------------------------------------

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
_PAGES = ("totalpages", "pagecount", "pages", "lastpage", "numpages")
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
        (_PAGES, max(pages, 1)),
        (_PAGE, page.number),
        (_SIZE, page.size),
        (_OFFSET, page.start),
    )
    return next((number for names, number in numbers if name in names), value)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
