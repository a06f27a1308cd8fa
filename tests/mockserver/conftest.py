"""A real server on loopback, and documents to serve."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from toolalpaca.listening import bind
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.app import MockServerApp, create_app
from toolalpaca_mockserver.serving.protocol import Protocol
from toolalpaca_mockserver.settings import Settings

Serve = Callable[[Any], str]
Open = Callable[..., httpx2.Client]

AROUND = ("store", "listeners", "parts", "routes", "watch")
"""The options of a client that are not about how APIs are served."""
EXAMPLES = Path(__file__).parents[2] / "examples"


class _ThreadedServer(uvicorn.Server):
    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", http=Protocol)
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


@contextmanager
def _running(app: Any) -> Iterator[str]:
    with bind("127.0.0.1", 0) as listener:
        server = _ThreadedServer(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert server.ready.wait(30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


class _Stage:
    """An application that is another one for each test: starting a server takes time."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def _stage() -> Iterator[tuple[_Stage, str]]:
    stage = _Stage()
    with _running(stage) as url:
        yield stage, url


@pytest.fixture
def serve_in_thread(_stage: tuple[_Stage, str]) -> Iterator[Serve]:
    """Serves an ASGI application on a real port until the test ends; returns its URL."""
    stage, url = _stage
    with ExitStack() as stack:

        def serve(app: Any) -> str:
            if stage.app is not None or (isinstance(app, MockServerApp) and app.parts):
                return stack.enter_context(_running(app))
            stage.app = app
            return url

        yield serve
    stage.app = None


@pytest.fixture
def open_client(serve_in_thread: Serve) -> Iterator[Open]:
    """Serves documents, given as mappings or compiled, and opens a client on them."""
    with ExitStack() as stack:

        def open_on(*documents: Any, **options: Any) -> httpx2.Client:
            loaded = [d if isinstance(d, Document) else load_document(d) for d in documents]
            around = {name: options.pop(name) for name in AROUND if name in options}
            on_app = options.pop("on_app", lambda app: None)
            app = create_app(loaded, Settings(**options), **around)
            on_app(app)
            url = serve_in_thread(app)
            return stack.enter_context(httpx2.Client(base_url=url))

        yield open_on


@pytest.fixture
def examples() -> list[Document]:
    """The example documents of the project."""
    return [load_document(path) for path in sorted(EXAMPLES.glob("*.yaml"))]


def document(
    paths: dict[str, Any], *, schemas: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    components = {"schemas": schemas or {}, **more.pop("components", {})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Test", "version": "1"},
        "paths": paths,
        "components": components,
        **more,
    }


@pytest.fixture
def make_document() -> Callable[..., dict[str, Any]]:
    """Makes an OpenAPI document of paths and schemas."""
    return document


@pytest.fixture
def pets() -> dict[str, Any]:
    """A store of pets in the manner of Petstore: bare lists, nesting, errors of its own."""
    pet = {"$ref": "#/components/schemas/Pet"}
    error = {
        "description": "An error",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    pet_id = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
    body = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewPet"}}},
    }

    def answer(schema: Any) -> dict[str, Any]:
        return {"description": "Fine", "content": {"application/json": {"schema": schema}}}

    return document(
        {
            "/pets": {
                "get": {
                    "operationId": "listPets",
                    "parameters": [
                        {"name": "kind", "in": "query", "schema": {"type": "string"}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
                        {"name": "offset", "in": "query", "schema": {"type": "integer"}},
                    ],
                    "responses": {"200": answer({"type": "array", "items": pet})},
                },
                "post": {
                    "operationId": "createPet",
                    "requestBody": body,
                    "responses": {"201": answer(pet), "400": error},
                },
            },
            "/pets/{petId}": {
                "parameters": [pet_id],
                "get": {"operationId": "getPet", "responses": {"200": answer(pet), "404": error}},
                "put": {
                    "operationId": "replacePet",
                    "requestBody": body,
                    "responses": {"200": answer(pet), "404": error},
                },
                "patch": {
                    "operationId": "updatePet",
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/PetChange"}
                            }
                        }
                    },
                    "responses": {"200": answer(pet), "404": error},
                },
                "delete": {
                    "operationId": "deletePet",
                    "responses": {"204": {"description": "Gone"}, "404": error},
                },
            },
            "/pets/{petId}/visits": {
                "parameters": [pet_id],
                "get": {
                    "operationId": "listVisits",
                    "responses": {
                        "200": answer(
                            {
                                "type": "object",
                                "required": ["data", "total"],
                                "properties": {
                                    "data": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/Visit"},
                                    },
                                    "total": {"type": "integer"},
                                },
                            }
                        )
                    },
                },
                "post": {
                    "operationId": "addVisit",
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Visit"}}
                        }
                    },
                    "responses": {"201": answer({"$ref": "#/components/schemas/Visit"})},
                },
            },
            "/pets/find": {
                "get": {
                    "operationId": "findPets",
                    "parameters": [
                        {
                            "name": "kind",
                            "in": "query",
                            "required": True,
                            "schema": {"type": "string"},
                        }
                    ],
                    "responses": {"200": answer({"type": "array", "items": pet})},
                }
            },
        },
        schemas={
            "Pet": {
                "type": "object",
                "required": ["id", "name", "kind", "created_at"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string", "minLength": 1},
                    "kind": {"type": "string", "enum": ["cat", "dog", "hamster"]},
                    "nickname": {"type": "string"},
                    "secret": {"type": "string", "writeOnly": True},
                    "created_at": {"type": "string", "format": "date-time", "readOnly": True},
                },
            },
            "NewPet": {
                "type": "object",
                "required": ["name", "kind"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "kind": {"type": "string", "enum": ["cat", "dog", "hamster"]},
                    "nickname": {"type": "string"},
                    "secret": {"type": "string"},
                },
            },
            "PetChange": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "nickname": {"type": "string"}},
            },
            "Visit": {
                "type": "object",
                "required": ["id", "pet_id", "reason"],
                "properties": {
                    "id": {"type": "string", "format": "uuid", "readOnly": True},
                    "pet_id": {"type": "integer", "readOnly": True},
                    "reason": {"type": "string"},
                },
            },
            "Error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
            },
        },
    )
