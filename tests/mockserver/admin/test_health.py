"""Health and readiness, as an orchestrator asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.admin.health import lacking
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.state.memory import MemoryStore, MemoryWorld
from toolalpaca_mockserver.state.store import StoreUnavailable

Open = Callable[..., httpx2.Client]


class Broken(MemoryStore):
    @asynccontextmanager
    async def open(self, session: str, *, reads: bool = False) -> AsyncIterator[MemoryWorld]:
        async with super().open(session) as world:
            if session:
                raise ConnectionError("postgresql://me:s3cret@db is gone")
            yield world


class Silent(MemoryStore):
    @asynccontextmanager
    async def open(self, session: str, *, reads: bool = False) -> AsyncIterator[MemoryWorld]:
        await asyncio.Event().wait()
        async with super().open(session) as world:
            yield world


def test_a_server_with_documents_and_a_store_is_ready(
    open_client: Open, pets: dict[str, Any]
) -> None:
    client = open_client(pets)
    assert client.get("/_toolalpaca/healthz").json() == {"status": "ok"}
    assert client.get("/_toolalpaca/readyz").json() == {"status": "ready"}
    assert client.get("/_toolalpaca/sessions").json() == []


def test_a_server_whose_store_fails_lives_and_is_not_ready(
    open_client: Open, pets: dict[str, Any]
) -> None:
    client = open_client(pets, store=Broken())
    assert client.get("/_toolalpaca/healthz").status_code == 200
    refused = client.get("/_toolalpaca/readyz")
    assert (refused.status_code, refused.headers["content-type"]) == (
        503,
        "application/problem+json",
    )
    assert "ConnectionError" in refused.json()["detail"]
    assert "s3cret" not in refused.text


class Away(MemoryStore):
    @asynccontextmanager
    async def open(self, session: str, *, reads: bool = False) -> AsyncIterator[MemoryWorld]:
        async with super().open(session) as world:
            if session:
                raise StoreUnavailable("the database of the sessions is away")
            yield world


def test_a_store_that_is_away_says_why_and_leaves_no_traceback(
    open_client: Open, pets: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    refused = open_client(pets, store=Away()).get("/_toolalpaca/readyz")
    assert refused.status_code == 503
    assert refused.json()["detail"] == "the database of the sessions is away"
    assert not caplog.records


@pytest.mark.anyio
async def test_a_store_that_does_not_answer_is_not_waited_for(catalog: Any) -> None:
    assert "within 0 s" in await lacking(catalog, Silent(), within=0)
    assert await lacking(Catalog([]), MemoryStore()) == "no document is served"


@pytest.fixture
def catalog(pets: dict[str, Any]) -> Catalog:
    return create_app([load_document(pets)]).apis
