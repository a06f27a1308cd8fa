"""The numbers of a corpus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.openapi.model import Document
from toolalpaca.task import Task
from toolalpaca.trace import AssistantEvent, Call, Trace, UserEvent
from toolalpaca_corpus.filters import Dropped, Reason
from toolalpaca_corpus.statistics import Statistics, count, distinct
from toolalpaca_corpus.statistics_table import table
from toolalpaca_corpus.toolsets import make_toolset


def test_counts_what_was_kept_and_why_the_rest_was_not(pets: Document) -> None:
    tasks = [
        Task(id="a", toolset="pets", instruction="Show me the pets", source="any: $Task."),
        Task(id="b", toolset="pets", instruction="Show me the dogs", kind="ask"),
        Task(id="c", toolset="pets", instruction="Show me the cats"),
    ]
    calls = (Call(id="1", tool="listPets"), Call(id="2", tool="getDetails"))
    trace = Trace(
        task="a",
        toolset="pets",
        model="m",
        prompt_format="native",
        events=[
            UserEvent(index=0, at=0, text="Show me the pets"),
            AssistantEvent(index=1, at=0, calls=calls, raw="one two"),
        ],
    )
    dropped = Dropped(
        id="x",
        task="b",
        reasons=[Reason(filter="finished", detail=""), Reason(filter="golden_calls", detail="")],
    )

    numbers = count([make_toolset(pets)], tasks, [trace], [dropped])

    assert (numbers.toolsets, numbers.functions, numbers.functions_called) == (1, 4, 1)
    assert numbers.tasks == {"single": 2, "ask": 1}
    assert numbers.kept == {"single": 1}
    assert numbers.kept_by_toolset == {"pets": 1}
    assert (numbers.dropped, numbers.not_run) == (1, 1)
    assert numbers.drop_reasons == {"finished": 1, "golden_calls": 1}
    assert (numbers.steps.highest, numbers.calls.highest, numbers.words.highest) == (1, 1, 6)
    assert numbers.variety.distinct_words == pytest.approx(6 / 12)
    assert numbers.kept_variety.templates == 1


@pytest.mark.parametrize(
    ("reasons", "shown"),
    [
        ({"finished": 1, "too long": 1}, "2"),
        ({"finished": 2, "too long": 1}, "2, some for several"),
    ],
)
def test_the_table_says_why_the_reasons_may_be_more_than_the_traces(
    reasons: dict[str, int], shown: str
) -> None:
    view = table(Statistics(toolsets=1, functions=1, dropped=2, drop_reasons=reasons), "corpus")
    rows = dict(zip(*(column.cells for column in view.columns), strict=True))
    assert str(rows["dropped"]).startswith(shown)
    assert rows["toolsets"] == "1, with 1 function"


def test_an_empty_corpus_has_numbers() -> None:
    assert count([], [], [], []) == Statistics()


@given(st.lists(st.text("ab ", max_size=10)), st.integers(1, 3))
def test_variety_is_a_share(texts: list[str], length: int) -> None:
    assert 0 <= distinct(texts, length) <= 1


def test_variety_falls_with_repetition() -> None:
    assert distinct(["a b c"], 2) == 1.0
    assert distinct(["a b c", "a b c"], 2) == 0.5
