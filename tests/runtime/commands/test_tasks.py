"""Many runs at once, as a person starts, kills and resumes them."""

from __future__ import annotations

import asyncio
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
from toolalpaca.llm.protocol import Completion, ToolCall
from toolalpaca.llm.scripted import Scripted
from toolalpaca.openapi.loading import load_document
from toolalpaca.trace import ObservationEvent, Trace, read_traces
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.batch import Batch
from toolalpaca_runtime.task_file import read_tasks
from toolalpaca_runtime.tools.api import SESSION_HEADER, ApiTools

from ..conftest import Serve
from ..terminal.screen import terminal


def pets(reached: threading.Event | None = None) -> FastAPI:
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int) -> dict[str, Any]:
        return {"id": pet_id, "name": "Rex"}

    @app.delete("/pets/{pet_id}", operation_id="deletePet", status_code=204)
    def delete_pet(pet_id: int) -> None:
        return None

    @app.get("/echo", operation_id="echo")
    def echo(request: Request) -> dict[str, str]:
        return dict(request.headers)

    @app.get("/forever", operation_id="waitForever")
    async def forever(request: Request) -> None:
        assert reached is not None
        reached.set()
        while (await request.receive())["type"] != "http.disconnect":
            pass  # until the client goes away

    return app


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def words(url: str, *replies: dict[str, Any] | str, tasks: str = "Do one\nDo two\n") -> list[str]:
    """The command with a scripted model, one task after another, and a trace in ``t.jsonl``."""
    lines = [{"text": r} if isinstance(r, str) else {"tool_calls": [r]} for r in replies]
    Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    Path("tasks.jsonl").write_text(tasks)
    options = ["--model", "scripted:script.jsonl", "--trace", "t.jsonl", "--concurrency", "1"]
    return ["ask", f"{url}/openapi.json", "--tasks", "tasks.jsonl", *options]


def calling(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def traces() -> list[Trace]:
    return list(read_traces(Path("t.jsonl")))


def test_each_line_is_a_conversation(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    task = {"schema": "toolalpaca.task/1", "id": "c", "toolset": "pets", "instruction": "Do three"}
    tasks = f'Do one\n\n{{"id": "b", "instruction": "Do two"}}\n{json.dumps(task)}\n'
    command = words(serve(pets()), calling("getPet", pet_id=1), "1.", "2.", "3.", tasks=tasks)
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(
        r"answered  [0-9a-f]{10}  1\.\nanswered  b  2\.\nanswered  c  3\.\n", out
    ), out
    assert "3 tasks: 3 answered; 0 tokens" in err
    assert "toolalpaca: trace: t.jsonl" in err
    assert [len(trace.events) for trace in traces()] == [4, 2, 2]
    assert [trace.task for trace in traces()][1:] == ["b", "c"]


def test_what_is_done_is_not_done_again(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    url = serve(pets())
    assert main(words(url, "1.", "2.")) == 0
    assert main(words(url)) == 0
    assert "2 of 2 tasks have been done before" in capsys.readouterr().err
    assert main(words(url, "3.", tasks="Do three\nDo two\nDo one\n")) == 0
    assert [trace.outcome.answer for trace in traces()] == ["1.", "2.", "3."]


def test_another_model_or_instruction_is_another_task(serve: Serve) -> None:
    url = serve(pets())
    assert main(words(url, "1.", tasks='{"id": "a", "instruction": "Do one"}')) == 0
    assert main(words(url, "2.", tasks='{"id": "a", "instruction": "Do it"}')) == 0
    command = words(url, tasks='{"id": "a", "instruction": "Do it"}')
    assert main([*command, "--model", "baseline"]) == 0
    assert len(traces()) == 3


def test_a_failure_ends_no_other_run_and_is_run_again(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    url = serve(pets())
    tasks = "Do one\nDo two\nDo three\n"
    assert main(words(url, "1.", tasks=tasks)) == 1
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["answered", "failed", "failed"]
    assert "3 tasks: 1 answered, 2 failed" in err
    assert "the script has no reply" in err
    assert main(words(url, "2.", "3.", tasks=tasks)) == 0
    assert [t.outcome.answer for t in traces() if t.outcome.answer] == ["1.", "2.", "3."]


def test_a_model_that_is_not_there_ends_all(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    command = words(serve(pets()))
    assert main([*command, "--model", "openai:gone", "--concurrency", "2"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("toolalpaca: error:") == 1
    assert "127.0.0.1:9" in err


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_who_is_stopped_goes_on_where_they_were(end: signal.Signals, serve: Serve) -> None:
    reached = threading.Event()
    url = serve(pets(reached))
    tasks = "Do one\nDo two\nDo three\n"
    command = words(url, "1.", calling("waitForever"), tasks=tasks)
    process = subprocess.Popen(
        [sys.executable, "-m", "toolalpaca", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert reached.wait(30)
        process.send_signal(end)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert out.startswith("answered")
    assert [trace.outcome.status for trace in traces()] == ["answered", "interrupted"]
    if end == signal.SIGINT:
        assert process.returncode == 130
        assert "1 of 3 tasks are done; the same command goes on with the others" in err
        assert "Traceback" not in err
    assert main(words(url, "2.", "3.", tasks=tasks)) == 0
    answers = [trace.outcome.answer for trace in traces()]
    assert answers == ["1.", "", "2.", "3."]


def test_a_line_that_a_crash_cut_off_is_no_end(serve: Serve) -> None:
    url = serve(pets())
    assert main(words(url, "1.", "2.")) == 0
    whole = Path("t.jsonl").read_bytes()
    Path("t.jsonl").write_bytes(whole[:-20])
    assert main(words(url, "2 again.")) == 0
    assert [trace.outcome.status for trace in traces()] == ["answered", "interrupted", "answered"]


def test_facts_are_told_when_asked_for_and_approve_nothing(serve: Serve) -> None:
    tasks = '{"instruction": "Delete it", "facts": {"name": "Rex"}}\nDelete another\n'
    asking = calling("getDetails", question="What is its name?")
    command = words(
        serve(pets()), asking, calling("deletePet", pet_id=1), "Gone.", asking, tasks=tasks
    )
    assert main(command) == 0
    first, second = traces()
    told, refused = (event for event in first.events if isinstance(event, ObservationEvent))
    assert told.text == "The name is Rex."
    assert refused.text.startswith("Refused")
    assert second.outcome.status == "asked"


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("", "holds no task"),
        ('{"instruction": ', "tasks.jsonl:1: is not JSON"),
        ('Fine\n{"id": "a"}', "tasks.jsonl:2: instruction"),
        ('{"instruction": "x", "fact": {}}', "fact"),
        ('{"instruction": " "}', "it is empty"),
        ('{"id": "a", "instruction": "x"}\n{"id": "a", "instruction": "y"}', "comes twice"),
        (
            '{"schema": "toolalpaca.task/1", "id": "a", "toolset": "zoo", "instruction": "x"}',
            "no task is for pets; they are for zoo",
        ),
    ],
)
def test_a_mistake_in_the_file_is_one_clear_line(
    tasks: str, message: str, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(serve(pets()), tasks=tasks)) == 1
    err = capsys.readouterr().err
    assert err.count("error:") == 1
    assert message in err
    assert not Path("t.jsonl").exists()


def test_there_is_an_instruction_or_a_file(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = words(serve(pets()), "1.", "2.")
    assert main([*command, "Do it"]) == 2
    assert "either an INSTRUCTION or --tasks" in capsys.readouterr().err
    monkeypatch.setenv("TOOLALPACA_ASK_TASKS", "tasks.jsonl")
    assert main([*command[:2], *command[4:]]) == 0
    monkeypatch.delenv("TOOLALPACA_ASK_TASKS")
    assert main(command[:2]) == 2
    assert "INSTRUCTION" in capsys.readouterr().err


def test_the_same_instruction_twice_is_two_tasks(tmp_path: Path) -> None:
    path = tmp_path / "tasks.txt"
    path.write_text("Do it\nDo it\n")
    first, second = (task.id for task in read_tasks(path))
    assert second == f"{first}-2"


def test_traces_are_printed_as_records(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words(serve(pets()), "1.", "2."), "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["outcome"]["answer"] for record in records] == ["1.", "2."]
    assert {record["record"] for record in records} == {"trace"}


@pytest.mark.parametrize("simulated", [True, False])
def test_each_run_has_a_session_of_a_mock_server_and_of_nothing_else(
    simulated: bool, serve: Serve, tmp_path: Path
) -> None:
    call = Completion("", (ToolCall(id="1", name="echo", arguments="{}"),))
    model = Scripted([call, call, "Done.", "Done."])
    Path("tasks.txt").write_text("One\nTwo\n")
    seen: list[Trace] = []

    async def run() -> None:
        document = load_document(pets().openapi())
        async with ApiTools(document, serve(pets()), simulated=simulated) as api:
            with Assembly([api], model, trace_path=tmp_path / "t.jsonl") as assembly:
                await Batch(assembly, 2).run(
                    read_tasks(Path("tasks.txt")), lambda _, trace: seen.append(trace)
                )

    asyncio.run(run())
    sent = [
        event.request.headers.get(SESSION_HEADER)
        for trace in seen
        for event in trace.events
        if isinstance(event, ObservationEvent) and event.request is not None
    ]
    assert sent == ([trace.id for trace in seen] if simulated else [None, None])


def test_a_terminal_shows_how_far_it_is(serve: Serve) -> None:
    with terminal(*words(serve(pets()), "1.", "2.")) as screen:
        screen.wait_for("2/2")
        assert screen.end() == 0
        assert "2 answered" in screen.text
        assert all(len(line) <= 80 for line in screen.lines)
