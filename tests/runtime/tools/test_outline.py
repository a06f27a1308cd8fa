from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_runtime.tools.outline import outline

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"items": [{"id": 1}, {"id": 2}], "next": None},
            "{items: [2 x {id: integer}], next: null}",
        ),
        ([], "[]"),
        ([1.5, 2], "[2 x number]"),
        (True, "boolean"),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, "{a: {b: {c: {d: object}}}}"),
        ({f"k{n}": n for n in range(31)}, None),
    ],
)
def test_the_structure_of_a_value_is_told_in_a_line(value: Any, text: str | None) -> None:
    assert outline(value) == text or (text is None and outline(value).endswith("1 more}"))


@given(JSON)
def test_it_is_never_much_longer_than_allowed(value: Any) -> None:
    assert len(outline(value, longest=100)) <= 103
