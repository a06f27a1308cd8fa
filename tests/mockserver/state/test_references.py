"""References lead to things that exist; conflicts and dangling references are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]
TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def answer(schema: Any) -> dict[str, Any]:
    return {"description": "Fine", "content": {"application/json": {"schema": schema}}}


def kind(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties}


KINDS = {
    "User": kind(id=NUMBER, name=TEXT, email={"type": "string", "format": "email"}, teamId=NUMBER),
    "Team": kind(id=NUMBER, name=TEXT, lead={"$ref": "#/components/schemas/Person"}),
    "Person": kind(id=NUMBER, name=TEXT),
    "Category": kind(id=TEXT, parent_id={"type": ["string", "null"]}),
    "Order": kind(
        id={"type": "string", "format": "uuid"},
        user={"$ref": "#/components/schemas/Person"},
        userIds={"type": "array", "items": NUMBER, "maxItems": 3},
        lines={"type": "array", "items": kind(sold_by_user_id=NUMBER), "minItems": 1},
    ),
}


def shop(make_document: Callable[..., Any], **refusals: str) -> Any:
    """An API with a collection for each kind; creating is refused with those descriptions."""
    paths: dict[str, Any] = {}
    collections = {"users": "User", "teams": "Team", "categories": "Category", "orders": "Order"}
    for collection, name in collections.items():
        thing = {"$ref": f"#/components/schemas/{name}"}
        others = {status[1:]: {"description": text} for status, text in refusals.items()}
        body = {"content": {"application/json": {"schema": {**KINDS[name], "required": []}}}}
        key = {"name": "id", "in": "path", "required": True, "schema": TEXT}
        gone = {"204": {"description": "Gone"}}
        paths[f"/{collection}"] = {
            "get": {"responses": {"200": answer({"type": "array", "items": thing})}},
            "post": {"requestBody": body, "responses": {"201": answer(thing), **others}},
        }
        paths[f"/{collection}/{{id}}"] = {
            "parameters": [key],
            "get": {"responses": {"200": answer(thing), "404": {"description": "None"}}},
            "patch": {"requestBody": body, "responses": {"200": answer(thing), **others}},
            "delete": {"responses": gone},
        }
    return make_document(paths, schemas=KINDS)


@pytest.fixture
def client(open_client: Open, make_document: Callable[..., Any]) -> httpx2.Client:
    return open_client(shop(make_document))


def test_every_way_to_refer_leads_to_something(client: httpx2.Client) -> None:
    users = {user["id"]: user["name"] for user in client.get("/users").json()}
    teams = {team["id"]: team for team in client.get("/teams").json()}
    assert {user["teamId"] for user in client.get("/users").json()} <= teams.keys()
    orders = client.get("/orders").json()
    for order in orders:
        assert order["user"] == {"id": order["user"]["id"], "name": users[order["user"]["id"]]}
        assert set(order["userIds"]) <= users.keys()
        assert len(set(order["userIds"])) == len(order["userIds"])
        assert {line["sold_by_user_id"] for line in order["lines"]} <= users.keys()
    assert client.get(f"/users/{orders[0]['user']['id']}").status_code == 200


def test_parents_make_a_tree(client: httpx2.Client) -> None:
    seen: set[str] = set()
    for category in client.get("/categories").json():
        assert category["parent_id"] is None if not seen else category["parent_id"] in seen
        seen.add(category["id"])


def test_what_the_server_adds_to_a_new_item_exists_too(client: httpx2.Client) -> None:
    order = client.post("/orders", json={"userIds": [1]}).json()
    assert client.get(f"/users/{order['user']['id']}").status_code == 200


@pytest.mark.parametrize(
    ("refusals", "status"),
    [
        ({"_404": "Not here"}, 404),
        ({"_422": "The team does not exist"}, 422),
        ({"_409": "Team not found"}, 409),
        ({"_422": "Validation failed"}, 201),
        ({"_400": "Bad request"}, 201),
        ({}, 201),
    ],
)
def test_what_refers_to_nothing_is_refused_where_that_is_documented(
    open_client: Open, make_document: Callable[..., Any], refusals: dict[str, str], status: int
) -> None:
    client = open_client(shop(make_document, **refusals))
    team = client.get("/teams").json()[0]["id"]
    sound = client.post("/users", json={"name": "Ada", "teamId": team})
    assert sound.status_code == 201
    dangling = client.post("/users", json={"name": "Ada", "teamId": 987654})
    assert dangling.status_code == status
    if status != 201:
        assert "there is no team 987654" in dangling.headers["toolalpaca-problem"]
        assert dangling.json() not in client.get("/users").json()


def test_an_example_of_the_document_may_refer_to_anything(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    described = shop(make_document, _404="Not here")
    content = described["paths"]["/users"]["post"]["requestBody"]["content"]["application/json"]
    schema = content["schema"]
    team = {**schema["properties"]["teamId"], "example": 4711}
    content["schema"] = {**schema, "properties": {**schema["properties"], "teamId": team}}
    client = open_client(described)
    assert client.post("/users", json={"teamId": 4711}).status_code == 201
    assert client.post("/users", json={"teamId": 4712}).status_code == 404


@pytest.mark.parametrize(
    ("text", "sent", "status"),
    [
        ("Conflict", {"email": "Ada@Example.com"}, 409),
        ("Conflict", {"name": "Ada"}, 201),
        ("A user with this name already exists", {"name": "ada"}, 409),
        ("A user with this name already exists", {"name": "Grace"}, 201),
    ],
)
def test_what_must_be_unique_is(
    open_client: Open, make_document: Callable[..., Any], text: str, sent: Any, status: int
) -> None:
    client = open_client(shop(make_document, _409=text))
    ada = client.post("/users", json={"name": "Ada", "email": "ada@example.com"}).json()
    assert client.post("/users", json=sent).status_code == status
    other = client.get("/users").json()[0]
    if status == 409:
        assert client.patch(f"/users/{other['id']}", json=sent).status_code == 409
    same = client.patch(f"/users/{ada['id']}", json={"name": "Ada", "email": "ada@example.com"})
    assert same.status_code == 200


def test_what_belongs_to_an_item_goes_with_it(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    described = shop(make_document)
    described["paths"]["/users"]["x-toolalpaca-resource"] = {"parent": "teamId"}
    client = open_client(described)
    user = client.get("/users").json()[0]
    assert client.delete(f"/teams/{user['teamId']}").status_code == 204
    assert client.get(f"/users/{user['id']}").status_code == 404
    assert user["teamId"] not in {other["teamId"] for other in client.get("/users").json()}


def test_a_list_whose_values_the_document_shows_refers_to_nothing(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    """Events of ``["push", "label"]`` are kinds of events, though there is ``/events``."""
    kinds = {"type": "array", "items": TEXT, "example": ["push", "label"]}
    hook, event = kind(id=NUMBER, events=kinds), kind(id=TEXT, name=TEXT)
    paths: dict[str, Any] = {}
    for collection, schema in (("hooks", hook), ("events", event)):
        key = {"name": "id", "in": "path", "required": True, "schema": TEXT}
        many = {"type": "array", "items": schema}
        paths[f"/{collection}"] = {"get": {"responses": {"200": answer(many)}}}
        paths[f"/{collection}/{{id}}"] = {
            "parameters": [key],
            "get": {"responses": {"200": answer(schema)}},
        }
    client = open_client(make_document(paths))
    ids = {event["id"] for event in client.get("/events").json()}
    shown = {name for hook in client.get("/hooks").json() for name in hook["events"]}
    assert {"push", "label"} <= shown
    assert ids.isdisjoint(shown)


def test_a_json_patch_is_refused_for_what_another_change_is(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    described = shop(make_document, _409="Team not found")
    content = {"application/json-patch+json": {"schema": {"type": "array"}}}
    described["paths"]["/users/{id}"]["patch"]["requestBody"] = {"content": content}
    client = open_client(described)
    user = client.get("/users").json()[0]
    headers = {"content-type": "application/json-patch+json"}
    for team, status in ((987654, 409), (client.get("/teams").json()[1]["id"], 200)):
        patch = f'[{{"op": "replace", "path": "/teamId", "value": {team}}}]'
        changed = client.patch(f"/users/{user['id']}", content=patch, headers=headers)
        assert changed.status_code == status
    assert client.get(f"/users/{user['id']}").json()["teamId"] == team
