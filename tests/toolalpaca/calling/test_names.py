"""Names of tools and arguments are unique and such that every model provider takes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.calling.tools import make_tools
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document

# OpenAI: [A-Za-z0-9_-]{1,64}; Anthropic: the same; Gemini: a letter or an underscore at first.
TOOL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
# Anthropic, of the properties of a tool's input.
ARGUMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def faults(document: Document) -> list[str]:
    tools = make_tools(document)
    names = [tool.spec.name for tool in tools]
    wrong = [f"{name} is no tool's name" for name in names if not TOOL.fullmatch(name)]
    wrong += [f"{name} occurs twice" for name in set(names) if names.count(name) > 1]
    for tool in tools:
        described = tool.spec.parameters["properties"]
        assert list(described) == list(tool.places)
        # Nothing is lost: all that the operation declares has a place of its own.
        places = [(place.location, place.name) for place in tool.places.values()]
        assert len(set(places)) == len(places)
        wrong += [
            f"{tool.spec.name}.{name} is no argument's name"
            for name in described
            if not ARGUMENT.fullmatch(name)
        ]
    return wrong


ODD = st.text("aZ0_-.$[]{} /?&é名", min_size=1, max_size=70) | st.sampled_from(
    ["", "getDetails", "body", "id", "2fa", "-", "___", "x" * 80]
)


@given(
    st.lists(ODD, min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(["query", "header", "cookie"]), ODD), max_size=6),
    st.lists(ODD, max_size=4, unique=True),
)
def test_whatever_a_document_calls_things(
    operations: list[str], parameters: list[tuple[str, str]], properties: list[str]
) -> None:
    body = {"type": "object", "properties": {name: {} for name in properties}}
    paths = {
        f"/a{number}": {
            "post": {
                "operationId": name,
                "parameters": [
                    {"name": name, "in": place, "schema": {}} for place, name in parameters if name
                ],
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": {},
            }
        }
        for number, name in enumerate(operations)
    }
    info = {"title": "T", "version": "1"}
    assert faults(load_document({"openapi": "3.1.0", "info": info, "paths": paths})) == []


@pytest.mark.slow
def test_every_document_of_the_pool(shared: Path) -> None:
    documents = sorted((shared / "specs").glob("*/*.*"))
    assert len(documents) == 163
    assert [fault for path in documents for fault in faults(load_document(path))] == []
