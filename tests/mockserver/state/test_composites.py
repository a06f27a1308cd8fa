"""Items that two path parameters name: what lists, adds, reads and deletes them agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]
Make = Callable[..., Any]
TEXT = {"type": "string"}
USER = {
    "type": "object",
    "required": ["login", "id"],
    "properties": {"login": TEXT, "id": {"type": "integer"}},
}
TEAM = {"type": "object", "required": ["id", "slug"], "properties": {"id": TEXT, "slug": TEXT}}
REF = {"$ref": "#/components/schemas/Repo"}
ISSUE = {
    "type": "object",
    "required": ["number"],
    "properties": {"number": {"type": "integer", "readOnly": True}, "title": TEXT},
}


def says(schema: Any, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "It", "content": {"application/json": {"schema": schema}}}}


def takes(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def many(schema: Any) -> dict[str, Any]:
    return says({"type": "array", "items": schema})


def names(*parameters: str) -> list[dict[str, Any]]:
    return [{"name": p, "in": "path", "required": True, "schema": TEXT} for p in parameters]


def hub(make_document: Make, owner: Any, parameter: str) -> Any:
    repo = {
        "type": "object",
        "required": ["id", "name", "owner"],
        "properties": {"id": {"type": "integer"}, "name": TEXT, "owner": owner},
    }
    new = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
    pair = names("owner", "repo")
    paths = {
        "/users": {"get": {"responses": many(USER)}},
        f"/users/{{{parameter}}}": {
            "parameters": names(parameter),
            "get": {"responses": says(USER)},
        },
        f"/users/{{{parameter}}}/repos": {
            "parameters": names(parameter),
            "get": {"responses": many(REF)},
            "post": {**takes(new), "responses": says(REF, "201")},
        },
        "/repos/{owner}/{repo}": {
            "parameters": pair,
            "get": {"responses": says(REF)},
            "patch": {**takes(new), "responses": says(REF)},
            "delete": {"responses": {"204": {"description": "Gone"}}},
        },
        "/repos/{owner}/{repo}/issues": {
            "parameters": pair,
            "get": {"responses": many(ISSUE)},
            "post": {**takes(ISSUE), "responses": says(ISSUE, "201")},
        },
        "/teams": {"get": {"responses": many(TEAM)}},
        "/teams/{id}": {"parameters": names("id"), "get": {"responses": says(TEAM)}},
        "/teams/{id}/repos": {"parameters": names("id"), "get": {"responses": many(REF)}},
    }
    return make_document(paths, schemas={"Repo": repo})


class Hub:
    """A client, and whose repositories it asks for."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client
        self.name = client.get("/users").json()[0]["login"]
        self.place = f"/users/{self.name}/repos"

    def owner(self, repo: Any) -> Any:
        return repo["owner"]["login"] if isinstance(repo["owner"], dict) else repo["owner"]


@pytest.fixture(params=[(TEXT, "owner"), (USER, "username"), (USER, "user_id")])
def opened(request: pytest.FixtureRequest, open_client: Open, make_document: Make) -> Hub:
    """An API whose items show their owner as a text or as an object."""
    document = hub(make_document, *request.param)
    users = document["paths"]["/users"]
    users["x-toolalpaca-resource"] = {"id": "login"}
    return Hub(open_client(document))


def test_what_is_listed_can_be_read(opened: Hub) -> None:
    repos = opened.client.get(opened.place).json()
    assert len(repos) >= 3
    for repo in repos:
        assert opened.owner(repo) == opened.name
        assert opened.client.get(f"/repos/{opened.name}/{repo['name']}").json() == repo
    assert opened.client.get(f"/repos/{opened.name}/no-such").status_code == 404


def test_the_life_of_an_item(opened: Hub) -> None:
    client, path = opened.client, f"/repos/{opened.name}/engine"
    made = client.post(opened.place, json={"name": "engine"})
    repo = made.json()
    assert (made.status_code, repo["name"], opened.owner(repo)) == (201, "engine", opened.name)
    assert made.headers["location"].endswith(path)
    assert client.get(made.headers["location"]).json() == repo
    assert repo in client.get(opened.place).json()
    assert client.get(f"{path}/issues").json() == []
    client.post(f"{path}/issues", json={"title": "Smoke"})
    assert len(client.get(f"{path}/issues").json()) == 1
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == client.get(f"{path}/issues").status_code == 404
    assert "engine" not in [other["name"] for other in client.get(opened.place).json()]


def test_what_others_list_is_not_theirs(opened: Hub) -> None:
    team = opened.client.get("/teams").json()[0]["id"]
    repos = opened.client.get(f"/teams/{team}/repos").json()
    assert repos
    assert team not in [opened.owner(repo) for repo in repos]
