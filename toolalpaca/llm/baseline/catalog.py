"""The catalogue: the tools of a request, analysed once for matching and chaining."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from toolalpaca.errors import DocumentError
from toolalpaca.llm.baseline.slots import Slot, shape, slot_variants
from toolalpaca.llm.baseline.text import name_stems, name_words, stem, stems
from toolalpaca.llm.baseline.vocabulary import (
    NOUN_VERBS,
    STOP_WORDS,
    VERB_CLASS,
    VerbClass,
    concept,
)
from toolalpaca.llm.protocol import JsonSchema, ToolSpec
from toolalpaca.openapi.validation import Validator, Violation
from toolalpaca.task import ASK_TOOL, CLOCK_TOOL, RETRIEVAL_TOOL, SEARCH_TOOL

SPECIAL_TOOLS: Final = frozenset({ASK_TOOL, CLOCK_TOOL, RETRIEVAL_TOOL, SEARCH_TOOL})
"""Tools of the runtime's own, which no instruction asks for."""

# How much a word of the tool counts, by where it stands.
_WEIGHTS: Final = {"name": 3.0, "summary": 2.0, "description": 0.7, "parameter": 1.0, "enum": 0.9}
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Property:
    """A property somewhere in a tool's result.

    Attributes:
        name: Its key.
        owner: Stems of what has it: the schema's name or the container's key.
        many: Whether it stands inside a list.
        schema: Its schema, references followed at the top.
    """

    name: str
    owner: tuple[str, ...]
    many: bool
    schema: JsonSchema


@dataclass(frozen=True, eq=False)
class Tool:
    """A tool, analysed.

    Attributes:
        spec: As the request gave it.
        variants: Its slots, once for each way through ``oneOf``.
        terms: Concept of each of its words, and how much it counts.
        nouns: Stems of its name without the verb: what it is about.
        verbs: Stems of the verbs that its name and its summary begin with.
        verb_class: What it does, or None for a verb of its own domain.
    """

    spec: ToolSpec
    variants: tuple[tuple[Slot, ...], ...]
    terms: Mapping[str, float]
    nouns: tuple[str, ...]
    verbs: frozenset[str]
    verb_class: VerbClass | None

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.spec.name

    @cached_property
    def summary(self) -> str:
        """The first sentence of the description."""
        return summary_of(self.spec.description)

    @cached_property
    def properties(self) -> tuple[Property, ...]:
        """What its result holds."""
        returns = self.spec.returns
        return tuple(_properties(returns, returns, (), False, 0)) if returns else ()

    @cached_property
    def returns_many(self) -> bool:
        """Whether its result is, or wraps, a list."""
        if self.spec.returns is None:
            return any(word in ("list", "search", "find", "all") for word in name_words(self.name))
        flat = shape(self.spec.returns, self.spec.returns)
        inner = flat.get("properties")
        values = [flat, *(inner.values() if isinstance(inner, Mapping) else ())]
        return any("items" in shape(value, self.spec.returns) for value in values)

    @property
    def reads(self) -> bool:
        """Whether calling it changes nothing, as far as its words tell."""
        return self.verb_class == "read" or (
            self.verb_class is None and self.spec.returns is not None and self.returns_many
        )

    @cached_property
    def _validator(self) -> Validator | None:
        try:
            return Validator(self.spec.parameters)
        except DocumentError:
            return None

    def violations(self, arguments: dict[str, Any]) -> list[Violation]:
        """How *arguments* break the parameters' schema."""
        return self._validator.violations(arguments) if self._validator else []


@dataclass(frozen=True, eq=False)
class Catalog:
    """All tools of a request.

    Attributes:
        tools: Those an instruction can ask for, in order.
        can_ask: Whether there is a tool that asks the user.
        has_clock: Whether there is a tool that tells the present day.
        weight: How telling a concept is among these tools (inverse document frequency).
    """

    tools: tuple[Tool, ...]
    can_ask: bool
    has_clock: bool = False
    weight: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, specs: Sequence[ToolSpec]) -> Catalog:
        """Analyse the tools of a request."""
        tools = tuple(_analysed(spec) for spec in specs if spec.name not in SPECIAL_TOOLS)
        seen = Counter(
            term
            for tool in tools
            for term, weight in tool.terms.items()
            if weight >= _WEIGHTS["summary"]
        )
        count = len(tools)
        weight = {
            term: max(0.35, math.log(1 + (count - n + 0.5) / (n + 0.5))) for term, n in seen.items()
        }
        names = {spec.name for spec in specs}
        return cls(tools, ASK_TOOL in names, CLOCK_TOOL in names, weight)

    def weight_of(self, term: str) -> float:
        """The concept's weight; one that stands only in details counts as a middling one."""
        return self.weight.get(term, 1.0)

    @cached_property
    def verbs(self) -> frozenset[str]:
        """Every verb that one of the tools begins with."""
        return frozenset(verb for tool in self.tools for verb in tool.verbs)


def summary_of(description: str) -> str:
    """The first sentence or line of a description."""
    text = description.strip()
    return " ".join(re.split(r"(?<=[.!?])\s|\n", text, maxsplit=1)[0].split()).rstrip(".")


def _analysed(spec: ToolSpec) -> Tool:
    variants = slot_variants(spec.parameters)
    summary = summary_of(spec.description)
    name = name_stems(spec.name)
    first = stems(summary)[:1]
    pure = [word for word in name if word in VERB_CLASS and word not in NOUN_VERBS]
    verbs = {*pure[:1], *name[:1], *first} - STOP_WORDS - {"return"}
    return Tool(
        spec=spec,
        variants=variants,
        terms=_terms(spec, summary, variants),
        nouns=_nouns(name_words(spec.name)),
        verbs=frozenset(verbs),
        verb_class=_verb_class(pure, first, name),
    )


def _nouns(words: tuple[str, ...]) -> tuple[str, ...]:
    """The stems of a name's words that say what it is about: no verbs, no grammar.

    A first word that is no plain verb is taken for the verb ("borrowBook", "listBooks"), unless it
    is a plural ("orders_list") or another word of the name is the verb ("cart_addItem").
    """
    kept = [
        word
        for word in words
        if stem(word) not in STOP_WORDS
        and (stem(word) not in VERB_CLASS or stem(word) in NOUN_VERBS)
    ]
    if len(kept) > 1 and kept[0] == words[0]:
        if kept[0].endswith("s"):
            kept = kept[:-1] if stem(kept[-1]) in NOUN_VERBS else kept
        elif stem(kept[0]) in NOUN_VERBS or len(kept) == len(words):
            kept = kept[1:]
    return tuple(stem(word) for word in kept)


def _verb_class(pure: list[str], first: tuple[str, ...], name: tuple[str, ...]) -> VerbClass | None:
    """The class of a plain verb in the name, else of the summary's first word, else of the name's.

    "orders_list" and "bookSeat" hold words that are nouns as often: there the summary decides.
    """
    for word in (*pure[:1], *first, *name[:1], *name[-1:]):
        if word == "return":  # the tool speaks; a user who returns something gives it back
            return "read"
        if word in VERB_CLASS:
            return VERB_CLASS[word]
    return None


def _terms(
    spec: ToolSpec, summary: str, variants: tuple[tuple[Slot, ...], ...]
) -> dict[str, float]:
    weights: dict[str, float] = {}

    def add(words: Sequence[str] | frozenset[str], place: str, factor: float = 1.0) -> None:
        for word in words:
            if word not in STOP_WORDS:
                term = concept(word)
                weights[term] = max(weights.get(term, 0.0), _WEIGHTS[place] * factor)

    add(name_stems(spec.name), "name")
    add(stems(summary), "summary")
    add(stems(spec.description[len(summary) :]), "description")
    for slot in {slot.path: slot for variant in variants for slot in variant}.values():
        add(slot.words, "parameter")
        add(stems(slot.description), "parameter", 0.5)
        for choice in (slot.item or slot).choices:
            if isinstance(choice, str):
                add(name_stems(choice), "enum")
    return weights


def _properties(
    schema: Any, root: JsonSchema, owner: tuple[str, ...], many: bool, depth: int
) -> Iterator[Property]:
    if depth > _DEPTH or not isinstance(schema, Mapping):
        return
    # A schema's own name says what it describes, unless it only wraps a page of something.
    reference = schema.get("$ref")
    if isinstance(reference, str):
        owner = name_stems(reference.rsplit("/", 1)[-1])
    flat = shape(schema, root)
    if "items" in flat:
        yield from _properties(flat["items"], root, owner, True, depth)
    properties = flat.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name, sub in properties.items():
        inner = shape(sub, root)
        yield Property(str(name), owner, many, inner)
        if "properties" in inner or "items" in inner or "$ref" in inner:
            yield from _properties(sub, root, name_stems(str(name)), many, depth + 1)
