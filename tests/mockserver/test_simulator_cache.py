"""The cache routes of ToolAlpaca's own simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]
REX = {"name": "Rex", "kind": "dog"}


@pytest.fixture
def client(open_client: Open, pets: dict[str, Any]) -> httpx2.Client:
    """A client on two APIs of pets, ``test`` and ``other``."""
    return open_client(pets, {**pets, "info": {"title": "Other", "version": "1"}})


def names(client: httpx2.Client, api: str, **headers: str) -> list[str]:
    return [pet["name"] for pet in client.get(f"/{api}/pets", headers=headers).json()]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_clear_forgets_an_api(client: httpx2.Client, method: str) -> None:
    for api in ("test", "other"):
        client.post(f"/{api}/pets", json=REX)
    response = client.request(method, "/__simulator_cache__/clear/test")
    assert (response.status_code, response.json()) == (200, {"message": "clear test cache"})
    assert "Rex" not in names(client, "test")
    assert "Rex" in names(client, "other")


def test_clear_all_forgets_all_of_one_session(client: httpx2.Client) -> None:
    mine = {"toolalpaca-session": "mine"}
    for headers in ({}, mine):
        client.post("/test/pets", json=REX, headers=headers)
        client.post("/other/pets", json=REX, headers=headers)
    response = client.get("/__simulator_cache__/clear/__ALL__", headers=mine)
    assert response.json() == {"message": "clear __ALL__ cache"}
    assert "Rex" not in names(client, "test", **mine) + names(client, "other", **mine)
    assert "Rex" in names(client, "test")
    client.post("/_session/mine/__simulator_cache__/clear/test")
    assert "Rex" in names(client, "test")


def test_an_api_that_is_not_there_is_cleared_too(client: httpx2.Client) -> None:
    response = client.get("/__simulator_cache__/clear/Cat%20Facts")
    assert (response.status_code, response.json()) == (200, {"message": "clear Cat Facts cache"})


def test_nothing_is_carried_while_it_is_closed(client: httpx2.Client) -> None:
    client.post("/test/pets", json=REX)
    assert client.get("/__simulator_cache__/close").json() == {"message": "close cache"}
    before = names(client, "test")
    assert client.post("/test/pets", json=REX).status_code == 201
    assert names(client, "test") == before
    assert "Rex" not in before
    assert client.get("/_toolalpaca/sessions").json() == ["default"]
    assert client.post("/__simulator_cache__/open").json() == {"message": "open cache"}
    assert names(client, "test").count("Rex") == 1


@pytest.mark.parametrize("path", ["", "clear", "clear/", "shut", "open/test"])
def test_other_paths_below_are_not_found(client: httpx2.Client, path: str) -> None:
    assert client.get(f"/__simulator_cache__/{path}").status_code == 404


def test_other_methods_are_not_allowed(client: httpx2.Client) -> None:
    response = client.delete("/__simulator_cache__/open")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_document_that_has_such_paths_is_served_as_it_is(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    content = {"application/json": {"schema": {"const": "mine"}}}
    get = {"get": {"responses": {"200": {"description": "Mine", "content": content}}}}
    own = open_client(make_document({"/__simulator_cache__/open": get}))
    assert own.get("/__simulator_cache__/open").json() == "mine"
    anything = open_client(make_document({"/{a}/{b}": get}))
    assert anything.get("/__simulator_cache__/open").json() == {"message": "open cache"}
