"""Traces to look at, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.llm.protocol import ToolSpec, Usage
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    HttpRequest,
    HttpResponse,
    ObservationEvent,
    Outcome,
    StoredFile,
    Trace,
    TraceWriter,
    UserEvent,
)

from ...mockserver.admin.page.conftest import browser  # noqa: F401 - a fixture

OpenPage = Callable[..., Any]


def pet_trace(**given: Any) -> Trace:
    """A run with a call that worked, one that did not, a question, a mistake and an answer."""
    events: list[Any] = [
        UserEvent(index=0, at=0.0, text="Adopt a dog"),
        AssistantEvent(
            index=1,
            at=0.5,
            thought="I look which dogs there are.",
            calls=(Call(id="c1", tool="listPets", arguments={"kind": "dog"}),),
            raw="Thought: I look which dogs there are.",
            usage=Usage(prompt_tokens=1200, completion_tokens=40, cost=0.0021),
        ),
        ObservationEvent(
            index=2,
            at=0.7,
            source="simulator",
            call="c1",
            tool="listPets",
            text='Status Code: 200. Response: [{"id":7}]',
            request=HttpRequest(method="GET", url="http://h/pets?kind=dog", headers={"a": "b"}),
            response=HttpResponse(
                status=200,
                headers={"content-type": "application/json"},
                body='[{"id":7,"name":"Rex"}]',
                seconds=0.15,
            ),
            conforming=True,
            files=(StoredFile(name="pets.json", content_type="application/json", size=4200),),
        ),
        AssistantEvent(index=3, at=1.0, problem="This is no step.", raw="?!"),
        ObservationEvent(index=4, at=1.0, source="runtime", text="Say it as a step."),
        AssistantEvent(
            index=5,
            at=1.2,
            calls=(
                Call(id="c2", tool="adopt", arguments={"pet": 7}),
                Call(id="c3", tool="getDetails", arguments={"question": "Your name?"}),
            ),
        ),
        ObservationEvent(
            index=6,
            at=1.3,
            source="real",
            call="c2",
            tool="adopt",
            text="Status Code: 500. Response: oh",
            request=HttpRequest(method="POST", url="http://h/adopt", body='{"pet":7}'),
            response=HttpResponse(status=500, body="oh", seconds=0.05),
            conforming=False,
            approved=True,
        ),
        ObservationEvent(index=7, at=9.0, source="user", call="c3", tool="getDetails", text="Ada"),
        AssistantEvent(index=8, at=9.5, answer="It did not work, Ada."),
    ]
    start: dict[str, Any] = {
        "id": "a" * 32,
        "toolset": "pets",
        "model": "scripted",
        "prompt_format": "react",
        "base_url": "http://h",
        "tools": (ToolSpec(name="listPets", description="The pets.", parameters={}),),
        "events": events,
        "outcome": Outcome(status="answered", answer="It did not work, Ada.", seconds=9.5),
    }
    return Trace(**{**start, **given})


def write(path: Path, *traces: Trace) -> Path:
    with TraceWriter(path) as writer:
        for trace in traces:
            writer.start(trace)
            for event in trace.events:
                writer.event(trace.id, event)
            writer.end(trace.id, trace.outcome)
    return path


@pytest.fixture
def open_file(browser: Any) -> Iterator[OpenPage]:  # noqa: F811
    """Opens a file; what the browser complains of, and every other request, fails the test."""
    contexts = []
    complaints: list[str] = []

    def open_it(path: Path, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(20_000)
        context.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((path.as_uri(), "data:"))
                else complaints.append(f"a request to {request.url}")
            ),
        )
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(path.as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
