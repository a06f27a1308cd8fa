"""Real connections on loopback.

Names are resolved by a function of the test: no name server here says what an attacker's would.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from fastapi import FastAPI, Request

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.errors import ApiError, UsageError
from toolalpaca_runtime.network.connections import GuardedTransport, new_api_client
from toolalpaca_runtime.network.hosts import HostRefused, HostRules, allowed_host
from toolalpaca_runtime.network.settings import Bounds
from toolalpaca_runtime.network.tls import load_tls_context
from toolalpaca_runtime.transport import RawResponse, send

from ..conftest import Serve, serving


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def hello() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/")
    def root(request: Request) -> dict[str, Any]:
        return {"host": request.headers["host"], "query": request.url.query}

    return app


def resolving(**names: list[str]) -> Any:
    async def resolve(host: str, _port: int) -> list[str]:
        return names[host.replace(".", "_")]

    return resolve


def get(url: str, rules: HostRules, **options: Any) -> httpx2.Response:
    async def fetch() -> httpx2.Response:
        transport = GuardedTransport(rules, **options)
        async with httpx2.AsyncClient(transport=transport) as client:
            return await client.get(url)

    return asyncio.run(fetch())


@pytest.fixture
def port(serve: Serve) -> int:
    return int(serve(hello()).rpartition(":")[2])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_not_reached_under_any_name(port: int, host: str) -> None:
    with pytest.raises(HostRefused, match="this machine"):
        get(f"http://{host}:{port}/", HostRules())


def test_a_name_that_resolves_to_an_inner_address_is_refused(port: int) -> None:
    resolve = resolving(evil_dev=["127.0.0.1"])
    with pytest.raises(HostRefused, match=r"evil\.dev \(127\.0\.0\.1\) is this machine"):
        get(f"http://evil.dev:{port}/", HostRules.of("https://evil.dev/"), resolve=resolve)


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(port: int) -> None:
    # The system knows no such name: a connection is made only to what was resolved and judged.
    rules = HostRules.of(allowed=[allowed_host("127.0.0.1")])
    resolve = resolving(api_acme_dev=["10.0.0.1", "127.0.0.1"])
    response = get(f"http://api.acme.dev:{port}/", rules, resolve=resolve)
    assert response.json()["host"] == f"api.acme.dev:{port}"


def test_the_next_address_is_tried_when_nobody_answers_at_the_first(port: int) -> None:
    rules = HostRules.of(allowed=[allowed_host("127.0.0.0/8"), allowed_host("::1")])
    resolve = resolving(api_acme_dev=["::1", "127.0.0.2", "127.0.0.1"])
    assert get(f"http://api.acme.dev:{port}/", rules, resolve=resolve).status_code == 200


def test_a_name_that_does_not_resolve_is_an_error() -> None:
    with pytest.raises(httpx2.ConnectError, match="cannot be resolved"):
        get("http://nobody.invalid/", HostRules())


def test_a_proxy_of_the_environment_is_used_and_names_are_still_judged(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def proxy(scope: Any, receive: Any, send_message: Any) -> None:
        asked.append(scope["path"])
        await send_message({"type": "http.response.start", "status": 204, "headers": []})
        await send_message({"type": "http.response.body"})

    monkeypatch.setenv("http_proxy", serve(proxy))
    monkeypatch.setenv("no_proxy", "direct.dev")
    assert get("http://api.acme.dev/", HostRules()).status_code == 204
    for host in ("169.254.169.254", "10.0.0.1", "0xa.1", "metadata.google.internal", "[::1]"):
        with pytest.raises(HostRefused):
            get(f"http://{host}/", HostRules())
    with pytest.raises(HostRefused):
        get("http://direct.dev/", HostRules(), resolve=resolving(direct_dev=["10.0.0.1"]))
    assert len(asked) == 1


class Tls:
    """A server with a certificate for ``api.acme.dev``, on loopback."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(self.ca_file)
        issued = self.authority.issue_cert("api.acme.dev", "127.0.0.1")
        self.certificate = folder / "server.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(self.certificate)
        client = self.authority.issue_cert("me@acme.dev")
        self.client_cert = folder / "client.pem"
        client.private_key_and_cert_chain_pem.write_to_path(self.client_cert)

    def serve(self, app: Any, **options: Any) -> Any:
        return serving(app, ssl_certfile=self.certificate, **options)


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


def call(url: str, ca_file: Path | None, client_cert: Path | None = None) -> RawResponse:
    async def sent() -> RawResponse:
        context = load_tls_context(ca_file, client_cert)
        async with new_api_client(HostRules.of(url), context) as client:
            return await send(client, PreparedRequest("GET", url), Bounds())

    return asyncio.run(sent())


def test_tls_with_an_authority_of_ones_own(tls: Tls) -> None:
    with tls.serve(hello()) as url:
        assert call(url, tls.ca_file).status == 200
        with pytest.raises(ApiError, match=r"certificate is not trusted.*--ca-file"):
            call(url, None)


def test_ssl_cert_file_is_respected(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.ca_file))
    with tls.serve(hello()) as url:
        assert call(url, None).status == 200


def test_tls_verifies_the_name_and_not_the_address(tls: Tls) -> None:
    context = load_tls_context(tls.ca_file)
    rules = HostRules.of(allowed=[allowed_host("127.0.0.1")])
    resolve = resolving(api_acme_dev=["127.0.0.1"], evil_dev=["127.0.0.1"])
    with tls.serve(hello()) as url:
        port = url.rpartition(":")[2]
        named = get(f"https://api.acme.dev:{port}/", rules, tls=context, resolve=resolve)
        assert named.status_code == 200
        with pytest.raises(httpx2.ConnectError, match="Hostname mismatch"):
            get(f"https://evil.dev:{port}/", rules, tls=context, resolve=resolve)


def test_a_client_certificate_is_shown_to_who_asks(tls: Tls) -> None:
    with tls.serve(hello(), ssl_ca_certs=tls.ca_file, ssl_cert_reqs=2) as url:
        assert call(url, tls.ca_file, tls.client_cert).status == 200
        with pytest.raises(Exception, match=r"broke off|cannot be reached"):
            call(url, tls.ca_file)


@pytest.mark.parametrize("option", ["ca_file", "client_cert"])
def test_files_that_hold_no_certificates_are_refused(tmp_path: Path, option: str) -> None:
    path = tmp_path / "no.pem"
    for content in (b"no certificate", b""):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=f"--{option.replace('_', '-')}.*PEM"):
            load_tls_context(**{option: path})
    with pytest.raises(UsageError, match="No such file"):
        load_tls_context(**{option: tmp_path / "missing.pem"})
