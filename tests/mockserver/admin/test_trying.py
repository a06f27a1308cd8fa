"""What the server says of operations, and the requests that it proposes to try them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document

Open = Callable[..., httpx2.Client]
OPERATIONS = "/_toolalpaca/apis/{}/operations"


def proposed(
    client: httpx2.Client, api: str, name: str, session: str = "default"
) -> httpx2.Request:
    """The request that the server proposes to try the operation with."""
    url = f"{OPERATIONS.format(api)}/{name}"
    told = client.get(url, params={"session": session}).json()
    values: dict[str, dict[str, Any]] = {}
    for parameter in told["parameters"]:
        if parameter["required"]:
            values.setdefault(parameter["location"], {})[parameter["name"]] = parameter["example"]
    made = client.post(f"{url}/request", json=values).json()
    headers = dict(made["headers"]) | {"toolalpaca-session": session}
    keys: dict[str, str] = {}
    for credential in told["credentials"]:
        place = {"header": headers, "query": keys}[credential["location"]]
        place[credential["name"]] = credential["example"]
    content = None
    for body in told["bodies"][:1]:
        headers["content-type"], content = body["content_type"], body["example"]
    where = httpx2.URL(made["url"]).copy_merge_params(keys)
    return client.build_request(made["method"], where, headers=headers, content=content)


def operations(documents: list[Document]) -> Iterator[tuple[str, str]]:
    return ((document.name, operation.name) for document in documents for operation in document)


def test_every_operation_of_the_examples_is_tried_with_success(
    open_client: Open, examples: list[Document]
) -> None:
    client = open_client(*examples)
    statuses = {
        (api, name): client.send(proposed(client, api, name, "s")).status_code
        for api, name in operations(examples)
    }
    assert {case: status for case, status in statuses.items() if status >= 400} == {}


def test_operations_are_listed_and_told(open_client: Open, examples: list[Document]) -> None:
    client = open_client(*examples)
    url = OPERATIONS.format("railway")
    listed = client.get(url).json()
    assert len(listed) == 14
    create = next(operation for operation in listed if operation["name"] == "createBooking")
    assert (create["method"], create["path"], create["summary"]) == (
        "POST",
        "/bookings",
        "Book seats on a train",
    )
    told = client.get(f"{url}/createBooking").json()
    assert told["role"] == {"does": "create", "resource": "booking", "collection": "/bookings"}
    assert told["credentials"] == [
        {"scheme": "apiKey", "location": "header", "name": "X-Api-Key", "example": "simulated"}
    ]
    assert "201" in [response["status"] for response in told["responses"]]
    search = client.get(f"{url}/searchTrains").json()["parameters"]
    amenities = next(parameter for parameter in search if parameter["name"] == "amenities")
    assert (amenities["type"], amenities["example"]) == ("array of string", ["wifi", "bicycles"])
    direct = next(parameter for parameter in search if parameter["name"] == "direct")
    assert (direct["options"], direct["required"]) == ([True, False], False)
    resources = client.get("/_toolalpaca/apis/railway/resources").json()["resources"]
    assert "/bookings" in [resource["collection"] for resource in resources]


def test_ids_are_of_what_the_session_has(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(load_document(pets, name="pets"))
    mine = {"toolalpaca-session": "mine"}
    first = client.get("/pets", headers=mine).json()[0]["id"]
    assert proposed(client, "pets", "getPet", "mine").url.path == f"/pets/{first}"
    client.delete(f"/pets/{first}", headers=mine)
    assert proposed(client, "pets", "addVisit", "mine").url.path != f"/pets/{first}/visits"
    assert client.send(proposed(client, "pets", "getPet", "mine")).status_code == 200


def test_a_proposed_item_refers_to_what_exists(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    def crud(name: str) -> dict[str, Any]:
        one = {"$ref": f"#/components/schemas/{name}"}
        body = {"content": {"application/json": {"schema": one}}}
        many = {"content": {"application/json": {"schema": {"type": "array", "items": one}}}}
        return {
            "get": {"responses": {"200": {"description": "Fine", **many}}},
            "post": {
                "operationId": f"make{name}",
                "requestBody": {**body, "required": True},
                "responses": {"201": {"description": "Made", **body}, "422": {"description": "No"}},
            },
        }

    uuid = {"type": "string", "format": "uuid"}
    identity = {"id": {**uuid, "readOnly": True}}
    owned = {**identity, "owner_id": uuid, "name": {"type": "string"}}
    schemas = {
        "Owner": {"type": "object", "required": ["id"], "properties": identity},
        "Pet": {"type": "object", "required": ["id", "owner_id"], "properties": owned},
    }
    document = make_document({"/owners": crud("Owner"), "/pets": crud("Pet")}, schemas=schemas)
    client = open_client(load_document(document, name="zoo"))
    owners = [owner["id"] for owner in client.get("/owners").json()]
    request = proposed(client, "zoo", "makePet")
    assert client.send(request).status_code == 201
    assert httpx2.Response(200, content=request.content).json()["owner_id"] in owners


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/zoo/operations", 404, "no API 'zoo'"),
        ("/pets/operations/nope", 404, "no operation 'nope'"),
        ("/pets/operations/getPet?session=%2F", 400, "the name of a session"),
    ],
)
def test_what_is_not_there_is_said(
    open_client: Open, pets: dict[str, Any], path: str, status: int, said: str
) -> None:
    refused = open_client(load_document(pets, name="pets")).get(f"/_toolalpaca/apis{path}")
    assert (refused.status_code, said in refused.json()["detail"]) == (status, True)


def test_a_request_that_cannot_be_made_is_refused(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(load_document(pets, name="pets"))
    url = f"{OPERATIONS.format('pets')}/getPet/request"
    refused = client.post(url, json={"path": {"petId": ""}})
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "path petId: it stands in the path and cannot be empty",
    )
    sent = client.post(url, json={"path": {"petId": "a/b c"}}).json()
    assert sent["url"] == "/pets/a%2Fb%20c"


def test_documents_in_the_wild_are_told_of(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    broken = {"$ref": "#/components/schemas/Lost"}
    form = {"multipart/form-data": {"schema": {"type": "string"}}, "text/plain": {"schema": broken}}
    operation = {
        "operationId": "wild",
        "parameters": [{"name": "q", "in": "query", "schema": broken}],
        "requestBody": {"content": form},
        "responses": {},
    }
    client = open_client(load_document(make_document({"/a/{lost}": {"post": operation}}), name="w"))
    told = client.get(f"{OPERATIONS.format('w')}/wild").json()
    assert [p["name"] for p in told["parameters"]] == ["q", "lost"]
    assert client.send(proposed(client, "w", "wild")).status_code < 500


def test_ids_are_of_what_stands_below_the_other_values_of_the_path(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    thing = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    one = {"200": {"description": "", "content": {"application/json": {"schema": thing}}}}
    schema = {"type": "array", "items": thing}
    many = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    lost = {"404": {"description": ""}}
    paths = {
        "/tenants/{tenant}/things": {"get": {"responses": many}},
        "/tenants/{tenant}/things/{id}": {"get": {"operationId": "read", "responses": one | lost}},
    }
    client = open_client(load_document(make_document(paths), name="w"))
    request = proposed(client, "w", "read")
    assert client.send(request).status_code == 200
    above = request.url.path.rpartition("/")[0]
    assert client.get(above).json()[0]["id"] == request.url.path.rpartition("/")[2]
