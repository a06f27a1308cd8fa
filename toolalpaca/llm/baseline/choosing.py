"""Choosing: which of the records found so far the user means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolalpaca.llm.baseline.coercion import NOTHING
from toolalpaca.llm.baseline.passages import Passage
from toolalpaca.llm.baseline.results import Record
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import name_stems, name_words, stem, stems
from toolalpaca.llm.baseline.vocabulary import (
    CODE_WORDS,
    ID_WORDS,
    ORDINALS,
    STOP_WORDS,
    SUPERLATIVES,
    concept,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A record that was chosen.

    Attributes:
        sure: Whether something speaks for this one, beyond that it comes first.
        reason: Why it is this one, for the thought.
    """

    record: Record
    sure: bool
    reason: str


def choose(records: Sequence[Record], thing: str, passage: Passage) -> Choice | None:
    """The record that the words mean.

    Args:
        records: Candidates in the order in which they came.
        thing: What the user calls it, ``""`` when they give no name.
        passage: The request, with its ordinals and superlatives.

    Returns:
        None when there are no records, or none bears the name.
    """
    if thing:
        records = _bearing(records, thing)
    if not records:
        return None
    words = [token.text.lower() for token in passage.tokens]
    for index, word in enumerate(words):
        name = f"{words[index - 1]} {word}" if index else word
        if word in SUPERLATIVES or (name == "most expensive"):
            largest, fields = SUPERLATIVES["priciest" if name == "most expensive" else word]
            best = _extreme(records, fields, largest)
            if best is not None:
                return Choice(best, True, f"it is the {name if name == 'most expensive' else word}")
    for word in words:
        position = ORDINALS.get(word)
        if position is not None and position < len(records):
            return Choice(records[position], True, f"it is the {word} one")
    if thing:
        return Choice(records[0], True, f'it matches "{thing}"')
    return _by_words(records, passage)


def _bearing(records: Sequence[Record], thing: str) -> list[Record]:
    """The records in which the name stands, whole if possible, else all of its words."""
    lower = thing.lower()
    whole = [record for record in records if any(text == lower for text in record.texts)]
    if whole:
        return whole
    part = [record for record in records if any(lower in text for text in record.texts)]
    if part:
        return part
    words = {word for word in stems(thing) if word not in STOP_WORDS}
    return [record for record in records if words and words <= record.words]


def _extreme(records: Sequence[Record], fields: frozenset[str], largest: bool) -> Record | None:
    for key in records[0].value:
        if not fields & set(name_stems(key)):
            continue
        values: list[tuple[Any, Record]] = [(r.value.get(key), r) for r in records]
        comparable = [pair for pair in values if _is_comparable(pair[0])]
        kinds = {isinstance(value, str) for value, _ in comparable}
        if len(comparable) >= 1 and len(kinds) == 1:
            ordered = sorted(comparable, key=lambda pair: pair[0], reverse=largest)
            return ordered[0][1]
    return None


def _is_comparable(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _by_words(records: Sequence[Record], passage: Passage) -> Choice:
    said = {stem(t.text) for t in passage.tokens} - STOP_WORDS
    common = (
        frozenset.intersection(*(record.words for record in records)) if records else frozenset()
    )
    shares = [len((record.words - common) & said) for record in records]
    best = max(shares)
    if best:
        return Choice(records[shares.index(best)], True, "its fields match the instruction's words")
    alone = len(records) == 1
    return Choice(records[0], alone, "it is the only one" if alone else "it comes first")


def identifier(record: Record, slot: Slot, nouns: tuple[str, ...]) -> Any:
    """The value in a record that identifies what the slot asks for; NOTHING when there is none.

    The property of the slot's own name wins; ``id`` counts only in a record of the right kind, and
    so do a code or key.
    """
    wanted = tuple(concept(word) for word in name_stems(slot.name))
    for key, value in record.value.items():
        if tuple(concept(word) for word in name_stems(key)) == wanted and wanted != ("id",):
            return _fitting(slot, value)
    if slot.noun is None or not is_about(record, slot, nouns):
        return NOTHING
    return _own_id(record.value, slot, nouns)


def _own_id(value: Mapping[str, Any], slot: Slot, nouns: tuple[str, ...]) -> Any:
    ranked: list[tuple[int, Any]] = []
    about = {concept(noun) for noun in (slot.noun or nouns)}
    for key, inner in value.items():
        words = name_words(key)
        if not words:
            continue
        rest = {concept(stem(word)) for word in words[:-1]}
        last = words[-1]
        if last in ID_WORDS and not rest:
            ranked.append((0, inner))
        elif last in ID_WORDS and rest & about:
            ranked.append((1, inner))
        elif last in CODE_WORDS and (not rest or rest & about):
            ranked.append((2, inner))
        elif last == "name" and not rest and slot.kind == "string":
            ranked.append((4, inner))
    for _, inner in sorted(ranked, key=lambda pair: pair[0]):
        fitting = _fitting(slot, inner)
        if fitting is not NOTHING:
            return fitting
    return NOTHING


def is_about(record: Record, slot: Slot, nouns: tuple[str, ...]) -> bool:
    """Whether a record is of the kind that the slot identifies."""
    about = slot.noun or nouns
    known = {concept(noun) for noun in record.nouns}
    return bool(about) and (
        concept(about[-1]) in known or (not slot.noun and any(concept(n) in known for n in about))
    )


def _fitting(slot: Slot, value: Any) -> Any:
    """The value in the slot's type: APIs write the same id as a number here, as text there."""
    if isinstance(value, dict | list) or value is None or isinstance(value, bool):
        return NOTHING
    for form in (value, str(value), _as_integer(value)):
        if form is not NOTHING and _right_type(slot, form) and slot.accepts(form):
            return form
    return NOTHING


def _right_type(slot: Slot, value: Any) -> bool:
    if slot.kind in ("integer", "number"):
        return isinstance(value, int | float)
    return isinstance(value, str) or slot.kind == "enum"


def _as_integer(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return NOTHING
