"""ToolAlpaca's golden arguments: JSON, placeholders and the slips that are read all the same."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolalpaca_corpus.formats.golden import UnreadableError, read_golden

# Text with braces may be a placeholder that lost its sign; that is another test.
plain = st.text(st.characters(exclude_characters="{}$", codec="utf-8"))
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain, inner, max_size=4),
    max_leaves=12,
)


@given(documents, st.sampled_from([None, 2]))
def test_reads_json_as_json(value: Any, indent: int | None) -> None:
    reading = read_golden(json.dumps(value, indent=indent))

    assert reading.value == value
    assert reading.slips == ()


@given(st.dictionaries(plain, st.sampled_from(["${id from search}", "${a date}"]), min_size=1))
def test_reads_placeholders_wherever_a_value_may_stand(members: dict[str, str]) -> None:
    text = ",".join(f"{json.dumps(name)}: {value}" for name, value in members.items())

    reading = read_golden("{" + text + "}")

    expected = {
        "${id from search}": {"$from": "search", "path": "", "name": "id"},
        "${a date}": {"$any": "a date"},
    }
    assert reading.value == {name: expected[value] for name, value in members.items()}
    assert reading.slips == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"a": ${holidayId name from searchHolidays}}',
            {"a": ("searchHolidays", "holidayId name")},
        ),
        ('{"a": "${ip from getDetails}"}', {"a": ("getDetails", "ip")}),
        ('{"a": [${x from f}, ${y from g}]}', {"a": [("f", "x"), ("g", "y")]}),
    ],
)
def test_names_what_a_reference_is(text: str, value: Any) -> None:
    def shown(item: Any) -> Any:
        if isinstance(item, list):
            return [shown(inner) for inner in item]
        return (item["$from"], item["name"])

    assert {name: shown(item) for name, item in read_golden(text).value.items()} == value


@pytest.mark.parametrize(
    ("text", "value", "slip"),
    [
        ('{"a": ${x from f, "b": 1}', {"$from": "f", "path": "", "name": "x"}, "closed"),
        ('{"a": ${a date}", "b": 1}', {"$any": "a date"}, "quotation mark"),
        ('{"a": "{a date}", "b": 1}', {"$any": "a date"}, "without its $"),
        ('{"a": ${a date}, "b": 1,}', {"$any": "a date"}, "comma"),
    ],
)
def test_reads_slips_that_leave_no_doubt_and_says_so(text: str, value: Any, slip: str) -> None:
    reading = read_golden(text)

    assert reading.value == {"a": value, "b": 1}
    assert len(reading.slips) == 1
    assert slip in reading.slips[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a value at character 0, found the end"),
        ('{"a": 1', "expected ',' or '}' at character 7, found the end"),
        ('{"a" 1}', "expected ':' at character 5"),
        ('{"a": [1, 2 3]}', "expected ',' or ']' at character 12"),
        ('{"a": ${}}', "expected a placeholder's words"),
        ('{"a": "x', "Unterminated string"),
        ('{"a": 1} and more', "expected the end of the text at character 9, found 'and more'"),
        ('{"a": 1, "a": 2}', "the name 'a' stands twice"),
        ("{a: 1}", "expected a name in quotes"),
        ('{"a": NaN}', "expected a value"),
        ("[" * 100, "nested deeper than 50 levels"),
    ],
)
def test_refuses_what_it_cannot_read_with_the_place(text: str, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_golden(text)

    assert message in str(caught.value)


@st.composite
def nearly_json(draw: st.DrawFn) -> str:
    """JSON with up to two characters deleted, replaced or inserted."""
    text = json.dumps(draw(documents))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        removed = draw(st.integers(0, 1))
        text = text[:place] + draw(st.sampled_from(["", *'{}[]",: 1ae'])) + text[place + removed :]
    return text


def as_json(text: str) -> Any:
    """What JSON says that *text* is; a ValueError when it is none."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=members)


@given(nearly_json())
def test_what_is_json_is_read_as_such_and_what_is_not_is_never_taken_for_it(text: str) -> None:
    assume('"{' not in text)  # which may be a placeholder that lost its sign
    try:
        expected = as_json(text)
    except ValueError:
        with contextlib.suppress(UnreadableError):
            assert read_golden(text).slips
    else:
        reading = read_golden(text)
        assert (reading.value, reading.slips) == (expected, ())
