from __future__ import annotations

import json

import pytest
from hypothesis import strategies as st

from toolalpaca_runtime.observation import response_text, retold

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_the_form_is_toolalpacas() -> None:
    assert response_text(200, '{\n  "a": [1, 2]\n}') == 'Status Code: 200. Response: {"a":[1,2]}'
    assert response_text(204, "") == "Status Code: 204. Response: (empty)"
    assert response_text(500, "Oops") == "Status Code: 500. Response: Oops"


def test_a_long_list_keeps_its_first_items_and_stays_json() -> None:
    body = json.dumps({"data": [{"id": n, "text": "x" * 50} for n in range(100)], "total": 100})
    text = response_text(200, body, longest=600)
    note, _, told = text.partition("\n")
    assert note == "(Shortened: 95 more items in data.)"
    shown = json.loads(told.removeprefix("Status Code: 200. Response: "))
    assert [item["id"] for item in shown["data"]] == [0, 1, 2, 3, 4]
    assert shown["total"] == 100


def test_what_is_retold_shorter_shows_the_end_of_a_body_too() -> None:
    body = {"albums": [{"id": n, "text": "x" * 20} for n in range(30)], "tracks": [{"id": "t"}]}
    told = retold(response_text(200, json.dumps(body), longest=2000), 500)
    assert len(told) < 560
    shown, _, missing = told.removeprefix("Status Code: 200. Response: ").partition(" ... (cut: ")
    assert json.loads(shown)["tracks"] == [{"id": "t"}]
    assert missing == "20 more items in albums)"


@pytest.mark.parametrize(
    ("text", "told"),
    [("A page.", "A page."), ("y" * 30, "y" * 20 + " ... (cut)")],
    ids=["short", "no response"],
)
def test_what_is_retold_and_holds_no_json(text: str, told: str) -> None:
    assert retold(text, 20) == told
