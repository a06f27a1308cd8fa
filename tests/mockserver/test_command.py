"""``toolalpaca mock`` as a person and as a program start it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
RAILWAY = str(EXAMPLES / "railway.yaml")


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "toolalpaca", "mock", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "toolalpaca", "mock", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = process.stdout.readline()
    assert text, "the server has ended"
    return text


def test_a_person_reads_what_is_served_and_what_happens(tmp_path: Path) -> None:
    broken = {"swagger": "2.0", "info": {"title": "Broken", "version": "1"}, "paths": {
        "pets": {"get": {"responses": {"200": {"schema": {"$ref": "#/definitions/No"},
                                               "description": "Fine"}}}}}}  # fmt: skip
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken))
    with running(RAILWAY, str(path)) as process:
        summary = [line(process)]
        while not summary[-1].startswith("Serving"):
            summary.append(line(process))
        url = summary[-1].split()[1]
        assert "railway" in summary[0]
        assert f"{url}/railway" in summary[0]
        told = "".join(summary)
        assert "#/definitions/No" in told or "/No" in told
        assert "any value is accepted there" in told
        # What is served can be served again, by the URL that is told.
        assert run("--check", f"{url}/railway").returncode == 0
        assert " GET      307  router " in line(process)
        assert httpx2.get(f"{url}/railway/stations").status_code == 200
        told = line(process)
        assert " GET      200  state " in told
        assert told.endswith(" ms  /railway/stations\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_reader_who_leaves_takes_no_answer_away(arguments: tuple[str, ...]) -> None:
    with running(*arguments, RAILWAY) as process:
        told = line(process)
        while "Serving" not in told and "ready" not in told:
            told = line(process)
        url = re.search(r"http://[\w.:]+", told)
        assert url is not None
        assert process.stdout is not None
        process.stdout.close()
        for _ in range(2):
            answer = httpx2.get(f"{url[0]}/stations", headers={"X-Api-Key": "any"})
            assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_program_reads_json_and_an_interrupt_is_a_normal_end() -> None:
    with running("--json", RAILWAY) as process:
        ready = json.loads(line(process))
        assert ready["event"] == "ready"
        (api,) = ready["apis"]
        assert (api["name"], api["url"]) == ("railway", ready["url"])
        httpx2.get(f"{ready['url']}/nowhere")
        entry = json.loads(line(process))
        assert (entry["event"], entry["status"]) == ("request", 404)
        # An API at the root of its server is served again by the server's own URL.
        assert run("--check", f"{ready['url']}/").returncode == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_sound_document_passes_the_check() -> None:
    done = run("--check", *map(str, sorted(EXAMPLES.glob("*.yaml"))))
    assert (done.returncode, done.stderr) == (0, "")
    assert [text.rpartition(", ")[2] for text in done.stdout.splitlines()] == ["0 faults"] * 3


WILD = """
openapi: 3.1.0
paths:
  pets:
    get:
      responses:
        "200":
          description: Fine
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/No"}}
  /things/{id}:
    get: &get
      responses:
        "200":
          description: Fine
          content:
            application/json:
              schema: {type: object, required: [id], properties: {id: {type: integer}}}
              examples:
                sound: {value: {id: 1}}
                broken: {value: {id: one}}
  /things/{other}:
    get: *get
"""


def test_the_check_names_faults_in_the_wild_by_their_pointers() -> None:
    done = run("--check", "-", text=WILD)
    assert (done.returncode, done.stderr) == (1, "")
    told = dict(line.strip().split(": ", 1) for line in done.stdout.splitlines()[1:])
    content = "/paths/~1things~1{id}/get/responses/200/content/application~1json"
    assert "it is read as /pets" in told["/paths/pets"]
    assert "has no title" in told["/info"]
    assert (
        "any value is accepted"
        in told["/paths/pets/get/responses/200/content/application~1json/schema/items/$ref"]
    )
    assert "out of reach" in told["/paths/~1things~1{other}/get"]
    broken = told[f"{content}/examples/broken/value"]
    assert broken.startswith("the example at /id breaks its schema")
    assert broken.endswith("it is not answered with")
    assert not any("sound" in pointer for pointer in told)


def test_a_document_is_checked_and_explained_in_one_go() -> None:
    done = run("--check", "--explain", "--json", RAILWAY)
    checked, explained = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0
    assert checked["faults"] == []
    assert explained["resources"]


def test_no_engine_is_named_where_the_real_api_answers() -> None:
    with running(RAILWAY, "--proxy", "http://127.0.0.1:9") as process:
        said = [line(process)]
        while not said[-1].startswith("Serving"):
            said.append(line(process))
    assert "  the API is answered by http://127.0.0.1:9\n" in said
    assert "engine" not in said[-1]


def test_the_check_names_every_fault_and_what_follows(make_document: Callable[..., Any]) -> None:
    responses = {"200": {"description": "Fine", "content": {"application/json": {"schema": {
        "type": "array", "items": {"$ref": "#/components/schemas/Lost"}}}}}}  # fmt: skip
    paths = {"/a/{x}": {"get": {"responses": responses}}, "/a/{y}": {"get": {"responses": {}}}}
    done = run("--check", "-", text=json.dumps(make_document(paths)))
    assert done.returncode == 1
    head, *faults = done.stdout.splitlines()
    assert head.endswith(f"2 operations, {len(faults)} faults")
    assert all(fault.startswith("  /paths/") for fault in faults)
    assert any("Lost" in fault for fault in faults)
    assert any("out of reach" in fault for fault in faults)


def test_the_check_names_answers_that_cannot_be_made_as_json(
    make_document: Callable[..., Any],
) -> None:
    def answer(schema: Any) -> dict[str, Any]:
        content = {"application/json": {"schema": schema}}
        return {"get": {"responses": {"200": {"description": "Fine", "content": content}}}}

    impossible = {"type": "string", "minLength": 5, "maxLength": 2}
    paths = {"/sound": answer({"type": "string"}), "/word": answer(impossible)}
    done = run("--check", "--json", "-", RAILWAY, text=json.dumps(make_document(paths)))
    assert (done.returncode, done.stderr) == (1, "")
    broken, sound = map(json.loads, done.stdout.splitlines())
    assert (sound["name"], sound["faults"]) == ("railway", [])
    assert broken["operations"] == 2
    (fault,) = broken["faults"]
    assert fault["pointer"] == "/paths/~1word/get"
    assert "200 as application/json" in fault["message"]
    assert "501" in fault["consequence"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("just words", "is no OpenAPI document"),
        ("openapi: 3.1.0\npaths: [", "is not YAML"),
        ("swagger: '1.2'", "1.2"),
    ],
)
def test_a_file_that_is_no_document_is_one_line(text: str, said: str) -> None:
    done = run("-", text=text)
    assert (done.returncode, done.stdout) == (1, "")
    (message,) = done.stderr.splitlines()
    assert said in message


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.yaml"], "nowhere.yaml"),
        ([RAILWAY, "--engine", "llm"], "--model"),
        ([RAILWAY, "--model", "scripted:x"], "--engine llm"),
        ([RAILWAY, "--llm-cache", "x"], "--engine llm"),
        ([RAILWAY, "--engine", "llm", "--llm-cache-only"], "--llm-cache FILE"),
        ([RAILWAY, "--engine", "llm", "--llm-cache-only", "--llm-cache", RAILWAY], "railway.yaml"),
        ([RAILWAY, "--engine", "llm", "--llm-cache-only", "--llm-cache", "no.db"], "no.db"),
        ([RAILWAY, "--replay-else", "simulate"], "add --replay FILE"),
        ([RAILWAY, "--host", "no.such.host.invalid"], "no.such.host.invalid"),
    ],
)
def test_mistakes_are_said_in_one_line(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in done.stderr


def test_a_model_that_cannot_be_used_is_one_line_at_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = f"http://127.0.0.1:{port}/v1"
    model = ("--engine", "llm", "--model", "openai:m", "--model-url", nobody)
    done = run(RAILWAY, "--port", "0", *model)
    assert (done.returncode, done.stdout) == (1, "")
    (message,) = done.stderr.splitlines()
    assert message.startswith(f"toolalpaca: error: {nobody}: the server cannot be reached")


def test_a_model_that_answers_is_served_with(tmp_path: Path) -> None:
    script = tmp_path / "replies.jsonl"
    script.write_text(json.dumps({"text": "ready"}))
    with running(RAILWAY, "--engine", "llm", "--model", f"scripted:{script}") as process:
        summary = [line(process)]
        while not summary[-1].startswith("Serving"):
            summary.append(line(process))
        assert "railway" in summary[0]
        assert "what is remembered is told as it is" in summary[1]
        assert "with the llm engine" in summary[-1]


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(RAILWAY, "--port", port)
    assert done.returncode != 0
    assert port in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
