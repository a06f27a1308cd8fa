"""``toolalpaca serve`` and ``chat --web``, as a person starts and ends them."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from toolalpaca.cli import main
from toolalpaca.trace import read_traces

from ..conftest import Serve

SECRET = "canary-of-the-api"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def weather() -> FastAPI:
    app = FastAPI(title="Weather", version="1")

    @app.get("/now", operation_id="getNow", summary="The weather now")
    def now() -> dict[str, str]:
        return {"sky": "blue"}

    return app


def script() -> str:
    replies = [{"tool_calls": [{"name": "getNow"}]}, {"text": "It is blue."}]
    Path("script.jsonl").write_text("".join(json.dumps(reply) + "\n" for reply in replies))
    return "scripted:script.jsonl"


@contextmanager
def started(*words: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process of a command, and the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "toolalpaca", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """What the process said until it ended by that signal."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    return out + err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_it_is_and_ends_when_asked_to(
    serve: Serve, number: signal.Signals
) -> None:
    words = ["serve", f"{serve(weather())}/openapi.json", "--port", "0", "--model", script()]
    with started(*words, "--trace", "t.jsonl") as (process, line):
        url, _, token = line.partition("/#token=")
        headers = {"authorization": f"Bearer {token}"}
        assert httpx2.get(f"{url}/api/about", headers=headers).status_code == 200
        body = {"messages": [{"role": "user", "content": "How is the sky?"}]}
        answer = httpx2.post(f"{url}/v1/chat/completions", json=body)
        assert answer.json()["choices"][0]["message"]["content"] == "It is blue."
        identifier = httpx2.post(f"{url}/api/conversations", headers=headers).json()["id"]
        path = f"{url}/api/conversations/{identifier}/events"
        with httpx2.stream("GET", path, headers=headers):  # who listens does not hold it up
            said = ended(process, number)
        assert f"{url}/v1" in said
        assert "trace: t.jsonl" in said
        assert token not in said
    (trace,) = read_traces(Path("t.jsonl"))
    assert trace.outcome.status == "answered"


def test_serve_without_a_page_takes_a_key_from_the_environment(serve: Serve) -> None:
    words = ["serve", f"{serve(weather())}/openapi.json", "--port", "0", "--no-page", "-vv"]
    words += ["--host", "0.0.0.0", "--model", script()]
    key = {"TOOLALPACA_SERVE_API_KEY": SECRET}
    with started(*words, **key) as (process, line):
        assert line.startswith("http://127.0.0.1:")
        assert line.endswith("/v1")
        assert httpx2.get(f"{line}/models").status_code == 401
        headers = {"authorization": f"Bearer {SECRET}"}
        assert httpx2.get(f"{line}/models", headers=headers).status_code == 200
        assert httpx2.get(line.removesuffix("/v1"), headers=headers).status_code == 404
        assert SECRET not in ended(process, signal.SIGTERM)


def browser(script: str) -> str:
    """A program that is called with the URL."""
    path = Path("browser").absolute()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_chat_opens_the_browser(serve: Serve) -> None:
    os.mkfifo("opened")
    words = ["chat", f"{serve(weather())}/openapi.json", "--web", "--model", script()]
    # The browser stays open, which holds nothing up.
    program = browser('printf "%s %s" $$ "$1" > opened; exec sleep 600 > /dev/null 2>&1')
    with started(*words, BROWSER=program, DISPLAY=":7") as (process, line):
        identifier, _, url = Path("opened").read_text().partition(" ")
        try:
            assert url == line
            assert httpx2.get(line).status_code == 200
            ended(process, signal.SIGTERM)
        finally:
            os.kill(int(identifier), signal.SIGKILL)


@pytest.mark.parametrize(
    ("more", "display"), [(["--no-open"], ":7"), ([], "")], ids=["unwanted", "no screen"]
)
def test_chat_opens_no_browser(serve: Serve, more: list[str], display: str) -> None:
    words = ["chat", f"{serve(weather())}/openapi.json", "--web", "--model", script(), *more]
    environment = {"BROWSER": browser("touch opened"), "DISPLAY": display, "WAYLAND_DISPLAY": ""}
    with started(*words, **environment) as (process, line):
        assert httpx2.get(line).status_code == 200
        ended(process, signal.SIGTERM)
    assert not Path("opened").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
@pytest.mark.parametrize("command", [["serve"], ["chat", "--web"]])
def test_no_server_for_others_is_without_a_key(
    command: list[str], host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "api.yaml", "--host", host]) == 2
    assert f"--host {host}" in capsys.readouterr().err


def test_json_is_for_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "api.yaml", "--json"]) == 2
    assert "--trace" in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "api.yaml", "--port", port]) == 1
    err = capsys.readouterr().err
    assert f"127.0.0.1:{port}: cannot listen there" in err
    assert "--port" in err


def test_the_terminal_loads_no_server() -> None:
    program = (
        "import sys; from toolalpaca.cli import main;"
        "import toolalpaca_runtime.commands.serve, toolalpaca_runtime.commands.session;"
        "print({'fastapi', 'starlette', 'uvicorn'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert printed.stdout.strip() == "set()", printed.stderr
