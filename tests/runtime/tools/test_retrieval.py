from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.trace import Call
from toolalpaca_runtime.observation import LONGEST_BODY, Payload
from toolalpaca_runtime.storage import Storage
from toolalpaca_runtime.tools.retrieval import Retrieval

BOOKS = {
    "total": 500,
    "items": [{"id": n, "title": f"Book {n}", "tags": ["a", f"t{n}"]} for n in range(500)],
}


def read(content: Any, **arguments: Any) -> str:
    storage = Storage()
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    file = storage.keep(Payload("application/json", data, binary=False))
    call = Call(id="1", tool="retrievalDataFromFile", arguments={"file": file.name, **arguments})
    return asyncio.run(Retrieval(storage).call(call)).text


@pytest.mark.parametrize(
    "path", ["items.3.title", "items[3].title", "/items/3/title", "$.items.3.title"]
)
def test_a_path_leads_to_its_part_however_it_is_written(path: str) -> None:
    assert read(BOOKS, path=path) == '"Book 3"'


def test_a_path_that_leads_nowhere_says_what_is_there() -> None:
    assert read(BOOKS, path="items.3.name") == (
        "There is no items.3.name in it: at name there is {id: integer, title: string, tags: "
        "[2 x string]}."
    )


def test_a_query_shows_what_holds_it_and_where() -> None:
    assert read(BOOKS, query="BOOK 499") == (
        'items.499: {"id":499,"title":"Book 499","tags":["a","t499"]}'
    )
    assert read(BOOKS, query="t499") == 'items.499.tags.1: "t499"'
    assert read(BOOKS, query="no such") == "Nothing there holds 'no such'."
    many = read(BOOKS, query="Book").splitlines()
    assert [line.partition(":")[0] for line in many[:20]] == [f"items.{n}" for n in range(20)]
    assert many[20:] == ["(480 more places)"]


def test_what_is_still_too_long_is_told_by_its_structure() -> None:
    text = read(BOOKS, path="items")
    assert text.startswith("(Shortened: ")
    assert "[500 x {id: integer" in text
    assert len(text) < LONGEST_BODY + 500


def test_a_text_is_read_in_pages() -> None:
    content = "".join(f"line {n}\n" for n in range(2000)).encode()
    seen, offset = "", 0
    for _ in range(10):
        head, _, page = read(content, offset=offset).partition("\n")
        seen += page
        if "the last" in head:
            break
        offset = int(head.rpartition("offset ")[2].rstrip(".)"))
    assert seen == content.decode()
    assert "line 1234" in read(content, query="line 1234")


def test_what_is_no_text_is_not_read() -> None:
    assert "is no text" in read(b"\x89PNG\0\0")


@given(
    st.dictionaries(
        st.sampled_from(["path", "query", "offset", "file"]),
        st.none() | st.integers() | st.text() | st.lists(st.text()),
    ),
    st.recursive(st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)),
)
def test_whatever_a_model_asks_for_it_gets_an_answer(arguments: dict[str, Any], value: Any) -> None:
    arguments.setdefault("file", "response_1.json")
    storage = Storage()
    storage.keep(Payload("application/json", json.dumps(value).encode(), binary=False))
    call = Call(id="1", tool="retrievalDataFromFile", arguments=arguments)
    assert isinstance(asyncio.run(Retrieval(storage).call(call)).text, str)


def test_json_that_is_nested_too_deep_is_read_as_text() -> None:
    assert "at 4,999: " in read(b"[" * 5000 + b"5" + b"]" * 5000, query="[5")
