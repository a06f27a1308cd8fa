"""json-server from npm: a stateful API that is written by others, in another language."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.cli import main
from toolalpaca.trace import Call
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.policy import Policy

POST = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "authorId": {"type": "integer"},
    },
}
BODY = {"content": {"application/json": {"schema": {**POST, "required": ["title"]}}}}


def answer(schema: Any, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "", "content": {"application/json": {"schema": schema}}}}


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Blog", "version": "1"},
    "paths": {
        "/posts": {
            "get": {
                "operationId": "listPosts",
                "parameters": [{"name": "authorId", "in": "query", "schema": {"type": "integer"}}],
                "responses": answer({"type": "array", "items": POST}),
            },
            "post": {
                "operationId": "addPost",
                "requestBody": BODY,
                "responses": answer(POST, "201"),
            },
        },
        "/posts/{id}": {
            "parameters": [ID],
            "get": {
                "operationId": "getPost",
                "responses": answer(POST) | {"404": {"description": ""}},
            },
            "delete": {"operationId": "deletePost", "responses": answer({"type": "object"})},
        },
        "/profile": {
            "get": {
                "operationId": "getProfile",
                # The real one has a text where the document says a number.
                "responses": answer(
                    {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "integer"}},
                    }
                ),
            }
        },
    },
}


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("blog.json").write_text(json.dumps(DOCUMENT))
    return "blog.json"


def test_what_is_created_is_there_until_it_is_deleted(described: str, json_server: str) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("addPost", {"title": "Zwei & drei", "authorId": 9}),
        ("listPosts", {"authorId": 9}),
        ("getPost", {"id": 3}),
        ("deletePost", {"id": 3}),
        ("getPost", {"id": 3}),
        ("getProfile", {}),
    ]

    async def make() -> list[Any]:
        opened = open_api(
            described, base_url=json_server, policy=Policy(unsafe="allow"), environment={}
        )
        async with await opened as api:
            return [
                await api.call(Call(id="1", tool=tool, arguments=arguments))
                for tool, arguments in calls
            ]

    seen = asyncio.run(make())
    assert [s.response.status for s in seen] == [201, 200, 200, 200, 404, 200]
    assert '[{"title":"Zwei & drei","authorId":9,"id":3}]' in seen[1].text
    assert [s.conforming for s in seen] == [True, True, True, True, None, False]


def compare(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[Any], str]:
    status = main(["compare", *words, "--json"])
    out, err = capsys.readouterr()
    return status, [json.loads(line) for line in out.splitlines()], err


def test_a_mock_that_answers_alike_is_no_difference(
    described: str, json_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [
        {"tool": "addPost", "arguments": {"title": "New", "authorId": 9}},
        {"tool": "getPost", "arguments": {"id": 3}},  # what json-server made of it
        {"tool": "deletePost", "arguments": {"id": 3}},
    ]
    Path("calls.jsonl").write_text("".join(json.dumps(line) + "\n" for line in calls))
    status, lines, err = compare(
        capsys, described, "--base-url", json_server, "--calls", "calls.jsonl", "--yes"
    )
    assert [(line["real"], line["simulated"]) for line in lines] == [(201, 201), *[(200, 200)] * 2]
    assert "3 compared, 0 different" in err
    assert status == 0
    assert "3" in lines[1]["stand_ins"]


def test_where_a_mock_differs_is_shown(
    described: str, json_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines, err = compare(capsys, described, "--base-url", json_server)
    assert status == 1
    assert [line["tool"] for line in lines] == ["listPosts", "getPost", "getProfile"]
    assert lines[1]["problem"].startswith("the document has no example of id")
    assert lines[2]["differences"] == [
        {"aspect": "type", "pointer": "/name", "first": "string", "second": "integer"}
    ]
    assert "2 compared, 1 different, 1 not compared" in err
    assert (
        main(["compare", described, "--base-url", json_server, "--operations", "getProfile"]) == 1
    )
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["call", "where", "real", "simulated"]
    assert table[1].split() == ["getProfile()", "/name", "string", "integer"]


def test_nothing_is_changed_without_leave(
    described: str, json_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("calls.jsonl").write_text('{"tool": "addPost", "arguments": {"title": "New"}}\n')
    words = [described, "--base-url", json_server, "--calls", "calls.jsonl"]
    status, lines, err = compare(capsys, *words)
    assert (status, lines[0]["real"]) == (0, None)
    assert lines[0]["problem"].startswith("Refused: POST /posts may change something")
    assert "0 compared" in err


def test_the_calls_of_a_trace(
    described: str, json_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"tool_calls": [{"name": "getProfile"}]}, {"text": "Ada."}]
    Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ask = ["ask", described, "Who?", "--base-url", json_server, "--trace", "t.jsonl"]
    assert main([*ask, "--model", "scripted:script.jsonl"]) == 0
    assert main([*ask, "--model", "scripted:script.jsonl", "--against", "mock"]) == 0
    out = capsys.readouterr().out
    assert '200 {"name":"Ada"}' in out or '"name": "Ada"' in out
    assert "(simulator)" in out
    status, compared, _ = compare(
        capsys, described, "--base-url", json_server, "--trace", "t.jsonl"
    )
    assert status == 1
    assert [line["tool"] for line in compared] == ["getProfile", "getProfile"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--operations", "nope"], "there is no operation 'nope'"),
        (["--calls", "bad.jsonl"], "no operation 'nope'"),
        (["--operations", "a", "--calls", "bad.jsonl"], "not allowed with"),
    ],
)
def test_mistakes_are_one_line(
    described: str, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    Path("bad.jsonl").write_text('{"tool": "nope"}\n')
    assert main(["compare", described, "--base-url", "http://127.0.0.1:9", *words]) in (1, 2)
    assert message in capsys.readouterr().err
