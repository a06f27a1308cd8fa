"""Matching: which tool a clause asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from toolalpaca.llm.baseline.catalog import Catalog, Tool
from toolalpaca.llm.baseline.clauses import Clause
from toolalpaca.llm.baseline.filling import Filling, fill
from toolalpaca.llm.baseline.passages import Passage
from toolalpaca.llm.baseline.text import tokens
from toolalpaca.llm.baseline.vocabulary import (
    NOUN_VERBS,
    ORDINALS,
    PRONOUNS,
    QUERY_WORDS,
    SEARCHING,
    STOP_WORDS,
    SUPERLATIVES,
    VERB_CLASS,
    concept,
)

ENOUGH: Final = 2.0
"""The score from which on a tool is believed to be meant."""

_SHORTLIST: Final = 8  # tools whose arguments are tried on the clause
_VERB_WEIGHT: Final = 0.35  # of a verb that every API has
_ADDRESSES: Final = re.compile(r"\S+@\S+|\w+://\S+")  # values, whatever words they hold
_NAMED: Final = 2.0  # weight from which on a word belongs to what the tool is, not to its details


@dataclass(frozen=True)
class Match:
    """A tool and how well it fits a clause.

    Attributes:
        score: :data:`ENOUGH` and more is believed.
        shared: The words that both use, the most telling first.
        named: Whether a word of what the tool *is* was said, not only one of its details.
    """

    tool: Tool
    score: float
    shared: tuple[str, ...]
    named: bool
    filling: Filling


def match(
    clause: Clause, passages: Sequence[Passage], catalog: Catalog, previous: Tool | None = None
) -> list[Match]:
    """The tools that fit a clause, best first; ties keep the catalogue's order.

    Args:
        clause: The request.
        passages: The clause's text and what else can fill arguments.
        catalog: The tools.
        previous: The tool of the clause before, which a pronoun refers to.
    """
    said = _concepts(clause.text)
    scored = [(_text_score(clause, said, tool, catalog, previous), tool) for tool in catalog.tools]
    order = sorted(range(len(scored)), key=lambda i: (-scored[i][0], i))[:_SHORTLIST]
    matches = []
    for index in order:
        score, tool = scored[index]
        filling = fill(tool, passages)
        shared = _shared(said, tool, catalog)
        named = any(tool.terms[t] >= _NAMED and not _is_verb(t, clause) for _, t in shared)
        named = named or (clause.verb is not None and clause.verb in tool.verbs)
        named = (
            named
            or _goes_on(clause, said, tool, previous)
            or _evident(filling)
            or _searches(clause, filling)
        )
        matches.append(
            Match(
                tool,
                score + _fit(clause, tool, filling, passages),
                tuple(w for w, _ in shared),
                named,
                filling,
            )
        )
    matches.sort(key=lambda found: -found.score)
    return matches


def _concepts(text: str) -> dict[str, str]:
    """The concepts of a text's words, each with the word that was used."""
    found: dict[str, str] = {}
    for token in tokens(_ADDRESSES.sub(" ", text)):
        if token.stem not in STOP_WORDS and not token.text.isdigit():
            found.setdefault(concept(token.stem), token.text.lower())
    if re.search(r"\bhow much\b", text, re.IGNORECASE):
        found.setdefault(concept("pric"), "how much")
    return found


def _text_score(
    clause: Clause, said: dict[str, str], tool: Tool, catalog: Catalog, previous: Tool | None
) -> float:
    score = 0.0
    for term in said:
        if term in tool.terms:
            weight = _VERB_WEIGHT if _is_verb(term, clause) else catalog.weight_of(term)
            score += weight * tool.terms[term]
    for noun in tool.nouns:
        term = concept(noun)
        if term not in said and term not in _implied(previous, clause):
            score -= 0.8 * min(1.5, catalog.weight_of(term))
    score += _verb_score(clause, tool)
    if previous is not None and set(tool.nouns) & set(previous.nouns) and _refers_back(clause):
        score += 2.5 if _goes_on(clause, said, tool, previous) else 1.0
    return score


def _is_verb(term: str, clause: Clause) -> bool:
    """Whether a word is a verb of asking here, and says nothing of what is asked about."""
    return term in VERB_CLASS and (term not in NOUN_VERBS or term == clause.verb)


def _implied(previous: Tool | None, clause: Clause) -> frozenset[str]:
    """What a pronoun stands for: what the clause before was about."""
    if previous is None or not _refers_back(clause):
        return frozenset()
    return frozenset(concept(noun) for noun in previous.nouns)


def _goes_on(clause: Clause, said: dict[str, str], tool: Tool, previous: Tool | None) -> bool:
    """Whether "show me the details of the second one" means this tool: one thing of that kind."""
    if previous is None or not _refers_back(clause) or not set(tool.nouns) & set(previous.nouns):
        return False
    empty = all(t in VERB_CLASS or w in ORDINALS or w in SUPERLATIVES for t, w in said.items())
    return empty and any(s.noun is not None and s.demanded for s in tool.variants[0])


def _refers_back(clause: Clause) -> bool:
    return any(
        word in PRONOUNS or word in ORDINALS or word in SUPERLATIVES
        for word in (token.text.lower() for token in tokens(clause.text))
    )


def _verb_score(clause: Clause, tool: Tool) -> float:
    score = 0.0
    wanted, kind = clause.verb_class, tool.verb_class
    if clause.verb is not None and clause.verb in tool.verbs:
        score += 1.5
    elif clause.verb is not None and clause.verb not in VERB_CLASS:
        # A verb of the user's own: "rate it" is for the tool that takes a rating.
        score += 1.0 if concept(clause.verb) in tool.terms else -0.3 * (kind == "read")
    if wanted is None:
        # "I need an appointment" wants one made; other requests without a verb ask to be told.
        implied = "create" if clause.wishes else "read"
        return score + (0.5 if kind == implied and clause.verb is None else 0.0)
    if kind is None:
        return score - (0.5 if wanted != "read" and score == 0.0 else 0.2)
    if wanted == kind:
        return score + 1.5
    return score - (3.0 if wanted != "read" and kind != "read" else 2.5)


def _fit(clause: Clause, tool: Tool, filling: Filling, passages: Sequence[Passage]) -> float:
    """How well the clause's values suit the tool's slots."""
    own = [path for path, span in filling.spans.items() if span[0] == 0]
    demanded = [slot for slot in filling.slots if slot.demanded]
    filled = sum(slot.path in filling.values for slot in demanded)
    lost = sum(slot.noun is None for slot in filling.missing)
    score = 1.5 if tool.reads and _searches(clause, filling) else 0.0
    score += 0.4 * filled - 0.5 * lost + 0.25 * (len(own) - min(filled, len(own)))
    score += 1.0 if _is_complete(filling) and _evident(filling) else 0.0
    return score + _listing(tool, filling, passages[0]) - _unused(filling, passages[0])


def _evident(filling: Filling) -> bool:
    """Whether the clause's values alone show that the tool is meant."""
    own = {path for path, span in filling.spans.items() if span[0] == 0}
    formed = [s for s in filling.slots if s.path in own and (s.kind != "string" or s.selective)]
    return len(formed) >= 3 or (bool(formed) and _is_complete(filling))


def _is_complete(filling: Filling) -> bool:
    """Whether the clause fills all that is demanded, and that is more than one thing."""
    demanded = [slot for slot in filling.slots if slot.demanded]
    own = {path for path, span in filling.spans.items() if span[0] == 0}
    return len(demanded) > 1 and all(slot.path in own for slot in demanded)


def _unused(filling: Filling, passage: Passage) -> float:
    """What speaks against a tool that has no use for the clause's dates, numbers and quotations."""
    spans = [(start, end) for number, start, end in filling.spans.values() if number == 0]
    idle = {
        (m.start, m.end)
        for m in passage.mentions
        if m.kind in ("moment", "email", "uuid", "uri", "quoted", "number")
        and not m.overlaps(spans)
    }
    return 0.35 * min(3, len(idle))


def _searches(clause: Clause, filling: Filling) -> bool:
    """Whether the clause searches for something and the tool takes any search words."""
    return clause.verb in SEARCHING and any(
        set(slot.words) & QUERY_WORDS and slot.path in filling.values for slot in filling.slots
    )


def _listing(tool: Tool, filling: Filling, passage: Passage) -> float:
    """Whether one thing is meant or many: an id in the text asks for the one."""
    ids = [slot for slot in filling.slots if slot.noun is not None and slot.demanded]
    if tool.verb_class != "read":
        return 0.0
    if any(slot.path in filling.values for slot in ids):
        return 0.8
    every = any(
        token.text.lower() in ("all", "every", "list", "available") for token in passage.tokens
    )
    if ids and not tool.returns_many:
        return -0.8 - 0.4 * every
    return 0.3 * every if tool.returns_many and not ids else 0.0


def _shared(said: dict[str, str], tool: Tool, catalog: Catalog) -> list[tuple[str, str]]:
    """The words that clause and tool share, with their concepts, the most telling first."""
    both = [(word, term) for term, word in said.items() if term in tool.terms]
    return sorted(both, key=lambda pair: -tool.terms[pair[1]] * catalog.weight_of(pair[1]))
