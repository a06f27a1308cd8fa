"""A value is mended with few changes, and the one that was given stays as it is."""

from __future__ import annotations

import copy
from typing import Any

from toolalpaca_mockserver.conforming import conform
from toolalpaca_mockserver.contract import Contract

POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
    "required": ["x", "y"],
    "additionalProperties": False,
}
ROUTE = Contract(
    {
        "type": "object",
        "properties": {"name": {"type": "string"}, "points": {"type": "array", "items": POINT}},
    },
    {},
)


def test_only_what_breaks_the_schema_is_changed_and_only_in_a_copy() -> None:
    value: dict[str, Any] = {
        "name": "north",
        "points": [{"x": 1, "y": 2}, {"x": "far", "y": 4}, {"x": 5, "z": 6}],
    }
    spare = {"name": "south", "points": [{"x": 7, "y": 8}, {"x": 9, "y": 10}, {"x": 11, "y": 12}]}
    given = copy.deepcopy((value, spare))
    mended = conform(value, ROUTE, lambda: spare)
    assert mended == {
        "name": "north",
        "points": [{"x": 1, "y": 2}, {"x": 9, "y": 4}, {"x": 5, "y": 12}],
    }
    assert (value, spare) == given
    assert conform(mended, ROUTE, dict) is mended


def test_what_cannot_be_mended_is_none() -> None:
    assert conform("north", ROUTE, dict) is None
