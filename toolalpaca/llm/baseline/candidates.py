"""The values that a passage offers for one slot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from toolalpaca.llm.baseline.candidate import Candidate
from toolalpaca.llm.baseline.choices import enum_values
from toolalpaca.llm.baseline.codes import codes_for
from toolalpaca.llm.baseline.coercion import NOTHING, coerce_mention, coerce_text
from toolalpaca.llm.baseline.fitness import fitness
from toolalpaca.llm.baseline.flags import flags
from toolalpaca.llm.baseline.mentions import Mention
from toolalpaca.llm.baseline.passages import Passage, cue, label_matches
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import Token, stem, tokens
from toolalpaca.llm.baseline.vocabulary import (
    CODE_WORDS,
    ID_WORDS,
    ROLES,
    STOP_WORDS,
    VERB_CLASS,
    concept,
)

LABELLED: Final = 6.0


def candidates(
    slot: Slot, passage: Passage, number: int, nouns: tuple[str, ...]
) -> Iterator[Candidate]:
    """The candidates for a slot in a passage.

    Args:
        slot: What takes the value.
        passage: Where values are sought.
        number: The passage's own, put into the candidates.
        nouns: What the slot's tool is about.
    """
    for label, text, start, end in passage.labelled:
        if label_matches(label, slot):
            value = coerce_text(slot, text, passage.today)
            if value is not NOTHING:
                yield Candidate(value, LABELLED, number, start, end)
    if slot.kind == "boolean":
        yield from flags(slot, passage, number)
    elif slot.kind == "enum":
        yield from enum_values(slot, passage, number)
    elif slot.kind == "array":
        yield from _lists(slot, passage, number, nouns)
    elif slot.kind != "object":
        yield from _mentioned(slot, passage, number, nouns)
        if slot.kind == "string":
            yield from _named_words(slot, passage, number)
            yield from _coded(slot, passage, number)


def _mentioned(
    slot: Slot, passage: Passage, number: int, nouns: tuple[str, ...]
) -> Iterator[Candidate]:
    for mention in passage.mentions:
        mention = _without_nouns(mention, nouns)
        value = coerce_mention(slot, mention) if mention.text else NOTHING
        if value is NOTHING:
            continue
        near = cue(slot, mention, passage, nouns)
        if slot.kind == "string" and not slot.selective:
            if mention.kind == "number" and (near < 1.5 or _ends_name(mention, passage)):
                continue  # a number is a text only where the text says so
            if slot.noun is not None and not _is_identifier(mention, passage):
                continue
        score = fitness(slot, mention, passage, nouns) + near - passage.discount
        yield Candidate(value, score, number, mention.start, mention.end, mention)


def _ends_name(number: Mention, passage: Passage) -> bool:
    """Whether a number is part of a name: 5 in "Main Street 5"."""
    return any(
        m.kind == "name" and m.start <= number.start and number.end <= m.end
        for m in passage.mentions
    )


def _without_nouns(mention: Mention, nouns: tuple[str, ...]) -> Mention:
    """A phrase without the tool's own nouns at its ends: "pumpkin" of "pumpkin recipes"."""
    if mention.kind not in ("phrase", "name"):
        return mention
    own = {concept(noun) for noun in nouns}
    words = tokens(mention.text)
    kept = [t for t in words if concept(t.stem) not in own]
    if len(kept) == len(words) or (kept and mention.kind == "name"):
        return mention
    if not kept:
        return replace(mention, text="", value="")
    start, end = kept[0].start, kept[-1].end
    text = mention.text[start:end]
    return replace(
        mention, start=mention.start + start, end=mention.start + end, text=text, value=text
    )


def _is_identifier(mention: Mention, passage: Passage) -> bool:
    """Whether a mention can be an id: a name is one only where the text calls it so."""
    if mention.kind not in ("name", "phrase", "quoted"):
        return True
    before = {token.text.lower() for token in passage.before(mention.start)[:2]}
    return bool(before & (ID_WORDS | CODE_WORDS))


def _coded(slot: Slot, passage: Passage, number: int) -> Iterator[Candidate]:
    """Codes for countries, languages and currencies that the text names by word."""
    if not (slot.selective or {"code", "iso"} & slot.described):
        return
    names = {concept(stem(name)): code for name, code in codes_for(frozenset(slot.words))}
    for token in passage.tokens:
        code = names.get(concept(token.stem))
        fitting = [c for c in (code, code.lower()) if slot.accepts(c)] if code else []
        if fitting:
            mention = Mention("name", token.start, token.end, token.text, token.text)
            score = 2.5 + cue(slot, mention, passage, ()) - passage.discount
            yield Candidate(fitting[0], score, number, token.start, token.end, mention)


def _lists(
    slot: Slot, passage: Passage, number: int, nouns: tuple[str, ...]
) -> Iterator[Candidate]:
    """All that is said for an array's items, as one list."""
    if slot.item is None:
        return
    named = Slot(slot.path, slot.item.schema, slot.item.kind, slot.required, slot.demanded)
    found = sorted(candidates(named, passage, number, nouns), key=lambda c: (-c.score, c.start))
    if not found:
        return
    best = found[0]
    listed = [best]
    for candidate in sorted(found, key=lambda c: (c.start, c.end)):
        apart = all(c.end <= candidate.start or candidate.end <= c.start for c in listed)
        kind = candidate.mention.kind if candidate.mention else ""
        same = kind == (best.mention.kind if best.mention else "")
        beside = any(_coordinated(passage.text, other, candidate) for other in listed)
        if apart and same and (beside or (slot.item.kind == "enum" and candidate.score >= 2.2)):
            listed.append(candidate)
    listed.sort(key=lambda c: c.start)
    values = list({str(c.value): c.value for c in listed}.values())
    if slot.accepts(values):
        yield Candidate(values, best.score, number, listed[0].start, listed[-1].end, best.mention)


def _coordinated(text: str, first: Candidate, second: Candidate) -> bool:
    """Whether only a comma or a conjunction stands between the two."""
    early, late = sorted((first, second), key=lambda c: c.start)
    between = text[early.end : late.start].strip().lower()
    return between in (",", "and", ", and", "or", ", or", "&", "+")


def _named_words(slot: Slot, passage: Passage, number: int) -> Iterator[Candidate]:
    """The plain word behind the slot's name ("genre jazz") or right before it ("jazz genre")."""
    if slot.noun is not None or slot.selective:
        return
    own = concept(slot.words[-1]) if slot.words else ""
    for index, token in enumerate(passage.tokens):
        if concept(token.stem) != own or own in STOP_WORDS:
            continue
        following = passage.after(token.end)
        if following and following[0].text.lower() in ("is", "as", "of", "to"):
            following = following[1:]
        if following and _is_plain(following[0]):
            value = _run_of_words(passage, following[0])
            if slot.accepts(value):
                start = following[0].start
                yield Candidate(value, 1.4 - passage.discount, number, start, start + len(value))
        if index and _is_plain(passage.tokens[index - 1]):
            word = passage.tokens[index - 1]
            if slot.accepts(word.text) and passage.text[word.end : token.start].isspace():
                yield Candidate(word.text, 1.0 - passage.discount, number, word.start, word.end)


def _is_plain(token: Token) -> bool:
    return (
        token.stem not in STOP_WORDS
        and token.stem not in VERB_CLASS
        and token.text.lower() not in ROLES
        and not token.text.isdigit()
    )


def _run_of_words(passage: Passage, first: Token) -> str:
    end = first.end
    for token in passage.after(first.end):
        if not _is_plain(token) or not re.fullmatch(r"[\s'-]+", passage.text[end : token.start]):
            break
        end = token.end
    return passage.text[first.start : end]
