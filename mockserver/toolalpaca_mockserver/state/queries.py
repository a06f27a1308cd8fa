"""Lists as clients ask for them: filtered and sorted.

There is no standard for either, so the usual names are known: what a query parameter is called
decides what it does, and one that means nothing here does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters, words
from toolalpaca_mockserver.state.store import Item

Keys = tuple[str, ...]

SEARCHES = ("q", "query", "search", "keyword", "keywords", "term", "searchterm", "text")


_SEARCH_PATHS = ("search", "find", "lookup")
"""Last words of the paths of lists that are there to be searched."""

_CALLED = ("name", "title", "label", "headline", "subject", "description", "text", "content")
"""Properties in which the words of a search stand, likely ones first."""

SORTS = ("sort", "sortby", "orderby", "ordering", "order", "sortfield", "sortkey", "sortcolumn")
DIRECTIONS = (
    "sortorder",
    "sortdirection",
    "sortdir",
    "direction",
    "dir",
    "orderdirection",
    "order",
)
REVERSED = ("desc", "descending", "reverse", "sortdesc", "orderdesc")
_BOUNDS = {
    **dict.fromkeys(("min", "after", "since", "from", "start", "gte", "gt", "minimum"), "min"),
    **dict.fromkeys(("max", "before", "until", "to", "end", "lte", "lt", "maximum"), "max"),
}
_TIMES = ("date", "date-time")
_MOMENT = re.compile(r"\d{4}-\d\d(?!\d)")
_FILTERS = ("filter", "filters", "where")
_BRACKETED = re.compile(r"([^\[\]]+)\[([^\[\]]+)\](.*)")
_INSIDE = "attributes"
"""The object that holds what an item says of itself, as JSON:API writes it."""
_TERM = re.compile(r"([+-]?)(.*?)(?:[ :._|]+(asc|desc)(?:ending)?)?", re.IGNORECASE)


def matching(
    items: Sequence[tuple[str, Item]],
    query: Mapping[str, Any],
    contract: Contract,
    demanded: frozenset[str] = frozenset(),
) -> list[tuple[str, Item]]:
    """The items that satisfy the filters of *query*, in the order that it asks for.

    Args:
        items: All of them, with their ids.
        query: What is asked, by parameter.
        contract: What the items are.
        demanded: Parameters that nobody can leave out: bounds that they set narrow nothing, because
            the made-up items of a world would lie outside of most.
    """
    tests = filters({n: v for n, v in query.items() if n not in demanded}, contract)
    tests += filters({n: query[n] for n in demanded if n in query}, contract, bounds=False)
    found = [(key, item) for key, item in items if all(test(item) for test in tests)]
    return ordered(found, query, contract)


def filters(
    query: Mapping[str, Any], contract: Contract, *, bounds: bool = True
) -> list[Callable[[Item], bool]]:
    """A test for each parameter that names a property, a bound of one, or a search."""
    properties = _known(contract)
    tests: list[Callable[[Item], bool]] = []
    for parameter, wanted in spread(query).items():
        name = letters(parameter)
        if name in properties:
            tests.append(_equals(properties[name], wanted))
        elif name in SEARCHES and isinstance(wanted, str):
            tests.append(_contains(wanted))
        elif bounds:
            bound = bound_of(parameter, contract)
            if bound is not None and _can_bound(contract, bound[1], wanted):
                tests.append(_bounded(bound[1], wanted, lower=bound[0] == "min"))
    return tests


def is_moment(value: Any) -> bool:
    """Whether *value*, of a parameter such as ``after``, says when, and not which page."""
    return isinstance(value, str) and _MOMENT.match(value) is not None


def is_time(schema: Any) -> bool:
    """Whether *schema* is that of a date or a time."""
    return isinstance(schema, dict) and schema.get("format") in _TIMES


def _can_bound(contract: Contract, name: str, value: Any) -> bool:
    """Whether the property can be compared to *value*: ``start=20`` bounds no date, but pages."""
    return is_moment(value) or not is_time(contract.flat(contract.properties()[name]))


def spread(query: Mapping[str, Any]) -> dict[str, Any]:
    """*query* with filters and bounds that stand in brackets, or in an object, by plain names.

    >>> spread({"filter[kind]": "cat", "filter": {"age": 3}, "price": {"gte": 5}})
    {'kind': 'cat', 'age': 3, 'price_gte': 5}
    """
    found: dict[str, Any] = {}
    for name, value in query.items():
        if isinstance(value, dict) and (
            letters(name) in _FILTERS or value.keys() <= _BOUNDS.keys()
        ):
            found |= spread({f"{name}[{inner}]": part for inner, part in value.items()})
            continue
        plain = plain_name(name)
        found |= {plain: value} if plain == name else spread({plain: value})
    return found


def plain_name(parameter: str) -> str:
    """What a filter or a bound in brackets is called without them: ``filter[kind]`` is kind."""
    match = _BRACKETED.fullmatch(parameter)
    if match is not None and letters(match[1]) in _FILTERS:
        return match[2] + match[3]
    if match is not None and match[2] in _BOUNDS and not match[3]:
        return f"{match[1]}_{match[2]}"
    return parameter


def _known(contract: Contract) -> dict[str, Keys]:
    """The way to each property of an item, by the property's letters."""
    properties = contract.properties()
    inside = contract.flat(properties.get(_INSIDE, False))
    found: dict[str, Keys] = {letters(n): (_INSIDE, n) for n in contract.properties(inside)}
    return found | {letters(name): (name,) for name in properties}


def _at(item: Item, keys: Keys) -> Any:
    value: Any = item
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def bound_of(parameter: str, contract: Contract) -> tuple[str, str] | None:
    """``min`` or ``max`` and the property that *parameter* bounds, or None.

    ``min_price`` and ``price_lte`` bound the price, ``acquired_after`` the date ``acquired_on``,
    ``since`` and ``end_date`` the one time that an item has.
    """
    parts = words(plain_name(parameter))
    for place in (0, -1):
        kind = _BOUNDS.get(parts[place]) if parts else None
        if kind is not None:
            rest = parts[1:] if place == 0 else parts[:-1]
            name = _bounded_property(rest, contract)
            if name is not None:
                return kind, name
    return None


def _bounded_property(parts: tuple[str, ...], contract: Contract) -> str | None:
    properties = contract.properties()
    plain = contract.spellings
    if "".join(parts) in plain:
        return plain["".join(parts)]
    times = [name for name, schema in properties.items() if is_time(contract.flat(schema))]
    if parts and parts not in (("date",), ("time",)):
        times = [name for name in times if words(name)[: len(parts)] == parts]
    return times[0] if len(times) == 1 else None


def equalities(
    operation: Operation,
    query: Mapping[str, Any],
    contract: Contract,
    *,
    id_property: str | None = None,
    only_searched: bool = False,
) -> Item:
    """What a list's items must have because the client has to say it.

    That is what a *required* parameter says of a property; and the words of a search, where they
    are required or where nothing but a search shows the items.

    Args:
        operation: The list.
        query: What is asked, by parameter.
        contract: What the items are.
        id_property: Their id, which no words of a search are.
        only_searched: Whether nothing but a search shows them.
    """
    properties = contract.spellings
    required = {p.name for p in operation.parameters if p.required and p.location == "query"}
    found = {
        properties[letters(name)]: value
        for name, value in query.items()
        if name in required and letters(name) in properties
    }
    said = [
        value
        for name, value in query.items()
        if letters(name) in SEARCHES and (name in required or only_searched)
    ]
    called = _called(contract, id_property)
    if called and said and isinstance(said[0], str) and said[0].strip():
        found.setdefault(called, said[0])
    return found


def is_search(path: str) -> bool:
    """Whether the list at *path* is there to be searched: ``/holidays/search``."""
    return words(path.rpartition("/")[2])[-1:] in [(word,) for word in _SEARCH_PATHS]


def _called(contract: Contract, but: str | None) -> str | None:
    """The property of a thing in which its words stand: a name, a description, any free text."""
    free = [
        name
        for name, schema in contract.properties().items()
        if name != but and _is_free_text(contract.flat(schema))
    ]
    known = {letters(name): name for name in free}
    return next((known[name] for name in _CALLED if name in known), free[0] if free else None)


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    bounds = ("enum", "const", "format", "pattern")
    return schema.get("type") == "string" and not any(keyword in schema for keyword in bounds)


# -- order


def ordered(
    items: list[tuple[str, Item]], query: Mapping[str, Any], contract: Contract
) -> list[tuple[str, Item]]:
    """*items* sorted as *query* asks: ``sort=-name``, ``sort=name:desc``, ``order_by=name``...

    A direction without a property turns the whole list round.
    """
    values = {letters(name): value for name, value in query.items()}
    backwards = any(values.get(name) is True for name in REVERSED) or any(
        str(values.get(name)).lower() in ("desc", "descending", "-1")
        for name in (*DIRECTIONS, "sort")
    )
    known = _known(contract)
    terms = [t for name in SORTS for t in _terms(values.get(name), known)]
    if not terms:
        return items[::-1] if backwards else items
    found = list(items)
    for keys, descending in reversed(terms):  # sorting is stable: the first term comes last
        reverse = descending if descending is not None else backwards
        ranked = [(value, pair) for pair in found if (value := _at(pair[1], keys)) is not None]
        lacking = [pair for pair in found if _at(pair[1], keys) is None]
        ranked.sort(key=lambda entry: _rank(entry[0]), reverse=reverse)
        found = [pair for _, pair in ranked] + lacking
    return found


def _terms(value: Any, known: Mapping[str, Keys]) -> list[tuple[Keys, bool | None]]:
    """Properties to sort by, and whether downwards, where that is said."""
    texts = value if isinstance(value, list) else [value] if value is not None else []
    parts = [part for text in texts for part in str(text).split(",")]
    terms: list[tuple[Keys, bool | None]] = []
    for part in parts:
        match = _TERM.fullmatch(str(part).strip())
        name = known.get(letters(match[2])) if match else None
        if match and name is not None:
            said = match[3] or {"-": "desc", "+": "asc"}.get(match[1])
            terms.append((name, None if said is None else said.lower() == "desc"))
        elif terms and str(part).strip().lower() in ("asc", "desc"):  # "name,desc"
            terms[-1] = (terms[-1][0], str(part).strip().lower() == "desc")
    return terms


def _rank(value: Any) -> tuple[int, float, str]:
    """A sorting key for any value: numbers first, then texts without case."""
    if isinstance(value, (int, float)):
        return (0, float(value), "")
    return (1, 0.0, _plain(value))


# -- filters


def _equals(keys: Keys, wanted: Any) -> Callable[[Item], bool]:
    choices = wanted if isinstance(wanted, list) else [wanted]
    plain = {_plain(choice) for choice in choices}

    def test(item: Item) -> bool:
        value = _at(item, keys)
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
        if isinstance(value, str) and len(bound) == len("2026-01-05") < len(value):
            value = value[: len(bound)]  # a whole day bounds a time
        return bool(value >= bound if lower else value <= bound)

    return test
