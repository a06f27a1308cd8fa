"""What agrees with a golden call, and the laws of the score."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.sameness import occurs_in, same_value
from toolalpaca.scoring import Match, match_calls, match_trace
from toolalpaca.task import GoldenCall
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    HttpRequest,
    HttpResponse,
    ObservationEvent,
    Trace,
)

names = st.text("abcdef", min_size=1, max_size=4)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3).map(float)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
arguments = st.dictionaries(names, values, max_size=4)
goldens = st.lists(
    st.builds(GoldenCall, function=st.sampled_from(["find", "get", "book"]), arguments=arguments),
    min_size=1,
    max_size=5,
)


def made(*calls: tuple[str, dict[str, Any]]) -> list[Call]:
    return [
        Call(id=f"c{index}", tool=tool, arguments=given)
        for index, (tool, given) in enumerate(calls)
    ]


def compare(
    golden: list[GoldenCall], calls: list[Call], results: dict[str, Any] | None = None
) -> Match:
    return match_calls(golden, calls, results or {})


@given(values)
def test_a_value_means_the_same_as_itself(value: Any) -> None:
    assert same_value(value, value)


@given(values, values)
def test_meaning_the_same_is_symmetric(one: Any, other: Any) -> None:
    assert same_value(one, other) == same_value(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Your Lie in April.", "your lie  in april"),
        ("“Naruto”", "Naruto"),
        (3, 3.0),
        (3, "3"),
        ("3.0", 3),
        (True, "true"),
        ("", None),
        ({"a": 1, "b": ""}, {"a": "1"}),
        ("ﬁrst", "first"),
    ],
)
def test_means_the_same(one: Any, other: Any) -> None:
    assert same_value(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("007", "7"),
        (1, True),
        (0, ""),
        (False, None),
        ("wild", "albino"),
        ([1, 2], [2, 1]),
        ([1], [1, 2]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ("!", "?"),
        (9007199254740993, 9007199254740992),
    ],
)
def test_means_something_else(one: Any, other: Any) -> None:
    assert not same_value(one, other)


@given(goldens)
def test_a_perfect_run_scores_one(golden: list[GoldenCall]) -> None:
    match = compare(golden, made(*((g.function, g.arguments) for g in golden)))

    assert match.score == 1.0
    assert match.complete
    assert match.extra == ()


@given(goldens, st.randoms(use_true_random=False))
def test_the_order_of_arguments_and_of_independent_calls_is_irrelevant(
    golden: list[GoldenCall], random: Any
) -> None:
    shuffled = []
    for call in random.sample(golden, len(golden)):
        items = list(call.arguments.items())
        random.shuffle(items)
        shuffled.append((call.function, dict(items)))

    assert compare(golden, made(*shuffled)).score == 1.0


@given(goldens, st.data())
def test_dropping_a_required_call_scores_less(golden: list[GoldenCall], data: Any) -> None:
    dropped = data.draw(st.integers(0, len(golden) - 1))
    rest = [g for index, g in enumerate(golden) if index != dropped]

    match = compare(golden, made(*((g.function, g.arguments) for g in rest)))

    assert match.score == pytest.approx(1 - 1 / len(golden))
    assert not match.complete


@given(goldens, goldens)
def test_scores_are_shares_and_calls_count_once(
    golden: list[GoldenCall], other: list[GoldenCall]
) -> None:
    match = compare(golden, made(*((g.function, g.arguments) for g in other)))

    assert 0 <= match.score <= 1
    used = [m.call for m in match.calls if m.call is not None]
    assert len(used) == len(set(used))
    assert sorted(used + list(match.extra)) == list(range(len(other)))


def test_a_wrong_argument_is_a_call_that_was_not_made() -> None:
    match = compare(
        [GoldenCall(function="search", arguments={"color": "wild", "size": "medium"})],
        made(("search", {"color": "wild", "size": "small"})),
    )

    assert match.score == 0.0
    (call,) = match.calls
    assert (call.call, call.share) == (0, 0.5)


def test_an_argument_too_many_is_wrong_unless_it_is_the_default() -> None:
    golden = [GoldenCall(function="search", arguments={"color": "wild"})]
    schema = {"type": "object", "properties": {"page": {"type": "integer", "default": 1}}}
    tools = [ToolSpec(name="search", description="", parameters=schema)]

    def score(given: dict[str, Any]) -> float:
        return match_calls(golden, made(("search", given)), {}, tools=tools).score

    assert score({"color": "wild", "page": 1}) == 1.0
    assert score({"color": "wild", "page": 2}) == 0.0
    assert score({"color": "wild", "gender": "male"}) == 0.0
    assert score({"color": "wild", "gender": ""}) == 1.0


def test_leaving_out_an_argument_is_giving_its_default() -> None:
    golden = [GoldenCall(function="search", arguments={"color": "wild", "page": 1})]
    schema = {"type": "object", "properties": {"page": {"type": "integer", "default": 1}}}
    tools = [ToolSpec(name="search", description="", parameters=schema)]

    assert match_calls(golden, made(("search", {"color": "wild"})), {}, tools=tools).complete


def test_an_optional_call_may_be_left_out_or_made() -> None:
    golden = [
        GoldenCall(function="get", arguments={"id": 1}),
        GoldenCall(function="update", arguments={"id": 1}, optional=True),
    ]

    assert compare(golden, made(("get", {"id": 1}))).complete
    assert compare(golden, made(("get", {"id": 1}), ("update", {"id": 1}))).extra == ()
    assert not compare(golden, made(("update", {"id": 1}))).complete


def test_an_optional_call_does_not_take_the_call_that_a_required_one_needs() -> None:
    golden = [
        GoldenCall(function="get", arguments={}, optional=True),
        GoldenCall(function="get", arguments={}),
    ]

    assert compare(golden, made(("get", {}))).complete


def test_pairs_as_many_calls_as_possible() -> None:
    # The first golden call could take either; only the first call is left for the second.
    golden = [
        GoldenCall(function="get", arguments={"id": {"$any": "an id"}}),
        GoldenCall(function="get", arguments={"id": 1}),
    ]

    assert compare(golden, made(("get", {"id": 1}), ("get", {"id": 2}))).complete


@pytest.mark.parametrize(
    ("reference", "value", "agrees"),
    [
        ({"$from": "search", "path": ""}, 7, True),
        ({"$from": "search", "path": ""}, "7", True),
        ({"$from": "search", "path": ""}, 8, False),
        ({"$from": "search", "path": "/items/0/id"}, 7, True),
        ({"$from": "search", "path": "/items/1/id"}, 7, False),
        ({"$from": "search", "path": "/items/*/id"}, 9, True),
        ({"$from": "search", "path": "/items/*/id"}, 2, False),
        ({"$from": "search", "path": "/total"}, 2, True),
        ({"$from": "other", "path": ""}, 7, False),
        ({"$from": "search", "path": ""}, "", False),
        ({"$any": "a date"}, "2026-01-01", True),
        ({"$any": "a date"}, "", False),
    ],
)
def test_a_reference_is_met_by_a_value_of_the_earlier_result(
    reference: dict[str, Any], value: Any, agrees: bool
) -> None:
    golden = [GoldenCall(function="get", arguments={"id": reference})]
    calls = made(("search", {"q": "x"}), ("get", {"id": value}))
    results = {"c0": {"total": 2, "items": [{"id": 7}, {"id": 9}]}}

    assert compare(golden, calls, results).complete is agrees


def test_a_reference_is_not_met_by_a_later_result() -> None:
    golden = [GoldenCall(function="get", arguments={"id": {"$from": "search"}})]

    assert not compare(golden, made(("get", {"id": 7}), ("search", {})), {"c1": [7]}).complete


def test_a_reference_inside_a_list_and_an_object_is_met() -> None:
    golden = [GoldenCall(function="book", arguments={"seats": [{"id": {"$from": "search"}}]})]
    calls = made(("search", {}), ("book", {"seats": [{"id": "b"}]}))

    assert compare(golden, calls, {"c0": ["a", "b"]}).complete
    assert not compare(golden, calls, {"c0": ["a", "c"]}).complete


@pytest.mark.parametrize("given", [{}, {"id": 1}, {"other": [True]}])
def test_a_golden_call_may_take_any_arguments(given: dict[str, Any]) -> None:
    golden = (GoldenCall(function="get", arguments={"$any": "arguments"}),)
    assert match_calls(golden, [Call(id="1", tool="get", arguments=given)], {}).complete
    assert not match_calls(golden, [Call(id="1", tool="put", arguments=given)], {}).complete


def test_what_the_user_told_is_any_value_and_any_question_is_a_question() -> None:
    golden = [
        GoldenCall(function="getDetails", arguments={"question": "Which address?"}),
        GoldenCall(function="report", arguments={"ip": {"$from": "getDetails"}}),
    ]
    asked = ("getDetails", {"question": "What is the IP address?"})

    assert compare(golden, made(asked, ("report", {"ip": "10.0.0.1"}))).complete
    assert compare(golden, made(("report", {"ip": "10.0.0.1"}))).score == 0.5
    assert compare(golden, made(("getDetails", {}), ("report", {"ip": "1"}))).score == 0.5


def test_abstaining_is_calling_nothing() -> None:
    assert compare([], []).score == 1.0
    assert compare([], made(("getDetails", {"question": "What do you mean?"}))).score == 1.0
    assert compare([], made(("search", {}))).score == 0.0


def test_a_failed_call_gives_nothing_to_refer_to() -> None:
    golden = [GoldenCall(function="get", arguments={"id": {"$from": "search"}})]

    def trace(status: int) -> Trace:
        request = HttpRequest(method="GET", url="http://127.0.0.1/search")
        response = HttpResponse(status=status, body='{"id": 7}')
        calls = made(("search", {}), ("get", {"id": 7}))
        return Trace(
            toolset="t",
            model="m",
            prompt_format="native",
            events=[
                AssistantEvent(index=0, at=0, calls=(calls[0],)),
                ObservationEvent(
                    index=1,
                    at=0,
                    source="simulator",
                    call="c0",
                    text="",
                    request=request,
                    response=response,
                ),
                AssistantEvent(index=2, at=0, calls=(calls[1],)),
            ],
        )

    assert match_trace(golden, trace(200)).complete
    assert not match_trace(golden, trace(404)).complete


def test_a_pointer_names_keys_with_slashes_and_tildes() -> None:
    assert occurs_in(1, {"a/b": {"c~d": 1}}, "/a~1b/c~0d")
    assert not occurs_in(1, {"a/b": {"c~d": 1}}, "/a/b/c~d")
