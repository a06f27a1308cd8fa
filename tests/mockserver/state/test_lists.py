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
        ({"filter": {"name": "pen"}}, [4]),
        ({"filter[tags]": "work"}, [2]),
        ({"filter": {"price": {"gte": 80}}}, [2, 3]),
        ({"price": {"gte": 30, "lt": 100}}, [3]),
        ({"price[lte]": 20}, [1]),
        ({"filter": {"unknown": "x"}, "brand": {"name": "oak"}}, [3]),
        ({"unknown": "x"}, [1, 2, 3, 4]),
    ],
)
def test_filters(query: dict[str, Any], found: list[int]) -> None:
    assert ids(query) == found


MADE_AT = {
    "type": "object",
    "required": ["id", "made_at"],
    "properties": {"id": {"type": "integer"}, "made_at": {"type": "string", "format": "date-time"}},
}


@pytest.mark.parametrize(
    ("query", "found", "following"),
    [
        ({"start": 1, "max": 1}, 2, "max=1&start=2"),
        ({"after": "MQ", "max": 1}, 2, "max=1&after=Mg"),
        ({"after": "2026-01-02", "max": 1}, 2, "after=2026-01-02&max=1&from=1"),
        ({"from": "2026-01-02", "start": 1, "max": 1}, 3, ""),
        ({"from": "2026-01-02", "max": 1}, 2, "from=2026-01-02&max=1&after=Mg"),
    ],
)
def test_what_says_when_bounds_and_what_does_not_pages(
    open_client: Open,
    make_document: Callable[..., Any],
    query: dict[str, Any],
    found: int,
    following: str,
) -> None:
    shown = [{"id": n, "made_at": f"2026-01-0{n}T00:00:00Z"} for n in (1, 2, 3)]
    kinds = {"after": "string", "from": "string", "start": "integer", "max": "integer"}
    parameters = [{"name": n, "in": "query", "schema": {"type": k}} for n, k in kinds.items()]
    content = {"schema": {"type": "array", "items": MADE_AT}, "example": shown}
    headers = {"Link": {"schema": {"type": "string"}}}
    path_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    fine = {"description": "Fine", "content": {"application/json": content}, "headers": headers}
    one = {"description": "Fine", "content": {"application/json": {"schema": MADE_AT}}}
    paths = {
        "/things": {"get": {"parameters": parameters, "responses": {"200": fine}}},
        "/things/{id}": {"get": {"parameters": [path_id], "responses": {"200": one}}},
    }
    response = open_client(make_document(paths)).get("/things", params=query)
    assert [item["id"] for item in response.json()] == [found]
    assert response.links.get("next", {}).get("url", "").partition("?")[2] == following


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"sort": "name"}, [3, 2, 1, 4]),
        ({"sort": "-name"}, [4, 1, 2, 3]),
        ({"sort": "name:desc"}, [4, 1, 2, 3]),
        ({"sort": "name,desc"}, [4, 1, 2, 3]),
        ({"sort": ["name,desc"]}, [4, 1, 2, 3]),
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


def _songs(path: str, parameter: dict[str, Any]) -> dict[str, Any]:
    """An API that lists songs at *path*, and shows each at ``/songs/{id}``."""
    song = {"id": {"type": "integer"}, "title": {"type": "string"}, "label": {"enum": ["a", "b"]}}
    one = {"type": "object", "properties": song}
    search = {"in": "query", "schema": {"type": "string"}, **parameter}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}

    def get(parameter: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
        content = {"application/json": {"schema": schema}}
        responses = {"200": {"description": "Fine", "content": content}}
        return {"get": {"parameters": [parameter], "responses": responses}}

    return {
        "openapi": "3.1.0",
        "info": {"title": "Songs", "version": "1"},
        "paths": {
            path: get(search, {"type": "array", "items": one}),
            "/songs/{id}": get(key, one),
        },
    }


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/songs/search", {"name": "keywords"}),
        ("/songs/find", {"name": "q"}),
        ("/songs", {"name": "q", "required": True}),
    ],
)
def test_a_search_finds_what_only_searches_show(
    open_client: Open, path: str, parameter: dict[str, Any]
) -> None:
    client = open_client(_songs(path, parameter))
    words = {parameter["name"]: "Boxing Day"}
    found = client.get(path, params=words).json()
    assert {song["title"] for song in found} == {"Boxing Day"}
    assert len({song["id"] for song in found}) == len(found) > 0
    assert client.get(path, params=words).json() == found


def test_a_search_of_a_list_that_shows_all_finds_what_is_there(open_client: Open) -> None:
    client = open_client(_songs("/songs", {"name": "q"}))
    assert client.get("/songs", params={"q": "Boxing Day"}).json() == []


def test_filters_and_orders_reach_the_attributes_of_json_api() -> None:
    attributes = {"type": "object", "properties": {"author": {"type": "string"}}}
    contract = Contract({"type": "object", "properties": {"attributes": attributes}}, {})
    found = [(name, {"attributes": {"author": name}}) for name in ("ada", "eve", "bob")]
    assert matching(found, {"filter[author]": "eve"}, contract) == [found[1]]
    assert [key for key, _ in matching(found, {"sort": "-author"}, contract)] == [
        "eve",
        "bob",
        "ada",
    ]


def paged(make_document: Callable[..., Any], parameters: list[str], envelope: Any) -> Any:
    """A document with a list of rows that pages by integer *parameters*, or by ``cursor``."""
    listed = {
        "description": "Rows",
        "headers": {
            "Link": {"schema": {"type": "string"}},
            "X-Total-Count": {"schema": {"type": "integer"}},
            "X-Next-Cursor": {"schema": {"type": "string"}},
        },
        "content": {"application/json": {"schema": envelope}},
    }
    query = [
        {"name": n, "in": "query", "schema": {"type": "string" if n == "cursor" else "integer"}}
        for n in parameters
    ]
    return make_document({"/rows": {"get": {"parameters": query, "responses": {"200": listed}}}})


ROWS = {"type": "array", "items": ITEM}


@pytest.mark.parametrize(
    ("parameters", "start", "relations"),
    [
        (["page", "per_page"], "per_page=2&page=1", {"first", "next", "last"}),
        (["offset", "limit"], "limit=2", {"first", "next", "last"}),
        (["offset", "limit"], "limit=2&offset=1", {"first", "prev", "next", "last"}),
        (["cursor", "limit"], "limit=2", {"next"}),
    ],
)
def test_link_headers_lead_from_page_to_page(
    open_client: Open,
    make_document: Callable[..., Any],
    parameters: list[str],
    start: str,
    relations: set[str],
) -> None:
    client = open_client(paged(make_document, parameters, ROWS))
    every = [row["id"] for row in client.get("/rows?limit=50&per_page=50").json()]
    response = client.get(f"/rows?{start}")
    assert set(response.links) == relations
    assert response.headers["x-total-count"] == str(len(every)) == "5"
    found = [row["id"] for row in response.json()]
    while "next" in response.links:
        assert response.headers["x-next-cursor"]
        response = client.get(response.links["next"]["url"])
        found += [row["id"] for row in response.json()]
    assert found == (every[1:] if "offset=1" in start else every)
    assert "x-next-cursor" not in response.headers
    if "last" in relations and "offset=1" not in start:
        assert client.get(response.links["last"]["url"]).json() == response.json()
        assert client.get(response.links["prev"]["url"]).links["prev"]["url"]


def test_wrappers_link_to_the_other_pages(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    href = {"type": "object", "properties": {"href": {"type": "string", "format": "uri"}}}
    url = {"type": "string", "format": "uri"}
    envelope = {
        "type": "object",
        "required": ["rows", "_links", "self"],
        "properties": {
            "rows": ROWS,
            "_links": {"type": "object", "properties": {"next": href, "prev": href, "self": href}},
            "next": {"type": ["string", "null"]},
            "prev_page": {"type": "integer"},
            "self": url,
        },
    }
    client = open_client(paged(make_document, ["page", "per_page"], envelope))
    first = client.get("/rows?per_page=3&sort=x").json()
    assert (
        first["_links"]["self"]["href"]
        == first["self"]
        == f"{client.base_url}/rows?per_page=3&sort=x"
    )
    assert first["_links"]["next"]["href"] == first["next"]
    assert "prev" not in first["_links"]
    assert "prev_page" not in first
    second = client.get(first["next"]).json()
    assert len(second["rows"]) == 2
    assert "next" not in second
    assert second["prev_page"] == 1
    assert client.get(second["_links"]["prev"]["href"]).json()["rows"] == first["rows"]


def test_next_is_a_cursor_where_a_cursor_is_asked_for(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    envelope = {"type": "object", "properties": {"data": ROWS, "next": {"type": "string"}}}
    client = open_client(paged(make_document, ["cursor", "limit"], envelope))
    first = client.get("/rows?limit=4").json()
    second = client.get("/rows", params={"limit": 4, "cursor": first["next"]}).json()
    assert (len(first["data"]), len(second["data"])) == (4, 1)


def test_pages_in_the_manner_of_spring(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    flag = {"type": "boolean"}
    properties = {"first": flag, "last": flag, "empty": flag, "number": {"type": "integer"}}
    properties["totalElements"] = {"type": "integer"}
    envelope = {"type": "object", "properties": {"content": ROWS, **properties}}
    document = paged(make_document, ["page", "size"], envelope)
    document["paths"]["/rows"]["get"]["parameters"][0]["schema"]["minimum"] = 0
    client = open_client(document)

    def told(number: int) -> tuple[Any, ...]:
        page = client.get(f"/rows?size=3&page={number}").json()
        return tuple(page[name] for name in ("number", "first", "last", "empty", "totalElements"))

    assert told(0) == (0, True, False, False, 5)
    assert told(1) == (1, False, True, False, 5)
    assert told(7) == (7, False, True, True, 5)
