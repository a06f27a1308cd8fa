"""A run is had again without the model, byte for byte, in another process."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import DataError
from toolalpaca_mockserver.engines.cache import FileCache, Kept, MemoryCache

RUN = """
import asyncio, json, sys

from toolalpaca.llm.protocol import Capabilities, Completion
from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.engines.asking import Asker
from toolalpaca_mockserver.engines.cache import FileCache
from toolalpaca_mockserver.engines.llm import LlmEngine
from toolalpaca_mockserver.engines.schema import SchemaEngine
from toolalpaca_mockserver.settings import Settings
from toolalpaca_mockserver.values import ValueGenerator

class Model:
    '''Makes values of the schema it is given, well, wrongly and in part; never the same twice.'''

    name = "fake"
    capabilities = Capabilities(json_schema=True)
    asked = 0

    async def stream(self, request):
        Model.asked += 1
        # Another seed for each question: only what was kept can be had again.
        schema = request.constraint.schema if request.constraint else {}
        value = ValueGenerator(schema, Model.asked).generate(schema, key=str(Model.asked))
        text = json.dumps(value)
        if Model.asked % 5 == 0:
            text = text[: len(text) // 2]
        if Model.asked % 7 in (1, 2):
            text = "I would rather not."
        yield Completion(text)

    async def aclose(self):
        pass

async def ask(app, method, path, body, session):
    sent = []
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}
    async def send(message):
        sent.append(message)
    path, _, query = path.partition("?")
    headers = [(b"host", b"mock.test"), (b"content-type", b"application/json"),
               (b"toolalpaca-session", session.encode())]
    await app({"type": "http", "method": method, "path": path, "raw_path": path.encode(),
               "query_string": query.encode(), "headers": headers}, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    source = told.pop("toolalpaca-source")
    told.pop("toolalpaca-model", None)
    return sent[0]["status"], told, sent[1]["body"].decode(), source

async def main():
    file, mode, calls, *sources = sys.argv[1:]
    if mode == "record":
        asker, cache = Asker(Model()), FileCache(file, "fake")
    else:
        asker, cache = None, FileCache(file, None, read_only=True)
    model = "" if asker else cache.model
    app = create_app(
        [load_document(source) for source in sources],
        Settings(
            authenticate=False,
            engine=lambda values: LlmEngine(asker, SchemaEngine(values), 0, cache, model),
        ),
    )
    for method, path, body, session in json.loads(calls):
        raw = json.dumps(body).encode() if body is not None else b""
        print(json.dumps(await ask(app, method, path, raw, session)), flush=True)

import pathlib
sys.argv[1] = pathlib.Path(sys.argv[1])
asyncio.run(main())
"""

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
BOOKING = {
    "train_id": "AL164-20270514",
    "passenger_name": "Ada Byron",
    "contact_email": "ada@mail.example",
    "travel_class": "second",
}
WARNING = {"region": "Alps", "hazard": "wind", "severity": "minor"}
CALLS: list[tuple[str, str, Any, str]] = [
    (method, path, body, session)
    for session in ("a", "b")
    for method, path, body in [
        ("GET", "/railway/stations", None),
        ("GET", "/railway/stations?country=AT", None),
        ("GET", "/railway/trains", None),
        ("POST", "/railway/bookings", BOOKING),
        ("POST", "/railway/bookings", {**BOOKING, "passenger_name": session}),
        ("GET", "/railway/bookings", None),
        ("GET", "/railway/bookings/none", None),
        ("GET", "/library/books?limit=3", None),
        ("GET", "/library/members", None),
        ("POST", "/library/members", {"name": "Ada Byron", "email": "ada@mail.example"}),
        ("GET", "/library/branches", None),
        ("GET", "/library/books?genre=novel", None),
        ("GET", "/weather/stations", None),
        ("GET", "/weather/warnings", None),
        ("POST", "/weather/warnings", WARNING),
        ("GET", "/weather/stations/x/observations/latest", None),
        ("DELETE", "/weather/warnings/x", None),
    ]
]


def run(file: Path, mode: str) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(file), mode, json.dumps(CALLS), *map(str, EXAMPLES)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_run_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    recorded = run(tmp_path / "run.db", "record")
    assert len(recorded) == len(CALLS) > 30
    sources = {source for *_, source in recorded}
    assert {"llm", "cache", "state", "validator"} <= sources
    assert any("llm-invalid" in source for source in sources)
    replayed = run(tmp_path / "run.db", "replay")
    assert [answer[:3] for answer in replayed] == [answer[:3] for answer in recorded]
    # What came from the model comes from the cache, and all else as it was.
    again = [re.sub(r"\Allm\b", "cache", source) for *_, source in recorded]
    assert [source for *_, source in replayed] == again
    # Without what was recorded the schemas answer, and say so.
    with sqlite3.connect(tmp_path / "run.db") as database:
        database.execute("DELETE FROM answers")
    missed = run(tmp_path / "run.db", "replay")
    assert "state; reason=llm-not-in-cache" in {source for *_, source in missed}
    assert not any(source in ("llm", "cache") for *_, source in missed)


def test_what_was_put_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    code = (
        "import os, signal, sys, pathlib\n"
        "from toolalpaca_mockserver.engines.cache import FileCache, Kept\n"
        "cache = FileCache(pathlib.Path(sys.argv[1]), 'm')\n"
        "for n in range(100): cache.put(str(n), Kept({'n': n}))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    cache = FileCache(path, None, read_only=True)
    assert [cache.get(str(n)) for n in range(100)] == [Kept({"n": n}) for n in range(100)]
    assert cache.model == "m"
    cache.close()


def test_several_share_a_file_and_the_first_answer_stays(tmp_path: Path) -> None:
    first, second = (FileCache(tmp_path / "a.db", "m") for _ in range(2))
    first.put("key", Kept({"big": 12345678901234567890123, "small": 0.1}))
    second.put("key", Kept("another"))
    assert second.get("key") == Kept({"big": 12345678901234567890123, "small": 0.1})
    first.close()
    second.close()


def test_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at" * 99)
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE answers (question TEXT)")
    for path, read_only in (
        (tmp_path / "text", False),
        (tmp_path / "text" / "below.db", False),
        (tmp_path / "none.db", True),
        (tmp_path / "other.db", False),
        (tmp_path / "other.db", True),
    ):
        with pytest.raises(DataError, match=str(path)):
            FileCache(path, "m", read_only=read_only)
    for model in ("one", "two"):
        cache = FileCache(tmp_path / "two.db", model)
        cache.put(model, Kept(1))
        cache.close()
    with pytest.raises(DataError, match="several models: one, two"):
        FileCache(tmp_path / "two.db", None, read_only=True)


def test_what_is_kept_is_checked_again(
    tmp_path: Path, open_client: Any, make_document: Any, engine_of: Any, saying: Any
) -> None:
    content = {"application/json": {"schema": {"type": "integer"}}}
    document = make_document(
        {"/number": {"get": {"responses": {"200": {"description": "A", "content": content}}}}}
    )
    model, path = saying(lambda _: "7"), tmp_path / "a.db"

    def ask() -> tuple[Any, str]:
        cache = FileCache(path, model.name)
        response = open_client(document, engine=engine_of(model, cache)).get("/number")
        cache.close()
        return response.json(), response.headers["toolalpaca-source"]

    assert (ask(), ask()) == ((7, "llm"), (7, "cache"))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE answers SET value = '\"seven\"'")
    assert ask() == (7, "llm")
    path.chmod(0o444)
    cache = FileCache(path, None, read_only=True)
    assert cache.model == "saying"
    cache.close()


def test_memory_keeps_what_was_asked_last_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    cache = MemoryCache(2)
    for key in "abc":
        cache.put(key, Kept(key))
    assert [cache.get(key) for key in "abc"] == [None, Kept("b"), Kept("c")]
    for number in range(5):
        cache.put(str(number), Kept("x" * 20_000_000))
    assert [cache.get(str(n)) is not None for n in range(5)] == [False] * 4 + [True]


def test_a_file_that_fails_costs_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = FileCache(tmp_path / "a.db", "m")
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("DROP TABLE answers")
    cache.put("key", Kept(1))
    assert cache.get("key") is None
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    cache.close()
