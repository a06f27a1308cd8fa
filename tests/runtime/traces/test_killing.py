"""What is left of a run whose process was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from toolalpaca.trace import AssistantEvent, ObservationEvent
from toolalpaca_runtime.traces.finding import find_traces

from ..conftest import Serve


@pytest.mark.skipif(os.name == "nt", reason="kills a process as POSIX does")
def test_a_run_that_was_killed_keeps_every_event_before(serve: Serve, tmp_path: Path) -> None:
    app = FastAPI(title="Pets", version="1")
    reached = threading.Event()

    @app.get("/pets", operation_id="listPets")
    def list_pets() -> list[int]:
        return [1, 2]

    @app.get("/forever", operation_id="waitForever")
    async def forever(request: Request) -> None:
        reached.set()
        while (await request.receive())["type"] != "http.disconnect":
            pass  # until the client is dead

    steps: list[Any] = [
        {"tool_calls": [{"name": name, "arguments": {}}]} for name in ("listPets", "waitForever")
    ]
    script, trace = tmp_path / "script.jsonl", tmp_path / "t.jsonl"
    script.write_text("".join(json.dumps(step) + "\n" for step in steps))
    words = ["ask", f"{serve(app)}/openapi.json", "Go", "--model", f"scripted:{script}"]
    process = subprocess.Popen([sys.executable, "-m", "toolalpaca", *words, "--trace", str(trace)])
    try:
        assert reached.wait(60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    (read,) = find_traces(trace)
    assert read.outcome.status == "interrupted"
    _, first, observation, second = read.events
    assert isinstance(observation, ObservationEvent)
    assert observation.response is not None
    assert observation.response.body == "[1,2]"
    assert isinstance(second, AssistantEvent)
    assert [call.tool for call in second.calls] == ["waitForever"]
    assert first.at <= observation.at <= second.at
