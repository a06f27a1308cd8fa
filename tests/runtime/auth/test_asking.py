"""Questions at a real terminal: a pseudo terminal, and the command behind it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from ..conftest import Serve

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Ping", "version": "1"},
    "security": [{"key": []}],
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
    "paths": {"/ping": {"get": {"operationId": "ping", "responses": {"200": {"description": ""}}}}},
}


@pytest.fixture
def described(tmp_path: Path) -> Path:
    path = tmp_path / "ping.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def command(described: Path, url: str) -> list[str]:
    run = [sys.executable, "-m", "toolalpaca", "ask", str(described), "--base-url", url]
    return [*run, "--ask-auth", "--model", "baseline", "ping"]


def test_what_is_typed_is_sent_and_not_echoed(
    serve: Serve, described: Path, tmp_path: Path
) -> None:
    keys = []
    app = FastAPI(openapi_url=None)

    @app.get("/ping")
    def ping(request: Request) -> None:
        keys.append(request.headers.get("x-key"))

    status, shown = at_terminal(
        command(described, serve(app)), b"key for 127.0.0.1:", b"canary-7f3a\n", cwd=tmp_path
    )
    assert status == 0, shown
    assert keys == ["canary-7f3a"]
    assert "(key, nothing for none)" in shown
    assert "canary" not in shown


def test_ctrl_c_ends_the_question(described: Path, tmp_path: Path) -> None:
    status, shown = at_terminal(
        command(described, "http://127.0.0.1:9"), b"key for 127.0.0.1:", b"\x03", cwd=tmp_path
    )
    assert status == 130, shown
    assert "interrupted" in shown
    assert "Traceback" not in shown


def test_without_a_terminal_it_is_an_error(described: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command(described, "http://127.0.0.1:9"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "--ask-auth: there is no terminal to ask at (give --auth" in done.stderr


def at_terminal(words: list[str], prompt: bytes, answer: bytes, **options: Any) -> tuple[int, str]:
    """The status of a command and what its terminal showed; *answer* is typed after *prompt*."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(options["cwd"])
        os.execvp(words[0], words)  # it ends this process, which is a copy of the tests'
    shown = b""
    try:
        while select.select([terminal], [], [], 60)[0]:
            try:
                piece = os.read(terminal, 4096)
            except OSError:  # the other end is closed
                break
            shown += piece
            if answer and prompt in shown:
                os.write(terminal, answer)
                answer = b""
    finally:
        os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()
