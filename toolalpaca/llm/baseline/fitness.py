"""How well the form of a mention suits a slot: names for a name, places for a city."""

from __future__ import annotations

from typing import Final

from toolalpaca.llm.baseline.mentions import Mention
from toolalpaca.llm.baseline.passages import Passage, noun_before
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import stem_set, tokens
from toolalpaca.llm.baseline.vocabulary import NAME_WORDS, PAGING_WORDS, QUERY_WORDS, concept

_BASE: Final = {
    "quoted": 1.6, "name": 1.2, "code": 0.8, "phrase": 0.6, "number": 0.1, "moment": 0.0,
    "uri": 0.2, "email": 0.2, "uuid": 0.4, "ip": 0.2,
}  # fmt: skip
_PLACES: Final = stem_set("city country location place region state town address")


def fitness(slot: Slot, mention: Mention, passage: Passage, nouns: tuple[str, ...]) -> float:
    """What the mention's own form says for the slot."""
    if slot.kind in ("email", "uuid", "uri", "ip"):
        return 3.0
    if slot.kind in ("date", "date-time", "time"):
        whole = (slot.kind == "date-time") == (
            mention.value.day is not None and mention.value.clock is not None
        )
        return 2.3 if whole else 2.0
    words = set(slot.words)
    if slot.kind in ("integer", "number"):
        if mention.kind == "month":
            return 3.0
        year = "year" in words and mention.text.isdigit() and len(mention.text) == 4
        return 2.0 if year else 0.2 if words <= PAGING_WORDS else 0.5
    if slot.selective:
        fits = mention.kind in ("code", "quoted", "number", "uuid", "moment")
        return 3.0 if fits else 1.5 if mention.kind == "name" else -1.0
    return _BASE.get(mention.kind, 0.0) + _affinity(slot, mention, passage, nouns)


def _affinity(slot: Slot, mention: Mention, passage: Passage, nouns: tuple[str, ...]) -> float:
    """Which strings suit a slot: names for a name, places for a city, words for a query."""
    words = set(slot.words)
    score = 0.0
    if slot.noun is not None:
        return 0.6 if mention.kind in ("code", "number", "uuid") else -0.8
    if mention.kind == "quoted":
        score += 0.5 if words & (NAME_WORDS | QUERY_WORDS) else -0.3 if words & _PLACES else 0.0
    elif mention.kind == "name":
        # "Main Street 5" is a street.
        told = {concept(token.stem) for token in tokens(mention.text)[1:]}
        score += 1.5 if told & {concept(word) for word in words} else 0.0
        people = words & NAME_WORDS and " " in mention.text
        score += 0.6 if people else 0.4 if words & (NAME_WORDS | _PLACES | QUERY_WORDS) else 0.0
    elif mention.kind in ("number", "uri", "email", "ip", "code"):
        score -= 0.3
    if words & (NAME_WORDS | QUERY_WORDS) and mention.kind != "phrase":
        near = noun_before(passage, mention)
        if near and near in {concept(noun) for noun in (*nouns, *slot.words[:-1])}:
            score += 1.0
    return score
