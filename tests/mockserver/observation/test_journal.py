"""The journal: what was requested, as it is asked for over HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.journal import LONGEST_BODY, Journal
from toolalpaca_mockserver.observation.observing import Watch, add_watch_options, watch_from_options
from toolalpaca_mockserver.reading.requests import Request

Open = Callable[..., httpx2.Client]
REQUESTS = "/_toolalpaca/requests"
REX = {"name": "Rex", "kind": "dog"}


@pytest.fixture
def client(open_client: Open, pets: dict[str, Any]) -> httpx2.Client:
    return open_client(load_document(pets, name="pets"))


def exchange(path: str = "/", body: bytes = b"", answer: bytes = b"") -> Exchange:
    request = Request("GET", path, headers={"host": "x"}, body=body)
    return Exchange(request, Answer(200, answer, "text/plain"), "default", 0.0, 0.1)


def test_a_request_is_shown_with_what_became_of_it(client: httpx2.Client) -> None:
    made = client.post("/pets?x=1", json=REX, headers={"toolalpaca-session": "alice"})
    (shown,) = client.get(REQUESTS).json()
    assert made.status_code == 201
    expected = {
        "id": 1,
        "api": "pets",
        "operation": "createPet",
        "method": "POST",
        "path": "/pets",
        "query": "x=1",
        "status": 201,
        "source": "state",
        "session": "alice",
        "problem": "",
    }
    assert {name: shown[name] for name in expected} == expected
    assert json.loads(shown["request"]["body"]) == REX
    assert shown["request"]["headers"]["content-type"] == "application/json"
    assert json.loads(shown["answer"]["body"]) == made.json()
    assert shown["answer"]["size"] == len(made.content)
    assert shown["milliseconds"] > 0
    assert client.get(f"{REQUESTS}/1").json() == shown


def test_a_refusal_is_shown_with_its_verdict(client: httpx2.Client) -> None:
    client.post("/pets", json={"name": "Rex"})
    (shown,) = client.get(REQUESTS).json()
    assert (shown["status"], shown["source"]) == (400, "validator")
    assert shown["problem"] == "the request body lacks the property kind"


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"api": "pets"}, [1, 2, 3, 4, 5]),
        ({"api": "zoo"}, []),
        ({"operation": "createPet"}, [2, 3]),
        ({"method": "post"}, [2, 3]),
        ({"path": "/pets"}, [1, 2, 3]),
        ({"path": "/pets/*"}, [4]),
        ({"path": "/pet[s]*"}, []),
        ({"status": "404"}, [4, 5]),
        ({"status": "4xx"}, [3, 4, 5]),
        ({"source": "validator"}, [3]),
        ({"session": "bob"}, [2]),
        ({"since": 3}, [4, 5]),
        ({"limit": 2}, [4, 5]),
        ({"method": "GET", "limit": 1, "status": "2XX"}, [1]),
    ],
)
def test_requests_are_chosen_by_what_they_are(
    client: httpx2.Client, asked: dict[str, Any], ids: list[int]
) -> None:
    client.get("/pets")
    client.post("/pets", json=REX, headers={"toolalpaca-session": "bob"})
    client.post("/pets", json={})
    client.get("/pets/987654")
    client.get("/nowhere")
    assert [shown["id"] for shown in client.get(REQUESTS, params=asked).json()] == ids


@pytest.mark.parametrize(
    "asked", [{"methd": "GET"}, {"status": "ok"}, {"limit": "0"}, {"since": str(10**30)}]
)
def test_what_cannot_be_asked_for_is_said(client: httpx2.Client, asked: dict[str, str]) -> None:
    refused = client.get(REQUESTS, params=asked)
    assert refused.status_code == 422
    assert next(iter(asked)) in refused.headers["toolalpaca-problem"]


def test_what_is_cleared_is_gone_and_ids_go_on(client: httpx2.Client) -> None:
    client.get("/pets")
    assert client.delete(REQUESTS).status_code == 204
    assert client.get(REQUESTS).json() == []
    gone = client.get(f"{REQUESTS}/1")
    assert (gone.status_code, gone.json()["detail"]) == (
        404,
        "there is no request 1, or it is no longer kept",
    )
    client.get("/pets")
    assert [shown["id"] for shown in client.get(REQUESTS).json()] == [2]


def test_without_a_journal_the_reason_is_said(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets, watch=Watch(journal=None))
    assert client.get("/pets").status_code == 200
    for path in (REQUESTS, f"{REQUESTS}/1", f"{REQUESTS}/stream"):
        assert "--journal 0" in client.get(path).json()["detail"]


def test_the_command_says_how_many_are_kept() -> None:
    parser = ArgumentParser()
    add_watch_options(parser)
    assert watch_from_options(parser.parse_args(["--journal", "0"])).journal is None
    watch = watch_from_options(parser.parse_args(["--journal", "2"]))
    assert watch.journal is not None
    for number in range(3):
        watch.journal(exchange(f"/{number}"))
    assert len(watch.journal) == 2


def test_number_and_size_are_bounded() -> None:
    journal = Journal(most=3)
    for number in range(5):
        journal(exchange(f"/{number}"))
    assert [entry.exchange.request.path for entry in journal] == ["/2", "/3", "/4"]
    assert [found.id for number in range(9) if (found := journal.entry(number))] == [3, 4, 5]
    small = Journal(most=100, most_bytes=100_000)
    for _ in range(100):
        small(exchange(body=b"x" * 10_000))
    assert 0 < sum(entry.size for entry in small) <= 100_000
    small(exchange("/" + "x" * 200_000))
    assert len(small) == 0


def test_long_bodies_are_cut_and_say_so(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets)
    sent = json.dumps({**REX, "nickname": "ü" * LONGEST_BODY}, ensure_ascii=False)
    client.post("/pets", content=sent.encode(), headers={"content-type": "application/json"})
    client.post("/pets", content=b"\xff\xfe", headers={"content-type": "image/png"})
    text, picture = client.get(REQUESTS).json()
    assert text["request"]["cut"]
    assert text["request"]["size"] == len(sent.encode())
    assert sent.startswith(text["request"]["body"])
    assert len(text["request"]["body"].encode()) > LONGEST_BODY - 4
    assert (picture["request"]["body"], picture["request"]["size"]) == (None, 2)


# -- live -----------------------------------------------------------------------------------


@contextmanager
def events(client: httpx2.Client, **options: Any) -> Iterator[Iterator[tuple[str, Any]]]:
    """The name and the data of each event as it comes."""
    with client.stream("GET", f"{REQUESTS}/stream", timeout=30, **options) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> Iterator[tuple[str, Any]]:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

        yield read()


def test_a_stream_tells_what_was_and_what_comes(client: httpx2.Client) -> None:
    client.get("/pets")
    with events(client) as told:
        assert next(told)[1]["id"] == 1
        client.post("/pets", json={})
        name, second = next(told)
        assert (name, second["id"], second["status"]) == ("request", 2, 400)
        assert "request" not in second  # bodies are asked for by id
        client.delete(REQUESTS)
        assert next(told) == ("cleared", {})
        client.get("/pets")
        assert next(told)[1]["id"] == 3
    with events(client, headers={"last-event-id": "2"}, params={"method": "GET"}) as told:
        assert next(told)[1]["id"] == 3
    with events(client, headers={"last-event-id": "77"}) as told:  # of another server
        assert [next(told)[0] for _ in range(2)] == ["cleared", "request"]


def test_a_reader_learns_what_it_was_too_slow_for(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets, watch=Watch(Journal(2)))
    for _ in range(5):
        client.get("/pets")
    with events(client, params={"since": 1}) as told:
        assert next(told) == ("missed", {"count": 2})
        assert [next(told)[1]["id"] for _ in range(2)] == [4, 5]


def test_a_stream_answers_head_and_ends_with_the_journal(
    open_client: Open, pets: dict[str, Any]
) -> None:
    journal = Journal(10)
    client = open_client(pets, watch=Watch(journal))
    assert client.head(f"{REQUESTS}/stream").status_code == 200
    client.get("/pets")
    with events(client) as told:
        next(told)
        loop = client_loop(journal)
        loop.call_soon_threadsafe(journal.close)
        assert list(told) == []  # the end, and a proper one


def client_loop(journal: Journal) -> asyncio.AbstractEventLoop:
    """The loop in which somebody waits for *journal*."""
    found = threading.Event()
    while not found.wait(0.005):
        for waiting in tuple(journal._waiting):
            return waiting.get_loop()
    raise AssertionError
