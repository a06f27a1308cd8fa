from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolalpaca_runtime.formats.lenient_json import NoObject, read_object


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", {}),
        ("```\n```", {}),
        ('{"a": 1}', {"a": 1}),
        ("{'a': 'x', 'b': True, 'c': None}", {"a": "x", "b": True, "c": None}),
        ("{'a': \"Bob's\"}", {"a": "Bob's"}),
        ('{a: 1, $b-c: "2"}', {"a": 1, "$b-c": "2"}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": 1, // one\n /* two */ "b": 2 # three\n}', {"a": 1, "b": 2}),
        ('{"url": "https://x/*y*/#z"}', {"url": "https://x/*y*/#z"}),
        ("{\u201ca\u201d: \u201cb \u2019c\u2019\u201d}", {"a": "b \u2019c\u2019"}),
        ("{\u2018a\u2019: \u2018b\u2019}", {"a": "b"}),
        ("{`a`: `b`}", {"a": "b"}),
        ('{"a": "two\nlines\tand a tab"}', {"a": "two\nlines\tand a tab"}),
        ('{"a": "it\\\'s", "b": 1,}', {"a": "it's", "b": 1}),
        ('{"a": "\\ud83d\\ude00",}', {"a": "😀"}),
        ('{"a": +1, "b": .5, "c": 5.}', {"a": 1, "b": 0.5, "c": 5.0}),
        ('```json\n{"a": "``` stays"}\n```', {"a": "``` stays"}),
        ('```\n{"a": 1}\n```\nThat is it.', {"a": 1}),
        ('`{"a": 1}`', {"a": 1}),
        ('getPet({"a": 1})', {"a": 1}),
        ('arguments = {"a": 1};', {"a": 1}),
        ('{"a": 1}\n\nThis shows the pet.', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('"\\"{\\\\\\"a\\\\\\": 1}\\""', {"a": 1}),
        ('{"a": 1, "a": 1}', {"a": 1}),
        ("\ufeff{\u00a0'a':\u20031}", {"a": 1}),
    ],
)
def test_what_can_be_read_in_one_way_is_read(text: str, meant: dict[str, Any]) -> None:
    assert read_object(text) == meant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": "x', "in the middle of a text"),
        ('{"a": 12', "ends where a comma or }"),
        ('{"a": "x",', "ends where a name"),
        ('{"a":', "ends where a value"),
        ("{", "ends where a name"),
        ('{"a": NaN}', "NaN is no JSON; write null or leave it out"),
        ("{'a': -Infinity}", "-Infinity is no JSON"),
        ('{"a": undefined}', "'undefined' is neither a number nor a text in quotes"),
        ('{"city": New York}', "'New' is neither"),
        ('{"a": 007}', "'007' is neither"),
        ('{"a": 35, 36}', "a name in quotes should stand before '36}'"),
        ("{'a': 'Bob's'}", 'a comma or } should stand before "s\'}"'),
        ('{"a": 1 "b": 2}', "a comma or } should stand"),
        ('{"a": 1, "a": 2}', "the name 'a' stands twice"),
        ('{"a": "\\d"}', "no escape \\d"),
        ('{"a": 1e999}', "too large"),
        ('{"a": 123456789012345678901}', "exceeds 64-bit"),
        ('{"a": ' + "9" * 5000 + "}", "too large"),
        ('{"a": "\\ud800"}', "surrogates"),
        ('{"a": ' + "[" * 5000, "nested too deeply"),
        ('{"a": 1}{"a": 2}', "more than one object"),
        ('{"a": 1}, {"a": 2}', "more than one object"),
        ('petId: {"a": 1}', "neither"),
        ("{1: 2}", "a name in quotes"),
        ("(1, 2)", "neither"),
        ("{'a': (1, 2)}", "neither"),
    ],
)
def test_what_can_be_read_in_more_than_one_way_is_refused_with_the_reason(
    text: str, reason: str
) -> None:
    found = read_object(text)
    assert isinstance(found, NoObject)
    assert found.problem.startswith("The arguments are not valid JSON")
    assert reason in found.problem
    assert len(found.problem) < 200


@pytest.mark.parametrize("text", ["[1]", "3", "null", '"seven"', "['a'", "true"])
def test_json_that_is_no_object_is_told_as_such(text: str) -> None:
    found = read_object(text)
    assert isinstance(found, NoObject)
    assert "JSON but no object" in found.problem


@pytest.mark.parametrize("text", ['{"a": "x"', '{"a": {"b": ["x", true'])
def test_missing_brackets_are_made_up_for_unless_the_reply_was_cut_off(text: str) -> None:
    assert isinstance(read_object(text), dict)
    assert isinstance(read_object(text, cut_off=True), NoObject)


OBJECTS = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@given(OBJECTS, st.sampled_from([None, 1]), st.booleans())
def test_json_is_read_as_the_json_module_reads_it(
    value: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read_object(text) == json.loads(text)
    # The loose reader, which a comma too many makes necessary, reads the same.
    assert read_object(text[:-1].rstrip() + (",}" if value else "}")) == json.loads(text)


@given(OBJECTS)
def test_python_s_notation_is_read_as_python_reads_it(value: dict[str, Any]) -> None:
    text = repr(value)
    found = read_object(text)
    # Python has escapes that JSON does not have (\x00), and these are not guessed at.
    assert found == value or (isinstance(found, NoObject) and "\\" in text)


@given(OBJECTS, st.data())
def test_a_text_that_was_cut_off_is_never_read_as_something_that_was_not_written(
    value: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(1, len(text)))]
    found = read_object(cut)
    if isinstance(found, dict):
        assert _begins(found, json.loads(text))


def _begins(part: Any, whole: Any) -> bool:
    """Whether *part* is *whole* without some of its last items."""
    if isinstance(part, dict) and isinstance(whole, dict):
        pairs = zip(part.items(), whole.items(), strict=False)
        return len(part) <= len(whole) and all(
            ours[0] == theirs[0] and _begins(ours[1], theirs[1]) for ours, theirs in pairs
        )
    if isinstance(part, list) and isinstance(whole, list):
        pairs_of_items = zip(part, whole, strict=False)
        return len(part) <= len(whole) and all(_begins(a, b) for a, b in pairs_of_items)
    return bool(part == whole)


@given(
    st.text(
        alphabet=st.sampled_from(
            "{}[]\"'`:,\\/*# \n\tabtrue01.-eNu\u201c\u201d\u2018\u2019\ud800\U0001f600"
        )
    )
)
@example("{" * 2000)
@example('{"a":' * 500)
def test_any_text_is_an_object_that_a_trace_can_hold_or_a_problem(text: str) -> None:
    found = read_object(text)
    if isinstance(found, dict):
        orjson.dumps(found)
    else:
        assert found.problem
