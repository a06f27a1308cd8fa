"""What is remembered is told only as the contract allows, the first time and every other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca.openapi.model import MediaType
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import ResponseBody
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.paging import Page
from toolalpaca_mockserver.state.resource import Resource, Role
from toolalpaca_mockserver.telling import Teller
from toolalpaca_mockserver.values import ValueGenerator

Open = Callable[..., httpx2.Client]

_SHAPES: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"type": "object", "properties": {"a": {"enum": [1, "x"]}}, "required": ["a", "b"]},
    {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}]},
    {"type": "object", "minProperties": 2, "maxProperties": 2},
]
_VALUES = st.sampled_from([0, 1, 1.5, "", "x", None, True, [1], {"a": 1}])
_ITEMS = st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3)


def _bodies(shape: dict[str, Any]) -> list[tuple[dict[str, Any], tuple[str, ...], bool]]:
    """Answers around *shape*: their schema, their wrapper, and whether they are lists."""
    many = {"type": "array", "items": shape, "maxItems": 2}
    wrapped = {
        "type": "object",
        "required": ["data", "total"],
        "properties": {"data": many, "total": {"type": "integer", "maximum": 2}},
    }
    single = {"type": "object", "required": ["item"], "properties": {"item": shape}}
    return [
        (shape, (), False),
        (single, ("item",), False),
        (many, (), True),
        (wrapped, ("data",), True),
    ]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(_SHAPES), st.integers(0, 3), st.lists(_ITEMS, min_size=1, max_size=3))
def test_whatever_is_remembered_is_told_validly_or_not_at_all(
    shape: dict[str, Any], which: int, items: list[dict[str, Any]]
) -> None:
    schema, wrapper, is_list = _bodies(shape)[which]
    body = ResponseBody(MediaType("application/json", schema), {})
    contract = body.contract if schema is shape else Contract(shape, {})
    resource = Resource("thing", "/things", None, None, contract, closed=True)
    role = Role("list" if is_list else "read", resource, wrapper, contract)
    page = Page([(str(n), item) for n, item in enumerate(items)], len(items), 0, 20, 1, None)
    teller = Teller(ValueGenerator({}))
    for _ in range(2):
        outcome = Outcome(role, page=page) if is_list else Outcome(role, item=items[0], key="0")
        value, told = teller.told(body, outcome, "key")
        assert not told or body.contract.is_valid(value)
    assert teller.told(body, outcome, "key") == Teller(ValueGenerator({})).told(
        body, outcome, "key"
    )


@pytest.mark.parametrize("times", [1, 2])
def test_an_item_that_breaks_the_document_is_not_told(
    open_client: Open, pets: dict[str, Any], times: int
) -> None:
    """A snapshot may hold anything; the answer then is a generated one."""
    client = open_client(pets)
    pet = client.post("/pets", json={"name": "Rex", "kind": "dog"}).json()
    kept = client.get("/_toolalpaca/sessions/default").json()
    place = next(name for name in kept["collections"] if name.endswith(":/pets"))
    kept["collections"][place]["items"][str(pet["id"])] = {"id": "none", "name": 5}
    client.put("/_toolalpaca/sessions/default", json=kept)
    for _ in range(times):
        answer = client.get(f"/pets/{pet['id']}")
        assert answer.status_code == 200
        assert isinstance(answer.json()["name"], str)
