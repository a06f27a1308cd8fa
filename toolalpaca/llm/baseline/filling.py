"""Filling: which value goes into which slot of a tool, and which required ones stay open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from toolalpaca.llm.baseline.candidate import Candidate
from toolalpaca.llm.baseline.candidates import LABELLED, candidates
from toolalpaca.llm.baseline.catalog import Tool
from toolalpaca.llm.baseline.mentions import Mention
from toolalpaca.llm.baseline.passages import Passage
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.vocabulary import (
    NAME_WORDS,
    QUERY_WORDS,
    STOP_WORDS,
    VERB_CLASS,
    concept,
)

_REQUIRED: Final = 1.2  # what must speak for a value that is needed
_OPTIONAL: Final = 2.2  # and for one that could be left out
_LOOSE: Final = 1.5  # for a name that a search has no other use for

_OTHER_REQUEST: Final = 1.0  # the discount of passages that ask for something else

Span = tuple[int, int, int]
Path = tuple[str, ...]


@dataclass
class Filling:
    """What is known of a tool's arguments.

    Attributes:
        slots: The tool's slots, in the variant that fits best.
        values: By path.
        spans: Where the values stand: passage, start, end.
        score: How much speaks for the values together.
    """

    slots: tuple[Slot, ...]
    values: dict[Path, Any] = field(default_factory=dict)
    spans: dict[Path, Span] = field(default_factory=dict)
    score: float = 0.0

    @property
    def missing(self) -> list[Slot]:
        """Slots that are required and open; within an optional object only when it is begun."""
        return [s for s in self.slots if s.path not in self.values and self._owed(s)]

    def _owed(self, slot: Slot) -> bool:
        if slot.demanded or not slot.required:
            return slot.demanded
        parent = slot.path[:-1]
        return any(path[: len(parent)] == parent for path in self.values)

    def arguments(self) -> dict[str, Any]:
        """The values as the tool takes them."""
        root: dict[str, Any] = {}
        for slot in self.slots:
            if slot.path not in self.values:
                continue
            place = root
            for key in slot.path[:-1]:
                place = place.setdefault(key, {})
            place[slot.name] = self.values[slot.path]
        return root


def fill(
    tool: Tool,
    passages: Sequence[Passage],
    taken: Sequence[Span] = (),
    *,
    is_asked: bool = True,
) -> Filling:
    """Fill a tool's slots from passages; the first is the request itself.

    Args:
        tool: The tool.
        passages: What the user said, by falling importance.
        taken: Places whose words already mean something else.
        is_asked: Whether the request is for this tool, so that words which fit nowhere else are
            what it is about; not so for a tool that only supplies an id.
    """
    tried = [_fill_variant(tool, variant, passages, taken, is_asked) for variant in tool.variants]
    return min(tried, key=lambda filling: (len(filling.missing), -filling.score))


def _fill_variant(
    tool: Tool,
    slots: tuple[Slot, ...],
    passages: Sequence[Passage],
    taken: Sequence[Span],
    is_asked: bool,
) -> Filling:
    filling = Filling(slots)
    offers = [
        (slot, candidate)
        for slot in slots
        for number, passage in enumerate(passages)
        if slot.demanded or passage.discount < _OTHER_REQUEST
        for candidate in candidates(slot, passage, number, tool.nouns)
    ]
    offers.sort(key=lambda offer: (-offer[1].score, offer[1].passage, offer[1].start))
    used = list(taken)
    for slot, candidate in offers:
        if candidate.score >= (_REQUIRED if slot.demanded else _OPTIONAL):
            _take(filling, slot, candidate, used)
    if is_asked:
        _take_leftovers(filling, tool, offers, used)
        _take_only_ones(filling, offers, used)
        _take_topic(filling, tool, passages[0], used)
    _take_objects(filling, tool, passages)
    _take_constants(filling)
    return filling


def _take(filling: Filling, slot: Slot, candidate: Candidate, used: list[Span]) -> bool:
    span = (candidate.passage, candidate.start, candidate.end)
    if slot.path in filling.values or any(_overlap(span, other) for other in used):
        return False
    filling.values[slot.path] = candidate.value
    filling.spans[slot.path] = span
    filling.score += min(candidate.score, LABELLED)
    used.append(span)
    return True


def _overlap(first: Span, second: Span) -> bool:
    return first[0] == second[0] and first[1] < second[2] and second[1] < first[2]


def _take_leftovers(
    filling: Filling, tool: Tool, offers: list[tuple[Slot, Candidate]], used: list[Span]
) -> None:
    """A name that a search has no other use for is what it searches by."""
    if not tool.reads:
        return
    for slot, candidate in offers:
        named = candidate.mention is not None and candidate.mention.kind in ("quoted", "name")
        searchable = slot.kind == "string" and slot.noun is None and not slot.selective
        if named and searchable and candidate.score >= _LOOSE - 0.2:
            _take(filling, slot, candidate, used)


def _take_only_ones(
    filling: Filling, offers: list[tuple[Slot, Candidate]], used: list[Span]
) -> None:
    """A required slot takes the best that is left, if its form fits at all."""
    for slot, candidate in offers:
        if slot not in filling.missing or candidate.score <= 0:
            continue
        kind = candidate.mention.kind if candidate.mention else "word"
        if slot.noun is not None and slot.kind == "string" and kind in ("name", "phrase", "quoted"):
            continue  # a name is no id: it is looked up
        least = 0.7 if set(slot.words) & QUERY_WORDS else 0.6
        if (
            slot.kind == "string"
            and kind in ("phrase", "word", "number")
            and candidate.score < least
        ):
            continue
        _take(filling, slot, candidate, used)


def _take_topic(filling: Filling, tool: Tool, passage: Passage, used: list[Span]) -> None:
    """What a search is about: the request's words that are neither grammar nor the tool's own."""
    open_slots = [
        slot
        for slot in filling.slots
        if slot.path not in filling.values
        and slot.kind == "string"
        and set(slot.words) & (QUERY_WORDS | (NAME_WORDS if slot.demanded else frozenset()))
        and (slot.demanded or not filling.values)
    ]
    if not open_slots or not tool.reads:
        return
    own = {concept(noun) for noun in tool.nouns}
    best: tuple[int, int] | None = None
    start = end = -1
    for token in passage.tokens:
        says = (
            token.stem not in STOP_WORDS
            and token.stem not in VERB_CLASS
            and concept(token.stem) not in own
            and not any(_overlap((0, token.start, token.end), span) for span in used)
        )
        if not says:
            start = -1
            continue
        joined = start >= 0 and passage.text[end : token.start].strip(" -'") == ""
        start, end = (start if joined else token.start), token.end
        if best is None or end - start > best[1] - best[0]:
            best = (start, end)
    if best is None:
        return
    topic = passage.text[best[0] : best[1]]
    slot = next((slot for slot in open_slots if slot.accepts(topic)), None)
    if slot is not None:
        _take(filling, slot, Candidate(topic, 1.0, 0, *best), used)


def _take_objects(filling: Filling, tool: Tool, passages: Sequence[Passage]) -> None:
    """A list of objects gets one object, when the text names all that the object requires."""
    for slot in filling.slots:
        if not slot.fields or slot.path in filling.values:
            continue
        inner = Filling(slot.fields)
        used: list[Span] = list(filling.spans.values())
        offers = [
            (part, candidate)
            for part in slot.fields
            for number, passage in enumerate(passages)
            for candidate in candidates(part, passage, number, tool.nouns)
        ]
        offers.sort(key=lambda offer: (-offer[1].score, offer[1].passage, offer[1].start))
        for part, candidate in offers:
            if candidate.score >= _OPTIONAL:
                _take(inner, part, candidate, used)
        value = [inner.arguments().get(slot.name)]
        if inner.values and not inner.missing and slot.accepts(value):
            filling.values[slot.path] = value
            filling.score += inner.score


def _take_constants(filling: Filling) -> None:
    """A required constant leaves no choice, so writing it invents nothing."""
    for slot in filling.missing:
        if len(slot.choices) == 1 and slot.kind == "enum":
            filling.values[slot.path] = slot.choices[0]


def unused_mentions(
    passage: Passage, number: int, used: Sequence[Span], kinds: Sequence[str]
) -> list[Mention]:
    """The mentions of some kinds whose words are not used yet, in order."""
    return [
        mention
        for mention in passage.mentions
        if mention.kind in kinds
        and not any(_overlap((number, mention.start, mention.end), span) for span in used)
    ]
