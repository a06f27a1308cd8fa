"""The fixture ``mock_api``, as somebody else's suite uses it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RAILWAY = ROOT / "examples" / "railway.yaml"
PLUGIN = "toolalpaca_mockserver.pytest_plugin"

pytest_plugins = ["pytester"]

SUITE = """
import json, urllib.request
import pytest

BOOKING = {
    "train_id": "AL164-20270514", "passenger_name": "Ada Byron",
    "contact_email": "ada@mail.example", "travel_class": "second",
}
THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
THINGS = {"application/json": {"schema": {"type": "array", "items": THING}}}
SMALL = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "paths": {"/things": {"get": {"responses": {"200": {"description": "", "content": THINGS}}}}},
}


def call(url, body=None, headers=()):
    data = json.dumps(body).encode() if body is not None else None
    headers = {"X-Api-Key": "k3y-k3y-k3y", "Content-Type": "application/json", **dict(headers)}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)
"""


@pytest.fixture
def run_suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    # Whether or not the entry point is installed here, the plugin is loaded once.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\nfilterwarnings = ['error']\n")
    return pytester


def run(suite: pytest.Pytester, text: str) -> pytest.RunResult:
    suite.makepyfile(f"{SUITE}\nRAILWAY = {str(RAILWAY)!r}\n{text}")
    return suite.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", timeout=60)


def test_requests_are_recorded_and_asserted_on(run_suite: pytest.Pytester) -> None:
    done = run(
        run_suite,
        """
def test_one(mock_api):
    api = mock_api(RAILWAY)
    made = call(f"{api.url}/bookings", BOOKING)
    assert made["id"] in [kept["id"] for kept in call(f"{api.url}/bookings")["items"]]
    (request,) = api.assert_requested("POST", "/bookings", times=1, json=BOOKING, status=201)
    assert request.operation == "createBooking"
    assert request.headers["x-api-key"] == "***"
    api.assert_requested("get", "/book*", query={}, headers={"Content-Type": "application/json"})
    api.assert_requested("DELETE", "/bookings/*", times=0)
    api.assert_no_problems()
    assert made["id"] in api.snapshot()["railway:/bookings"]["items"]
    assert len(api.requests()) == 2
    api.reset()
    assert api.requests() == [] and api.snapshot() == {}

def test_two(mock_api):
    api = mock_api(RAILWAY)
    assert api.requests() == []
    call(f"{api.server_url}/stations", headers=api.headers)
    assert [request.path for request in api.requests(status="2xx")] == ["/stations"]
    assert mock_api(RAILWAY) is api

def test_servers_are_shared(mock_api, _toolalpaca_servers):
    mock_api(RAILWAY)
    mock_api(SMALL).seed("/things", [{"id": 7}])
    assert call(f"{mock_api(SMALL).url}/things") == [{"id": 7}]
    assert len(_toolalpaca_servers._running) == 2

def test_several(mock_api):
    api = mock_api(RAILWAY, SMALL)
    api.seed("/things", [{"id": 8}], api="api")
    assert call(f"{api.url}/api/things") == [{"id": 8}]
    api.assert_requested("GET", "/api/things")
    with pytest.raises(ValueError, match="api=railway or api"):
        api.seed("/things", [])
    with pytest.raises(ValueError, match='at /id is not of type "integer"'):
        api.seed("/things", [{"id": "x"}], api="api")
""",
    )
    done.assert_outcomes(passed=4)


def test_failures_say_what_was_requested(run_suite: pytest.Pytester) -> None:
    done = run(
        run_suite,
        """
def test_other_body(mock_api):
    api = mock_api(RAILWAY)
    call(f"{api.url}/bookings?page=1", BOOKING)
    api.assert_requested("POST", "/bookings", times=2, json={"train_id": "X"})

def test_nothing(mock_api):
    mock_api(RAILWAY).assert_requested("GET", "/bookings")

def test_unsound(mock_api):
    api = mock_api(RAILWAY)
    with pytest.raises(OSError):
        call(f"{api.url}/bookings", {})
    api.assert_no_problems()

def test_no_document(mock_api):
    mock_api("nowhere.yaml")
""",
    )
    done.assert_outcomes(failed=4)
    done.stdout.fnmatch_lines(
        [
            "*AssertionError: POST /bookings was requested 0 times, and not 2 times",
            "*with json={'train_id': 'X'}",
            "*what was requested:",
            '*  POST /bookings[?]page=1 -> 201  {"train_id": *',
            "*GET /bookings was requested 0 times, and not at least once",
            "*nothing was requested",
            "*these requests were not sound:",
            "*POST /bookings -> 400*lacks the property train_id*",
            "*mock_api: nowhere.yaml: *",
        ]
    )


def test_loading_the_plugin_loads_nothing_else() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import pytest, sys; before = set(sys.modules); "
         f"import {PLUGIN}; print(*(set(sys.modules) - before))"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    ours = {name for name in said if name.startswith("toolalpaca")}
    assert ours == {"toolalpaca_mockserver", PLUGIN}
    assert not {"fastapi", "pydantic", "uvicorn", "httpx2", "asyncio"} & set(said)


def test_pytest_finds_it_by_itself() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (name,) = project["entry-points"]["pytest11"].values()
    assert import_module(name).mock_api is not None
