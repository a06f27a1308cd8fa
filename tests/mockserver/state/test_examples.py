"""What examples of answers show is there from the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Open = Callable[..., httpx2.Client]
PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "tag": {"type": "string"},
    },
}
PETS = {"type": "array", "items": PET}
PAGE = {
    "type": "object",
    "required": ["data", "shop"],
    "properties": {"data": PETS, "shop": {"type": "string"}, "total": {"type": "integer"}},
}
REX, TOM = {"id": 7, "name": "Rex"}, {"id": 9, "name": "Tom"}


@pytest.fixture
def pets_of(open_client: Open, make_document: Callable[..., Any]) -> Callable[..., httpx2.Client]:
    """A client on a collection whose list and item are shown by the given media types."""

    def client(listed: dict[str, Any], alone: dict[str, Any]) -> httpx2.Client:
        def answers(media_type: dict[str, Any]) -> dict[str, Any]:
            return {
                "200": {"description": "Fine", "content": {"application/json": media_type}},
                "404": {"description": "None"},
            }

        key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
        body = {"content": {"application/json": {"schema": PET}}}
        return open_client(
            make_document(
                {
                    "/pets": {
                        "get": {"responses": answers(listed)},
                        "post": {"requestBody": body, "responses": answers({"schema": PET})},
                    },
                    "/pets/{id}": {"get": {"parameters": [key], "responses": answers(alone)}},
                }
            )
        )

    return client


@pytest.mark.parametrize(
    "listed",
    [
        {"schema": PETS, "example": [REX, TOM]},
        {"schema": PETS, "examples": {"none": {"value": []}, "some": {"value": [REX, TOM]}}},
        {"schema": {**PETS, "example": [REX, TOM]}},
    ],
)
def test_a_list_with_an_example_holds_just_that(
    pets_of: Callable[..., httpx2.Client], listed: dict[str, Any]
) -> None:
    client = pets_of(listed, {"schema": PET})
    assert client.get("/pets").json() == [REX, TOM]
    assert client.get("/pets/9").json() == TOM
    assert client.get("/pets/8").status_code == 404
    made = client.post("/pets", json={"id": 0, "name": "New"}).json()
    assert client.get("/pets").json() == [REX, TOM, made]


def test_the_rest_of_a_page_is_as_its_example_has_it(
    pets_of: Callable[..., httpx2.Client],
) -> None:
    page = {"data": [REX, TOM], "shop": "Corner", "total": 40}
    client = pets_of({"schema": PAGE, "example": page}, {"schema": PET})
    assert client.get("/pets").json() == {**page, "total": 2}


def test_what_is_shown_alone_is_among_the_others(
    pets_of: Callable[..., httpx2.Client],
) -> None:
    tagged = {**REX, "tag": "good"}
    client = pets_of({"schema": PETS}, {"schema": PET, "example": tagged})
    listed = client.get("/pets").json()
    assert listed[0] == client.get("/pets/7").json() == tagged
    assert len(listed) > 1
    # The same item, shown twice: the list leaves out what the item tells.
    client = pets_of({"schema": PETS, "example": [REX, TOM]}, {"schema": PET, "example": tagged})
    assert client.get("/pets").json() == [tagged, TOM]
