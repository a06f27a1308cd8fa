"""One server, several documents; what is the server's own; the same bytes in every process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.observation.exchange import Exchange

Open = Callable[..., httpx2.Client]


@pytest.fixture
def both(open_client: Open, pets: dict[str, Any], examples: list[Document]) -> httpx2.Client:
    return open_client(load_document(pets, name="pets"), *examples)


def test_each_document_has_its_prefix(both: httpx2.Client) -> None:
    assert both.get("/pets/pets").status_code == 200
    assert both.get("/pets/owners").status_code == 404
    lost = both.get("/zoo/animals")
    assert lost.status_code == 404
    assert "/pets" in lost.json()["detail"]


def test_the_root_leads_to_the_servers_own_page(both: httpx2.Client) -> None:
    assert both.get("/").headers["location"] == "/_toolalpaca/"
    listing = both.get("/", follow_redirects=True).json()
    assert {api["name"] for api in listing["apis"]} >= {"pets", "railway"}
    page = both.get("/_toolalpaca/", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")


def test_the_page_consists_of_its_own_files_and_makes_no_markup_of_texts(
    both: httpx2.Client,
) -> None:
    page = both.get("/_toolalpaca/", headers={"accept": "text/html"})
    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'"} <= set(policy)
    assert "require-trusted-types-for 'script'" in policy
    links = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    scripts = both.get("/_toolalpaca/page/page.js").text
    links += [f"/_toolalpaca/page/{name}" for name in re.findall(r'from "\./(.+?)"', scripts)]
    assert len(links) > 8
    for link in links:
        assert link.startswith("/_toolalpaca/")
        assert both.get(link).status_code == 200
    for name in ("nope.js", "..%2Fadmin.py", "__init__.py"):
        assert both.get(f"/_toolalpaca/page/{name}").status_code == 404


def test_an_api_s_own_url_leads_to_its_document_and_people_to_the_page(both: httpx2.Client) -> None:
    for path in ("/railway", "/railway/"):
        found = both.get(path, follow_redirects=True)
        assert load_document(found.json()).title == "Alpenline Railway Booking"
        led = both.get(path, headers={"accept": "text/html,*/*"})
        assert (led.status_code, led.headers["location"]) == (307, "/_toolalpaca/#railway")
    assert both.post("/railway").status_code == 404
    assert both.get("/railway/nope").status_code == 404


def test_documents_are_shown_as_they_are_served(both: httpx2.Client) -> None:
    api = next(a for a in both.get("/_toolalpaca/apis").json() if a["name"] == "pets")
    assert api["operations"] == 9
    document = both.get(api["document_url"]).json()
    assert document["servers"] == [{"url": api["url"]}]
    assert document["x-toolalpaca"]["simulated"] is True
    again = load_document(document)
    assert len(again.operations) == 9
    assert both.get(api["url"] + "/pets").status_code == 200
    assert both.get("/_toolalpaca/apis/zoo/openapi.json").status_code == 404
    assert both.get("/_toolalpaca/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_toolalpaca/nope", 404),
        ("GET", "/_toolalpaca/apis/zoo/openapi.json", 404),
        ("DELETE", "/_toolalpaca/healthz", 405),
        ("PUT", "/_toolalpaca/sessions/x", 422),
    ],
)
def test_the_servers_own_errors_are_problem_details(
    both: httpx2.Client, method: str, path: str, status: int
) -> None:
    refused = both.request(method, path)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == status
    assert refused.headers["toolalpaca-problem"]
    assert ("allow" in refused.headers) == (status == 405)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_pages_of_elsewhere_change_nothing(both: httpx2.Client, content_type: str | None) -> None:
    # What a browser sends for a page of another origin without asking, and what it asks for first
    # (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
    page = {"Origin": "http://elsewhere.example"}
    path = "/_toolalpaca/apis/pets/operations/listPets/request"
    assert both.post(path, json={"query": {}}).status_code == 200
    kind = {"Content-Type": content_type} if content_type else {}
    sent = both.post(path, content=b'{"query": {}}', headers={**page, **kind})
    assert sent.status_code == 415
    for method in ("PUT", "DELETE"):
        asked = {**page, "Access-Control-Request-Method": method}
        preflight = both.options("/_toolalpaca/sessions/default", headers=asked)
        assert "access-control-allow-origin" not in preflight.headers


def test_the_servers_own_paths_answer_head(both: httpx2.Client) -> None:
    for path in ("/_toolalpaca/healthz", "/_toolalpaca/apis", "/_toolalpaca/"):
        head = both.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(both.get(path).content))
    own = both.get("/_toolalpaca/openapi.json")
    assert load_document(own.json()).problems == ()
    assert "HTTPValidationError" not in own.text


def test_sessions_of_several_documents_stay_apart(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(load_document(pets, name="a"), load_document(pets, name="b"))
    before = client.get("/b/pets").json()
    client.post("/a/pets", json={"name": "Rex", "kind": "dog"})
    assert client.get("/b/pets").json() == before


def test_a_document_may_have_an_operation_at_its_root(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    responses = {"204": {"description": "Fine"}}
    client = open_client(make_document({"/": {"get": {"responses": responses}}}))
    assert client.get("/").status_code == 204


def test_every_exchange_is_told_to_who_listens(open_client: Open, pets: dict[str, Any]) -> None:
    exchanges: list[Exchange] = []
    client = open_client(pets, listeners=[exchanges.append])
    client.get("/pets?kind=cat", headers={"toolalpaca-session": "s"})
    client.post("/pets", json={})
    first, second = exchanges
    told = first.as_json()
    assert (told["method"], told["path"], told["status"]) == ("GET", "/pets", 200)
    assert (told["session"], told["api"], told["operation"]) == ("s", "test", "listPets")
    assert second.answer.status == 400
    assert "name" in second.problem
    assert json.loads(json.dumps(second.as_json()))["event"] == "request"


def test_a_listener_that_fails_takes_no_answer_away(
    open_client: Open, pets: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(exchange: Exchange) -> None:
        raise OSError("the disk is full")

    told: list[Exchange] = []
    client = open_client(pets, listeners=[fail, told.append])
    assert client.get("/pets").status_code == 200
    assert len(told) == 1
    assert "GET /pets was not noted" in caplog.text


def test_another_seed_is_another_world(open_client: Open, pets: dict[str, Any]) -> None:
    worlds = [open_client(pets, seed=seed).get("/pets").json() for seed in (0, 1)]
    assert worlds[0] != worlds[1]


SCRIPT = """
import asyncio, json, sys
import httpx2
from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.settings import Settings

async def main():
    app = create_app([load_document(sys.argv[1])], Settings(seed=3))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://mock.test") as client:
        listed = await client.get("/stations")
        made = await client.get("/stations", headers={"prefer": "dynamic=true"})
        print(listed.text, made.text)

asyncio.run(main())
"""


def test_the_same_seed_and_requests_give_the_same_bytes_in_every_process() -> None:
    example = Path(__file__).parents[2] / "examples" / "railway.yaml"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(example)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 100


def test_a_request_that_is_given_up_is_answered(
    examples: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvicorn cancels what is not done some seconds after it was told to stop."""

    async def stuck(*_: Any) -> Any:
        await asyncio.Event().wait()

    async def run() -> list[Any]:
        app = create_app(examples[:1])
        monkeypatch.setattr(app.apis[0], "answer", stuck)
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/books", "query_string": b""}
        task = asyncio.create_task(app({**scope, "headers": []}, receive, send))
        await asyncio.sleep(0)
        task.cancel()
        await task
        return sent

    assert asyncio.run(run())[0]["status"] == 503
