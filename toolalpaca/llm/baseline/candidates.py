"""Candidates: the values that a passage offers for one slot, and how much speaks for each.

Scores are on one scale: a bare mention of the right kind is worth about 1, the slot's own name
beside it 2 to 3, a label (``city: Oslo``) 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from toolalpaca.llm.baseline.codes import codes_for
from toolalpaca.llm.baseline.coercion import (
    NOTHING,
    chosen,
    coerce_mention,
    coerce_text,
    described_choices,
)
from toolalpaca.llm.baseline.mentions import Mention
from toolalpaca.llm.baseline.passages import Passage, cue, label_matches, noun_before
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import (
    Token,
    name_words,
    stem,
    stem_set,
    stems,
    tokens,
)
from toolalpaca.llm.baseline.vocabulary import (
    CODE_WORDS,
    ID_WORDS,
    NAME_WORDS,
    NEGATIONS,
    ORDINALS,
    PAGING_WORDS,
    QUERY_WORDS,
    ROLES,
    STOP_WORDS,
    VERB_CLASS,
    concept,
)

LABELLED: Final = 6.0
_BASE: Final = {
    "quoted": 1.6, "name": 1.2, "code": 0.8, "phrase": 0.6, "number": 0.1, "moment": 0.0,
    "uri": 0.2, "email": 0.2, "uuid": 0.4, "ip": 0.2,
}  # fmt: skip
_PLACES: Final = stem_set("city country location place region state town address")
_FLAGS: Final = stem_set("is has only include included show with enable enabled use allow")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a slot could take.

    Attributes:
        value: Satisfies the slot's schema.
        score: How much speaks for it.
        passage: Which passage it stands in.
        start: Offset in the passage.
        end: Offset behind it.
        mention: What it was read from, where it was a mention.
    """

    value: Any
    score: float
    passage: int
    start: int
    end: int
    mention: Mention | None = None


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
        yield from _mentioned_flag(slot, passage, number)
    elif slot.kind == "enum":
        yield from _choices(slot, passage, number)
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
        score = _shape(slot, mention, passage, nouns) + near - passage.discount
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


def _shape(slot: Slot, mention: Mention, passage: Passage, nouns: tuple[str, ...]) -> float:
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


def _mentioned_flag(slot: Slot, passage: Passage, number: int) -> Iterator[Candidate]:
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


def _choices(slot: Slot, passage: Passage, number: int) -> Iterator[Candidate]:
    """Enum values that stand in the passage, by their own words or their description's."""
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
