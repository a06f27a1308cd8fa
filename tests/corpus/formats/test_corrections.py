from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_corpus.formats.corrections import corrected, corrections

NAMES = st.sampled_from(["a", "b", "a/b", "~", "", "0"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, "", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def typed(value: Any) -> Any:
    """*value* so that equal ones of different types differ: in JSON, 1 is neither 1.0 nor true."""
    if isinstance(value, dict):
        return {name: typed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return type(value).__name__, value


@given(JSON, JSON)
def test_corrections_make_what_was_read_of_what_is_made(made: Any, read: Any) -> None:
    before = typed(made)
    assert typed(corrected(made, corrections(made, read))) == typed(read)
    assert typed(made) == before
    assert corrections(made, made) == {}


@given(JSON, JSON, JSON)
def test_what_was_changed_meanwhile_is_no_error(made: Any, read: Any, changed: Any) -> None:
    corrected(changed, corrections(made, read))


def test_only_the_difference_is_kept() -> None:
    made = {"a": [1, {"b": "x"}], "c": 1}
    assert corrections(made, {"a": [1, {"b": "y"}], "d": None}) == {
        "set": {"/a/1/b": "y", "/d": None},
        "remove": ["/c"],
    }
