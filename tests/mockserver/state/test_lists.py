"""Lists are filtered, sorted and paged by the names that APIs use for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.state.paging import describe, page_of
from toolalpaca_mockserver.state.queries import matching

Open = Callable[..., httpx2.Client]

ITEM = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "price": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "in_stock": {"type": "boolean"},
        "brand": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}
ITEMS: list[tuple[str, dict[str, Any]]] = [
    ("1", {"id": 1, "name": "Lamp", "price": 20, "tags": ["home"], "in_stock": True}),
    ("2", {"id": 2, "name": "desk", "price": 150.5, "tags": ["home", "work"], "in_stock": False}),
    ("3", {"id": 3, "name": "Chair", "price": 80, "tags": [], "brand": {"name": "Oak"}}),
    ("4", {"id": 4, "name": "Pen", "in_stock": True}),
]


def ids(query: dict[str, Any]) -> list[int]:
    return [item["id"] for _, item in matching(ITEMS, query, Contract(ITEM, {}))]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"name": "DESK"}, [2]),
        ({"id": [1, 3]}, [1, 3]),
        ({"tags": "home"}, [1, 2]),
        ({"inStock": True}, [1, 4]),
        ({"min_price": 80}, [2, 3]),
        ({"maxPrice": 80, "min_price": 30}, [3]),
        ({"q": "oak chair"}, [3]),
        ({"brand": "oak"}, [3]),
        ({"unknown": "x"}, [1, 2, 3, 4]),
    ],
)
def test_filters(query: dict[str, Any], found: list[int]) -> None:
    assert ids(query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"sort": "name"}, [3, 2, 1, 4]),
        ({"sort": "-name"}, [4, 1, 2, 3]),
        ({"sort": "name:desc"}, [4, 1, 2, 3]),
        ({"sort": "name,desc"}, [4, 1, 2, 3]),
        ({"$orderby": "name desc"}, [4, 1, 2, 3]),
        ({"sort_by": "name", "sort_order": "desc"}, [4, 1, 2, 3]),
        ({"orderBy": "name", "order": "desc"}, [4, 1, 2, 3]),
        ({"sortBy": "price", "descending": True}, [2, 3, 1, 4]),
        ({"sort": "price"}, [1, 3, 2, 4]),
        ({"sort": ["+in_stock", "-id"]}, [2, 4, 1, 3]),
        ({"sort": "desc"}, [4, 3, 2, 1]),
        ({"order": "asc"}, [1, 2, 3, 4]),
        ({"sort": "nonsense"}, [1, 2, 3, 4]),
    ],
)
def test_sorting(query: dict[str, Any], found: list[int]) -> None:
    assert ids(query) == found


def operation(make_document: Callable[..., Any], **parameters: Any) -> Any:
    listed = [{"name": n, "in": "query", "schema": s} for n, s in parameters.items()]
    paths = {"/it": {"get": {"parameters": listed, "responses": {}}}}
    return load_document(make_document(paths)).operations[0]


WHOLE = {"type": "integer"}


@pytest.mark.parametrize(
    ("parameters", "query", "found", "number"),
    [
        ({}, {}, [1, 2, 3, 4], 1),
        ({"limit": WHOLE}, {"limit": 3}, [1, 2, 3], 1),
        ({"limit": WHOLE, "offset": WHOLE}, {"limit": 2, "offset": 1}, [2, 3], 1),
        ({"page": WHOLE, "per_page": WHOLE}, {"page": 2, "per_page": 3}, [4], 2),
        ({"page": {**WHOLE, "minimum": 0}, "size": WHOLE}, {"page": 1, "size": 3}, [4], 1),
        ({"page": WHOLE, "size": {**WHOLE, "default": 2}}, {"page": 2}, [3, 4], 2),
        ({"starting_after": {}, "limit": WHOLE}, {"starting_after": "2", "limit": 1}, [3], 3),
        ({"cursor": {}, "limit": WHOLE}, {"cursor": "nonsense", "limit": 1}, [], 5),
        ({"page": WHOLE}, {"page": 99}, [], 99),
        ({"limit": WHOLE}, {"limit": 0}, [], 1),
    ],
)
def test_pages(
    make_document: Callable[..., Any], parameters: Any, query: Any, found: Any, number: int
) -> None:
    page = page_of(ITEMS, query, operation(make_document, **parameters))
    assert [item["id"] for _, item in page.items] == found
    assert (page.total, page.number) == (4, number)


def test_a_walk_along_cursors_meets_each_item_once(make_document: Callable[..., Any]) -> None:
    listing = operation(make_document, cursor={}, limit=WHOLE)
    met, cursor = [], None
    while True:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = page_of(ITEMS, query, listing)
        met += [item["id"] for _, item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert met == [1, 2, 3, 4]


def test_wrappers_count_what_they_hold(make_document: Callable[..., Any]) -> None:
    page = page_of(ITEMS, {"limit": 3}, operation(make_document, limit=WHOLE))
    envelope = {
        "data": [], "total": 99, "count": 99, "has_more": False, "limit": 99,
        "meta": {"totalPages": 99, "page": 99, "next_cursor": "x"}, "links": {"previous": "x"},
        "ok": True,
    }  # fmt: skip
    assert describe(envelope, page, ("data",)) == {
        "data": [], "total": 4, "count": 3, "has_more": True, "limit": 3,
        "meta": {"totalPages": 2, "page": 1, "next_cursor": page.next_cursor}, "links": {},
        "ok": True,
    }  # fmt: skip


def test_over_http(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets)
    everything = client.get("/pets").json()
    assert client.get("/pets", params={"limit": 2}).json() == everything[:2]
    assert client.get("/pets", params={"limit": 2, "offset": 2}).json() == everything[2:4]
    kind = everything[0]["kind"]
    same = [pet for pet in everything if pet["kind"] == kind]
    assert client.get("/pets", params={"kind": kind}).json() == same


@pytest.mark.parametrize("kind", ["cat", "dog", "hamster"])
def test_a_search_with_a_required_filter_finds_something(
    open_client: Open, pets: dict[str, Any], kind: str
) -> None:
    client = open_client(pets)
    found = client.get("/pets/find", params={"kind": kind}).json()
    assert found
    assert {pet["kind"] for pet in found} == {kind}
    assert client.get(f"/pets/{found[0]['id']}").json() == found[0]
