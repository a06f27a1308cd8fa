"""Answers as tables and forms."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.openapi.media_types import FORM
from toolalpaca.openapi.model import MediaType
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.form_text import write_form
from toolalpaca_mockserver.reading.bodies import form_value
from toolalpaca_mockserver.reading.requests import split_pairs

Open = Callable[..., httpx2.Client]
PET = {
    "type": "object",
    "required": ["id", "name", "tags"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "good": {"type": "boolean"},
    },
}
PETS = {"type": "array", "items": PET}


@pytest.fixture
def offer(open_client: Open, make_document: Callable[..., Any]) -> Callable[..., httpx2.Client]:
    """Opens an API that answers ``GET /pets`` with that content."""

    def offered(**content: Any) -> httpx2.Client:
        kinds = {"csv": "text/csv", "json": "application/json", "form": FORM}
        told = {kinds[name]: media for name, media in content.items()}
        responses = {"200": {"description": "Fine", "content": told}}
        return open_client(make_document({"/pets": {"get": {"responses": responses}}}))

    return offered


def test_a_list_of_objects_is_a_table(offer: Callable[..., httpx2.Client]) -> None:
    client = offer(json={"schema": PETS}, csv={"schema": PETS})
    table = client.get("/pets", headers={"accept": "text/csv"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(table.text, newline="")))
    pets = client.get("/pets").json()
    assert [(int(r["id"]), r["name"]) for r in rows] == [(p["id"], p["name"]) for p in pets]
    assert [r.get("good", "") for r in rows] == [
        str(p["good"]).lower() if "good" in p else "" for p in pets
    ]
    assert rows[0]["tags"].startswith('["')


def test_fields_are_quoted_and_columns_are_those_of_the_schema(
    offer: Callable[..., httpx2.Client],
) -> None:
    shown = [{"name": 'a "b", c', "id": 1, "tags": []}, {"id": 2, "name": "x", "tags": [], "z": 0}]
    text = offer(csv={"schema": PETS, "example": shown}).get("/pets").text
    assert text == 'id,name,tags,good,z\r\n1,"a ""b"", c",[],,\r\n2,x,[],,0\r\n'


def test_an_empty_table_has_a_header(offer: Callable[..., httpx2.Client]) -> None:
    text = offer(csv={"schema": {**PETS, "maxItems": 0}}).get("/pets").text
    assert text == "id,name,tags,good\r\n"


@pytest.mark.parametrize("schema", [PETS, {"type": "string"}])
def test_a_table_that_is_written_out_is_sent_as_it_is(
    offer: Callable[..., httpx2.Client], schema: Any
) -> None:
    shown = "id;name\n7;Rex\n"
    assert offer(csv={"schema": schema, "example": shown}).get("/pets").text == shown


def test_an_object_is_a_form(offer: Callable[..., httpx2.Client]) -> None:
    shown = {"id": 1, "name": "a b", "tags": ["x", "y"]}
    answer = offer(form={"schema": PET, "example": shown}).get("/pets")
    assert answer.headers["content-type"] == FORM
    assert answer.text == "id=1&name=a+b&tags=x&tags=y"


NAMES = st.text(max_size=5)
VALUES = st.fixed_dictionaries(
    {"name": NAMES, "count": st.integers(), "good": st.booleans()},
    optional={
        "tags": st.lists(NAMES, min_size=1),
        "inner": st.fixed_dictionaries({"a": st.integers()}),
    },
)
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "good": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "inner": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}


@given(VALUES)
def test_what_is_written_as_a_form_is_read_as_what_it_was(value: dict[str, Any]) -> None:
    media = MediaType(FORM, SCHEMA)
    text = write_form(value, {}).decode()
    assert form_value(split_pairs(text), Contract(SCHEMA, {}), media) == value
