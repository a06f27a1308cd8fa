"""The APIs as MCP servers, seen by the official client."""

from __future__ import annotations

import base64
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.shared.tool_name_validation import validate_tool_name

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.app import MockServerApp, apis_of, create_app
from toolalpaca_mockserver.mcp.offer import PAGE
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.settings import Settings
from toolalpaca_mockserver.values import ValueGenerator

Open = Callable[..., httpx2.Client]
Serve = Callable[[Any], str]
MakeDocument = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.anyio

MODES = ("legacy", "2026-07-28")
"""How clients connect: the initialise handshake of revisions up to 2025-11-25, and without one."""
TRANSPORT = {"host": "localhost", "accept": "application/json, text/event-stream"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@asynccontextmanager
async def connected(
    url: str, mode: str = "legacy", headers: dict[str, str] | None = None
) -> AsyncIterator[Client]:
    """The official client on an endpoint."""
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def call(client: Client, name: str, arguments: dict[str, Any]) -> Any:
    """The result of a tool call; the client holds it to the tool's schema."""
    return await client.call_tool(name, arguments)


async def listed(client: Client) -> list[Any]:
    """All tools, page after page."""
    page = await client.list_tools()
    tools = [*page.tools]
    while page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor)
        tools += page.tools
    return tools


@pytest.fixture
def url(open_client: Open, pets: dict[str, Any]) -> str:
    """The endpoint of the store of pets, alone on its server."""
    client = open_client(load_document(pets, name="pets"))
    return f"{client.base_url}/_toolalpaca/mcp/pets"


@pytest.mark.parametrize("mode", MODES)
async def test_every_operation_is_listed(
    open_client: Open, examples: list[Document], mode: str
) -> None:
    http = open_client(*examples)
    apis = http.get("/_toolalpaca/apis").json()
    assert [api["name"] for api in apis] == [document.name for document in examples]
    for api, document in zip(apis, examples, strict=True):
        async with connected(api["mcp_url"], mode) as client:
            assert client.server_info is None or client.server_info.title == document.title
            tools = await listed(client)
        assert [tool.name for tool in tools] == [operation.name for operation in document]
        assert [tool.title for tool in tools] == [operation.summary for operation in document]


@pytest.mark.parametrize(
    ("name", "read_only", "destructive", "idempotent"),
    [
        ("listPets", True, False, True),
        ("createPet", False, False, False),
        ("replacePet", False, True, True),
        ("updatePet", False, True, False),
        ("deletePet", False, True, True),
    ],
)
async def test_annotations_follow_from_the_method(
    url: str, name: str, read_only: bool, destructive: bool, idempotent: bool
) -> None:
    async with connected(url) as client:
        (tool,) = [tool for tool in await listed(client) if tool.name == name]
    assert tool.annotations.read_only_hint is read_only
    assert tool.annotations.destructive_hint is destructive
    assert tool.annotations.idempotent_hint is idempotent
    assert tool.annotations.open_world_hint is False


@pytest.mark.parametrize("mode", MODES)
async def test_what_is_created_is_read_changed_and_deleted(url: str, mode: str) -> None:
    async with connected(url, mode) as client:
        await client.list_tools()  # so that the client holds results to their schemas
        made = await call(client, "createPet", {"name": "Rex", "kind": "dog"})
        pet = made.structured_content
        assert pet["name"] == "Rex"
        read = await call(client, "getPet", {"petId": pet["id"]})
        assert read.structured_content == pet
        change = {"petId": pet["id"], "name": "Max", "kind": "cat"}
        replaced = await call(client, "replacePet", change)
        assert replaced.structured_content["kind"] == "cat"
        change = {"petId": pet["id"], "nickname": "Maxi"}
        changed = await call(client, "updatePet", change)
        assert changed.structured_content["nickname"] == "Maxi"
        (told,) = (await call(client, "listPets", {"kind": "cat"})).content
        assert '"Maxi"' in told.text
        deleted = await call(client, "deletePet", {"petId": pet["id"]})
        assert (deleted.is_error, deleted.content[0].text) == (False, "204 No Content")
        gone = await call(client, "getPet", {"petId": pet["id"]})
    assert gone.is_error
    assert gone.structured_content is None
    assert gone.content[0].text.startswith("404 Not Found\n{")


async def test_wrong_arguments_come_back_to_be_mended(url: str) -> None:
    async with connected(url) as client:
        wrong = await call(client, "createPet", {"kind": "cow", "colour": "red"})
        empty = await call(client, "getPet", {})
        with pytest.raises(MCPError, match="Unknown tool: feedPet") as unknown:
            await call(client, "feedPet", {})
        with pytest.raises(MCPError, match="cursor") as lost:
            await client.list_tools(cursor="nowhere")
    assert wrong.is_error
    assert sorted(wrong.content[0].text.splitlines()) == [
        "colour: there is no such argument (they are: name, kind, nickname, secret)",
        'kind: "cow" is not one of "cat", "dog" or "hamster"',
        "name: this argument is required and missing",
    ]
    assert empty.is_error
    assert unknown.value.code == lost.value.code == -32602


async def test_a_call_is_an_exchange_of_its_session(
    serve_in_thread: Serve, pets: dict[str, Any]
) -> None:
    told: list[Exchange] = []
    app = create_app([load_document(pets, name="pets")], listeners=[told.append])
    url = serve_in_thread(app)
    endpoint = f"{url}/_toolalpaca/mcp/pets"
    rex = {"name": "Rex", "kind": "dog"}
    async with connected(endpoint, headers={"toolalpaca-session": "alice"}) as client:
        made = await call(client, "createPet", rex)
    async with connected(f"{endpoint}?toolalpaca-session=bob") as client:
        absent = await call(client, "getPet", {"petId": made.structured_content["id"]})
    pet = f"/pets/{made.structured_content['id']}"
    assert absent.is_error
    assert httpx2.get(f"{url}/_session/alice{pet}").json() == made.structured_content
    assert [(e.request.method, e.request.path, e.answer.status, e.session) for e in told] == [
        ("POST", "/pets", 201, "alice"),
        ("GET", pet, 404, "bob"),
        ("GET", pet, 200, "alice"),
    ]


async def test_calls_need_no_credentials(open_client: Open, examples: list[Document]) -> None:
    (railway,) = [document for document in examples if document.name == "railway"]
    http = open_client(railway, credentials=frozenset({"opensesame"}))
    assert http.get("/bookings").status_code == 401
    async with connected(f"{http.base_url}/_toolalpaca/mcp/railway") as client:
        assert not (await call(client, "listBookings", {})).is_error


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [("image/png", "image"), ("audio/wav", "audio"), ("application/pdf", "resource")],
)
async def test_what_is_no_text_is_base64(
    open_client: Open, make_document: MakeDocument, content_type: str, kind: str
) -> None:
    content = {content_type: {"schema": {"type": "string", "contentEncoding": "binary"}}}
    answer = {"200": {"description": "Fine", "content": content}}
    paths = {"/file": {"get": {"operationId": "file", "responses": answer}}}
    http = open_client(load_document(make_document(paths), name="f"))
    body = http.get("/file").content
    async with connected(f"{http.base_url}/_toolalpaca/mcp/f") as client:
        (block,) = (await call(client, "file", {})).content
    assert block.type == kind
    data = block.resource.blob if kind == "resource" else block.data
    assert base64.b64decode(data) == body
    assert (block.resource if kind == "resource" else block).mime_type == content_type


@pytest.mark.parametrize("method", ["head", "get"])
async def test_answers_without_a_body_say_their_status(
    open_client: Open, make_document: MakeDocument, method: str
) -> None:
    answer = {"202": {"description": "Taken"}}
    paths = {"/job": {method: {"operationId": "job", "responses": answer}}}
    http = open_client(load_document(make_document(paths), name="jobs"))
    async with connected(f"{http.base_url}/_toolalpaca/mcp/jobs") as client:
        result = await call(client, "job", {})
    assert [block.text for block in result.content] == ["202 Accepted"]


async def test_many_tools_come_in_pages(open_client: Open, make_document: MakeDocument) -> None:
    fine = {"responses": {"204": {"description": "Fine"}}}
    paths = {f"/a{number}": {"get": fine} for number in range(PAGE + 1)}
    http = open_client(load_document(make_document(paths), name="many"))
    async with connected(f"{http.base_url}/_toolalpaca/mcp/many") as client:
        first = await client.list_tools()
        rest = await client.list_tools(cursor=first.next_cursor)
    assert (len(first.tools), len(rest.tools), rest.next_cursor) == (PAGE, 1, None)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "127.0.0.1:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"host": "mock.test"}, 200),
        ({"host": "MOCK.test:80"}, 200),
        ({"origin": "http://localhost:6274"}, 200),
        ({"origin": "https://mock.test"}, 200),
        ({"host": "evil.test"}, 421),
        ({"host": "127.0.0.1.evil.test:8000"}, 421),
        ({"host": "a]:80"}, 421),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://localhost.evil.test"}, 403),
        ({"origin": "null"}, 403),
    ],
)
async def test_host_and_origin_must_be_the_servers(
    open_client: Open, pets: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    http = open_client(load_document(pets, name="pets"), hosts=["mock.test"])
    reply = http.post("/_toolalpaca/mcp/pets", json=PING, headers={**TRANSPORT, **headers})
    assert reply.status_code == status
    if status == 200:
        assert reply.json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
        assert reply.headers.get("access-control-allow-origin") == headers.get("origin")
    else:
        assert reply.headers["content-type"] == "application/problem+json"
        assert "--allow-host" in reply.json()["detail"]


def test_a_page_of_this_host_may_ask_first(open_client: Open, pets: dict[str, Any]) -> None:
    http = open_client(load_document(pets, name="pets"))
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "mcp-method"}
    reply = http.options(
        "/_toolalpaca/mcp/pets", headers={"origin": "http://localhost:6274", **ask}
    )
    assert reply.status_code == 200
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == "mcp-method"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "pets", {"accept": "text/event-stream"}, 405),
        ("DELETE", "pets", {}, 405),
        ("POST", "cats", {}, 404),
        ("POST", "pets", {"toolalpaca-session": "../a"}, 400),
    ],
)
def test_what_is_no_message_is_refused(
    open_client: Open,
    pets: dict[str, Any],
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
) -> None:
    http = open_client(load_document(pets, name="pets"))
    reply = http.request(method, f"/_toolalpaca/mcp/{path}", headers=headers, json=PING)
    assert reply.status_code == reply.json()["status"] == status


async def test_the_document_may_be_exchanged_for_another(
    serve_in_thread: Serve, pets: dict[str, Any], make_document: MakeDocument
) -> None:
    app: MockServerApp = create_app([load_document(pets, name="pets")])
    url = serve_in_thread(app)
    async with connected(f"{url}/_toolalpaca/mcp/pets") as client:
        assert len((await client.list_tools()).tools) > 1
        other = make_document({"/a": {"get": {"operationId": "a", "responses": {}}}})
        app.apis.replace(apis_of([load_document(other, name="pets")], Settings(), app.store))
        assert [tool.name for tool in (await client.list_tools()).tools] == ["a"]


@pytest.fixture
def without_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were not installed."""
    monkeypatch.delitem(sys.modules, "toolalpaca_mockserver.mcp.endpoint", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp_types", None)


@pytest.mark.usefixtures("without_sdk")
def test_without_the_sdk_the_answer_names_the_extra(
    open_client: Open, pets: dict[str, Any]
) -> None:
    http = open_client(load_document(pets, name="pets"))
    reply = http.post("/_toolalpaca/mcp/pets", json=PING)
    assert reply.status_code == 501
    assert "pip install 'toolalpaca[mcp]'" in reply.json()["detail"]
    assert http.get("/pets").status_code == 200


# -- laws -----------------------------------------------------------------------------------


class Survey:
    """Calls every tool of documents with arguments made of its schema."""

    def __init__(self) -> None:
        self.called = 0
        self.faults: dict[str, str] = {}

    async def visit(self, document: Document) -> None:
        # Whether an item exists is not the question here: every one that is asked for does.
        app = create_app([document], Settings(open_world=True))
        endpoint = f"http://localhost/_toolalpaca/mcp/{document.name}"
        async with (
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http,
            Client(streamable_http_client(endpoint, http_client=http)) as client,
        ):
            tools = await listed(client)
            names = [tool.name for tool in tools]
            hidden = {operation.name for operation in app.apis[0].unreachable}
            assert names == [o.name for o in document if o.name not in hidden]
            assert len(set(names)) == len(names)
            for tool in tools:
                where = f"{document.name} {tool.name}"
                assert validate_tool_name(tool.name).is_valid, where
                for schema in (tool.input_schema, tool.output_schema):
                    if schema is not None:
                        assert schema["type"] == "object", where
                        jsonschema_rs.meta.validate(schema)
                # A session for each: what one deletes, another may ask for.
                http.headers["toolalpaca-session"] = tool.name
                await self._try(client, tool, where)

    async def _try(self, client: Client, tool: Any, where: str) -> None:
        generator = ValueGenerator(tool.input_schema, 1, direction="request")
        try:
            arguments = generator.generate(tool.input_schema, name=tool.name, key=tool.name)
        except ToolAlpacaError as error:
            self.faults[where] = str(error)
            return
        result = await call(client, tool.name, arguments)
        self.called += 1
        text = result.content[0].text if result.is_error else ""
        # What the list shows may take the name that an example gives.
        if result.is_error and not text.startswith("409 "):
            self.faults[where] = text


@pytest.fixture
def survey() -> Survey:
    return Survey()


async def test_every_tool_of_the_examples_takes_what_its_schema_takes(
    survey: Survey, examples: list[Document]
) -> None:
    for document in examples:
        await survey.visit(document)
    assert survey.faults == {}
    assert survey.called == sum(len(document.operations) for document in examples)


@pytest.mark.slow
async def test_every_tool_of_the_pool_takes_what_its_schema_takes(
    survey: Survey, shared: Path, untakable: Mapping[str, str]
) -> None:
    for path in sorted((shared / "specs").glob("*/*.*")):
        await survey.visit(load_document(path))
    assert survey.faults.keys() == untakable.keys(), survey.faults
    assert survey.called > 3800
