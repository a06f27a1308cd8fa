"""A small API that corpora are made of in tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.serving import mock_server

LIBRARY = Path(__file__).parents[2] / "examples" / "library.yaml"

PET = {
    "type": "object",
    "required": ["id", "name", "kind"],
    "properties": {
        "id": {"type": "integer", "minimum": 1, "readOnly": True},
        "name": {"type": "string", "description": "Name of the pet.", "example": "Rex"},
        "kind": {"type": "string", "enum": ["dog", "cat"], "description": "Kind of animal."},
        "born_on": {"type": "string", "format": "date", "description": "Day of birth."},
    },
}
PET_ID = {
    "name": "pet_id",
    "in": "path",
    "required": True,
    "description": "Id of the pet.",
    "schema": {"type": "integer", "minimum": 1},
}


def _answer(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


PETS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1", "license": {"name": "MIT"}},
    "components": {"schemas": {"Pet": PET}},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "tags": ["pets"],
                "summary": "List pets, by kind",
                "parameters": [
                    {
                        "name": "kind",
                        "in": "query",
                        "description": "Only pets of this kind.",
                        "schema": {"type": "string", "enum": ["dog", "cat"]},
                    },
                    {"name": "cursor", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": _answer(
                    {
                        "type": "object",
                        "properties": {
                            "items": {
                                "type": "array",
                                "items": {"$ref": "#/components/schemas/Pet"},
                            }
                        },
                    }
                ),
            },
            "post": {
                "operationId": "addPet",
                "tags": ["pets"],
                "summary": "Add a pet",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                    },
                },
                "responses": _answer({"$ref": "#/components/schemas/Pet"}),
            },
        },
        "/pets/{pet_id}": {
            "parameters": [PET_ID],
            "get": {
                "operationId": "getPet",
                "tags": ["pets"],
                "summary": "Get one pet",
                "responses": _answer({"$ref": "#/components/schemas/Pet"}),
            },
            "delete": {
                "operationId": "removePet",
                "tags": ["pets"],
                "summary": "Remove a pet",
                "responses": {"204": {"description": "gone"}},
            },
        },
    },
}


@pytest.fixture
def pets() -> Document:
    """Pets that can be listed, added, read and removed."""
    return load_document(PETS, name="pets")


@pytest.fixture(scope="session")
def library() -> Document:
    """Books, members and their loans and holds."""
    return load_document(LIBRARY)


@pytest.fixture(scope="session")
def library_url() -> Iterator[str]:
    """Where a mock server serves the library."""
    with mock_server([str(LIBRARY)]) as server:
        yield server.apis["library"]
