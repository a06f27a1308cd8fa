"""Single things, such as settings: what PUT sets and PATCH merges, GET shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.explanation import explain, lines

Open = Callable[..., httpx2.Client]
Make = Callable[..., Any]
SETTINGS = {
    "type": "object",
    "required": ["theme", "limits"],
    "properties": {
        "theme": {"enum": ["dark", "light"]},
        "language": {"type": "string"},
        "limits": {
            "type": "object",
            "properties": {"daily": {"type": "integer"}, "hourly": {"type": "integer"}},
        },
        "revision": {"type": "string", "readOnly": True},
    },
}
SENT = {"theme": "light", "language": "de", "limits": {"daily": 5, "hourly": 2}}


def says(schema: Any, **more: Any) -> dict[str, Any]:
    return {"description": "It", "content": {"application/json": {"schema": schema, **more}}}


def settings(*deeds: str, shown: Any = SETTINGS, gone: bool = True, **more: Any) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": SETTINGS}}}
    nothing = {"404": {"description": "None"}} if gone else {}
    path: dict[str, Any] = {"get": {"responses": {"200": says(shown, **more), **nothing}}}
    for deed in deeds:
        path[deed] = {"requestBody": body, "responses": {"200": says(shown)}}
    if "delete" in deeds:
        path["delete"] = {"responses": {"204": {"description": "Gone"}}}
    if "patch" in deeds:
        less = {key: value for key, value in SETTINGS.items() if key != "required"}
        path["patch"]["requestBody"] = {"content": {"application/json": {"schema": less}}}
    return path


def test_what_is_set_is_shown(open_client: Open, make_document: Make) -> None:
    client = open_client(make_document({"/settings": settings("put", "patch")}))
    before = client.get("/settings").json()
    assert client.get("/settings").json() == before
    put = client.put("/settings", json=SENT)
    assert put.json() == {**SENT, "revision": before["revision"]}
    assert client.get("/settings").json() == put.json()
    assert client.get("/settings").headers["toolalpaca-source"] == "state"
    merged = client.patch("/settings", json={"limits": {"daily": 9}}).json()
    assert merged == {**put.json(), "limits": {"daily": 9, "hourly": 2}}
    assert client.get("/settings").json() == merged
    other = {"toolalpaca-session": "other"}
    assert client.get("/settings", headers=other).json() == before


def test_it_begins_with_the_example(open_client: Open, make_document: Make) -> None:
    shown = {**SENT, "revision": "r7"}
    client = open_client(make_document({"/me/settings": settings("patch", example=shown)}))
    assert client.get("/me/settings").json() == shown
    client.patch("/me/settings", json={"language": "fr"})
    assert client.get("/me/settings").json() == {**shown, "language": "fr"}


def test_it_may_be_wrapped(open_client: Open, make_document: Make) -> None:
    wrapped = {"type": "object", "required": ["data"], "properties": {"data": SETTINGS}}
    client = open_client(make_document({"/settings": settings("put", shown=wrapped)}))
    put = client.put("/settings", json=SENT).json()
    assert {**put["data"], **SENT} == put["data"]
    assert client.get("/settings").json() == put


def test_what_is_deleted_is_gone_until_it_is_set_again(
    open_client: Open, make_document: Make
) -> None:
    client = open_client(make_document({"/settings": settings("put", "patch", "delete")}))
    assert client.delete("/settings").status_code == 204
    for again in (client.get("/settings"), client.delete("/settings")):
        assert again.status_code == 404
        assert again.headers["toolalpaca-problem"] == "there is no setting"
    assert client.put("/settings", json=SENT).status_code == 200
    assert client.get("/settings").json()["language"] == "de"


def test_there_is_one_below_each_item(
    open_client: Open, make_document: Make, pets: dict[str, Any]
) -> None:
    key = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
    path = {"parameters": [key], **settings("put")}
    client = open_client({**pets, "paths": {**pets["paths"], "/pets/{petId}/diet": path}})
    first, second = (f"/pets/{pet['id']}" for pet in client.get("/pets").json()[:2])
    before = client.get(f"{second}/diet").json()
    client.put(f"{first}/diet", json=SENT)
    assert client.get(f"{first}/diet").json()["language"] == "de"
    assert client.get(f"{second}/diet").json() == before
    client.delete(first)
    assert client.get(f"{first}/diet").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        {**settings(), "put": {"responses": {"200": {"description": "Fine"}}}},
        settings("put", shown={"type": "object", "properties": {"count": {"type": "integer"}}}),
        settings("put", shown={"type": "array", "items": {"type": "string"}}),
    ],
)
def test_what_shows_something_else_is_none(
    open_client: Open, make_document: Make, path: dict[str, Any]
) -> None:
    client = open_client(make_document({"/report": path}))
    before = client.get("/report")
    client.put("/report", json=SENT)
    again = client.get("/report")
    assert (again.content, again.headers["toolalpaca-source"]) == (before.content, "schema")


def explained(document: Any) -> dict[str, Any]:
    return explain(create_app([load_document(document)]).apis[0])


def test_it_is_explained_and_can_be_switched_off(make_document: Make) -> None:
    told = explained(make_document({"/settings": settings("put")}))
    (resource,) = told["resources"]
    assert (resource["single"], resource["id"]) == (True, None)
    assert {o["operation"]: o["does"] for o in resource["operations"]} == {
        "GET /settings": "read",
        "PUT /settings": "replace",
    }
    assert "    id          none: there is one" in list(lines(told))
    off = {**settings("put"), "x-toolalpaca-resource": {"stateless": True}}
    told = explained(make_document({"/settings": off}))
    assert (told["resources"], told["mistakes"]) == ([], [])
