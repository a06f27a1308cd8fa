"""``toolalpaca call`` as a person or a script runs it, against a real server."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from toolalpaca.cli import main
from toolalpaca.trace import ObservationEvent

from ..conftest import Serve
from ..terminal.screen import terminal

EXAMPLES = Path(__file__).parents[3] / "examples"
CANARY = "canary-4c1d"
PNG = b"\x89PNG\r\n\x1a\n\0"


def pets() -> FastAPI:
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int, detail: bool = False) -> dict[str, Any]:
        return {"id": pet_id, "detail": detail}

    @app.delete("/pets/{pet_id}", operation_id="pets.delete", status_code=204)
    def delete_pet(pet_id: int) -> None:
        pass

    @app.get("/missing", operation_id="missing")
    def missing(response: Response) -> dict[str, str]:
        response.status_code = 404
        return {"detail": "none"}

    @app.get("/picture", operation_id="picture")
    def picture() -> Response:
        return Response(PNG, media_type="image/png")

    @app.get("/away", operation_id="away")
    def away() -> Response:
        return RedirectResponse("http://192.0.2.1/")

    @app.get("/echo", operation_id="echo")
    def echo(request: Request) -> dict[str, str]:
        return dict(request.headers)

    described = app.openapi()
    described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    described["paths"]["/echo"]["get"]["security"] = [{"token": []}]
    return app


@pytest.fixture
def url(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return f"{serve(pets())}/openapi.json"


@pytest.mark.parametrize("operation", ["getPet", "GET /pets/{pet_id}", "get /pets/{pet_id}"])
def test_the_body_is_printed_and_the_status_is_told(
    url: str, operation: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", url, operation, "--args", '{"pet_id": 7, "detail": "true"}']) == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == {"id": 7, "detail": True}
    assert 'toolalpaca: Note: detail: "true" was read as true.' in err
    assert "toolalpaca: 200 OK, " in err


def test_an_operation_id_that_is_no_name_and_a_method_that_changes_something(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", url, "pets.delete", "--args", '{"pet_id": 7}']) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "204 No Content" in err


def test_arguments_from_a_file_and_from_standard_input(
    url: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pet.json").write_text('{"pet_id": 1}')
    assert main(["call", url, "getPet", "--args", "@pet.json"]) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"pet_id": 2}'))
    assert main(["call", url, "getPet", "--args", "-"]) == 0
    assert '{"id":1,"detail":false}{"id":2,"detail":false}' in capfd.readouterr().out


def test_an_error_of_the_api_is_the_exit_status(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", url, "missing"]) == 1
    out, err = capfd.readouterr()
    assert json.loads(out) == {"detail": "none"}
    assert "404 Not Found" in err


def test_bytes_are_written_as_they_are(url: str, capfdbinary: Any) -> None:
    assert main(["call", url, "picture"]) == 0
    assert capfdbinary.readouterr().out == PNG


def test_the_operation_may_stand_behind_options(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["--timeout", "5", "-i", "getPet", "--args", '{"pet_id": 7}']
    assert main(["call", url, *words]) == 0
    assert "HTTP/1.1 200 OK" in capfd.readouterr().out


def test_bytes_are_not_written_to_a_terminal(url: str) -> None:
    with terminal("call", url, "picture") as screen:
        assert screen.end() == 0
        assert "9 bytes of image/png: to keep them, add: > FILE" in screen.text
        assert PNG not in screen.raw


def test_a_redirect_elsewhere_is_told(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["call", url, "away"]) == 0
    assert "(--reach 192.0.2.1 allows it)\n" in capfd.readouterr().err


def test_a_dry_run_needs_nobody_who_answers(capfd: pytest.CaptureFixture[str]) -> None:
    document = str(EXAMPLES / "library.yaml")
    assert main(["call", document, "searchBooks", "--dry-run"]) == 0
    assert "host: api.harbourlibrary.example\n" in capfd.readouterr().out


def test_the_head_of_the_response_may_be_included(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", url, "getPet", "--args", '{"pet_id": 7}', "-i"]) == 0
    head, _, body = capfd.readouterr().out.partition("\n\n")
    assert head.splitlines()[0] == "HTTP/1.1 200 OK"
    assert "content-type: application/json" in head.splitlines()
    assert json.loads(body)["id"] == 7


def test_the_observation_as_traces_have_it(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["call", url, "getPet", "--args", '{"pet_id": 7}', "--json"]) == 0
    out, err = capfd.readouterr()
    event = ObservationEvent.model_validate_json(out)
    assert event.text == 'Status Code: 200. Response: {"id":7,"detail":false}'
    assert event.tool == "getPet"
    assert event.request is not None
    assert event.conforming is True
    assert err == ""


def test_a_dry_run_shows_the_request_without_its_secrets(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    elsewhere = ["--base-url", "http://127.0.0.1:1/v1", "--dry-run"]
    assert main(["call", url, "echo", "--auth", f"token={CANARY}", *elsewhere]) == 0
    out, err = capfd.readouterr()
    assert out.splitlines() == [
        "GET /v1/echo HTTP/1.1",
        "host: 127.0.0.1:1",
        "accept: application/json, */*;q=0.5",
        "authorization: ***",
    ]
    assert CANARY not in out + err


def test_a_secret_is_sent_and_not_shown(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--json"], ["-i"]):
        assert main(["call", url, "echo", "--auth", f"token={CANARY}", *more]) == 0
        out, err = capfd.readouterr()
        assert "Bearer ***" in out
        assert CANARY not in out + err


def test_what_is_missing_is_said(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["call", url, "echo"]) == 0
    assert "echo needs a credential that is not there: token" in capfd.readouterr().err


def test_the_operations_are_listed(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["call", url, "--list"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "getPet       GET /pets/{pet_id}  Get Pet"
    assert len(lines) == 6


def test_a_mock_server_of_the_document_answers(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    assert main(["call", "pets.json", "getPet", "--args", '{"pet_id": 7}', "--mock"]) == 0
    assert json.loads(capfd.readouterr().out) is not None


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["gtPet"], "Pets has no operation 'gtPet' (did you mean getPet"),
        (["GET /pet/{pet_id}"], "did you mean GET /pets/{pet_id}"),
        ([], "which operation is to be called? (list them: toolalpaca call http"),
        (["getPet"], "getPet: pet_id: this argument is required and missing"),
        (["getPet", "--args", '{"pet_id": "x"}'], "getPet: pet_id: "),
        (["getPet", "--args", "{pet_id: 7}"], "--args: the arguments are not JSON"),
        (["getPet", "--args", "[7]"], "--args: the arguments are no object"),
        (["getPet", "--args", "@none.json"], "none.json: it cannot be read"),
        (["getPet", "--auth", "no=x"], "Pets has no security scheme 'no'"),
    ],
)
def test_what_cannot_be_called_is_said(
    url: str, words: list[str], error: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", url, *words]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert error in err
    assert len(err.splitlines()) == 1


def test_nobody_at_the_address_is_an_error(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["call", url, "missing", "--base-url", "http://127.0.0.1:1"]) == 1
    assert "cannot be reached" in capfd.readouterr().err
