from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse

from toolalpaca.errors import ApiError
from toolalpaca.llm.options import Secret
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.trace import Call
from toolalpaca_runtime.auth import Credentials
from toolalpaca_runtime.network.settings import Bounds
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.api import ApiTools
from toolalpaca_runtime.user import PendingCall

from ..conftest import Serve

CANARY = "canary/7f3a secret"


def pets() -> FastAPI:
    """An API that is not ours, with its own generated document."""
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int, verbose: bool = False) -> dict[str, Any]:
        return {"id": pet_id, "verbose": verbose}

    @app.post("/pets", operation_id="addPet", status_code=201)
    def add_pet(pet: dict[str, str]) -> dict[str, str]:
        return pet

    @app.get("/echo", operation_id="echo")
    async def echo(request: Request, response: Response) -> dict[str, Any]:
        response.headers["x-echo"] = request.headers.get("authorization", "")
        response.set_cookie("sid", "session-of-the-server")
        return {"headers": dict(request.headers), "url": str(request.url)}

    @app.get("/status/{code}", operation_id="getStatus")
    def status(code: int) -> Response:
        return PlainTextResponse("teapot", status_code=code)

    @app.get("/image", operation_id="getImage")
    def image() -> Response:
        return Response(b"\x89PNG\0", media_type="image/png")

    @app.get("/large", operation_id="getLarge")
    def large() -> Response:
        return StreamingResponse((b"x" * 1000 for _ in range(100_000)), media_type="text/plain")

    @app.get("/slow", operation_id="getSlow")
    async def slow(request: Request) -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(0.01)

    @app.get("/here", operation_id="redirectHere")
    def here() -> Response:
        return RedirectResponse("/pets/1")

    @app.get("/there", operation_id="redirectThere")
    def there() -> Response:
        return RedirectResponse("http://elsewhere.invalid/steal")

    @app.get("/wrong", operation_id="getWrong", response_model=dict[str, int])
    def wrong() -> Response:
        return JSONResponse({"a": "no number"})

    return app


def load(app: FastAPI) -> Document:
    return load_document(app.openapi())


def call(
    base_url: str, name: str, _document: Document | None = None, **options: Any
) -> Observation:
    arguments = options.pop("arguments", {})
    document = _document or load(pets())

    async def make() -> Observation:
        async with ApiTools(document, base_url, **options) as api:
            return await Toolbox([api]).call(Call(id="c", tool=name, arguments=arguments))

    return asyncio.run(make())


@pytest.fixture
def url(serve: Serve) -> str:
    return serve(pets())


def test_a_call_is_sent_and_observed(url: str) -> None:
    seen = call(url, "getPet", arguments={"pet_id": 0, "verbose": False})
    assert seen.text == 'Status Code: 200. Response: {"id":0,"verbose":false}'
    assert seen.source == "real"
    assert seen.conforming is True
    assert seen.request is not None
    assert seen.request.url == f"{url}/pets/0?verbose=false"
    assert seen.response is not None
    assert seen.response.status == 200


def test_what_can_be_mended_is_mended_and_said(url: str) -> None:
    seen = call(url, "getPet", arguments={"pet_id": "3", "verbose": None})
    assert seen.text.endswith('{"id":3,"verbose":false}')
    assert 'pet_id: "3" was read as 3' in seen.text


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("findPet", {}, ["no tool 'findPet'", "getPet", "getDetails"]),
        ("getPet", {}, ["pet_id", "required"]),
        ("getPet", {"pet_id": "three"}, ["pet_id", "integer"]),
        ("getPet", {"pet_id": 1, "loud": True}, ["loud", "no such argument", "verbose"]),
        ("addPet", {"body": {"name": {"a": 1}}}, ["body.name", "string"]),
    ],
)
def test_mistakes_are_observations_and_nothing_is_sent(
    url: str, name: str, arguments: dict[str, Any], words: list[str]
) -> None:
    seen = call(url, name, arguments=arguments, policy=Policy(unsafe="allow"))
    assert seen.request is None
    assert seen.source in ("runtime", "validator")
    for word in words:
        assert word in seen.text


def test_an_error_of_the_api_is_an_observation(url: str) -> None:
    seen = call(url, "getStatus", arguments={"code": 418})
    assert seen.text.endswith("\nStatus Code: 418. Response: teapot")
    assert seen.conforming is False


def test_a_response_that_breaks_its_document_is_marked(url: str) -> None:
    assert call(url, "getWrong").conforming is False


def test_a_body_that_is_no_text_is_described(url: str) -> None:
    assert call(url, "getImage").text.endswith("Response: (image/png, 5 bytes)")


def test_a_large_response_is_not_read_to_its_end(url: str) -> None:
    seen = call(url, "getLarge", bounds=Bounds(bytes=5_000))
    assert "too large to be read whole" in seen.text
    assert seen.response is not None
    assert len(seen.response.body) == 5_000


def test_an_api_that_does_not_answer_is_an_observation(url: str) -> None:
    seen = call(url, "getSlow", bounds=Bounds(seconds=0.2))
    assert seen.text == "No response: the API did not answer within 0.2 seconds."
    assert seen.response is None


def test_redirects_are_followed_on_the_same_origin_only(url: str) -> None:
    assert call(url, "redirectHere").text.endswith('{"id":1,"verbose":false}')
    elsewhere = call(url, "redirectThere")
    assert "Status Code: 307." in elsewhere.text
    assert "it redirects to http://elsewhere.invalid:80" in elsewhere.text
    assert "--reach elsewhere.invalid" in elsewhere.text


def test_nobody_at_the_address_is_an_error() -> None:
    with pytest.raises(ApiError, match="cannot be reached"):
        call("http://127.0.0.1:9", "getPet", arguments={"pet_id": 1})


def test_calls_that_change_a_real_api_need_leave() -> None:
    document = load(pets())
    base = "http://api.invalid"
    seen = call(base, "addPet", document, arguments={"body": {"name": "Rex"}})
    assert seen.text.startswith(
        "Refused: POST /pets may change something on the real API api.invalid"
    )
    assert seen.request is None
    with pytest.raises(ApiError):  # sent, and nobody is there
        call(
            base,
            "addPet",
            document,
            arguments={"body": {"name": "Rex"}},
            policy=Policy(unsafe="allow"),
        )
    with pytest.raises(ApiError):
        call(base, "getPet", document, arguments={"pet_id": 1})


def test_a_person_is_asked_about_a_tool_by_the_name_that_the_model_knows() -> None:
    document = load(pets())
    asked: list[PendingCall] = []

    async def refuse(pending: PendingCall) -> bool:
        asked.append(pending)
        return False

    async def make() -> Observation:
        async with (
            ApiTools(document, "http://one.invalid") as one,
            ApiTools(document, "http://two.invalid") as two,
        ):
            toolbox = Toolbox([one, two])
            name = [spec.name for spec in toolbox.specs if spec.name.endswith("addPet")][1]
            return await toolbox.call(
                Call(id="c", tool=name, arguments={"body": {"name": "Rex"}}), refuse
            )

    assert asyncio.run(make()).approved is False
    (pending,) = asked
    assert pending.tool != "addPet"
    assert pending.request is not None
    assert pending.request.url == "http://two.invalid/pets"


def secured(scheme: dict[str, Any]) -> Document:
    described = pets().openapi()
    described["components"]["securitySchemes"] = {"s": scheme}
    described["security"] = [{"s": []}]
    return load_document(described)


@pytest.mark.parametrize(
    "scheme",
    [
        {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        {"type": "apiKey", "in": "query", "name": "key"},
        {"type": "apiKey", "in": "cookie", "name": "key"},
        {"type": "http", "scheme": "bearer"},
        {"type": "http", "scheme": "basic"},
        {"type": "oauth2", "flows": {}},
    ],
)
def test_a_secret_is_sent_and_shows_nowhere_even_when_it_is_echoed(
    url: str, scheme: dict[str, Any]
) -> None:
    basic = scheme.get("scheme") == "basic"
    secret = f"user:{CANARY}" if basic else CANARY
    seen = call(url, "echo", secured(scheme), credentials=Credentials({"s": Secret(secret)}))
    assert seen.request is not None
    assert seen.response is not None
    shown = f"{seen!r} {seen.request.model_dump_json()} {seen.response.model_dump_json()}"
    assert seen.response.status == 200
    assert seen.response.body.count("***") >= 1  # it arrived, and came back masked
    for form in ("canary", "7f3a", "dXNlcjpjYW5hcnkv", "session-of-the-server"):
        assert form not in shown


def test_a_simulated_api_gets_placeholders(url: str) -> None:
    document = secured({"type": "http", "scheme": "bearer"})
    seen = call(url, "echo", document, simulated=True)
    assert '"authorization":"Bearer simulated"' in seen.text
    assert seen.request is not None
    assert seen.request.headers["authorization"] == "***"


@pytest.mark.parametrize("given", [False, True])
def test_calls_do_not_share_cookies(url: str, given: bool) -> None:
    async def twice() -> str:
        async with (
            httpx2.AsyncClient() as client,
            ApiTools(load(pets()), url, client=client if given else None) as api,
        ):
            await api.call(Call(id="1", tool="echo"))
            return (await api.call(Call(id="2", tool="echo"))).text

    assert '"cookie"' not in asyncio.run(twice())


def test_the_mock_servers_word_is_taken_for_the_source(serve: Serve) -> None:
    app = FastAPI()

    @app.get("/x", operation_id="x")
    def x(response: Response, source: str) -> None:
        response.headers["toolalpaca-source"] = source

    url = serve(app)
    said = {
        source: call(url, "x", load(app), arguments={"source": source}).source
        for source in ("schema", "state", "llm", "cache", "validator", "router")
    }
    assert said == {
        "schema": "simulator", "state": "simulator", "llm": "simulator", "cache": "cache",
        "validator": "validator", "router": "simulator",
    }  # fmt: skip


def test_headers_go_with_every_request(url: str) -> None:
    seen = call(url, "echo", headers={"toolalpaca-session": "s1"})
    assert '"toolalpaca-session":"s1"' in seen.text
