"""What a model reads is whole JSON, however little room there is."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.engines.shortening import portioned, shortened, shortened_schema

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=25,
)


@settings(max_examples=30, deadline=None)
@given(VALUES, st.integers(4, 400))
def test_what_is_shortened_is_json_and_fits(value: Any, room: int) -> None:
    text = shortened(value, room)
    assert len(text) <= room
    json.loads(text)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(), VALUES), st.integers(2, 400))
def test_what_is_portioned_is_json_and_fits(value: dict[str, Any], room: int) -> None:
    text = portioned(value, room)
    assert len(text) <= room
    assert isinstance(json.loads(text), dict)


@settings(max_examples=30, deadline=None)
@given(VALUES)
def test_what_fits_stays_as_it_is(value: Any) -> None:
    text = shortened(value, 10**6)
    if "\\ud" not in json.dumps(value):
        assert json.loads(text) == json.loads(json.dumps(value))


def test_what_comes_first_stays_longest() -> None:
    world = {"the train of the call": {"id": "T1"}, "/others": [{"id": "x" * 50}] * 9}
    kept = json.loads(portioned(world, 160))
    assert kept["the train of the call"] == {"id": "T1"}
    assert kept["/others"]
    items = [{"id": n, "text": "word " * 100} for n in range(3)]
    kept = json.loads(shortened(items, 400))
    assert [item["id"] for item in kept] == [0, 1, 2]


@pytest.mark.parametrize("room", [2, 100, 1000, 6000])
def test_schemas_stay_schemas(examples: list[Any], room: int) -> None:
    found = 0
    for document in examples:
        for operation in document:
            for media in (m for r in operation.responses.values() for m in r.content.values()):
                schema = Contract(media.schema, document.root).standalone
                text = shortened_schema(schema, room)
                assert len(text) <= room
                jsonschema_rs.Draft202012Validator(json.loads(text))
                found += 1
    assert found > 40


def test_large_schemas_keep_what_is_required_and_known() -> None:
    properties = {f"field_{n}": {"type": "string", "description": "word " * 50} for n in range(400)}
    schema = {
        "type": "object",
        "required": ["field_399", "nested"],
        "properties": {**properties, "nested": {"$ref": "#/$defs/Nested"}, "title": True, "id": {}},
        "$defs": {"Nested": {"type": "object", "properties": {**properties, "name": {}}}},
    }
    for room in (1000, 3000, 20_000):
        text = shortened_schema(schema, room)
        assert len(text) <= room
        assert {"field_399", "nested", "id", "title"} <= json.loads(text)["properties"].keys()
