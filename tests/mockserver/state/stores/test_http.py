"""What clients see of a store: nothing, but that their worlds last and are shared."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn

from toolalpaca.listening import bind
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document, Operation
from toolalpaca.serving import mock_server
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.settings import DEFAULTS, Settings
from toolalpaca_mockserver.state.limits import Limits
from toolalpaca_mockserver.state.memory import MemoryStore
from toolalpaca_mockserver.state.store import Store
from toolalpaca_mockserver.state.stores import StateUrl, store_at
from toolalpaca_mockserver.values import ValueGenerator

Open = Callable[..., httpx2.Client]
EXAMPLES = Path(__file__).parents[4] / "examples"
RAILWAY = str(EXAMPLES / "railway.yaml")
SEED_7 = Settings(seed=7)
REX = {"name": "Rex", "kind": "dog"}


class Walk:
    """Uses every resource of a document, and writes down all that is answered."""

    def __init__(self, document: Document, client: httpx2.Client) -> None:
        self.client = client
        self.document = document
        self.generator = ValueGenerator(document.root, 1, direction="request")
        self.resources = create_app([document]).apis[0].simulation.resources
        self.plans = create_app([document]).apis[0].plans
        self.told: list[tuple[str, int, str]] = []

    def ask(self, operation: Operation, path: str) -> httpx2.Response:
        reader = self.plans[operation.name].body_reader
        body = None
        if reader is not None and (contract := reader.main_contract()) is not None:
            body = self.generator.for_contract(contract, key=f"{operation.name} {len(self.told)}")
        query = {
            p.name: self.generator.generate(p.schema, name=p.name, key=p.name)
            for p in operation.parameters
            if p.required and p.location == "query"
        }
        answer = self.client.request(
            operation.method,
            path,
            json=body,
            params=query,
            headers={"authorization": "Bearer token", "x-api-key": "key"},
        )
        self.told.append((f"{operation.method} {path}", answer.status_code, answer.text))
        return answer

    def everything(self) -> list[tuple[str, int, str]]:
        roles: dict[str, dict[str, Operation]] = {}
        for operation in self.document:
            role = self.resources.role(operation)
            if role is not None and "{" not in role.resource.collection:
                roles.setdefault(role.resource.collection, {}).setdefault(role.deed, operation)
        for collection, known in roles.items():
            self._use(collection, known)
        return self.told

    def _use(self, collection: str, known: dict[str, Operation]) -> None:
        for _ in range(2):
            if "list" in known:
                self.ask(known["list"], collection)
            made = self.ask(known["create"], collection) if "create" in known else None
            there = made.headers.get("location", "") if made is not None else ""
            place = urlsplit(there).path
            for deed in ("read", "update", "read", "replace", "read", "delete", "read"):
                if deed in known and place:
                    self.ask(known[deed], place)


@pytest.fixture
def open_on() -> Iterator[Open]:
    """Serves documents with a store, in a thread, and opens a client; again, on the same store."""
    with ExitStack() as stack:

        def open_it(
            *documents: Document, store: Store, settings: Settings = DEFAULTS
        ) -> httpx2.Client:
            url = stack.enter_context(running(create_app(documents, settings, store=store)))
            return stack.enter_context(httpx2.Client(base_url=url))

        yield open_it


@contextmanager
def running(app: Any) -> Iterator[str]:
    with bind("127.0.0.1", 0) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="on")
        )
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


def stored(url: str, **limits: Any) -> Store:
    return store_at(StateUrl(url), Limits(**limits))


@pytest.fixture
def zoo(pets: dict[str, Any]) -> Document:
    return load_document(pets, name="pets")


@pytest.mark.parametrize("name", ["library", "railway", "weather"])
def test_the_same_requests_give_the_same_bytes(open_on: Open, lasting: str, name: str) -> None:
    document = load_document(EXAMPLES / f"{name}.yaml")
    expected = Walk(document, open_on(document, store=MemoryStore())).everything()
    assert Walk(document, open_on(document, store=stored(lasting))).everything() == expected
    assert name == "weather" or {status for _, status, _ in expected} >= {200, 201, 404}


def test_servers_share_their_sessions(open_on: Open, lasting: str, zoo: Document) -> None:
    one, two = (open_on(zoo, store=stored(lasting)) for _ in range(2))
    made = one.post("/pets", json=REX).json()
    assert two.get(f"/pets/{made['id']}").json() == made
    assert two.delete(f"/pets/{made['id']}").status_code == 204
    assert one.get(f"/pets/{made['id']}").status_code == 404
    assert one.post("/pets", json=REX).json()["id"] == made["id"] + 1
    assert two.get("/pets").json() == one.get("/pets").json()
    assert two.get("/_toolalpaca/sessions").json() == ["default"]
    assert one.delete("/_toolalpaca/sessions/default").status_code == 204
    assert made not in two.get("/pets").json()


@pytest.mark.parametrize("state", ["memory", "sqlite"], indirect=True)
def test_a_full_session_refuses_to_grow(open_on: Open, state: str, zoo: Document) -> None:
    client = open_on(zoo, store=stored(state, items=6))
    before = client.get("/pets").json()
    assert client.post("/pets", json=REX).status_code == 201
    refused = client.post("/pets", json=REX)
    assert refused.status_code == 507
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["toolalpaca-source"] == "state"
    assert "--most-items" in refused.json()["detail"]
    assert len(client.get("/pets").json()) == len(before) + 1
    # Who only reads finds what was not remembered, the same each time.
    path = f"/pets/{before[0]['id']}/visits"
    visits = client.get(path)
    assert visits.status_code == 200
    assert client.get(path).text == visits.text
    assert client.patch(f"/pets/{before[0]['id']}", json={"name": "Tom"}).status_code == 200
    assert client.delete(f"/pets/{before[0]['id']}").status_code == 204
    assert client.post("/pets", json=REX).status_code == 201
    assert client.post("/pets", json=REX, headers={"toolalpaca-session": "b"}).status_code == 201
    snapshot = client.get("/_toolalpaca/sessions/default").json()
    pets = snapshot["collections"]["pets:/pets"]["items"]
    pets.update({str(number): REX for number in range(100, 110)})
    assert client.put("/_toolalpaca/sessions/c", json=snapshot).status_code == 507


def test_a_full_session_is_refused_as_the_document_says(open_on: Open, pets: Any) -> None:
    error = pets["paths"]["/pets"]["post"]["responses"]["400"]
    for status in ("429", "503"):
        pets["paths"]["/pets"]["post"]["responses"][status] = error
    client = open_on(load_document(pets), store=stored("memory", items=5))
    refused = client.post("/pets", json=REX)
    assert refused.status_code == 503
    assert refused.json().keys() == {"code", "message"}


def test_worlds_of_another_document_do_no_harm(
    open_on: Open, lasting: str, zoo: Document, pets: dict[str, Any], caplog: Any
) -> None:
    client = open_on(zoo, store=stored(lasting))
    rex = client.post("/pets", json=REX).json()
    visits = client.get(f"/pets/{rex['id']}/visits").json()
    assert visits["data"] == []
    schemas = pets["components"]["schemas"]
    schemas["Pet"]["properties"]["kind"]["enum"] = ["parrot", "newt"]
    schemas["Pet"]["properties"]["wings"] = {"type": "integer", "minimum": 2}
    schemas["Pet"]["required"].append("wings")
    other = open_on(load_document(pets, name="pets"), store=stored(lasting), settings=SEED_7)
    found = other.get(f"/pets/{rex['id']}")
    assert found.status_code == 200
    assert found.json() == {**rex, "kind": found.json()["kind"], "wings": found.json()["wings"]}
    assert found.json()["kind"] in ("parrot", "newt")
    assert other.get("/pets").json()[-1] == found.json()
    assert "6 items were mended" in caplog.text
    caplog.clear()
    assert other.get("/pets").status_code == 200
    assert other.post("/pets", json={"name": "Polly", "kind": "cat"}).status_code == 201
    assert caplog.text == ""


def test_worlds_of_quite_another_document_begin_anew(
    open_on: Open, lasting: str, zoo: Document, pets: dict[str, Any], caplog: Any
) -> None:
    open_on(zoo, store=stored(lasting)).get("/pets")
    schema = {"type": "string", "pattern": "^[A-Z]{3}$"}
    pets["paths"]["/pets/{petId}"]["parameters"][0]["schema"] = schema
    pets["components"]["schemas"]["Pet"]["properties"]["id"] = schema
    document = load_document(pets, name="pets")
    client = open_on(document, store=stored(lasting))
    found = client.get("/pets").json()
    assert "0 items were mended, 5 dropped" in caplog.text
    assert found == open_on(document, store=MemoryStore()).get("/pets").json()
    assert all(client.get(f"/pets/{pet['id']}").json() == pet for pet in found)


@pytest.mark.parametrize("database", ["postgres", "redis"], indirect=True)
def test_a_database_that_is_away_is_said_to_be_and_comes_back(
    open_on: Open, database: Any, zoo: Document
) -> None:
    client = open_on(zoo, store=stored(database.url))
    made = client.post("/pets", json=REX).json()
    database.kill()
    for answer in (client.get("/pets"), client.get("/_toolalpaca/sessions")):
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "of the sessions" in answer.json()["detail"]
    assert client.get("/_toolalpaca/healthz").status_code == 200
    database.start()
    assert client.get(f"/pets/{made['id']}").json() == made


def test_who_waits_for_the_file_keeps_nobody_waiting(
    open_on: Open, tmp_path: Path, zoo: Document
) -> None:
    """While another process has it, the server goes on with all that needs no session."""
    path = tmp_path / "worlds.db"
    client = open_on(zoo, store=stored(f"sqlite:///{path}"))
    before = client.get("/pets").json()
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        waiting = pool.submit(httpx2.get, f"{client.base_url}/pets", timeout=30)
        for _ in range(20):
            assert client.get("/_toolalpaca/healthz").status_code == 200
            assert client.get("/nowhere").status_code == 404
        assert not waiting.done()
        other.execute("COMMIT")
        assert waiting.result().json() == before


def test_several_workers_are_one_server(lasting: str) -> None:
    """And another one goes on later where they stopped."""
    document = load_document(RAILWAY)
    create = next(o for o in document if o.operation_id == "createAlert")
    new_connections = {"connection": "close", "x-api-key": "key"}  # each to whichever takes it
    with (
        mock_server([RAILWAY], arguments=["--state", lasting, "--workers", "2"]) as server,
        httpx2.Client(base_url=server.url, headers=new_connections) as client,
    ):
        walk = Walk(document, client)
        made = [walk.ask(create, "/alerts").json() for _ in range(10)]
        assert len({alert["id"] for alert in made}) == 10
        listed = client.get("/alerts", params={"per_page": 50}).json()
    with mock_server([RAILWAY], arguments=["--state", lasting]) as server:
        found = httpx2.get(f"{server.url}/alerts?per_page=50", headers=new_connections).json()
        assert found == listed
        assert [alert for alert in made if alert not in items_of(found)] == []


def items_of(page: dict[str, Any]) -> list[Any]:
    """The items of a page, whatever its list is called."""
    return next(value for value in page.values() if isinstance(value, list))
