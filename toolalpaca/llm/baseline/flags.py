"""Candidates for booleans: flags that a passage names, or whose descriptions it repeats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from toolalpaca.llm.baseline.candidate import Candidate
from toolalpaca.llm.baseline.passages import Passage
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import name_words, stem_set, stems
from toolalpaca.llm.baseline.vocabulary import NEGATIONS, STOP_WORDS, concept

_FLAGS: Final = stem_set("is has only include included show with enable enabled use allow")


def flags(slot: Slot, passage: Passage, number: int) -> Iterator[Candidate]:
    """The candidates for a boolean in a passage, whose own number is *number*."""
    yield from _described_flag(slot, passage, number)
    wanted = [concept(word) for word in slot.words if word not in STOP_WORDS | _FLAGS]
    places = {concept(token.stem): index for index, token in enumerate(passage.tokens)}
    joined = "".join(name_words(slot.name))
    for index, token in enumerate(passage.tokens):
        if token.text.lower() == joined:
            places.update(dict.fromkeys(wanted, index))
    if not wanted or any(word not in places for word in wanted):
        return
    spots = sorted(places[word] for word in wanted)
    if spots[-1] - spots[0] > 2 * len(spots):
        return
    first, last = passage.tokens[spots[0]], passage.tokens[spots[-1]]
    before = [token.text.lower() for token in passage.before(first.start)[:3]]
    value = not (
        set(before) & NEGATIONS or passage.text[max(0, first.start - 4) : first.start] == "non-"
    )
    if slot.accepts(value):
        yield Candidate(value, 2.5 - passage.discount, number, first.start, last.end)


def _described_flag(slot: Slot, passage: Passage, number: int) -> Iterator[Candidate]:
    """A flag whose description ("only branches without steps") the passage repeats."""
    told = [w for w in stems(slot.description) if w not in STOP_WORDS | _FLAGS | {"tru", "whether"}]
    spots = [token for token in passage.tokens if token.stem in told]
    shared = {token.stem for token in spots}
    if len(shared) >= 3 and 2 * len(shared) >= len(set(told)) and slot.accepts(True):
        start, end = spots[-1].start, spots[-1].end
        yield Candidate(True, 2.4 - passage.discount, number, start, end)
