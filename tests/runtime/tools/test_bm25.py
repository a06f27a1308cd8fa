from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.calling.tools import make_tools
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.loading import load_document
from toolalpaca_runtime.tools.bm25 import Bm25Index

ROOT = Path(__file__).parents[3]
VOCABULARY = ["pet", "list", "add", "delete", "order", "user", "find", "by", "id"]
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=6)
SPECS = st.lists(WORDS.map(" ".join), max_size=20).map(
    lambda texts: [
        ToolSpec(name=f"tool{n}", description=text, parameters={"type": "object"})
        for n, text in enumerate(texts)
    ]
)


@given(SPECS, WORDS.map(" ".join), st.integers(0, 30))
def test_what_is_found_shares_a_word_and_is_found_again(
    specs: list[ToolSpec], text: str, most: int
) -> None:
    found = asyncio.run(Bm25Index(specs).find(text, most))
    assert len(found) <= most
    assert len({spec.name for spec in found}) == len(found)
    assert asyncio.run(Bm25Index(specs).find(text, most)) == found
    stop = {"by"}
    for spec in found:
        assert set(spec.description.split()) & set(text.split()) - stop


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Place holds on these books", "placeHold"),
        ("I am cancelling my hold", "cancelHold"),
        ("Search books by an author", "searchBooks"),
    ],
)
def test_the_tool_that_is_meant_is_among_the_first(text: str, name: str) -> None:
    tools = make_tools(load_document(str(ROOT / "examples" / "library.yaml")))
    found = asyncio.run(Bm25Index([tool.spec for tool in tools]).find(text, 5))
    assert name in [spec.name for spec in found]


def ranked(text: str, *specs: tuple[str, str, tuple[str, ...]]) -> list[str]:
    """The names of the tools that *text* finds; each is a name, a description and parameters."""
    made = [
        ToolSpec(
            name=name,
            description=description,
            parameters={"type": "object", "properties": {key: {} for key in parameters}},
        )
        for name, description, parameters in specs
    ]
    return [spec.name for spec in asyncio.run(Bm25Index(made).find(text, len(specs)))]


def test_a_rare_word_says_more_than_a_common_one() -> None:
    specs = [(f"t{n}", "order book", ()) for n in range(5)]
    assert ranked("order refund", *specs, ("t9", "refund book", ()))[0] == "t9"


def test_a_word_of_a_short_text_says_more_than_one_of_a_long_text() -> None:
    words = "invoice " + " ".join(f"word{n}x" for n in range(30))
    assert ranked("invoice", ("long", words, ()), ("short", "invoice", ())) == ["short", "long"]


def test_a_word_of_the_name_says_more_than_one_of_the_description() -> None:
    told, named = ("alpha", "send invoice", ()), ("invoice", "send alpha", ())
    assert ranked("invoice", told, named) == ["invoice", "alpha"]


def test_parameters_are_words_of_a_tool() -> None:
    assert ranked("iban", ("pay", "Send money", ("toIban",)), ("look", "See it", ())) == ["pay"]
