"""Providers: the tools whose results hold an id that another tool needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from toolalpaca.llm.baseline.candidates import candidates
from toolalpaca.llm.baseline.catalog import Catalog, Property, Tool
from toolalpaca.llm.baseline.filling import Filling, Span, fill, unused_mentions
from toolalpaca.llm.baseline.mentions import Mention
from toolalpaca.llm.baseline.passages import (
    Passage,
    cue,
    leading_word,
    noun_before,
    preposition_of,
)
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import name_stems, name_words, stem_set, word_set
from toolalpaca.llm.baseline.vocabulary import (
    CODE_WORDS,
    ID_WORDS,
    NAME_WORDS,
    PRONOUNS,
    QUERY_WORDS,
    concept,
)

_ENOUGH: Final = 2.0
_HANDED_ON: Final = frozenset(
    {"integer", "number", "date", "date-time", "time", "email", "uri", "ip"}
)
_WHOSE: Final = frozenset({"his", "her", "their", "its", "same"})
_COORDINATES: Final = word_set("lat latitude lon lng long longitude")
_FACTS: Final = stem_set(
    "phone fax email card passport tax vat social post postal zip area pin country currency "
    "language promo promotion coupon voucher discount house page verification security"
)  # "phone_number" and "tax_id" are facts that a user tells, whatever their last word


@dataclass(frozen=True)
class Thing:
    """What the user calls something whose id is needed: "Vienna" for a station.

    Attributes:
        text: The name.
        mention: Where it stands; None when it is a reply's whole text.
        passage: The number of its passage.
    """

    text: str
    mention: Mention | None = None
    passage: int = 0

    @property
    def span(self) -> Span | None:
        """Its place, as fillings note places."""
        if self.mention is None:
            return None
        return (self.passage, self.mention.start, self.mention.end)

    @property
    def is_phrase(self) -> bool:
        """Whether it is no name but words that stand where one could."""
        return self.mention is not None and self.mention.kind == "phrase"

    def is_within(self, spans: Iterable[Span]) -> bool:
        """Whether some of its words are already used."""
        own = [(start, end) for number, start, end in spans if number == self.passage]
        return self.mention is not None and self.mention.overlaps(own)


def is_chainable(slot: Slot, catalog: Catalog) -> bool:
    """Whether a value for the slot can come out of another tool's result.

    Only what identifies an existing thing or says where it is can. Names, e-mail addresses, days,
    prices and texts are the user's to say: those of another thing would be wrong.
    """
    if slot.kind not in ("integer", "number", "string", "uuid"):
        return False
    if slot.noun is None:
        return bool(_COORDINATES & set(name_words(slot.name))) and slot.kind != "string"
    facts = {concept(word) for word in slot.noun} & _FACTS
    return not facts or any(
        facts & {concept(noun) for noun in other.nouns} for other in catalog.tools
    )


def is_handed_on(slot: Slot, request: Passage) -> bool:
    """Whether the request says whose fact goes into the slot: "the e-mail of that member"."""
    if slot.noun is not None or slot.kind not in _HANDED_ON:
        return False
    words, head = request.tokens, concept(slot.words[-1]) if slot.words else ""
    for index, token in enumerate(words):
        if concept(token.stem) != head:
            continue
        other = [word for word in words[:index] if word.stem not in slot.words]
        before = other[-1].text.lower() if other else ""
        after = [word.text for word in words[index + 1 : index + 3]]
        if before.endswith("'s") or before in _WHOSE:
            return True
        if [word.lower() for word in after[:1]] == ["of"] and after[1:]:
            whose = after[1]
            return whose[0].isupper() or whose in PRONOUNS or whose == "the"
    return False


def things_for(
    slots: Sequence[Slot],
    tool: Tool,
    passages: Sequence[Passage],
    used: Sequence[Span],
) -> dict[tuple[str, ...], Thing]:
    """What the text calls the things whose ids the slots need, by the slots' paths.

    A name goes to one slot only, to the one whose role, noun or place in the tool's summary
    ("Lend a book to a member") the words around the name point to.
    """
    offers = []
    kinds = ("quoted", "name", "code", "phrase")
    for number, passage in enumerate(passages):
        for mention in unused_mentions(passage, number, used, kinds):
            for slot in slots:
                score = _thing_score(slot, tool, passage, mention)
                # What another sentence names is meant here only where its words point here.
                if score >= (2.0 if number else 1.0):
                    offers.append((score, number, mention, slot))
    offers.sort(key=lambda offer: (-offer[0], offer[1], offer[2].start))
    found: dict[tuple[str, ...], Thing] = {}
    taken: list[tuple[int, Mention]] = []
    for _, number, mention, slot in offers:
        clash = any(n == number and mention.overlaps([(m.start, m.end)]) for n, m in taken)
        if slot.path not in found and not clash:
            found[slot.path] = Thing(mention.text, mention, number)
            taken.append((number, mention))
    return found


def _thing_score(slot: Slot, tool: Tool, passage: Passage, mention: Mention) -> float:
    base = {"quoted": 1.3, "name": 1.2, "code": 0.9}.get(mention.kind, 0.0) - passage.discount
    nouns = slot.noun or tool.nouns
    score = base + cue(slot, mention, passage, nouns)
    if not nouns:
        return score
    if noun_before(passage, mention) == concept(nouns[-1]):
        score += 1.0
    # What stands behind another word of the catalogue's ("the loan of ...") is another thing.
    place = preposition_of(nouns[-1], tool.summary)
    if place is not None and leading_word(passage, mention) == place:
        score += 1.5
    return score


@dataclass(frozen=True)
class Provider:
    """A tool that can supply an id, with what the text tells it.

    Attributes:
        score: How surely its result holds the id.
        filling: Its arguments as far as the text gives them.
    """

    tool: Tool
    score: float
    filling: Filling


def providers_of(
    slot: Slot,
    tool: Tool,
    catalog: Catalog,
    passages: Sequence[Passage],
    used: Sequence[Span],
) -> list[Provider]:
    """The tools that supply the slot's value, best first."""
    found = []
    for other in catalog.tools:
        supply = _supply(slot, tool, other)
        if other is tool or not other.reads or supply < _ENOUGH:
            continue
        filling = fill(other, passages, used, is_asked=False)
        lost = sum(1.5 if missing.noun is not None else 1.0 for missing in filling.missing)
        own = {concept(noun) for noun in other.nouns}
        strange = len(own - {concept(noun) for noun in (slot.noun or tool.nouns)})
        score = supply + other.returns_many - 0.5 * lost - 0.2 * strange
        found.append(Provider(other, score, filling))
    found.sort(key=lambda provider: -provider.score)
    return [provider for provider in found if provider.score >= _ENOUGH]


def _supply(slot: Slot, tool: Tool, other: Tool) -> float:
    """How surely a result of *other* holds what the slot needs."""
    nouns = slot.noun or tool.nouns
    if slot.noun is None:
        return 3.0 if any(_names(found, slot) for found in other.properties) else 0.0
    head = concept(nouns[-1]) if nouns else ""
    about = head in {concept(noun) for noun in other.nouns}
    if other.spec.returns is None:
        return 2.5 if about else 0.0
    best = 0.0
    for found in other.properties:
        owned = head in {concept(word) for word in found.owner} or (about and not found.owner)
        if _is_own_id(found, nouns) and (owned or about):
            best = max(best, 3.0 if owned else 2.5)
        elif _names(found, slot) and name_words(slot.name)[-1] in CODE_WORDS and not slot.noun:
            best = max(best, 2.5)  # a bare "symbol" is the same everywhere, a bare "id" is not
        elif _names(found, slot) and len(name_words(slot.name)) > 1:
            best = max(best, 2.5 if owned or about else 1.5)
    return best


def _names(found: Property, slot: Slot) -> bool:
    return name_stems(found.name) == name_stems(slot.name)


def _is_own_id(found: Property, nouns: tuple[str, ...]) -> bool:
    words = name_words(found.name)
    if not words or words[-1] not in ID_WORDS | CODE_WORDS:
        return False
    rest = {concept(word) for word in name_stems(found.name)[:-1]}
    return not rest or bool(rest & {concept(noun) for noun in nouns})


def search_slots(provider: Provider, thing: Thing, passages: Sequence[Passage]) -> list[Slot]:
    """The slots by which a provider could look a thing up, the most fitting first."""
    ranked = []
    for slot in provider.filling.slots:
        open_ = slot.path not in provider.filling.values
        if not open_ or slot.kind != "string" or not slot.accepts(thing.text):
            continue
        if slot.noun is not None and not slot.selective:
            continue
        words = set(slot.words)
        score = 2.0 * bool(words & QUERY_WORDS) + 2.2 * bool(words & NAME_WORDS) + slot.demanded
        if thing.mention is not None:
            offers = candidates(slot, passages[thing.passage], thing.passage, provider.tool.nouns)
            score += max(
                (o.score for o in offers if (o.start, o.end) == _place(thing.mention)), default=0.0
            )
        ranked.append((score, slot))
    ranked.sort(key=lambda pair: -pair[0])
    return [slot for score, slot in ranked if score > 0]


def _place(mention: Mention) -> tuple[int, int]:
    return (mention.start, mention.end)
