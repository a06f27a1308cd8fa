"""The commands as a person runs them, against a real server."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from toolalpaca.cli import main
from toolalpaca.trace import read_traces

from ..conftest import Serve

CANARY = "canary-7f3a"


def pets(reached: threading.Event | None = None) -> FastAPI:
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int) -> dict[str, Any]:
        return {"id": pet_id, "name": "Rex"}

    @app.get("/echo", operation_id="echo")
    def echo(request: Request) -> dict[str, str]:
        return dict(request.headers)

    @app.get("/forever", operation_id="waitForever")
    async def forever(request: Request) -> None:
        assert reached is not None
        reached.set()
        while (await request.receive())["type"] != "http.disconnect":
            pass  # until the client goes away

    described = app.openapi()
    described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    described["paths"]["/echo"]["get"]["security"] = [{"token": []}]
    return app


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def script(*replies: dict[str, Any] | str) -> str:
    """A scripted model's name."""
    lines = [{"text": r} if isinstance(r, str) else {"tool_calls": [r]} for r in replies]
    Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "scripted:script.jsonl"


def calling(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def test_ask_shows_the_run_and_writes_its_trace(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    url = serve(pets())
    model = script(calling("getPet", pet_id=3), "It is Rex.")
    assert main(["ask", f"{url}/openapi.json", "Show pet 3", "--model", model]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["→ getPet(pet_id=3)", '  200 {"id":3,"name":"Rex"}', "It is Rex."]
    path = re.search(r"trace: (traces/pets-\d{8}-\d{6}\.jsonl)$", err, re.MULTILINE)
    assert path is not None
    (trace,) = read_traces(Path(path[1]))
    assert trace.outcome.answer == "It is Rex."


def test_ask_takes_a_file_and_a_base_url_and_appends_to_a_trace(serve: Serve) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    words = ["ask", "pets.json", "Show pet 3", "--base-url", serve(pets()), "--trace", "t.jsonl"]
    assert main([*words, "--model", script("One.")]) == 0
    assert main([*words, "--model", script("Two.")]) == 0
    assert [trace.outcome.answer for trace in read_traces(Path("t.jsonl"))] == ["One.", "Two."]


def test_ask_prints_records_as_json(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    url = serve(pets())
    model = script(calling("getPet", pet_id=3), "It is Rex.")
    words = ["ask", f"{url}/openapi.json", "Show", "--model", model, "--trace", "t.jsonl", "--json"]
    assert main(words) == 0
    assert capsys.readouterr().out == Path("t.jsonl").read_text()


def test_ask_without_a_model_says_which_one_it_takes(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", f"{serve(pets())}/openapi.json", "Get the pet with the pet id 3"]) == 0
    out, err = capsys.readouterr()
    assert "→ getPet(pet_id=3)" in out
    assert "baseline" in err


def test_ask_says_that_nobody_is_there_to_answer(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    model = script(calling("getDetails", question="Which pet?"))
    assert main(["ask", f"{serve(pets())}/openapi.json", "Show it", "--model", model]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == ["? Which pet?"]
    assert "nobody is there to answer" in err


def test_ask_stops_at_its_limits(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    model = script(*(calling("getPet", pet_id=n) for n in range(5)))
    words = ["ask", f"{serve(pets())}/openapi.json", "Go", "--model", model, "--max-steps", "2"]
    assert main(words) == 1
    assert "! I stopped without an answer: the limit of 2 steps" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["nowhere.yaml", "x"], 1, "nowhere.yaml"),
        (["http://127.0.0.1:9/", "x"], 1, "127.0.0.1:9"),
        (["broken.yaml", "x"], 1, "broken.yaml"),
        (["unserved.json", "x"], 1, "--mock"),
        (["URL", "x", "--model", "gpt-9000"], 2, "gpt-9000"),
        (["URL", "x", "--model", "scripted:nowhere.jsonl"], 1, "nowhere.jsonl"),
        (["URL", "x", "--format", "prose"], 2, "no prompt format 'prose'"),
        (["URL", "x", "--auth", CANARY], 2, "SCHEME=VALUE"),
        (["URL", "x", "--auth", f"other={CANARY}"], 2, "no security scheme 'other'"),
        (["URL", "x", "--base-url", "ftp://h"], 2, "ftp://h"),
        (["URL", "x", "--base-url", "http://h", "--mock"], 2, "not allowed with"),
        (["URL", "x", "--max-steps", "0"], 2, "--max-steps"),
        (["URL", "x", "--max-seconds", "-1"], 2, "--max-seconds"),
        (["URL", " "], 2, "instruction is empty"),
        (["URL"], 2, "INSTRUCTION"),
        ([], 2, "SOURCE"),
    ],
)
def test_a_mistake_of_the_person_is_one_clear_line(
    words: list[str],
    status: int,
    message: str,
    serve: Serve,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("broken.yaml").write_text("openapi: [")
    Path("unserved.json").write_text(json.dumps(pets().openapi()))
    url = f"{serve(pets())}/openapi.json" if "URL" in words else ""
    assert main(["ask", *(url if word == "URL" else word for word in words)]) == status
    out, err = capsys.readouterr()
    assert out == ""
    errors = [line for line in err.splitlines() if "error:" in line]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in err
    assert CANARY not in err
    assert not Path("traces").exists()


def test_an_api_that_goes_away_fails_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    model = script(calling("getPet", pet_id=3), "Unreachable.")
    words = ["ask", "pets.json", "x", "--base-url", "http://127.0.0.1:9", "--model", model]
    assert main([*words, "--trace", "t.jsonl"]) == 1
    assert "error: http://127.0.0.1:9: cannot be reached" in capsys.readouterr().err
    (trace,) = read_traces(Path("t.jsonl"))
    assert trace.outcome.status == "failed"


@pytest.mark.parametrize("by", ["option", "environment", "option's variable"])
def test_a_secret_is_in_no_output(
    by: str,
    serve: Serve,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = serve(pets())
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    words = ["ask", "pets.json", "Echo", "--base-url", url, "--trace", "t.jsonl", "-vv"]
    if by == "option":
        words += ["--auth", f"token={CANARY}"]
    elif by == "environment":
        monkeypatch.setenv("TOOLALPACA_AUTH_TOKEN", CANARY)
    else:
        monkeypatch.setenv("TOOLALPACA_ASK_AUTH", f"token={CANARY}")
    assert main([*words, "--model", script(calling("echo"), "Done.")]) == 0
    assert main([*words, "--model", script(calling("echo"), "Done."), "--json"]) == 0
    assert main(["ask", "--help"]) == 0
    out, err = capfd.readouterr()
    written = Path("t.jsonl").read_text()
    assert '"authorization":"***"' in written  # it was sent
    assert "Bearer ***" in written  # and echoed
    assert CANARY not in out + err + written


def test_ctrl_c_ends_a_run_whose_trace_says_so(serve: Serve) -> None:
    reached = threading.Event()
    url = serve(pets(reached))
    model = script(calling("waitForever"))
    words = ["ask", f"{url}/openapi.json", "Wait", "--model", model, "--trace", "t.jsonl"]
    process = subprocess.Popen(
        [sys.executable, "-m", "toolalpaca", *words], stderr=subprocess.PIPE, text=True
    )
    try:
        assert reached.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "toolalpaca: interrupted"
    assert "Traceback" not in err
    (trace,) = read_traces(Path("t.jsonl"))
    assert trace.outcome.status == "interrupted"
    assert json.loads(Path("t.jsonl").read_text().splitlines()[-1])["record"] == "end"


def chat(lines: str, *words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    return main(["chat", *words])


def test_chat_goes_on_for_many_turns_and_answers_questions(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = script(
        calling("getDetails", question="Which pet?"), calling("getPet", pet_id=3), "Rex.", "Bye."
    )
    lines = "Show my pet\nnumber 3\n\nThanks\n"
    url = f"{serve(pets())}/openapi.json"
    assert chat(lines, url, "--model", model, "--trace", "t.jsonl", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out.splitlines() == [
        "? Which pet?", "→ getPet(pet_id=3)", '  200 {"id":3,"name":"Rex"}', "Rex.", "Bye.",
    ]  # fmt: skip
    (trace,) = read_traces(Path("t.jsonl"))
    assert [event.kind for event in trace.events].count("user") == 2


def test_chat_has_commands(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "/tools\n/trace\nHello\n/trace\n/reset\nHello again\n/nope\n/quit\nnot read\n"
    url = f"{serve(pets())}/openapi.json"
    model = script("One.", "Two.")
    assert chat(lines, url, "--model", model, "--trace", "t.jsonl", monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["One.", "Two."]
    assert "getPet: Get Pet" in err
    assert "nothing has happened yet" in err
    assert "\nt.jsonl\n" in err
    assert "there is no command /nope" in err
    assert [len(trace.events) for trace in read_traces(Path("t.jsonl"))] == [2, 2]


def test_chat_finds_tools_shows_calls_and_saves_the_conversation(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = "/show\n/save early.md\n"
    after = "/tools pet\n/tools zebra\n/show 1\n/show 2\n/show x\n"
    saving = (
        "/save c.md\n/save c.md\n/save c.jsonl\n/save c.json\n/save c.html\n/save c.txt\n/save\n"
    )
    url = f"{serve(pets())}/openapi.json"
    model = script(calling("getPet", pet_id=3), "It is Rex.")
    lines = f"{before}Show pet 3\n{after}{saving}"
    assert chat(lines, url, "--model", model, "--trace", "t.jsonl", monkeypatch=monkeypatch) == 0
    err = capsys.readouterr().err
    assert err.splitlines()[2:5] == [
        "no tool has been called yet",
        "nothing has happened yet",
        "getPet: Get Pet",
    ]
    assert "no tool fits these words" in err
    assert '  {\n    "pet_id": 3\n  }\n' in err
    assert "  GET http://127.0.0.1" in err
    assert '    "name": "Rex"' in err
    assert err.count("they are numbered 1 to 1") == 2
    assert "error: c.md: is there already" in err
    assert "error: c.txt: .txt is none of .md, .html, .jsonl, .json" in err
    assert "give a name" in err
    assert "**You:** Show pet 3" in Path("c.md").read_text()
    assert '"name": "Rex"' in Path("c.md").read_text()
    assert "**Agent:** It is Rex." in Path("c.md").read_text()
    (saved,), (written,) = read_traces(Path("c.jsonl")), read_traces(Path("t.jsonl"))
    assert saved == written
    assert json.loads(Path("c.json").read_text()) == json.loads(Path("c.jsonl").read_text())
    assert "It is Rex." in Path("c.html").read_text()
    assert not Path("early.md").exists()


def test_chat_goes_on_with_another_model(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("other.jsonl").write_text('{"text": "Two."}\n')
    lines = "Hello\n/model\n/model nobody\n/model scripted:other.jsonl\nHello\n"
    model = script("One.")
    url = f"{serve(pets())}/openapi.json"
    assert chat(lines, url, "--model", model, "--trace", "t.jsonl", monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["One.", "Two."]
    assert "\nscripted:script.jsonl, in the format native\n" in err
    assert "error: there is no model 'nobody'" in err
    names = [trace.model for trace in read_traces(Path("t.jsonl"))]
    assert names == ["scripted:script.jsonl", "scripted:other.jsonl"]


def test_chat_survives_a_turn_that_fails(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    model = script(calling("getPet", pet_id=1), "Still here.")
    words = ["pets.json", "--base-url", "http://127.0.0.1:9", "--model", model]
    assert chat("Show\nAgain\n", *words, monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert err.count("error: http://127.0.0.1:9: cannot be reached") == 1
    assert out.splitlines()[-1] == "Still here."


def test_chat_without_a_word_leaves_nothing_behind(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{serve(pets())}/openapi.json"
    assert chat("", url, "--model", script(), monkeypatch=monkeypatch) == 0
    assert not Path("traces").exists()


def test_a_dry_run_shows_requests_without_secrets_and_sends_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    model = script(calling("echo"), calling("getPet", pet_id=3), "I would have shown pet 3.")
    words = ["ask", "pets.json", "Show pet 3", "--model", model, "--dry-run"]
    words += ["--base-url", "http://127.0.0.1:9", "--auth", f"token={CANARY}"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "  This is a dry run" in out
    assert "  GET /echo HTTP/1.1" in out
    assert "  authorization: ***" in out
    assert "  GET /pets/3 HTTP/1.1" in out
    assert CANARY not in out


def test_a_dry_run_is_refused_for_tools_that_are_no_requests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("tools.py").write_text("def add(a: int) -> int:\n    'Add.'\n    return a\n")
    assert main(["ask", "python:tools.py", "Add", "--model", "baseline", "--dry-run"]) == 2
    assert "--dry-run: python:tools.py has tools" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--mock"], ["--against", "mock"]])
def test_a_mock_of_no_document_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("tools.py").write_text("def add(a: int) -> int:\n    'Add.'\n    return a\n")
    assert main(["ask", "python:tools.py", "Add", "--model", "baseline", *words]) == 2
    assert f"{' '.join(words)}: there is no OpenAPI document" in capsys.readouterr().err


def test_a_rule_that_names_no_tool_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    words = ["ask", "pets.json", "Go", "--mock", "--model", script("Done.")]
    for rule in ("getPt=deny", "get*=ask", "GET /pets/*=ask", "POST *=deny"):
        words += ["--rule", rule]
    assert main(words) == 0
    told = capsys.readouterr().err
    assert "--rule 'getPt=deny' names none of the 3 tools" in told
    assert "--rule 'POST *=deny'" in told
    assert "get*" not in told
    assert "GET /pets" not in told


def test_the_same_command_line_against_a_mock(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    model = script(calling("getPet", pet_id=3), "There.")
    words = ["ask", "pets.json", "Show pet 3", "--model", model, "--against", "mock"]
    assert main([*words, "--base-url", "http://127.0.0.1:9", "--auth", f"token={CANARY}"]) == 0
    assert "(simulator)" in capsys.readouterr().out
