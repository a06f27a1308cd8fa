"""What is created is listed, read, changed and gone again; each session is a world of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]
NO_ITEM = "schema; reason=no-item"
NULL = {"type": "null"}
THING = {"type": ["object", "null"], "properties": {"id": {"type": "string"}}}


@pytest.fixture
def client(open_client: Open, pets: dict[str, Any]) -> httpx2.Client:
    return open_client(pets)


def test_what_is_listed_can_be_read(client: httpx2.Client) -> None:
    listed = client.get("/pets").json()
    assert len(listed) >= 3
    assert len({pet["id"] for pet in listed}) == len(listed)
    for pet in listed:
        assert client.get(f"/pets/{pet['id']}").json() == pet


def test_the_life_of_an_item(client: httpx2.Client) -> None:
    made = client.post("/pets", json={"name": "Rex", "kind": "dog", "secret": "x"})
    assert made.status_code == 201
    pet = made.json()
    assert (pet["name"], pet["kind"]) == ("Rex", "dog")
    assert "secret" not in pet
    assert "nickname" not in pet
    assert made.headers["location"].endswith(f"/pets/{pet['id']}")
    path = f"/pets/{pet['id']}"
    assert client.get(made.headers["location"]).json() == pet
    assert pet in client.get("/pets").json()

    changed = client.patch(path, json={"nickname": "Rexy"}).json()
    assert changed == {**pet, "nickname": "Rexy"}
    replaced = client.put(path, json={"name": "Max", "kind": "cat"}).json()
    assert replaced == {**pet, "name": "Max", "kind": "cat"}
    assert client.get(path).json() == replaced

    gone = client.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    for again in (client.get(path), client.delete(path), client.patch(path, json={"name": "x"})):
        assert again.status_code == 404
        assert again.json()["code"] == 404
    assert pet["id"] not in [other["id"] for other in client.get("/pets").json()]


def test_what_the_server_keeps_cannot_be_set(client: httpx2.Client) -> None:
    pet = client.get("/pets").json()[0]
    change = {"id": 4711, "created_at": "1999-01-01T00:00:00Z", "name": "New"}
    assert client.patch(f"/pets/{pet['id']}", json=change).json() == {**pet, "name": "New"}


def test_an_unknown_item_is_404_with_the_declared_error(client: httpx2.Client) -> None:
    response = client.get("/pets/987654")
    assert response.status_code == 404
    assert response.json() == {"code": 404, "message": "there is no pet 987654"}
    assert response.headers["toolalpaca-source"].startswith("state")


def test_in_an_open_world_every_item_exists(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets, open_world=True)
    pet = client.get("/pets/987654").json()
    assert pet["id"] == 987654
    assert client.get("/pets/987654").json() == pet
    client.delete("/pets/987654")
    assert client.get("/pets/987654").status_code == 404


def test_nested_items_belong_to_their_parent(client: httpx2.Client) -> None:
    first, second = (pet["id"] for pet in client.get("/pets").json()[:2])
    visit = client.post(f"/pets/{first}/visits", json={"reason": "Cough"}).json()
    assert visit["pet_id"] == first
    assert visit in client.get(f"/pets/{first}/visits").json()["data"]
    assert visit not in client.get(f"/pets/{second}/visits").json()["data"]
    assert client.get("/pets/987654/visits").status_code == 404
    client.delete(f"/pets/{first}")
    assert client.get(f"/pets/{first}/visits").status_code == 404


def test_a_new_item_begins_without_children(client: httpx2.Client) -> None:
    pet = client.post("/pets", json={"name": "Rex", "kind": "dog"}).json()
    listed = client.get(f"/pets/{pet['id']}/visits").json()
    assert listed == {**listed, "data": [], "total": 0}


def test_sessions_do_not_see_each_other(client: httpx2.Client) -> None:
    mine, yours = {"toolalpaca-session": "mine"}, {"toolalpaca-session": "yours"}
    before = client.get("/pets").json()
    pet = client.post("/pets", json={"name": "Rex", "kind": "dog"}, headers=mine).json()
    assert pet in client.get("/pets", headers=mine).json()
    assert client.get("/pets", headers=yours).json() == before
    client.delete(f"/pets/{before[0]['id']}", headers=yours)
    assert client.get("/pets").json() == before


def test_refused_requests_change_nothing(client: httpx2.Client) -> None:
    before = client.get("/pets").json()
    assert client.post("/pets", json={"name": ""}).status_code == 400
    assert client.post("/pets", json={"name": "x", "kind": "bird"}).status_code == 400
    assert client.get("/pets").json() == before


def keyed(make_document: Callable[..., Any], *statuses: str) -> Any:
    item = {
        "type": "object",
        "required": ["code", "name"],
        "properties": {"code": {"type": "string"}, "name": {"type": "string"}},
    }
    content = {"content": {"application/json": {"schema": item}}}
    fine = {"description": "Fine", **content}
    others = {status: {"description": "No"} for status in statuses}
    many = {"type": "array", "items": item}
    listing = {"description": "All", "content": {"application/json": {"schema": many}}}
    code = {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}
    return make_document(
        {
            "/colors": {
                "get": {"responses": {"200": listing}},
                "post": {"requestBody": content, "responses": {"201": fine, **others}},
            },
            "/colors/{code}": {
                "parameters": [code],
                "get": {"responses": {"200": fine}},
                "put": {"requestBody": content, "responses": {"200": fine, "201": fine}},
            },
        }
    )


def test_the_same_id_twice_is_a_conflict_where_that_is_documented(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    client = open_client(keyed(make_document, "409"))
    color = {"code": "ff0000", "name": "red"}
    assert client.post("/colors", json=color).status_code == 201
    assert client.post("/colors", json=color).status_code == 409
    assert client.get("/colors/ff0000").json() == color


@pytest.mark.parametrize(
    ("documented", "status"),
    [(["404", "400"], 404), (["4XX"], 404), (["default"], 404), (["400"], 400), (["422"], 422),
     (["410", "400"], 410), (["403"], 404), ([], 404)],
)  # fmt: skip
def test_what_is_not_there_is_said_as_the_document_can(
    open_client: Open, make_document: Callable[..., Any], documented: list[str], status: int
) -> None:
    described = keyed(make_document)
    others = {other: {"description": "No"} for other in documented}
    described["paths"]["/colors/{code}"]["get"]["responses"].update(others)
    assert open_client(described).get("/colors/none").status_code == status


def test_whole_numbers_of_any_length_come_back_as_they_were_sent(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    described = keyed(make_document)
    described["paths"]["/colors"]["post"]["requestBody"]["content"]["application/json"]["schema"][
        "properties"
    ]["rank"] = {"type": "integer"}
    client = open_client(described)
    sent = b'{"code": "a", "name": "b", "rank": -9223372036854775809}'
    made = client.post("/colors", content=sent, headers={"content-type": "application/json"})
    assert b'"rank":-9223372036854775809' in made.content
    assert b'"rank":-9223372036854775809' in client.get("/colors/a").content


def test_put_makes_what_is_not_there_where_that_is_documented(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    client = open_client(keyed(make_document))
    color = {"code": "a/b", "name": "grey"}
    made = client.put("/colors/a%2Fb", json=color)
    assert (made.status_code, made.json()) == (201, color)
    assert client.put("/colors/a%2Fb", json=color).status_code == 200
    assert client.get("/colors/a%2Fb").json() == color


@pytest.mark.parametrize(
    ("thing", "source"),
    [
        (THING, "state"),
        (
            {"anyOf": [{**THING, "type": "object", "minProperties": 2, "maxProperties": 1}, NULL]},
            NO_ITEM,
        ),
    ],
)
def test_what_cannot_be_kept_as_an_item_is_answered_all_the_same(
    open_client: Open, make_document: Callable[..., dict[str, Any]], thing: Any, source: str
) -> None:
    def answer(schema: dict[str, Any]) -> dict[str, Any]:
        content = {"application/json": {"schema": schema}}
        return {"responses": {"200": {"description": "OK", "content": content}}}

    name = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {
        "/things": {"get": answer({"type": "array", "items": thing})},
        "/things/{id}": {"parameters": [name], "get": answer(thing), "put": answer(thing)},
    }
    client = open_client(make_document(paths), open_world=True)
    for number in range(20):
        answered = client.put(f"/things/{number}")
        assert answered.status_code == 200
        assert answered.headers["toolalpaca-source"] == source


def test_a_verb_after_a_colon_needs_its_item(open_client: Open, pets: dict[str, Any]) -> None:
    parameter = pets["paths"]["/pets/{petId}"]["parameters"]
    verb = {"parameters": parameter, "post": {"responses": {"204": {"description": "Done"}}}}
    client = open_client({**pets, "paths": {**pets["paths"], "/pets/{petId}:groom": verb}})
    pet = client.get("/pets").json()[0]
    assert client.post(f"/pets/{pet['id']}:groom").status_code == 204
    assert client.delete(f"/pets/{pet['id']}").status_code == 204
    assert client.post(f"/pets/{pet['id']}:groom").status_code == 404


def test_the_first_of_two_parameters_in_a_row_names_no_item_of_its_own(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    text = {"type": "string"}
    repo = {"type": "object", "required": ["owner", "repo"]} | {
        "properties": {"owner": text, "repo": text, "stars": {"type": "integer"}}
    }

    def answer(schema: Any) -> dict[str, Any]:
        return {"200": {"description": "It", "content": {"application/json": {"schema": schema}}}}

    keys = [{"name": n, "in": "path", "required": True, "schema": text} for n in ("owner", "repo")]
    one = {"get": {"responses": answer(repo)}, "delete": {"responses": answer(True)}}
    every = {"get": {"responses": answer({"type": "array", "items": repo})}}
    paths = {"/repos": every, "/repos/{owner}/{repo}": {"parameters": keys, **one}}
    client = open_client(make_document(paths))
    found = client.get("/repos/ada/engine")
    assert found.status_code == 200
    assert (found.json()["owner"], found.json()["repo"]) == ("ada", "engine")
    assert client.get("/repos/bob/engine").json()["owner"] == "bob"
    assert client.delete("/repos/ada/engine").status_code == 200
    assert client.get("/repos/ada/engine").status_code == 404
    assert client.get("/repos/bob/engine").status_code == 200


def test_a_json_patch_changes_the_item(open_client: Open, pets: dict[str, Any]) -> None:
    patch = {"content": {"application/json-patch+json": {"schema": {"type": "array"}}}}
    pets["paths"]["/pets/{petId}"]["patch"]["requestBody"] = patch
    client = open_client(pets)
    pet = client.post("/pets", json={"name": "Rex", "kind": "dog", "nickname": "R"}).json()
    path, headers = f"/pets/{pet['id']}", {"content-type": "application/json-patch+json"}

    def change(*steps: dict[str, Any]) -> httpx2.Response:
        return client.patch(path, content=json.dumps(steps), headers=headers)

    changed = change(
        {"op": "test", "path": "/kind", "value": "dog"},
        {"op": "replace", "path": "/name", "value": "Max"},
        {"op": "remove", "path": "/nickname"},
        {"op": "replace", "path": "/id", "value": 4711},
    )
    wanted = {name: value for name, value in pet.items() if name != "nickname"} | {"name": "Max"}
    assert changed.json() == client.get(path).json() == wanted
    for step in (
        {"op": "remove", "path": "/nickname"},
        {"op": "test", "path": "/kind", "value": "cat"},
        {"op": "add", "path": "/name/first", "value": "x"},
    ):
        assert change({"op": "replace", "path": "/name", "value": "No"}, step).status_code == 409
    assert client.get(path).json() == wanted
