"""Calls made again against real servers that answer alike, otherwise or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from toolalpaca.cli import main
from toolalpaca.serving import mock_server
from toolalpaca.trace import AssistantEvent, Call, HttpResponse, ObservationEvent
from toolalpaca_runtime.traces.standins import StandIns

from ...mockserver.conftest import EXAMPLES
from ..conftest import Serve
from .conftest import pet_trace, write

RAILWAY = str(EXAMPLES / "railway.yaml")

BOOKING = "8b1f6c3e-2a0d-4f7b-9c55-1e4d7a90b3f2"
"""An example of the document, which is there when a session begins."""


def shop(first: int = 1, *, changed: bool = False) -> FastAPI:
    """An API whose ids begin at *first*; one that has *changed* answers otherwise."""
    app = FastAPI(title="Shop", version="1")
    orders: dict[int, dict[str, Any]] = {}

    @app.post("/orders", operation_id="createOrder", status_code=202 if changed else 201)
    async def create_order(request: Request) -> dict[str, Any]:
        order = {"id": first + len(orders), "status": f"new-{first}", **await request.json()}
        orders[order["id"]] = order
        return {**order, "id": str(order["id"])} if changed else order

    @app.get("/orders/{order_id}", operation_id="getOrder")
    def get_order(order_id: int) -> dict[str, Any]:
        if changed:
            return {"order": orders[order_id]}
        return orders[order_id]

    @app.get("/orders", operation_id="listOrders")
    def list_orders(status: str) -> list[str]:
        return [status]

    described = app.openapi()
    described["paths"]["/orders"]["post"]["requestBody"] = {
        "content": {"application/json": {"schema": {"type": "object", "properties": {"item": {}}}}}
    }
    return app


@pytest.fixture
def recorded(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that replay a trace in which an order was made and read."""
    monkeypatch.chdir(tmp_path)
    calls = [
        {"name": "createOrder", "arguments": {"item": "tea"}},
        {"name": "getOrder", "arguments": {"order_id": 1}},
        {"name": "listOrders", "arguments": {"status": "new-1"}},
        {"name": "getOrder", "arguments": {"order_id": "one"}},
    ]
    lines = [{"tool_calls": [call]} for call in calls] + [{"text": "Done."}]
    Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    url = f"{serve(shop())}/openapi.json"
    words = ["ask", url, "Order tea", "--yes", "--model", "scripted:script.jsonl"]
    assert main([*words, "--trace", "t.jsonl"]) == 0
    return ["trace", "replay", "t.jsonl"]


def test_answers_that_are_alike_are_told_so_and_new_ids_stand_for_old_ones(
    recorded: list[str], serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main([*recorded, "--against", f"{serve(shop(40))}/openapi.json", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        '= createOrder(item="tea"): 201',
        "= getOrder(order_id=40): 200",
        "    40 stands for 1",
        '= listOrders(status="new-1"): 200',
    ]
    assert "3 calls made again, 0 answered otherwise; 1 call had not been sent" in err


def test_answers_that_differ_are_told_by_place(
    recorded: list[str], serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    url = f"{serve(shop(changed=True))}/openapi.json"
    assert main([*recorded, "--against", url, "--yes"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "    status: 201 became 202" in lines
    assert "    /id: integer became string" in lines
    assert "    /order (object) was not there" in lines


def test_a_real_api_is_not_changed_without_approval(
    recorded: list[str], serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main([*recorded, "--against", f"{serve(shop())}/openapi.json", "--json"]) == 1
    first, second, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["problem"].startswith("Refused: POST")
    assert first["now"] is None
    assert second["differences"][0] == {
        "aspect": "status", "pointer": "", "first": "200", "second": "500",
    }  # fmt: skip


def test_a_mock_server_answers_in_a_fresh_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with mock_server([RAILWAY]) as server:
        url = server.apis["railway"]
        stop = {"name": "cancelBooking", "arguments": {"booking_id": BOOKING}}
        lines: list[Any] = [{"tool_calls": [stop]}, {"text": "Cancelled."}]
        Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        words = ["ask", url, "Cancel", "--model", "scripted:script.jsonl", "--trace", "t.jsonl"]
        assert main(words) == 0
        capsys.readouterr()
        for _ in range(2):  # were it one session, the booking would be gone
            assert main(["trace", "replay", "t.jsonl", "--against", url]) == 0
            assert "1 call made again, 0 answered otherwise" in capsys.readouterr().err
    assert main(["trace", "replay", "t.jsonl", "--mock", RAILWAY]) == 0


def test_a_trace_without_requests_is_replayed_where_it_has_responses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = Call(id="c", tool="getBooking", arguments={"booking_id": BOOKING})
    refused = Call(id="d", tool="getBooking")
    events: list[Any] = [
        AssistantEvent(index=0, at=0, calls=(call, refused)),
        ObservationEvent(
            index=1, at=0, source="simulator", call="c", text="",
            response=HttpResponse(status=200, body='{"id": "x"}'),
        ),
        ObservationEvent(index=2, at=0, source="validator", call="d", text="It lacks an id."),
    ]  # fmt: skip
    trace = write(tmp_path / "t.jsonl", pet_trace(events=events))
    assert main(["trace", "replay", str(trace), "--mock", RAILWAY]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f'! getBooking(booking_id="{BOOKING}"): 200'
    assert all(line.endswith("was not there") for line in told[1:])  # "x" is a text, too


def response(body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status=201, headers=headers, body=json.dumps(body))


@pytest.mark.parametrize(
    ("recorded", "now", "arguments", "applied"),
    [
        ({"id": 1}, {"id": 2}, {"petId": 1}, {"petId": 2}),
        ({"id": 1}, {"id": "b"}, {"petId": "1", "n": 1}, {"petId": "b", "n": "b"}),
        ({"petId": "x"}, {"petId": "y"}, {"q": {"ids": ["x", "z"]}}, {"q": {"ids": ["y", "z"]}}),
        ([{"id": 1}, {"id": 2}], [{"id": 5}, {"id": 6}], {"a": 2}, {"a": 6}),
        ({"status": "new"}, {"status": "old"}, {"status": "new"}, {"status": "new"}),
        ({"valid": "new"}, {"valid": "old"}, {"a": "new"}, {"a": "new"}),
        ({"owner": {"id": 1}, "id": 1}, {"owner": {"id": 8}, "id": 9}, {"a": 1}, {"a": 9}),
        ({"id": True}, {"id": 2}, {"a": True}, {"a": True}),
        ("no JSON object", {"id": 2}, {"a": 1}, {"a": 1}),
    ],
)  # fmt: skip
def test_ids_stand_for_those_at_the_same_place(
    recorded: Any, now: Any, arguments: dict[str, Any], applied: dict[str, Any]
) -> None:
    stand_ins = StandIns()
    stand_ins.learn(response(recorded), response(now))
    assert stand_ins.applied(arguments)[0] == applied


def test_a_location_names_an_id_and_the_latest_response_decides() -> None:
    stand_ins = StandIns()
    stand_ins.learn(response(None, Location="/pets/1"), response(None, location="http://h/pets/7"))
    assert stand_ins.applied({"a": "1"}) == ({"a": "7"}, {"1": "7"})
    stand_ins.learn(response({"id": 1}), response({"id": 1}))
    assert stand_ins.applied({"a": "1"}) == ({"a": "1"}, {})
