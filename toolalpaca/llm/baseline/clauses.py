"""Clauses: an instruction taken apart where it asks for one thing after another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from toolalpaca.llm.baseline.text import Token, stem, tokens, word_set
from toolalpaca.llm.baseline.vocabulary import IDIOMS, NOUN_VERBS, VERB_CLASS, VerbClass

# A full stop ends a sentence only before white space, and not behind an initial or "e.g.".
_SENTENCE = re.compile(
    r"(?<![A-Z])(?<!e\.g)(?<!i\.e)(?<!Dr)(?<!Mr)(?<!Ms)(?<!St)(?<!Mrs)[.!?]+(?=\s|$)|[;\n]+"
)
_THEN = re.compile(
    r",?\s*\b(?:and\s+then|and\s+also|and\s+finally|after\s+that|afterwards|as\s+well\s+as\s+to|then|"
    r"additionally|furthermore|next)\b,?\s+",
    re.IGNORECASE,
)
_JOINT = re.compile(r",?\s+\band\s+|,\s+", re.IGNORECASE)
_LEAD: Final = word_set(
    "please could can would will you i we want need like to i'd we'd help me us let also then "
    "and first finally now next so just kindly ask have lets let's go ahead am i'm we're "
    "trying wish try be able love additionally afterwards after that secondly lastly"
)
_ASKING: Final = word_set(
    "what which who whose when where how is are does do did has have was were can any"
)
_IDIOM: Final = re.compile(rf"\b(?:{'|'.join(IDIOMS)})\b", re.IGNORECASE)
_OBJECTS: Final = word_set("a an the my our me this that it all")
_WISHING: Final = re.compile(r"\b(?:need|want|like)\s+(?:to have\s+)?an?\b", re.IGNORECASE)
_STATING: Final = re.compile(
    r"^(?:i'?m|i am|my|our|we are|we're|the|it|he|she|they|there|his|her|this is|i have|"
    r"i've|we have|i live|i work|i will|i plan)\b(?! (?:looking|trying|interested|searching))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One request, or a statement beside the requests.

    Attributes:
        text: Its words.
        verb: The stem of the verb that asks, or None.
        verb_class: What the verb asks for; questions read.
        states: Whether it tells something rather than asks.
        wishes: Whether it wants a thing: "I need an appointment".
    """

    text: str
    verb: str | None
    verb_class: VerbClass | None
    states: bool
    wishes: bool = False


def split_clauses(instruction: str, verbs: frozenset[str]) -> list[Clause]:
    """The clauses of an instruction, in order.

    Args:
        instruction: What the user said.
        verbs: Stems of the verbs that the tools begin with: "and renew it" is a request of its own
            where a tool renews.
    """
    known = verbs | frozenset(VERB_CLASS)
    return [
        _clause(piece.strip(" ,"), known)
        for sentence in _cut(instruction, _SENTENCE)
        for part in _cut(sentence, _THEN)
        for piece in _requests(part, known)
        if re.search(r"\w", piece)
    ]


def _cut(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The text between the matches that stand outside quotation marks."""
    start = 0
    for found in pattern.finditer(text):
        if not _quoted(text, found.start()):
            piece = text[start : found.start()]
            start = found.end()
            yield piece
    yield text[start:]


def _quoted(text: str, offset: int) -> bool:
    before = text[:offset]
    single = len(re.findall(r"(?<!\w)'", before)) > len(re.findall(r"(?<=[\w.!?])'(?!\w)", before))
    closes = re.search(r"\w'(?!\w)", text[offset:]) is not None
    return before.count('"') % 2 == 1 or (single and closes)


def _requests(sentence: str, verbs: frozenset[str]) -> Iterator[str]:
    """Pieces that each begin with a verb: "find a train and book it" gives two."""
    start = 0
    for found in _JOINT.finditer(sentence):
        if found.start() < start or _quoted(sentence, found.start()):
            continue
        following = tokens(sentence[found.end() :])
        verb = _leading_verb(following, verbs)
        if verb is not None and _acts(verb, following, verbs):
            piece = sentence[start : found.start()]
            if _leading_verb(tokens(piece), verbs) is None and len(tokens(piece)) < 2:
                continue
            yield piece
            start = found.end()
    yield sentence[start:]


def _acts(verb: Token, following: tuple[Token, ...], verbs: frozenset[str]) -> bool:
    """Whether a word that can be a verb is one here: something it acts on follows."""
    index = following.index(verb)
    rest = following[index + 1 :]
    if verb.text.lower().endswith(("ing", "ed", "s")) and verb.text.lower() not in (
        "process",
        "pass",
    ):
        return False
    if not rest:
        return verb.stem not in NOUN_VERBS
    # "price and list of guests": a noun; "and list the guests": a verb.
    return rest[0].text.lower() not in ("of", "and", "or", "is", "are") or verb.stem not in verbs


def _leading_verb(words: tuple[Token, ...], verbs: frozenset[str]) -> Token | None:
    """The verb that a request opens with, politeness and connectives aside."""
    for index, token in enumerate(words[:8]):
        lower = token.text.lower()
        ahead = words[index + 1].text.lower() if index + 1 < len(words) else ""
        if lower in _LEAD or (lower == "looking" and ahead == "to"):
            continue
        return token if token.stem in verbs else None
    return None


def _clause(text: str, verbs: frozenset[str]) -> Clause:
    words = tokens(text)
    opening = _IDIOM.search(text)
    if opening is not None and all(
        t.text.lower() in _LEAD for t in tokens(text[: opening.start()])
    ):
        verb = stem(IDIOMS[opening.group().lower()])
        return Clause(text, verb, VERB_CLASS[verb], False)
    leading = _leading_verb(words, verbs)
    asks = bool(words) and words[0].text.lower() in _ASKING
    if leading is None and not asks:
        leading = _later_verb(words, verbs) or _wished_verb(words, verbs)
    if leading is not None and not (asks and leading.stem not in VERB_CLASS):
        return Clause(text, leading.stem, VERB_CLASS.get(leading.stem), False)
    states = bool(_STATING.match(text)) and not asks
    if asks or states:
        return Clause(text, None, "read" if asks else None, states)
    wishes = _WISHING.search(text) is not None
    return Clause(text, None if wishes else _unknown_verb(words), None, False, wishes)


def _wished_verb(words: tuple[Token, ...], verbs: frozenset[str]) -> Token | None:
    """The act in "I would like a booking" or "I need a list"."""
    for index, token in enumerate(words[:8]):
        lower = token.text.lower()
        if lower in ("a", "an", "the", "some") and index:
            following = words[index + 1 : index + 2]
            return following[0] if following and following[0].stem in verbs else None
        if lower not in _LEAD:
            return None
    return None


def _unknown_verb(words: tuple[Token, ...]) -> str | None:
    """The first word of an order that no tool begins with: "rate" in "Rate the product"."""
    opening = next((i for i, t in enumerate(words) if t.text.lower() not in _LEAD), None)
    if opening is None or opening + 1 >= len(words):
        return None
    first, second = words[opening], words[opening + 1]
    orders = second.text.lower() in _OBJECTS
    return first.stem if orders and first.text.isalpha() else None


def _later_verb(words: tuple[Token, ...], verbs: frozenset[str]) -> Token | None:
    """A verb behind "to": "I am in Graz and would like to rent a car"."""
    for previous, token in pairwise(words):
        if previous.text.lower() == "to" and token.stem in verbs and token.text.islower():
            if token.stem == stem("go"):
                continue
            return token
    return None
