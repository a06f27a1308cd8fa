"""Spans of agents: what a collector gets, and what it never gets."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response

from toolalpaca.cli import main
from toolalpaca.errors import ToolAlpacaError
from toolalpaca.llm.protocol import Completion, ToolCall, Usage
from toolalpaca.llm.scripted import Scripted
from toolalpaca.openapi.loading import load_document
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    HttpResponse,
    ObservationEvent,
    Trace,
    UserEvent,
)
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.auth import Credentials, credential
from toolalpaca_runtime.telemetry import CONTENT_VARIABLE, Telemetry
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.api import ApiTools

from .conftest import Serve

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="OpenTelemetry is not installed")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

pytestmark = pytest.mark.anyio

CANARY = "canary-91b2c3"
WORDS = "words-of-the-user"


def pets() -> FastAPI:
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int, request: Request, response: Response) -> dict[str, Any]:
        if pet_id == 404:
            response.status_code = 404
        return {"id": pet_id, "seen": request.headers.get("authorization")}

    described = app.openapi()
    described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    described["paths"]["/pets/{pet_id}"]["get"]["security"] = [{"token": []}]
    return app


def calling(name: str, **arguments: Any) -> Completion:
    call = ToolCall(id="x", name=name, arguments=json.dumps(arguments))
    return Completion("", (call,), Usage(prompt_tokens=10, completion_tokens=2, cached_tokens=4))


@pytest.fixture
def provider() -> Iterator[Any]:
    made = sdk.TracerProvider(shutdown_on_exit=False)
    made.exporter = memory.InMemorySpanExporter()
    made.add_span_processor(export.SimpleSpanProcessor(made.exporter))
    yield made
    made.shutdown()


async def run(url: str, provider: Any, *replies: Any, model: str = "openai:small") -> Agent:
    document = load_document(pets().openapi())
    credentials = Credentials.find(document, [credential(f"token={CANARY}")], {})
    async with ApiTools(document, url, credentials=credentials) as api:
        agent = Agent(
            Scripted(replies, name=model), Toolbox([api]), listeners=[Telemetry(provider)], seed=7
        )
        try:
            async for _ in agent.run(WORDS):
                pass
        except ToolAlpacaError:
            pass
        return agent


def texts(spans: Any) -> str:
    return "".join(span.to_json() for span in spans)


async def test_a_turn_is_a_tree_of_spans_with_the_times_of_its_events(
    serve: Serve, provider: Any
) -> None:
    agent = await run(serve(pets()), provider, calling("getPet", pet_id=3), "It is Rex.")
    spans = provider.exporter.get_finished_spans()
    assert [(span.name, span.kind.name) for span in spans] == [
        ("chat small", "CLIENT"),
        ("execute_tool getPet", "INTERNAL"),
        ("chat small", "CLIENT"),
        ("invoke_agent pets", "INTERNAL"),
    ]
    chat, tool, last, turn = spans
    assert turn.parent is None
    assert {span.parent.span_id for span in (chat, tool, last)} == {turn.context.span_id}
    began = agent.trace.started.timestamp()
    for span, event in zip((chat, tool, last), agent.trace.events[1:], strict=True):
        assert span.end_time == int((began + event.at) * 1e9)
    assert turn.start_time <= chat.start_time <= chat.end_time == tool.start_time
    assert tool.end_time == last.start_time <= last.end_time <= turn.end_time
    assert all(span.status.status_code.name == "UNSET" for span in spans)
    assert dict(turn.attributes) == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "small",
        "gen_ai.conversation.id": agent.trace.id,
        "gen_ai.agent.name": "pets",
        "gen_ai.request.seed": 7,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "toolalpaca.outcome": "answered",
    }
    assert chat.attributes["gen_ai.operation.name"] == "chat"
    assert chat.attributes["gen_ai.usage.input_tokens"] == 10
    assert dict(tool.attributes) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.conversation.id": agent.trace.id,
        "gen_ai.tool.name": "getPet",
        "gen_ai.tool.call.id": next(agent.trace.calls()).id,
        "gen_ai.tool.type": "function",
        "toolalpaca.source": "real",
        "toolalpaca.conforming": True,
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": int(agent.trace.base_url.rpartition(":")[2]),
    }


async def test_calls_of_one_step_that_are_made_together_overlap(
    serve: Serve, provider: Any
) -> None:
    meet = asyncio.Barrier(2)
    app = pets()

    @app.get("/meet/{who}", operation_id="meet")
    async def wait_for_the_other(who: int) -> int:
        await meet.wait()
        return who

    calls = [calling("meet", who=n).tool_calls[0] for n in (1, 2)]
    async with ApiTools(load_document(app.openapi()), serve(app)) as api:
        model = Scripted([Completion("", tuple(calls)), "Both."])
        agent = Agent(model, Toolbox([api]), listeners=[Telemetry(provider)])
        async for _ in agent.run("Meet"):
            pass
    one, other = (s for s in provider.exporter.get_finished_spans() if "meet" in s.name)
    assert other.start_time < one.end_time


def test_no_tool_begins_before_the_step_that_asked_for_it(provider: Any) -> None:
    trace = Trace(toolset="pets", model="small", prompt_format="native")
    call = Call(id="1", tool="getPet")
    response = HttpResponse(status=200, seconds=0.0104)  # and events are told to the millisecond
    telemetry = Telemetry(provider)
    for event in (
        UserEvent(index=0, at=0.0, text=WORDS),
        AssistantEvent(index=1, at=0.010, calls=(call,)),
        ObservationEvent(
            index=2, at=0.020, call="1", tool="getPet", text="", source="real", response=response
        ),
    ):
        trace.events.append(event)
        telemetry.event(trace, event)
    chat, tool = provider.exporter.get_finished_spans()
    assert chat.end_time == tool.start_time


async def test_errors_have_a_type(serve: Serve, provider: Any) -> None:
    replies = [calling("getPet", pet_id=404), calling("getPet", pet_id="x"), calling("fly"), ""]
    await run(serve(pets()), provider, *replies, model="baseline")  # and the script is at its end
    spans = provider.exporter.get_finished_spans()
    errors = {span.name: span.attributes.get("error.type") for span in spans}
    tools = [s.attributes.get("error.type") for s in spans if s.name == "execute_tool getPet"]
    assert tools == ["404", "invalid_arguments"]
    assert errors["invoke_agent pets"] == "failed"
    for span in spans:
        expected = "ERROR" if "error.type" in span.attributes else "UNSET"
        assert span.status.status_code.name == expected
    assert spans[0].kind.name == "INTERNAL"


async def test_texts_are_told_only_when_they_are_asked_for(
    serve: Serve, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(pets())
    await run(url, provider, calling("getPet", pet_id=3), "It is Rex.")
    told = texts(provider.exporter.get_finished_spans())
    assert WORDS not in told
    assert "Rex" not in told
    assert "/pets/3" not in told
    provider.exporter.clear()
    monkeypatch.setenv(CONTENT_VARIABLE, "SPAN_ONLY")
    await run(url, provider, calling("getPet", pet_id=3), "It is Rex.")
    chat, tool, last, turn = provider.exporter.get_finished_spans()
    assert json.loads(chat.attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": WORDS}]}
    ]
    (said,) = json.loads(chat.attributes["gen_ai.output.messages"])
    assert said["finish_reason"] == "tool_call"
    assert said["parts"][0]["arguments"] == {"pet_id": 3}
    assert json.loads(tool.attributes["gen_ai.tool.call.arguments"]) == {"pet_id": 3}
    assert "Status Code: 200" in tool.attributes["gen_ai.tool.call.result"]
    roles = [message["role"] for message in json.loads(last.attributes["gen_ai.input.messages"])]
    assert roles == ["user", "assistant", "tool"]
    assert "It is Rex." in turn.attributes["gen_ai.output.messages"]
    # The API echoes the credential: it is masked before any event is made.
    assert "Bearer ***" in tool.attributes["gen_ai.tool.call.result"]
    assert CANARY not in texts([chat, tool, last, turn])


async def test_each_turn_of_a_conversation_is_a_span(serve: Serve, provider: Any) -> None:
    api = ApiTools(load_document(pets().openapi()), serve(pets()))
    replies: list[Any] = [calling("getDetails", question="Which?"), "Good.", "Bye."]
    agent = Agent(Scripted(replies), Toolbox([api]), listeners=[Telemetry(provider)])
    for text in ("Show it", "The third", "Thanks"):
        async for _ in agent.run(text):
            pass
    await api.aclose()
    spans = provider.exporter.get_finished_spans()
    outcomes = [s.attributes["toolalpaca.outcome"] for s in spans if s.parent is None]
    assert outcomes == ["asked", "answered", "answered"]
    assert len({span.context.trace_id for span in spans}) == 3
    assert {span.attributes["gen_ai.conversation.id"] for span in spans} == {agent.trace.id}


def collector(received: list[Any], arrived: threading.Event) -> FastAPI:
    service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    app = FastAPI()

    @app.post("/v1/traces")
    async def take(request: Request) -> Response:
        message = service.ExportTraceServiceRequest()
        message.ParseFromString(await request.body())
        received.append((dict(request.headers), message))
        arrived.set()
        return Response(content=b"", media_type="application/x-protobuf")

    return app


def test_the_command_sends_spans_to_a_collector(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    received: list[Any] = []
    address = serve(collector(received, threading.Event()))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "pet-agent")
    monkeypatch.setenv("TOOLALPACA_AUTH_TOKEN", CANARY)
    lines = [{"tool_calls": [{"name": "getPet", "arguments": {"pet_id": 3}}]}, {"text": "Rex."}]
    Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    url = f"{serve(pets())}/openapi.json"
    words = ["ask", url, WORDS, "--model", "scripted:script.jsonl", "--trace", "t.jsonl"]
    assert main(words) == 0
    assert received == []  # off by default
    monkeypatch.setenv("TOOLALPACA_ASK_OTEL", "1")
    assert main(words) == 0
    spans = [
        span
        for _, message in received
        for resource in message.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert sorted(span.name for span in spans) == [
        "chat script.jsonl", "chat script.jsonl", "execute_tool getPet", "invoke_agent pets",
    ]  # fmt: skip
    assert "pet-agent" in str(received[0][1].resource_spans[0].resource)
    assert CANARY not in str(received) + capfd.readouterr().err
    assert WORDS not in str(received)


def test_a_collector_that_is_not_there_does_not_fail_the_run(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    Path("script.jsonl").write_text('{"text": "Rex."}\n')
    url = f"{serve(pets())}/openapi.json"
    words = ["ask", url, "Hi", "--model", "scripted:script.jsonl", "--trace", "t.jsonl", "--otel"]
    assert main(words) == 0
    assert "Failed to export spans" in capsys.readouterr().err
