"""What goes wrong on purpose, over real connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from toolalpaca.errors import UsageError
from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.disturbance.grammar import Rate
from toolalpaca_mockserver.disturbance.limiter import Limiter
from toolalpaca_mockserver.disturbance.rules import read_rules, refuse_unmet
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.request_log import RequestLog

Open = Callable[..., httpx2.Client]


def disturbed(client: httpx2.Client, terms: str, **more: Any) -> httpx2.Response:
    return client.get("/pets", headers={"toolalpaca-disturb": terms}, **more)


def test_an_error_is_the_documents_own_and_labelled(
    open_client: Open, pets: dict[str, Any]
) -> None:
    exchanges: list[Exchange] = []
    client = open_client(pets, listeners=[exchanges.append])
    response = disturbed(client, "status=503")
    assert response.status_code == 503
    assert response.headers["toolalpaca-disturbance"] == "status=503"
    assert response.headers["toolalpaca-source"] == "disturbance"
    assert exchanges[-1].as_json()["disturbance"] == "status=503"
    assert "(status=503)" in RequestLog().line(exchanges[-1])
    assert client.get("/pets").status_code == 200


def test_an_error_in_its_place_leaves_the_state_alone(
    open_client: Open, pets: dict[str, Any]
) -> None:
    client = open_client(pets)
    before = client.get("/pets").json()
    headers = {"toolalpaca-disturb": "status=500"}
    assert client.post("/pets", json={"name": "Rex"}, headers=headers).status_code == 500
    assert client.get("/pets").json() == before


def test_a_dropped_connection_answers_nothing(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets)
    with pytest.raises(httpx2.TransportError):
        disturbed(client, "drop")
    assert client.get("/pets").status_code == 200


def test_a_truncated_body_ends_in_its_middle(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets)
    whole = client.get("/pets").content
    received: list[bytes] = []
    with client.stream("GET", "/pets", headers={"toolalpaca-disturb": "truncate"}) as response:
        assert response.headers["content-length"] == str(len(whole))
        assert response.headers["toolalpaca-disturbance"] == "truncate"
        with pytest.raises(httpx2.RemoteProtocolError):
            received.extend(response.iter_raw())
    assert b"".join(received) == whole[: len(whole) // 2]


def test_a_malformed_body_is_no_json(open_client: Open, pets: dict[str, Any]) -> None:
    response = disturbed(open_client(pets), "malformed")
    assert response.status_code == 200
    assert response.headers["content-length"] == str(len(response.content))
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(response.content)


def test_a_server_that_hangs_lets_the_client_give_up(
    open_client: Open, pets: dict[str, Any]
) -> None:
    client = open_client(pets)
    with pytest.raises(httpx2.ReadTimeout):
        disturbed(client, "hang", timeout=0.2)
    assert client.get("/pets").status_code == 200


def test_an_answer_comes_as_late_as_it_tells(
    open_client: Open, pets: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    sleep = asyncio.sleep

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr("toolalpaca_mockserver.disturbance.disturber.asyncio.sleep", wait)
    response = disturbed(open_client(pets), "latency=20ms")
    assert response.status_code == 200
    assert response.headers["toolalpaca-disturbance"] == "latency=20ms"
    assert 0.02 in waited


def test_beyond_the_rate_it_is_429_and_sessions_count_apart(
    open_client: Open, pets: dict[str, Any]
) -> None:
    client = open_client(pets, disturbances=read_rules("rate=2/10m", None))
    statuses = [client.get("/pets").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.get("/pets")
    assert 1 <= int(refused.headers["retry-after"]) <= 600
    other = client.get("/pets", headers={"toolalpaca-session": "other"})
    assert other.status_code == 200
    assert client.get("/pets/1").status_code != 429  # another operation


def test_a_window_slides() -> None:
    now = 100.0
    limiter = Limiter(lambda: now)
    rate = Rate(2, 10)
    assert [limiter.wait(rate, "op", "s") for _ in range(3)] == [None, None, 10]
    now = 109.5
    assert limiter.wait(rate, "op", "s") == 1
    now = 110.0
    assert limiter.wait(rate, "op", "s") is None


def test_a_header_that_cannot_be_read_is_told(open_client: Open, pets: dict[str, Any]) -> None:
    response = disturbed(open_client(pets), "explode")
    assert response.status_code == 400
    assert "there are latency" in response.headers["toolalpaca-problem"]


def test_a_file_says_it_by_operation(
    open_client: Open, pets: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "disturbances.yaml"
    path.write_text('"*": status=500\nGET /pets: status=503\ncreatePet: latency=1ms\n')
    client = open_client(pets, disturbances=read_rules(None, path))
    assert client.get("/pets").status_code == 503
    assert client.get("/pets/1").status_code == 500
    created = client.post("/pets", json={"name": "Rex", "kind": "dog"})
    assert created.status_code == 201
    assert created.headers["toolalpaca-disturbance"] == "latency=1ms"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("- drop", "is no mapping"),
        ("GET /pets: {status: 503}", "GET /pets: is no text of terms"),
        ("GET /pets: explode", "GET /pets: 'explode' is no disturbance"),
        ("GET /nowhere: drop", "no document has GET /nowhere"),
    ],
)
def test_mistakes_in_a_file_are_told(
    pets: dict[str, Any], tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "disturbances.yaml"
    path.write_text(content)
    with pytest.raises(UsageError, match=told):
        refuse_unmet(read_rules(None, path), [load_document(pets)], str(path))
