"""A real server on loopback, documents to serve, and requests made from documents."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import orjson
import pytest
import uvicorn

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document, Operation, Parameter
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.negotiation import is_json
from toolalpaca_mockserver.values import ValueGenerator

Serve = Callable[[Any], str]
Open = Callable[..., httpx2.Client]

EXAMPLES = Path(__file__).parents[2] / "examples"


class _ThreadedServer(uvicorn.Server):
    def __init__(self, app: Any) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


@pytest.fixture
def serve_in_thread() -> Iterator[Serve]:
    """Serves an ASGI application on a free port until the test ends; returns its URL."""
    running: list[tuple[_ThreadedServer, threading.Thread, socket.socket]] = []

    def serve(app: Any) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        server = _ThreadedServer(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread, listener))
        assert server.ready.wait(30)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for server, thread, listener in running:
        server.should_exit = True
        thread.join(30)
        listener.close()


@pytest.fixture
def open_client(serve_in_thread: Serve) -> Iterator[Open]:
    """Serves documents, given as mappings or compiled, and opens a client on them."""
    clients: list[httpx2.Client] = []

    def open_on(*documents: Any, **options: Any) -> httpx2.Client:
        loaded = [d if isinstance(d, Document) else load_document(d) for d in documents]
        url = serve_in_thread(create_app(loaded, **options))
        clients.append(httpx2.Client(base_url=url))
        return clients[-1]

    yield open_on
    for client in clients:
        client.close()


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


# -- requests made from documents -------------------------------------------------------------


@dataclass
class Sample:
    """A request that satisfies an operation."""

    method: str
    path: str
    query: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        return self.path + ("?" + "&".join(self.query) if self.query else "")


def sample_request(
    document: Document,
    operation: Operation,
    generator: ValueGenerator,
    known: Mapping[str, Any] = {},
) -> Sample:
    """A request with all that *operation* demands; path parameters are taken from *known*."""
    path = operation.path.partition("?")[0].partition("#")[0]
    sample = Sample(operation.method.upper(), path)
    for parameter in operation.parameters:
        if parameter.location == "path" or parameter.required:
            value = known.get(parameter.name) if parameter.location == "path" else None
            if value is None:
                value = generator.generate(
                    parameter.schema, name=parameter.name, key=operation.name
                )
            _add(sample, parameter, value)
    _add_credentials(sample, document, operation)
    if operation.body is not None and operation.body.content:
        _add_body(sample, operation, generator)
    return sample


@pytest.fixture
def make_request() -> Callable[..., Sample]:
    """Makes a request that satisfies an operation."""
    return sample_request


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def encoded(value: Any) -> str:
    return quote(text(value), safe="")


def _add(sample: Sample, parameter: Parameter, value: Any) -> None:
    name = encoded(parameter.name)
    if parameter.location == "path":
        sample.path = sample.path.replace(
            "{" + parameter.name + "}", _path_text(parameter, value) or "x"
        )
    elif parameter.location == "query":
        sample.query.extend(_query_texts(parameter, name, value))
    elif parameter.location == "header":
        parts = value if isinstance(value, list) else [value]
        sample.headers[parameter.name] = ",".join(text(part) for part in parts)
    else:
        cookie = f"{parameter.name}={encoded(value)}"
        sample.headers["cookie"] = "; ".join(filter(None, [sample.headers.get("cookie"), cookie]))


def _path_text(parameter: Parameter, value: Any) -> str:
    if isinstance(value, list):
        written = ",".join(map(encoded, value))
    elif isinstance(value, dict):
        between = "=" if parameter.explode else ","
        written = ",".join(f"{encoded(k)}{between}{encoded(v)}" for k, v in value.items())
    else:
        written = encoded(value)
    prefixes = {"label": ".", "matrix": f";{parameter.name}="}
    return prefixes.get(parameter.style, "") + written


def _query_texts(parameter: Parameter, name: str, value: Any) -> list[str]:
    if parameter.content_type:
        return [f"{name}={quote(orjson.dumps(value).decode(), safe='')}"]
    if isinstance(value, list):
        if parameter.explode:
            return [f"{name}={encoded(item)}" for item in value]
        between = {"spaceDelimited": "%20", "pipeDelimited": "|"}.get(parameter.style, ",")
        return [f"{name}={between.join(map(encoded, value))}"]
    if isinstance(value, dict):
        if parameter.style == "deepObject":
            return [f"{name}[{encoded(k)}]={encoded(v)}" for k, v in value.items()]
        if parameter.explode:
            return [f"{encoded(k)}={encoded(v)}" for k, v in value.items()]
        return [f"{name}=" + ",".join(f"{encoded(k)},{encoded(v)}" for k, v in value.items())]
    return [f"{name}={encoded(value)}"]


def _add_credentials(sample: Sample, document: Document, operation: Operation) -> None:
    for name in operation.security[0] if operation.security else ():
        scheme = document.security_schemes.get(name)
        if scheme is None:
            continue
        if scheme.type == "apiKey" and scheme.location == "query":
            sample.query.append(f"{encoded(scheme.parameter)}=key")
        elif scheme.type == "apiKey" and scheme.location == "cookie":
            sample.headers["cookie"] = f"{scheme.parameter}=key"
        elif scheme.type == "apiKey":
            sample.headers[scheme.parameter] = "key"
        elif scheme.type == "http" and scheme.scheme == "basic":
            sample.headers["authorization"] = "Basic " + base64.b64encode(b"me:it").decode()
        else:
            kind = scheme.scheme if scheme.type == "http" else "Bearer"
            sample.headers["authorization"] = f"{kind} token"


def _add_body(sample: Sample, operation: Operation, generator: ValueGenerator) -> None:
    assert operation.body is not None
    content = operation.body.content
    content_type = next((key for key in content if is_json(key)), next(iter(content)))
    media_type = content[content_type]
    value = generator.generate(media_type.schema, name=operation.name, key="body")
    fields = value.items() if isinstance(value, dict) else ()
    if is_json(content_type) or "*" in content_type:
        sample.body = orjson.dumps(value)
        content_type = "application/json" if "*" in content_type else content_type
    elif content_type == "application/x-www-form-urlencoded":
        sample.body = "&".join(part for k, v in fields for part in _form(encoded(k), v)).encode()
    elif content_type.startswith("multipart/"):
        parts = [_part(k, item) for k, v in fields for item in (v if isinstance(v, list) else [v])]
        sample.body = b"".join(parts) + b"--edge--\r\n"
        content_type += "; boundary=edge"
    else:
        sample.body = text(value).encode() or b"x"
    sample.headers["content-type"] = content_type


def _form(name: str, value: Any) -> list[str]:
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return [f"{name}={encoded(item)}" for item in value]
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in _form(f"{name}[{encoded(k)}]", v)]
    return [f"{name}={encoded(value)}"]


def _part(name: str, value: Any) -> bytes:
    kind = "application/json" if isinstance(value, (dict, list)) else "text/plain"
    head = (
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    )
    return f"{head}{text(value)}\r\n".encode()
