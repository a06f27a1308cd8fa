"""Actions on items: they answer the item that they are about, and say what has become of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca_mockserver.state.actions import meanings

Open = Callable[..., httpx2.Client]
Make = Callable[..., Any]
REF = {"$ref": "#/components/schemas/Job"}
KEY = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
STATES = ["queued", "running", "cancelled", "done", "archived"]
JOB = {
    "type": "object",
    "required": ["id", "status", "name"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "status": {"type": "string", "enum": STATES, "readOnly": True},
        "published": {"type": "boolean"},
        "priority": {"type": "integer"},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}


def says(schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"200": {"description": "It", "content": content}, "404": {"description": "None"}}


def takes(*names: str) -> dict[str, Any]:
    properties = {name: {"type": "integer"} for name in names}
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def jobs(answer: Any = REF, **more: dict[str, Any]) -> dict[str, Any]:
    act = {"parameters": [KEY], "post": {"responses": says(answer)}}
    item = {"parameters": [KEY], "get": {"responses": says(REF)}}
    ends = ("/cancel", ":cancel", "/do-archive", "/publishJob", "/finish", "/prod", "/copy")
    return {
        "/jobs": {"get": {"responses": says({"type": "array", "items": REF})}},
        "/jobs/{id}": item,
        **{f"/jobs/{{id}}{end}": act for end in ends},
        **{f"/jobs/{{id}}/{end}": {"parameters": [KEY], **deeds} for end, deeds in more.items()},
    }


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("/cancel", {"status": "cancelled"}),
        (":cancel", {"status": "cancelled"}),
        ("/do-archive", {"status": "archived"}),
        ("/publishJob", {"published": True}),
        ("/finish", {"status": "done"}),
    ],
)
def test_an_action_changes_its_item(
    open_client: Open, make_document: Make, end: str, said: dict[str, Any]
) -> None:
    client = open_client(make_document(jobs(), schemas={"Job": JOB}))
    found = client.get("/jobs").json()
    assert found
    for before in found:
        path = f"/jobs/{before['id']}"
        after = client.post(path + end)
        assert after.headers["toolalpaca-source"] == "state"
        changed = {name for name in before if before[name] != after.json()[name]}
        assert changed <= {*said, "updated_at"}
        assert {**after.json(), **said} == after.json()
        assert client.get(path).json() == after.json()


def test_what_the_item_cannot_tell_leaves_it_as_it_was(
    open_client: Open, make_document: Make
) -> None:
    client = open_client(make_document(jobs(), schemas={"Job": JOB}))
    job = client.get("/jobs").json()[0]
    assert client.post(f"/jobs/{job['id']}/prod").json() == job
    assert client.get(f"/jobs/{job['id']}").json() == job


def test_what_is_not_there_cannot_be_acted_on(open_client: Open, make_document: Make) -> None:
    client = open_client(make_document(jobs(), schemas={"Job": JOB}))
    for end in ("/cancel", ":cancel"):
        assert client.post(f"/jobs/none{end}").status_code == 404


def test_part_of_an_item_is_set_where_it_has_a_path(open_client: Open, make_document: Make) -> None:
    put = {"put": {**takes("priority"), "responses": says(REF)}}
    raised = {"post": {**takes("priority"), "responses": says(REF)}}
    document = make_document(jobs(priority=put, raises=raised), schemas={"Job": JOB})
    client = open_client(document)
    path = f"/jobs/{client.get('/jobs').json()[0]['id']}"
    assert client.put(f"{path}/priority", json={"priority": 77}).json()["priority"] == 77
    assert client.post(f"{path}/raises", json={"priority": 99}).json()["priority"] == 77
    assert client.get(path).json()["priority"] == 77


@pytest.mark.parametrize("end", ["/copy", "/cancel"])
def test_what_answers_something_else_is_no_action(
    open_client: Open, make_document: Make, end: str
) -> None:
    note = {"type": "object", "properties": {"ok": {"type": "boolean"}, "id": {"type": "string"}}}
    answer = REF if end == "/copy" else note
    client = open_client(make_document(jobs(answer), schemas={"Job": JOB}))
    job = client.get("/jobs").json()[0]
    assert client.post(f"/jobs/{job['id']}{end}").headers["toolalpaca-source"] == "schema"
    assert client.get(f"/jobs/{job['id']}").json() == job


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("close", "closed"), ("stop", "stopped"), ("apply", "applied"), ("activate", "active"),
        ("start", "started"), ("start", "running"), ("complete", "complete"), ("pay", "paid"),
        ("void", "voided"), ("process", "processing"), ("approve", "approved"), ("open", "open"),
    ],
)  # fmt: skip
def test_verbs_lead_to_states(verb: str, state: str) -> None:
    assert state in meanings(verb)
    assert "pending" not in meanings(verb)
