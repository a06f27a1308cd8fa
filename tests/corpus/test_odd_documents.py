"""Tasks on documents that nobody wrote for it: fewer perhaps, but right ones, and no exception."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolalpaca.calling.tools import make_tools
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.task import ASK_TOOL, Task, references
from toolalpaca_corpus.argument_check import argument_faults
from toolalpaca_corpus.instructions import make_tasks

OK = {"200": {"description": "ok"}}


def document(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "Odd", "version": "1"}, "paths": paths, **more}


def posting(schema: Any, media: str = "application/json") -> dict[str, Any]:
    body = {"required": True, "content": {media: {"schema": schema}}}
    return {"post": {"requestBody": body, "responses": OK}}


def getting(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"get": {"parameters": list(parameters), "responses": OK, **more}}


TREE = {
    "type": "object",
    "required": ["name", "children"],
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
    },
}
NEEDS_ITSELF = {
    "type": "object",
    "required": ["next"],
    "properties": {"next": {"$ref": "#/components/schemas/Endless"}},
}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "names that are no words": document(
        {
            "/$a/{x-y}": getting(
                {"name": "x-y", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "$filter", "in": "query", "schema": {"type": "string"}},
                {"name": "größe", "in": "query", "schema": {"type": "integer"}},
                {"name": "_", "in": "query", "required": True, "schema": {"type": "string"}},
                summary="$filter ${task} $",
            ),
            "/_": getting(operationId="_"),
        }
    ),
    "two parameters in one segment": document(
        {
            "/{a}-{b}/{c}.{d}": getting(
                *({"name": n, "in": "path", "required": True, "schema": {}} for n in "abcd")
            )
        }
    ),
    "schemas that say nothing": document(
        {
            "/any": posting(True),
            "/nothing": posting(False),
            "/null": posting({"type": "null"}),
            "/list": posting({"type": "array", "items": {"type": "integer"}}),
            "/text": posting({"type": "string"}, "text/plain"),
            "/file": posting({"type": "string", "format": "binary"}, "application/octet-stream"),
        }
    ),
    "schemas that need themselves": document(
        {
            "/trees": posting({"$ref": "#/components/schemas/Tree"}),
            "/endless": posting({"$ref": "#/components/schemas/Endless"}),
        },
        components={"schemas": {"Tree": TREE, "Endless": NEEDS_ITSELF}},
    ),
    "values that cannot be": document(
        {
            "/a": getting(
                {"name": "n", "in": "query", "required": True, "schema": {"enum": []}},
            ),
            "/b": getting(
                {
                    "name": "n",
                    "in": "query",
                    "required": True,
                    "schema": {"type": "integer", "minimum": 9, "maximum": 3},
                }
            ),
            "/c": getting(
                {"name": "n", "in": "query", "schema": {"type": "string", "enum": [None, "x"]}},
            ),
        }
    ),
    "summaries of all kinds": document(
        {
            f"/{number}": getting(summary=summary, description=text)
            for number, (summary, text) in enumerate(
                [
                    ("", ""),
                    ("...", "<p>Get <b>it</b></p>"),
                    ("GET", "# Title\n\n* a list"),
                    ("取得する", "すべて"),
                    ("a" * 400, "one two " * 200),
                    ("Returns", "by by by or or"),
                    ("Search by", "Given, returns"),
                ]
            )
        }
    ),
    "headers and cookies": document(
        {
            "/h": getting(
                {"name": "X-Key", "in": "header", "required": True, "schema": {"type": "string"}},
                {"name": "sid", "in": "cookie", "required": True, "schema": {"type": "string"}},
            )
        }
    ),
    "a parameter at the root": document(
        {
            "/{id}": getting(
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            )
        }
    ),
}


def check(found: Document, tasks: list[Task]) -> None:
    """The laws of tasks."""
    schemas = {tool.spec.name: tool.spec.parameters for tool in make_tools(found)}
    assert len({task.id for task in tasks}) == len(tasks)
    for task in tasks:
        assert task.instruction.strip() == task.instruction != ""
        assert "  " not in task.instruction
        called: set[str] = set()
        for call in task.golden:
            if call.function != ASK_TOOL:
                assert list(argument_faults(call.arguments, schemas[call.function])) == []
                given = references(call.arguments)
                assert all(reference["$from"] in called for reference in given)
            called.add(call.function)
        assert (task.kind == "abstain") == (not task.golden)
        assert (task.kind == "ask") == bool(task.facts)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_odd_shapes(name: str) -> None:
    found = load_document(DOCUMENTS[name], name="odd")
    tasks = make_tasks([found], 20, seed=3)
    check(found, tasks)
    assert tasks == make_tasks([found], 20, seed=3)


@pytest.mark.parametrize("operations", ["two parameters in one segment", "headers and cookies"])
def test_what_can_be_called_is_asked_for(operations: str) -> None:
    found = load_document(DOCUMENTS[operations], name="odd")
    called = {c.function for task in make_tasks([found], 20, seed=3) for c in task.golden}
    assert called - {ASK_TOOL} == {tool.spec.name for tool in make_tools(found)}


@pytest.mark.parametrize(
    "path", ["vendor/342-vendor-official_spotify_open_api.yml", "guru/061-guru-circleci.com.json"]
)
def test_real_documents(path: str, shared: Path) -> None:
    found = load_document(shared / "specs" / path)
    tasks = make_tasks([found], 40, seed=0)
    check(found, tasks)
    assert len(tasks) == 40
    for task in tasks:
        assert "](" not in task.instruction  # links of Markdown
        assert "{" not in task.instruction
