"""A mock server for as long as a block lasts: it starts, says why it does not, and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from toolalpaca import serving
from toolalpaca.errors import ApiError
from toolalpaca.serving import mock_server

PING = {
    "openapi": "3.1.0",
    "info": {"title": "Ping", "version": "1"},
    "paths": {
        "/ping": {
            "get": {
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {"application/json": {"schema": {"const": "pong"}}},
                    }
                }
            }
        }
    },
}


@pytest.fixture
def ping(tmp_path: Path) -> str:
    path = tmp_path / "ping.json"
    path.write_text(json.dumps(PING))
    return str(path)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pretend(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let the server's process be *program*, in Python."""
    real = subprocess.Popen

    def start(command: list[str], **options: Any) -> Any:
        return real([sys.executable, "-c", program], **options)

    monkeypatch.setattr(subprocess, "Popen", start)


def test_it_answers_inside_the_block_and_is_gone_after_it(ping: str, tmp_path: Path) -> None:
    pong = tmp_path / "pong.json"
    pong.write_text(json.dumps(PING))
    with mock_server([ping, str(pong)]) as server:
        assert set(server.apis) == {"ping", "pong"}
        assert all(url.startswith(f"{server.url}/") for url in server.apis.values())
        for url in server.apis.values():
            assert httpx2.get(f"{url}/ping", trust_env=False).json() == "pong"
        assert is_alive(server.pid)
    assert not is_alive(server.pid)


def test_it_ends_when_the_block_raises(ping: str) -> None:
    started: list[int] = []

    def interrupted() -> None:
        with mock_server([ping]) as server:
            started.append(server.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [is_alive(pid) for pid in started] == [False]


def test_a_document_that_cannot_be_served_is_the_servers_own_message(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("openapi: [")
    with pytest.raises(ApiError) as refused, mock_server([str(broken)]):
        pass
    assert "broken.yaml" in str(refused.value)
    assert "toolalpaca: error" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise SystemExit(3)", "the mock server did not start: it ended with status 3"),
        ("raise ValueError('no tea')", "the mock server did not start: ValueError: no tea"),
        (
            "import sys; print('toolalpaca: error: the port is taken', file=sys.stderr)",
            "the port is taken",
        ),
        ("print('hello')", "the mock server said 'hello' instead of being ready"),
        ("print('[]')", "the mock server said '[]' instead of being ready"),
        (
            "import threading; threading.Event().wait()",
            "the mock server was not ready within 0.1 s",
        ),
    ],
    ids=["status", "traceback", "own error", "another program", "no object", "silence"],
)
def test_why_it_did_not_start(program: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, program)
    within = 0.1 if "within" in message else 60
    with pytest.raises(ApiError) as refused, mock_server(["ping.json"], within=within):
        pass
    assert str(refused.value) == message


def test_a_server_that_does_not_want_to_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(
        monkeypatch,
        "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        """print('{"url": "http://127.0.0.1:1", "apis": []}', flush=True); """
        "threading.Event().wait()",
    )
    monkeypatch.setattr(serving, "_STOPS_WITHIN", 0.1)
    with mock_server(["ping.json"]) as server:
        assert is_alive(server.pid)
    assert not is_alive(server.pid)


def test_what_it_logs_never_makes_it_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = tmp_path / "done"
    pretend(
        monkeypatch,
        "import sys, pathlib; "
        """print('{"url": "http://127.0.0.1:1", "apis": []}', flush=True); """
        "[print('x' * 100, file=f) for _ in range(5000) for f in (sys.stdout, sys.stderr)]; "
        f"pathlib.Path({str(done)!r}).write_text('done'); sys.stdin.read()",
    )
    with mock_server(["ping.json"]) as server:
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    assert done.read_text() == "done"
