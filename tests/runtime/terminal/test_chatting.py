"""The chat as a person sees it: the real command in a terminal."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from toolalpaca.trace import ObservationEvent, read_traces

from ..conftest import Serve
from .screen import terminal


def pets(reached: threading.Event | None = None) -> FastAPI:
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int) -> dict[str, Any]:
        return {"id": pet_id, "name": "猫のレックス"}

    @app.delete("/pets/{pet_id}", operation_id="deletePet", status_code=204)
    def delete_pet(pet_id: int) -> None:
        return None

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
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def words(command: str, url: str, *replies: dict[str, Any] | str) -> list[str]:
    """The command with a scripted model and a trace in ``t.jsonl``."""
    lines = [{"text": r} if isinstance(r, str) else {"tool_calls": [r]} for r in replies]
    Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = ["--model", "scripted:script.jsonl", "--trace", "t.jsonl"]
    return [command, f"{url}/openapi.json", *options]


def calling(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def observations() -> list[ObservationEvent]:
    (trace,) = read_traces(Path("t.jsonl"))
    return [event for event in trace.events if isinstance(event, ObservationEvent)]


def test_calls_are_folded_and_shown_whole_when_asked_for(serve: Serve) -> None:
    chat = words("chat", serve(pets()), calling("getPet", pet_id=3), "A cat.")
    with terminal(*chat, lines=50) as screen:
        screen.wait_for_prompt()
        screen.type("Show pet 3\r")
        screen.wait_for("A cat.")
        screen.wait_for_prompt()
        assert any(
            line.startswith("→ getPet(pet_id=3)  200 in ") and line.endswith("[1]")
            for line in screen.lines
        )
        screen.type("/show 1\r")
        screen.wait_for("猫")
        screen.wait_for_prompt()
        assert '    "id": 3,' in screen.lines
        screen.type("/quit\r")
        assert screen.end() == 0


def test_what_is_longer_than_the_terminal_is_paged(serve: Serve) -> None:
    chat = words("chat", serve(pets()), calling("getPet", pet_id=3), "A cat.")
    with terminal(*chat, lines=8, environment={"PAGER": "head -n 1; echo paged"}) as screen:
        screen.wait_for_prompt()
        screen.type("Show pet 3\r")
        screen.wait_for("A cat.")
        screen.wait_for_prompt()
        screen.type("/show\r")
        screen.wait_for("paged")
        assert '"id": 3' not in screen.text


def test_ctrl_c_stops_the_agent_and_the_conversation_goes_on(serve: Serve) -> None:
    reached = threading.Event()
    asking = calling("getDetails", question="How long?")
    chat = words("chat", serve(pets(reached)), asking, calling("waitForever"), "Still here.")
    with terminal(*chat) as screen:
        screen.wait_for_prompt()
        screen.type("Wait\r")
        screen.wait_for("? How long?")
        screen.wait_for_prompt()
        screen.type("For ever\r")
        assert reached.wait(30)
        screen.type("\x03")
        screen.wait_for("→ waitForever()  interrupted  [1]")
        screen.wait_for_prompt()
        screen.type("Are you there?\r")
        screen.wait_for("Still here.")
        screen.wait_for_prompt()
        screen.type("\x04")
        assert screen.end() == 0
        assert "Traceback" not in screen.text
    assert "interrupted this call" in observations()[1].text


def test_ctrl_c_at_the_prompt_takes_the_line_back(serve: Serve) -> None:
    with terminal(*words("chat", serve(pets()), "Hello.")) as screen:
        screen.wait_for_prompt()
        screen.type("not this\x03")
        screen.wait_for("> not this")
        screen.wait_for_prompt()
        screen.type("but this\r")
        screen.wait_for("Hello.")
    (trace,) = read_traces(Path("t.jsonl"))
    assert [event.text for event in trace.events if event.kind == "user"] == ["but this"]


def test_a_person_approves_what_may_change_something(serve: Serve) -> None:
    ids = (1, 2, 3, 4, 5)
    chat = words("chat", serve(pets()), *(calling("deletePet", pet_id=n) for n in ids), "Done.")
    with terminal(*chat, lines=60) as screen:
        screen.wait_for_prompt()
        screen.type("Delete them\r")
        for asked, keys in enumerate(("n\r", "\x03", "perhaps\r", "y\r", "all\r"), start=1):
            screen.wait_for_times("[y]es / [n]o / [a]ll of this tool", asked)
            screen.type(keys)
        screen.wait_for("Done.")
        assert "  DELETE http://127.0.0.1" in screen.text
        assert '    "pet_id": 4' in screen.lines
        assert '    "pet_id": 5' not in screen.lines
        screen.wait_for_prompt()
        screen.type("/quit\r")
        screen.end()
    assert [event.approved for event in observations()] == [False, False, True, True, True]


def test_a_question_of_the_agent_is_answered_in_place(serve: Serve) -> None:
    ask = words("ask", serve(pets()), calling("getDetails", question="Which one?"), "It is gone.")
    with terminal(*ask, "Show my pet") as screen:
        screen.wait_for("? Which one?")
        screen.wait_for_prompt()
        screen.type("the \x1b\rblack one\r")
        screen.wait_for("It is gone.")
        assert screen.end() == 0
    assert [event.text for event in observations()] == ["the \nblack one"]


def test_who_leaves_a_question_open_is_asked_nothing_more(serve: Serve) -> None:
    ask = words("ask", serve(pets()), calling("getDetails", question="Which one?"))
    with terminal(*ask, "Show my pet") as screen:
        screen.wait_for_prompt()
        screen.type("\x04")
        assert screen.end() == 1
    (trace,) = read_traces(Path("t.jsonl"))
    assert trace.outcome.status == "asked"


def test_a_dumb_terminal_gets_text_alone(serve: Serve) -> None:
    replies = calling("getDetails", question="Which?"), calling("getPet", pet_id=3), "A cat."
    chat = words("chat", serve(pets()), *replies)
    with terminal(*chat, environment={"TERM": "dumb"}) as screen:
        screen.wait_for_prompt()
        screen.type("not this\x03")
        screen.wait_for("^C\n>")
        screen.type("Show pet\r")
        screen.wait_for("? Which?")
        screen.wait_for_prompt()
        screen.type("3\r")
        screen.wait_for("A cat.")
        screen.wait_for_prompt()
        screen.type("/quit\r")
        assert screen.end() == 0
        assert b"\x1b" not in screen.raw


def test_no_line_is_wider_than_a_narrow_terminal(serve: Serve) -> None:
    chat = words("chat", serve(pets()), calling("getPet", pet_id=3), "word " * 30)
    with terminal(*chat, columns=32) as screen:
        screen.wait_for_prompt()
        screen.type("Show\r")
        screen.wait_for("word word word word word word\nword")
        screen.wait_for_prompt()
        assert any(line.startswith("→ getPet") and line.endswith("[1]") for line in screen.lines)


def test_lines_are_remembered_unless_they_hold_a_secret(serve: Serve) -> None:
    url = serve(pets())
    for line in ("Say hello", "my password: canary", " a secret"):
        with terminal(*words("chat", url, "Hello.")) as screen:
            screen.wait_for_prompt()
            screen.type(f"{line}\r")
            screen.wait_for("Hello.")
            screen.wait_for_prompt()
            screen.type("/quit\r")
            screen.end()
    history = Path("state/toolalpaca/chat-history")
    assert "canary" not in history.read_text()
    assert "a secret" not in history.read_text()
    assert history.stat().st_mode & 0o077 == 0
    with terminal(*words("chat", url, "Hello again.")) as screen:
        screen.wait_for_prompt()
        screen.type("\x1b[A")
        screen.wait_for("> /quit")
        screen.type("\x1b[A" * 3)
        screen.wait_for("> Say hello")
        screen.type("\r")
        screen.wait_for("Hello again.")


def slow_model(said: threading.Event, left: threading.Event) -> FastAPI:
    """A server of OpenAI's protocol that says the beginning of an answer, and never the rest."""
    app = FastAPI()

    async def pieces() -> AsyncIterator[str]:
        chunk = {"choices": [{"index": 0, "delta": {"content": "It is the beginning of "}}]}
        yield f"data: {json.dumps(chunk)}\n\n"
        said.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    @app.post("/v1/chat/completions")
    async def complete() -> StreamingResponse:
        return StreamingResponse(pieces(), media_type="text/event-stream")

    return app


@pytest.mark.parametrize("prompt_format", ["native", "react"])
def test_text_is_seen_while_it_comes_and_ctrl_c_cancels_the_request(
    prompt_format: str, serve: Serve
) -> None:
    said, left = threading.Event(), threading.Event()
    model = serve(slow_model(said, left))
    environment = {"OPENAI_BASE_URL": f"{model}/v1", "OPENAI_API_KEY": "none"}
    chat = ["chat", f"{serve(pets())}/openapi.json", "--model", "openai:slow"]
    options = ["--format", prompt_format, "--trace", "t.jsonl"]
    with terminal(*chat, *options, environment=environment) as screen:
        screen.wait_for_prompt()
        screen.type("Go\r")
        assert said.wait(30)
        screen.wait_for("It is the beginning")
        screen.type("\x03")
        screen.wait_for("toolalpaca: interrupted")
        assert left.wait(30)
        screen.wait_for_prompt()
        assert "It is the beginning of" in screen.text
        screen.type("\x04")
        assert screen.end() == 0
    last = json.loads(Path("t.jsonl").read_text().splitlines()[-1])
    assert (last["record"], last["outcome"]["status"]) == ("end", "interrupted")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_is_closed_ends_the_chat_and_its_mock_server(
    number: signal.Signals,
) -> None:
    Path("pets.json").write_text(json.dumps(pets().openapi()))
    with terminal("chat", "pets.json", "--mock") as screen:
        screen.wait_for_prompt()
        url = re.search(r"http://127\.0\.0\.1:\d+", screen.text)
        assert url is not None
        screen.process.send_signal(number)
        assert screen.end() == 128 + number
        assert "Traceback" not in screen.text
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url[0], trust_env=False)


def test_ctrl_c_leaves_the_mock_server_of_the_chat_alone(serve: Serve) -> None:
    said, left = threading.Event(), threading.Event()
    model = serve(slow_model(said, left))
    document = pets().openapi()
    Path("pets.json").write_text(json.dumps(document))
    environment = {"OPENAI_BASE_URL": f"{model}/v1", "OPENAI_API_KEY": "none"}
    chat = ["chat", "pets.json", "--mock", "--model", "openai:slow"]
    with terminal(*chat, environment=environment) as screen:
        screen.wait_for_prompt()
        screen.type("Go\r")
        assert said.wait(30)
        screen.wait_for("It is the beginning")
        screen.type("\x03")
        screen.wait_for("toolalpaca: interrupted")
        screen.wait_for_prompt()
        screen.type("/model baseline\r")
        screen.wait_for("baseline, in the format")
        screen.wait_for_prompt()
        screen.type("Get the pet with the pet id 3\r")
        screen.wait_for("→ getPet(pet_id=3)  200 (simulator)")
        screen.wait_for_prompt()
        screen.type("\x04")
        assert screen.end() == 0
