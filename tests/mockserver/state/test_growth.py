"""Collections that grow: new items are drawn from a few, and still are things of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca_mockserver.state.store import highest

Open = Callable[..., httpx2.Client]
_MANY = 40


def _orders(make_document: Callable[..., Any], kind: dict[str, Any]) -> Any:
    schema = {
        "type": "object",
        "required": ["id", "sku", "note", "created_at"],
        "properties": {
            "id": {**kind, "readOnly": True},
            "sku": {"type": "string", "format": "uuid", "readOnly": True},
            "note": {"type": "string"},
            "created_at": {"type": "string", "format": "date-time", "readOnly": True},
        },
    }
    content = {"content": {"application/json": {"schema": schema}}}
    many = {"content": {"application/json": {"schema": {"type": "array", "items": schema}}}}
    order_id = {"name": "id", "in": "path", "required": True, "schema": kind}
    return make_document(
        {
            "/orders": {
                "get": {"responses": {"200": {"description": "All", **many}}},
                "post": {
                    "requestBody": content,
                    "responses": {"201": {"description": "New", **content}},
                },
            },
            "/orders/{id}": {
                "parameters": [order_id],
                "get": {"responses": {"200": {"description": "One", **content}}},
                "delete": {"responses": {"204": {"description": "Gone"}}},
            },
        }
    )


@pytest.mark.parametrize(
    "kind", [{"type": "integer"}, {"type": "string", "format": "uuid"}, {"type": "string"}]
)
def test_every_new_item_has_an_identity_of_its_own(
    open_client: Open, make_document: Callable[..., Any], kind: dict[str, Any]
) -> None:
    client = open_client(_orders(make_document, kind))
    made = [client.post("/orders", json={"note": f"n{n}"}).json() for n in range(_MANY)]
    assert [order["note"] for order in made] == [f"n{n}" for n in range(_MANY)]
    for name in ("id", "sku", "created_at"):
        assert len({order[name] for order in made}) == _MANY
    assert client.get("/orders").json()[-_MANY:] == made
    assert client.get(f"/orders/{made[-1]['id']}").json() == made[-1]


def test_a_number_is_not_given_twice(open_client: Open, make_document: Callable[..., Any]) -> None:
    client = open_client(_orders(make_document, {"type": "integer"}))
    first = client.post("/orders", json={"note": "a"}).json()
    client.delete(f"/orders/{first['id']}")
    kept = client.get("/_toolalpaca/sessions/default").json()
    second = client.post("/orders", json={"note": "b"}).json()
    assert second["id"] == first["id"] + 1
    client.put("/_toolalpaca/sessions/other", json=kept)
    again = client.post("/orders", json={"note": "b"}, headers={"toolalpaca-session": "other"})
    assert again.json() == second


def test_ids_that_paths_cannot_say_are_given_when_no_others_are_left(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    """Petstore's path parameter for orders ends at ten."""
    document = _orders(make_document, {"type": "integer"})
    last = 10
    document["paths"]["/orders/{id}"]["parameters"][0]["schema"]["maximum"] = last
    client = open_client(document)
    ids = [client.post("/orders", json={"note": "x"}).json()["id"] for _ in range(2 * last)]
    known = [order["id"] for order in client.get("/orders").json()]
    assert len(set(known)) == len(known)
    assert set(range(1, last + 1)) <= set(known)
    assert set(ids) <= set(known)


def test_only_plain_numbers_count_as_numbers() -> None:
    assert highest(["7", "٣", "²", "-9", "1" * 5000, "x"]) == 7
    assert highest([], 5) == 5
