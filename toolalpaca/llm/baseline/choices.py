"""Candidates for enums: values that a passage names, in their own words or in others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolalpaca.llm.baseline.candidate import Candidate
from toolalpaca.llm.baseline.codes import codes_for
from toolalpaca.llm.baseline.coercion import NOTHING, chosen, described_choices
from toolalpaca.llm.baseline.passages import Passage, cue
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import Token, name_words, stem
from toolalpaca.llm.baseline.vocabulary import ORDINALS, ROLES, STOP_WORDS, concept


def enum_values(slot: Slot, passage: Passage, number: int) -> Iterator[Candidate]:
    """The candidates for an enum in a passage, whose own number is *number*."""
    if len(slot.choices) == 1 and not isinstance(slot.choices[0], str):
        return
    for choice, words, certain in _choice_words(slot):
        for first, last in _runs(words, passage.tokens):
            literal = passage.text[first.start : last.end]
            score = certain - passage.discount + _choice_cue(slot, passage, first, last)
            if len(literal) <= 2 and literal != str(choice):
                continue  # "is" is not Iceland
            weak = all(t.stem in STOP_WORDS or t.text.lower() in ORDINALS for t in (first, last))
            verb = first is last and first.stem == passage.verb
            if weak or verb or (len(literal) <= 2 and not literal.isupper()):
                score -= 1.8
            yield Candidate(choice, score, number, first.start, last.end)
    for mention in passage.mentions:
        if (
            mention.kind in ("quoted", "number")
            and (value := chosen(slot, mention.text)) is not NOTHING
        ):
            near = cue(slot, mention, passage, ())
            base = 3.0 if mention.kind == "quoted" else 0.5
            yield Candidate(
                value, base + near - passage.discount, number, mention.start, mention.end, mention
            )


def _choice_words(slot: Slot) -> Iterator[tuple[Any, tuple[str, ...], float]]:
    """The words that mean each enum value, and how much it is worth to find them."""
    for choice in slot.choices:
        if isinstance(choice, str):
            words = tuple(concept(stem(word)) for word in name_words(choice))
            if words:
                yield choice, words, 3.0 if len(choice) < 4 else 3.5
    for choice, meanings in described_choices(slot).items():
        for meaning in sorted(meanings):
            yield choice, tuple(concept(stem(word)) for word in meaning.split()), 3.0
    for name, code in codes_for(slot.described):
        for choice in slot.choices:
            if isinstance(choice, str) and choice.lower() == code.lower():
                yield choice, (concept(stem(name)),), 4.0


def _choice_cue(slot: Slot, passage: Passage, first: Token, last: Token) -> float:
    words = {concept(word) for word in slot.words}
    before = passage.before(first.start)
    near = [*before[:3], *passage.after(last.end)[:2]]
    if before and ROLES.get(before[0].text.lower(), frozenset()) & set(slot.words):
        return 1.5
    return 1.5 if any(concept(token.stem) in words for token in near) else 0.0


def _runs(words: tuple[str, ...], passage: tuple[Token, ...]) -> Iterator[tuple[Token, Token]]:
    """Where the words stand one behind the other."""
    concepts = [concept(token.stem) for token in passage]
    size = len(words)
    if size == 1 and len(words[0]) >= 8:
        # "cardiologists" are of "cardiology".
        yield from ((t, t) for t, c in zip(passage, concepts, strict=True) if _akin(c, words[0]))
        return
    for index in range(len(concepts) - size + 1):
        if tuple(concepts[index : index + size]) == words:
            yield passage[index], passage[index + size - 1]


def _akin(first: str, second: str) -> bool:
    pairs = enumerate(zip(first, second, strict=False))
    shared = next((i for i, (a, b) in pairs if a != b), len(first))
    return first == second or (shared >= 7 and shared >= max(len(first), len(second)) - 3)
