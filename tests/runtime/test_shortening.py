from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_runtime.shortening import shortened

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_long_texts_are_cut_to_their_heads() -> None:
    shown, note = shortened(json.dumps({"a": "y" * 5000, "id": 7}), 500)
    assert json.loads(shown) == {"a": "y" * 400 + "…", "id": 7}
    assert note == "texts are cut to 400 characters"


def test_of_each_part_of_what_is_nested_deeply_something_is_told() -> None:
    links = {"self": "https://api.example/artists/a1", "more": {"self": "https://api.example/" * 9}}
    album = {
        "links": links,
        "artists": [{"links": links, "id": "a1"}] * 3,
        "id": "b1",
        "year": 1999,
    }
    found = {"albums": {"items": [album] * 9}, "tracks": {"items": [{"album": album, "id": "t1"}]}}
    shown, note = shortened(json.dumps(found), 500)
    told = json.loads(shown)
    assert told["albums"]["items"][0]["id"] == "b1"
    assert told["albums"]["items"][0]["artists"][0]["id"] == "a1"
    assert told["tracks"]["items"][0]["id"] == "t1"
    assert told["tracks"]["items"][0]["album"]["year"] == 1999
    assert note == "parts are left out as …"


def test_what_is_no_json_is_cut_with_a_note() -> None:
    assert shortened("z" * 5000, 100) == ("z" * 100, "the first 100 of 5,000 characters")


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, "[" * 800 + "1" + "]" * 800, "{" * 10, "NaN", "12345678901234567890123"],
    ids=["no end", "deep", "no JSON", "no number", "a long number"],
)
def test_odd_bodies_are_shown(body: str) -> None:
    shown, _ = shortened(body, 100)
    assert shown == body[:100]


@given(JSON, st.integers(20, 300))
def test_no_body_is_longer_than_it_may_be_and_short_ones_are_whole(
    value: object, longest: int
) -> None:
    body = json.dumps(value)
    shown, note = shortened(body, longest)
    assert len(shown) <= longest
    if not note:
        assert json.loads(shown) == value
