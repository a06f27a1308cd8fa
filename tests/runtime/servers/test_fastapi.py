"""A FastAPI application with the document that it generates itself, over TLS."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException, UploadFile
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
)

from toolalpaca.errors import DocumentError
from toolalpaca.trace import Call
from toolalpaca_runtime.auth import credential
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.network.settings import NetworkSettings
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.policy import Policy

from ..conftest import serving

SECRET = "c4n4ry/7f3a"


def orders() -> FastAPI:
    app = FastAPI(title="Orders")

    def known(text: str) -> str:
        if text != SECRET:
            raise HTTPException(403, f"not {text}")
        return text

    @app.get("/header", operation_id="byHeader")
    def header(key: Annotated[str, Depends(APIKeyHeader(name="X-Key"))]) -> str:
        return known(key)

    @app.get("/query", operation_id="byQuery")
    def query(key: Annotated[str, Depends(APIKeyQuery(name="key"))]) -> str:
        return known(key)

    @app.get("/cookie", operation_id="byCookie")
    def cookie(key: Annotated[str, Depends(APIKeyCookie(name="sid"))]) -> str:
        return known(key.replace("%2F", "/"))

    @app.get("/basic", operation_id="byBasic")
    def basic(sent: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> str:
        return known(sent.password) and sent.username

    @app.get("/bearer", operation_id="byBearer")
    def bearer(sent: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
        return known(sent.credentials)

    return app


def call_all(url: str, ca_file: Path, auth: dict[str, str]) -> dict[str, Observation]:
    async def make() -> dict[str, Observation]:
        opened = open_api(
            f"{url}/openapi.json",
            auth=[credential(f"{scheme}={value}") for scheme, value in auth.items()],
            network=NetworkSettings(ca_file=ca_file),
            environment={},
        )
        async with await opened as api:
            names = [spec.name for spec in api.specs]
            return {name: await api.call(Call(id="1", tool=name)) for name in names}

    return asyncio.run(make())


def test_every_scheme_over_tls(ca_file: Path) -> None:
    schemes = ("APIKeyHeader", "APIKeyQuery", "APIKeyCookie", "HTTPBearer")
    auth = dict.fromkeys(schemes, SECRET) | {"HTTPBasic": f"me:{SECRET}"}
    with serving(orders(), ssl_certfile=ca_file.parent / "server.pem") as url:
        seen = call_all(url, ca_file, auth)
        without = call_all(url, ca_file, {})
    assert {name: s.response.status for name, s in seen.items() if s.response} == dict.fromkeys(
        ("byHeader", "byQuery", "byCookie", "byBasic", "byBearer"), 200
    )
    assert seen["byBasic"].text.endswith('"me"')
    assert seen["byHeader"].text.endswith('"***"')
    assert {s.response.status for s in without.values() if s.response} <= {401, 403}
    assert SECRET not in repr(seen)


def test_files_are_uploaded_as_they_are() -> None:
    app = FastAPI()

    @app.post("/files", operation_id="upload")
    async def upload(first: UploadFile, second: UploadFile | None = None) -> list[str]:
        return [(await file.read()).hex() for file in (first, second) if file]

    async def make(url: str) -> Observation:
        opened = open_api(f"{url}/openapi.json", policy=Policy(unsafe="allow"), environment={})
        async with await opened as api:
            properties = api.specs[0].parameters["properties"]
            assert all("data URL" in properties[name]["description"] for name in properties)
            arguments = {"first": "data:;base64,/w==", "second": "hi"}
            return await api.call(Call(id="1", tool="upload", arguments=arguments))

    with serving(app) as url:
        seen = asyncio.run(make(url))
    assert seen.response is not None
    assert seen.response.body == '["ff","6869"]'


def test_a_document_of_an_authority_that_nobody_trusts(ca_file: Path) -> None:
    served = serving(orders(), ssl_certfile=ca_file.parent / "server.pem")
    with served as url, pytest.raises(DocumentError, match="certificate"):
        asyncio.run(open_api(f"{url}/openapi.json", environment={}))
