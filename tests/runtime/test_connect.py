from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from toolalpaca.errors import ApiError, DocumentError, ToolAlpacaError, UsageError
from toolalpaca.trace import Call
from toolalpaca_runtime.auth import Credential, credential
from toolalpaca_runtime.connect import locate, open_api
from toolalpaca_runtime.network.hosts import allowed_host
from toolalpaca_runtime.network.settings import NetworkSettings

from .conftest import Serve

PATHS = {"/ping": {"get": {"operationId": "ping", "responses": {"200": {"description": "ok"}}}}}


def document(*servers: str, **more: Any) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ping", "version": "1"},
        "servers": [{"url": url} for url in servers],
        "paths": copy.deepcopy(PATHS),
        **more,
    }


def written(folder: Path, *servers: str, **more: Any) -> str:
    path = folder / "ping.json"
    path.write_text(json.dumps(document(*servers, **more)))
    return str(path)


def mock_like(*names: str, flagged: bool = True) -> FastAPI:
    """What a mock server of ours shows of itself."""
    app = FastAPI(openapi_url=None)

    @app.get("/_toolalpaca/apis")
    def apis(request: Request) -> list[dict[str, str]]:
        base = str(request.base_url).rstrip("/")
        own = "/_toolalpaca/apis/{}/openapi.json"
        return [
            {
                "name": n,
                "url": f"{base}/{n}".rstrip("/"),
                "document_url": base + own.format(n or "x"),
            }
            for n in names
        ]

    @app.get("/_toolalpaca/apis/{name}/openapi.json")
    def described(name: str, request: Request) -> dict[str, Any]:
        base = str(request.base_url).rstrip("/")
        extension = {"simulated": flagged, "session_header": "toolalpaca-session"}
        return document(base if name == "x" else f"{base}/{name}", **{"x-toolalpaca": extension})

    return app


def test_a_file_whose_server_is_absolute(tmp_path: Path) -> None:
    found = locate(written(tmp_path, "https://api.acme.dev/v1/"))
    assert found.base_url == "https://api.acme.dev/v1"
    assert found.document.name == "ping"
    assert not found.simulated


def test_another_base_url_wins(tmp_path: Path) -> None:
    found = locate(written(tmp_path, "https://api.acme.dev"), base_url="http://127.0.0.1:1")
    assert found.base_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("servers", "message"),
    [
        ([], "it names no server"),
        (["/v1"], "'/v1' is no absolute URL"),
        (["https://api.alpenline.example/v1"], "reserved name"),
        (["https://example.com"], "reserved name"),
    ],
)
def test_a_file_whose_servers_cannot_be_used_asks_for_one(
    tmp_path: Path, servers: list[str], message: str
) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        locate(written(tmp_path, *servers))
    assert "--base-url" in str(caught.value)
    assert "--mock" in str(caught.value)


def test_a_documents_own_url_resolves_its_relative_servers(serve: Serve) -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/docs/openapi.json")
    def described() -> dict[str, Any]:
        return document("../v2")

    url = serve(app)
    assert locate(f"{url}/docs/openapi.json").base_url == f"{url}/v2"


def test_a_document_without_servers_is_served_where_it_came_from(serve: Serve) -> None:
    url = serve(FastAPI(title="Pets"))
    assert locate(f"{url}/openapi.json").base_url == url


@pytest.mark.parametrize("path", ["", "/"])
def test_the_only_api_of_a_mock_server_is_found_at_its_root(serve: Serve, path: str) -> None:
    url = serve(mock_like(""))
    found = locate(url + path)
    assert (found.base_url, found.simulated) == (url, True)


def test_an_api_that_leads_to_its_document_keeps_its_name(serve: Serve) -> None:
    app = mock_like("a", "b")
    app.add_api_route("/b", lambda: RedirectResponse("/_toolalpaca/apis/b/openapi.json"))
    url = serve(app)
    found = locate(f"{url}/b")
    assert (found.document.name, found.base_url, found.simulated) == ("b", f"{url}/b", True)


def test_what_is_below_an_api_is_not_the_api(serve: Serve) -> None:
    url = serve(mock_like(""))
    with pytest.raises(ApiError, match=f"serves its API elsewhere.*{url}"):
        locate(f"{url}/pets")


@pytest.mark.parametrize("path", ["/b", "/b/"])
def test_one_of_several_apis_is_found_by_its_url(serve: Serve, path: str) -> None:
    url = serve(mock_like("a", "b"))
    assert locate(url + path).base_url == f"{url}/b"


@pytest.mark.parametrize("path", ["", "/bb", "/c", "/b/v1"])
def test_an_address_of_none_of_several_apis_lists_them(serve: Serve, path: str) -> None:
    url = serve(mock_like("a", "b"))
    with pytest.raises(ApiError, match=f"serves several APIs.*{url}/a, {url}/b"):
        locate(url + path)


def test_the_simulated_flag_counts_only_from_the_api_itself(serve: Serve) -> None:
    url = serve(mock_like("a"))
    elsewhere = locate(f"{url}/a", base_url="https://api.acme.dev")
    assert not elsewhere.simulated
    assert not locate(f"{url}/a").own_servers  # nothing that is elsewhere is simulated
    assert not locate(f"{serve(mock_like('a', flagged=False))}/a").simulated


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/openapi.json", "no-such-file.yaml"])
def test_a_source_that_is_not_there_is_an_error(url: str) -> None:
    with pytest.raises(ToolAlpacaError):
        locate(url)


def test_a_page_leads_to_the_document_near_it(serve: Serve) -> None:
    url = serve(FastAPI(title="Pets"))
    found = locate(f"{url}/docs")
    assert (found.document.title, found.base_url, found.simulated) == ("Pets", url, False)


def test_a_page_without_a_document_is_an_error(serve: Serve) -> None:
    with pytest.raises(DocumentError):
        locate(serve(FastAPI(openapi_url=None)) + "/docs")


SCHEMES = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}


def test_an_api_is_opened_with_its_credentials(serve: Serve, tmp_path: Path) -> None:
    app = FastAPI()
    keys = []

    @app.get("/ping")
    def ping(request: Request) -> None:
        keys.append(request.headers.get("x-key"))

    described = written(tmp_path, components={"securitySchemes": SCHEMES}, security=[{"key": []}])
    url = serve(app)

    async def use(**options: Any) -> bool:
        async with await open_api(described, base_url=url, **options) as toolbox:
            await toolbox.call(Call(id="1", tool="ping"))
            return bool(toolbox.lacking())

    assert not asyncio.run(use(auth=[credential("key=given")], environment={}))
    assert not asyncio.run(use(environment={"TOOLALPACA_AUTH_KEY": "from-env"}))
    assert asyncio.run(use(environment={}))
    assert keys == ["given", "from-env", None]
    with pytest.raises(UsageError, match="no security scheme"):
        asyncio.run(use(auth=[credential("other=x")], environment={}))


def opened(source: str, **options: Any) -> Any:
    async def use() -> Any:
        async with await open_api(source, **{"environment": {}, **options}) as api:
            return (await api.call(Call(id="1", tool="ping"))).text

    return asyncio.run(use())


@pytest.mark.parametrize(
    "server",
    [
        "http://169.254.169.254/latest",
        "http://10.1.2.3",
        "http://[fe80::1]",
        "http://metadata.google.internal/computeMetadata",
        "http://2852039166/",
        "http://0x7f.1:8080",
        "http://[::ffff:10.0.0.1]/",
    ],
)
def test_a_document_may_not_lead_inside(serve: Serve, server: str) -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/openapi.json")
    def described() -> dict[str, Any]:
        return document(server)

    with pytest.raises(ApiError, match=r"nothing is sent there: .*--reach"):
        opened(serve(app) + "/openapi.json")


def test_a_file_may_name_this_machine_and_no_private_address(serve: Serve, tmp_path: Path) -> None:
    url = serve(mock_like(""))
    assert opened(written(tmp_path, url)).startswith("Status Code: 404")
    with pytest.raises(ApiError, match=r"10\.0\.0\.1 is a private"):
        opened(written(tmp_path, "http://10.0.0.1"))


def test_the_servers_of_operations_are_under_the_same_rules(tmp_path: Path) -> None:
    described = document("http://127.0.0.1:9")
    described["paths"]["/ping"]["get"]["servers"] = [{"url": "http://169.254.169.254"}]
    path = tmp_path / "ping.json"
    path.write_text(json.dumps(described))
    said = opened(str(path))
    assert said.startswith("No response: nothing was sent: 169.254.169.254 is the metadata service")


def test_credentials_in_a_url_are_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--auth") as caught:
        opened(written(tmp_path), base_url="http://me:canary@127.0.0.1:9")
    assert "canary" not in str(caught.value)


def test_what_opens_the_document_does_not_stand_in_the_address_of_the_api(serve: Serve) -> None:
    url = serve(FastAPI(title="Pets"))
    found = locate(url.replace("//", "//me:canary@") + "/openapi.json")
    assert found.base_url == url


def test_credentials_that_go_in_the_clear_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    described = written(
        tmp_path,
        "http://api.acme.dev",
        components={"securitySchemes": SCHEMES},
        security=[{"key": []}],
    )

    async def use(**options: Any) -> None:
        async with await open_api(described, environment={}, **options):
            pass

    asyncio.run(use())
    assert not caplog.messages
    asyncio.run(use(auth=[credential("key=canary")]))
    assert caplog.messages == ["credentials go to http://api.acme.dev:80 without encryption"]


def test_who_is_asked_is_asked_for_what_is_lacking(tmp_path: Path) -> None:
    described = written(
        tmp_path,
        "https://api.acme.dev",
        components={"securitySchemes": SCHEMES},
        security=[{"key": []}],
    )
    asked: list[tuple[list[str], str]] = []

    def ask(_document: Any, schemes: Any, where: str) -> list[Credential]:
        asked.append((list(schemes), where))
        return [credential(f"{name}=typed") for name in schemes]

    async def use(**options: Any) -> bool:
        async with await open_api(described, ask=ask, **options) as api:
            return bool(api.lacking())

    assert not asyncio.run(use(environment={}))
    assert not asyncio.run(use(environment={"TOOLALPACA_AUTH_KEY": "there"}))
    assert asked == [(["key"], "api.acme.dev:443"), ([], "api.acme.dev:443")]


def test_what_is_allowed_reaches_the_tools(serve: Serve, tmp_path: Path) -> None:
    url = serve(mock_like(""))
    port = url.rpartition(":")[2]
    described = document(f"http://0x7f.1:{port}")
    path = tmp_path / "ping.json"
    path.write_text(json.dumps(described))
    with pytest.raises(ApiError, match="nothing is sent"):
        opened(str(path))
    network = NetworkSettings(allowed=(allowed_host("127.0.0.0/8"),))
    assert opened(str(path), network=network).startswith("Status Code: 404")
