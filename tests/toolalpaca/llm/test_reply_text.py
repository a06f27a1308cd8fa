from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolalpaca.llm.reply_text import StopText, TokenText


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from toolalpaca_training.bases import train_tokenizer

    return train_tokenizer(["The forecast for Zürich is rain. 天気 🌧"] * 3, 400)


@given(
    text=st.text("abc", max_size=30),
    stop=st.lists(st.text("abc", max_size=4), max_size=3),
    data=st.data(),
)
@settings(deadline=None)
def test_a_stop_text_is_found_however_the_text_is_cut(
    text: str, stop: list[str], data: st.DataObject
) -> None:
    found = [
        (place + len(word), place) for word in stop if word and (place := text.find(word)) >= 0
    ]
    expected = text[: min(found)[1]] if found else text
    watch, pushed, shown = StopText(stop), "", ""
    for piece in _cut(text, data):
        pushed += piece
        shown += watch.push(piece)
        assert expected.startswith(shown)
        held = pushed[len(shown) :]
        begun = any(word.startswith(held) and word != held for word in stop)
        assert watch.stopped or not held or begun
    shown += watch.flush()
    assert shown == expected
    assert watch.stopped == bool(found)


def test_nothing_is_shown_after_a_stop() -> None:
    watch = StopText(["END"])
    assert [watch.push(piece) for piece in ("a E", "N", "D b", "c")] == ["a ", "", "", ""]
    assert watch.flush() == ""


@given(text=st.text(alphabet=st.sampled_from("ab ü天🌧👩‍👩‍👧\n"), max_size=40))
@settings(deadline=None)
def test_pieces_are_whole_characters_and_join_to_the_text(tokenizer: Any, text: str) -> None:
    decoded = TokenText(tokenizer)
    tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    pieces = [decoded.push(token) for token in tokens]
    assert all("\ufffd" not in piece for piece in pieces)
    assert "".join(pieces) + decoded.flush() == text


@given(st.lists(st.integers(0, 399), max_size=30))
# Special tokens, which read as nothing, and broken characters, before the parts of one and between.
@example([0, 0, 159, 97, 97])
@example([159, 0, 0, 97, 97])
@example([97, 97, 97, 129, 97])
@settings(deadline=None)
def test_any_tokens_read_as_the_tokenizer_reads_them(tokenizer: Any, tokens: list[int]) -> None:
    decoded = TokenText(tokenizer)
    known = [token for token in tokens if token < len(tokenizer)]
    pieces = [decoded.push(token) for token in known]
    whole = "".join(pieces) + decoded.flush()
    # Bytes that are no text may be counted as more or fewer broken characters.
    expected = tokenizer.decode(known, skip_special_tokens=True)
    assert whole.replace("\ufffd", "") == expected.replace("\ufffd", "")


def _cut(text: str, data: st.DataObject) -> Iterator[str]:
    places = data.draw(st.sets(st.integers(0, len(text)), max_size=8))
    ends = [0, *sorted(places), len(text)]
    for start, end in pairwise(ends):
        yield text[start:end]
