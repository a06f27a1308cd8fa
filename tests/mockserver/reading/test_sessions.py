"""Sessions: how a request names one, and what can be done with one from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document

Open = Callable[..., httpx2.Client]
REX = {"name": "Rex", "kind": "dog"}


@pytest.fixture
def client(open_client: Open, pets: dict[str, Any]) -> httpx2.Client:
    return open_client(load_document(pets, name="pets"))


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/pets", {"headers": {"toolalpaca-session": "a.b"}}),
        ("/pets", {"params": {"toolalpaca-session": "a.b"}}),
        ("/pets", {"headers": {"cookie": "x=1; toolalpaca-session=a%2Eb"}}),
        ("/_session/a.b/pets", {}),
    ],
)
def test_every_way_to_name_a_session(client: httpx2.Client, path: str, options: Any) -> None:
    before = client.get("/pets").json()
    made = client.post(path, json=REX, **options)
    assert made.status_code == 201
    assert made.json() in client.get("/_session/a.b/pets").json()
    assert client.get("/pets").json() == before
    assert client.get("/_toolalpaca/sessions").json() == ["default", "a.b"]


def test_links_stay_in_the_session_of_the_path(client: httpx2.Client) -> None:
    made = client.post("/_session/s/pets", json=REX)
    assert "/_session/s/pets/" in made.headers["location"]
    assert client.get(made.headers["location"]).json() == made.json()


def test_reset_begins_anew(client: httpx2.Client) -> None:
    before = client.get("/pets").json()
    first = client.post("/pets", json=REX).json()
    assert client.delete("/_toolalpaca/sessions/default").status_code == 204
    assert client.get("/pets").json() == before
    assert client.post("/pets", json=REX).json() == first


def test_a_snapshot_brings_back_what_was_there(client: httpx2.Client) -> None:
    pet = client.post("/pets", json=REX).json()
    client.delete(f"/pets/{client.get('/pets').json()[0]['id']}")
    listed = client.get("/pets").json()
    snapshot = client.get("/_toolalpaca/sessions/default").json()
    client.delete(f"/pets/{pet['id']}")
    client.post("/pets", json=REX)
    for session in ("default", "other"):
        restored = client.put(f"/_toolalpaca/sessions/{session}", json=snapshot)
        assert restored.status_code == 204
        assert client.get(f"/_session/{session}/pets").json() == listed


@pytest.mark.parametrize(
    ("snapshot", "pointer"),
    [
        ({"ticks": -1}, "/ticks"),
        ({"tick": 1}, "/tick"),
        ({"collections": {"pets:/pets": {"item": {}}}}, "/collections/pets:~1pets/item"),
        ({"collections": {"pets:/nope": {}}}, "/collections/pets:~1nope"),
        ({"collections": {"zoo:/pets": {}}}, "/collections/zoo:~1pets"),
        ({"collections": {"pets:/pets/1": {}}}, "/collections/pets:~1pets~11"),
    ],
)
def test_a_snapshot_of_something_else_is_refused(
    client: httpx2.Client, snapshot: Any, pointer: str
) -> None:
    before = client.get("/pets").json()
    refused = client.put("/_toolalpaca/sessions/default", json=snapshot)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    (error,) = refused.json()["errors"]
    assert error["pointer"] == pointer
    assert client.get("/pets").json() == before


@pytest.mark.parametrize("path", ["default", "default/apis/pets/pets"])
def test_a_body_that_is_not_json_is_told_to_be_so(client: httpx2.Client, path: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}  # what curl -d sends
    refused = client.put(f"/_toolalpaca/sessions/{path}", content=b"[]", headers=form)
    assert refused.status_code == 415
    assert "send application/json" in refused.json()["detail"]


@pytest.mark.parametrize("name", ["../../etc", "a b", "", "..", "x" * 201, "a\nb", "Zo\u00eb"])
def test_a_name_that_cannot_be_addressed_is_refused(client: httpx2.Client, name: str) -> None:
    refused = client.get("/pets", params={"toolalpaca-session": name})
    assert refused.status_code == 400
    assert "the name of a session" in refused.json()["detail"]
    assert client.get("/_toolalpaca/sessions").json() == []


def test_nor_can_it_be_restored(client: httpx2.Client) -> None:
    for method in ("GET", "PUT", "DELETE"):
        refused = client.request(method, "/_toolalpaca/sessions/a%20b", json={})
        assert (refused.status_code, refused.json()["status"]) == (400, 400)


def test_a_collection_can_be_seeded(client: httpx2.Client) -> None:
    item = {"id": 7, "name": "Tom", "kind": "cat", "created_at": "2026-01-01T00:00:00Z"}
    path = "/_toolalpaca/sessions/default/apis/pets/pets"
    assert client.put(path, json=[item]).status_code == 204
    assert client.get("/pets").json() == [item]
    assert client.get("/pets/7").json() == item
    assert client.get("/pets/8").status_code == 404

    visit = {"id": "5f1e0a7e-6a5c-4c1b-8f55-0a3d5b5f9a11", "pet_id": 7, "reason": "Cough"}
    assert client.put(f"{path}/7/visits", json=[visit]).status_code == 204
    assert client.get("/pets/7/visits").json()["data"] == [visit]


def test_seeds_must_be_what_the_document_says(client: httpx2.Client) -> None:
    start = "/_toolalpaca/sessions/default/apis"
    before = client.get("/pets").json()
    refused = client.put(f"{start}/pets/pets", json=[{"id": "x"}])
    assert refused.status_code == 422
    assert {e["pointer"] for e in refused.json()["errors"]} >= {"/0/id", "/0/name"}
    assert client.get("/pets").json() == before
    assert client.put(f"{start}/zoo/pets", json=[]).status_code == 404
    assert client.put(f"{start}/pets/pets/7", json=[]).status_code == 404
    assert client.put(f"{start}/pets/nowhere", json=[]).status_code == 404
