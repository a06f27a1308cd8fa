"""Passages: pieces of what the user said, read once, and how a mention stands in its piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Final

from toolalpaca.llm.baseline.mentions import Mention, find_mentions
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import Token, name_stems, stem, stems, tokens, word_set
from toolalpaca.llm.baseline.vocabulary import (
    ID_WORDS,
    LIMIT_WORDS,
    NAME_WORDS,
    NAMING,
    QUERY_WORDS,
    ROLES,
    STOP_WORDS,
    concept,
)

_FILLERS: Final = word_set(
    "is are of as the a an to at be set with equals should being by no number in for under on"
)
_ARTICLES: Final = word_set("a an the my our his her their")
_PAUSE = re.compile(r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bProf)[.;!?\n](?:\s|$)|[()]")
_OPENS = r"(?:^|[;,\n(]|\.\s|\b(?:and|with|is|the)\b)\s*"
_LABEL = r"[A-Za-z][\w .\[\]-]{0,48}?"
_NEXT_LABEL = r"[A-Za-z][\w.-]{0,40}(?: [A-Za-z][\w.-]{0,30}){0,2}\s*[:=]\s"
_LABELLED = re.compile(
    rf"{_OPENS}(?P<label>{_LABEL})\s*[:=]\s*"
    r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^;\n]+?)"
    rf"(?=\s*(?:;|\n|$|\.\s|\.$|,?\s+(?:and\s+)?{_NEXT_LABEL}))"
)
_STARTS: Final = ROLES["from"] - {"min", "base", "sender"}
_ENDS: Final = ROLES["to"] - {"max", "into"}
_OPPOSED: Final = {
    **dict.fromkeys(("from", "since", "starting"), _ENDS - _STARTS),
    **dict.fromkeys(("to", "until", "till", "ending"), _STARTS - _ENDS),
    **dict.fromkeys(("under", "below", "most"), ROLES["over"] - ROLES["under"]),
    **dict.fromkeys(("over", "above", "least"), ROLES["under"] - ROLES["over"]),
    "after": _ENDS - _STARTS,
    "before": _STARTS - _ENDS,
}


@dataclass(frozen=True)
class Passage:
    """A piece of what the user said.

    Attributes:
        text: The words.
        discount: How much less a value found here counts than one in the request itself.
        today: The present day, to read relative dates by.
        verb: The stem of the verb that asks, which is no name though it may open a sentence.
    """

    text: str
    discount: float = 0.0
    today: date | None = field(default=None, compare=False)
    verb: str | None = None

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Its words."""
        return tokens(self.text)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """What in it can be a value."""
        return find_mentions(self.text, self.today, self.verb)

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of its words."""
        return frozenset(token.stem for token in self.tokens)

    @cached_property
    def labelled(self) -> tuple[tuple[str, str, int, int], ...]:
        """Values with a label, ``label: value`` or ``label=value``, with their places."""
        return tuple(
            (m["label"].strip(), m["value"].strip(), m.start("value"), m.end("value"))
            for m in _LABELLED.finditer(self.text)
        )

    @property
    def labels(self) -> Iterator[tuple[str, str]]:
        """Labels and their values, without their places."""
        return ((label, value) for label, value, *_ in self.labelled)

    def before(self, start: int) -> list[Token]:
        """The words before an offset in the same sentence, nearest first."""
        found: list[Token] = []
        end = start
        for token in reversed(self.tokens):
            if token.end > start:
                continue
            if _PAUSE.search(self.text[token.end : end]) or len(found) == 8:
                break
            found.append(token)
            end = token.start
        return found

    def after(self, end: int) -> list[Token]:
        """The words behind an offset in the same sentence, nearest first, at most three."""
        found: list[Token] = []
        for token in self.tokens:
            if token.start < end:
                continue
            if _PAUSE.search(self.text[end : token.start]) or len(found) == 3:
                break
            found.append(token)
            end = token.end
        return found


def label_matches(label: str, slot: Slot) -> bool:
    """Whether a label written by the user or by a question names the slot."""
    words = [word for word in stems(label.rsplit("(", 1)[0]) if word not in STOP_WORDS]
    if not words:
        return False
    names = {name_stems(slot.name), name_stems(slot.label)}
    given = tuple(concept(word) for name in words for word in name_stems(name))
    own = [tuple(concept(word) for word in name) for name in names]
    if given in own or name_stems(label) in names:
        return True
    ending = given[-2:]
    return any(len(name) > 1 and len(ending) == 2 and name[-2:] == ending for name in own)


def cue(slot: Slot, mention: Mention, passage: Passage, nouns: tuple[str, ...]) -> float:
    """How strongly the words around a mention point to the slot; negative when away from it.

    Args:
        slot: What takes the value.
        mention: The possible value.
        passage: Where it stands.
        nouns: What the slot's tool is about, for slots whose own name says nothing (``id``).
    """
    before = passage.before(mention.start)
    after = passage.after(mention.end)
    # Behind a comma something new begins: "12 Oak Avenue, Portland" does not name an avenue.
    apart = bool(before) and "," in passage.text[before[0].end : mention.start]
    return (
        (0.0 if apart else _named_before(slot, before, nouns))
        + _named_after(slot, mention, after)
        + _role(slot, before)
        + _naming(slot, before)
    )


def _own_words(slot: Slot, nouns: tuple[str, ...]) -> set[str]:
    words = {concept(word) for word in slot.words if word not in STOP_WORDS}
    if slot.noun == ():
        words |= {concept(noun) for noun in nouns}
    return words


def _named_before(slot: Slot, before: list[Token], nouns: tuple[str, ...]) -> float:
    words = _own_words(slot, nouns)
    matched: set[str] = set()
    skipped = 0
    for token in before:
        word = concept(token.stem)
        if word in words:
            matched.add(word)
        elif matched:
            break
        elif token.text.lower() in _FILLERS and skipped < 3:
            skipped += 1
        else:
            break
    if not matched:
        near = [t for t in before[:3] if t.stem not in STOP_WORDS]
        return 0.8 if near and near[0].stem in slot.described else 0.0
    telling = matched - ID_WORDS - {"code", "number"}
    if not telling and words - matched:
        return 1.5 - 0.2 * skipped
    return max(2.0, 3.0 * len(matched) / len(words)) - 0.2 * skipped


def _named_after(slot: Slot, mention: Mention, after: list[Token]) -> float:
    if mention.kind not in ("number", "name", "code", "phrase"):
        return 0.0
    words = {concept(word) for word in slot.words} - {"count", "number", "name"}
    for distance, token in enumerate(after):
        if token.stem in STOP_WORDS or token.text.lower() in ROLES:
            break
        if concept(token.stem) in words and (distance < 2 or mention.kind == "number"):
            return 2.5 - 0.3 * distance
        if mention.kind == "number" and token.stem in slot.described:
            return 2.1 - 0.15 * distance
    return 0.0


def _role(slot: Slot, before: list[Token]) -> float:
    lead = next((t.text.lower() for t in before if t.text.lower() not in _ARTICLES | {"of"}), "")
    if lead == "than":
        more = before[1].text.lower() if len(before) > 1 else ""
        lead = "above" if more in ("more", "greater", "higher", "later", "longer") else "below"
    words = frozenset(slot.words)
    most = [t.text.lower() for t in before[:2]]
    if words & LIMIT_WORDS and (lead in ("top", "first", "last", "only") or most == ["to", "up"]):
        return 2.0
    roles = ROLES.get(lead)
    if roles is None:
        return 0.0
    if words & roles:
        return 2.0
    if words & _OPPOSED.get(lead, frozenset()):
        return -2.0
    # "Code of the station to leave from": the description uses the preposition itself.
    return 0.7 if lead in slot.described and lead in ("from", "to", "near", "about") else 0.0


def _naming(slot: Slot, before: list[Token]) -> float:
    lead = before[0].text.lower() if before else ""
    if lead in NAMING and (set(slot.words) & (NAME_WORDS | QUERY_WORDS)):
        return 3.0 if set(slot.words) & NAME_WORDS else 1.5
    return 0.0


def preposition_of(noun: str, summary: str) -> str | None:
    """The preposition before a noun: ``to`` for *member* in "Lend a book to a member"."""
    words = [token for token in tokens(summary) if token.text.lower() not in _ARTICLES]
    for previous, token in pairwise(words):
        if token.stem == noun and previous.text.lower() in ROLES:
            return previous.text.lower()
    return None


def leading_word(passage: Passage, mention: Mention) -> str:
    """The word before a mention, articles aside, in lower case."""
    before = passage.before(mention.start)
    return next((t.text.lower() for t in before if t.text.lower() not in _ARTICLES), "")


def noun_before(passage: Passage, mention: Mention) -> str:
    """The concept of the word right before a mention: *book* in "the book Frankenstein"."""
    before = passage.before(mention.start)
    return concept(before[0].stem) if before else ""


def content_stems(text: str) -> Iterator[str]:
    """Stems of a text's words that are not mere grammar."""
    for word in tokens(text):
        if stem(word.text) not in STOP_WORDS:
            yield word.stem
