"""How a person says the arguments of a call.

What an argument *is* (a place to leave from, a day, a limit) follows from its name, its schema and
its description; ``phrases/arguments.txt`` says how each kind is put.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from string import Template
from typing import Any

from toolalpaca.openapi.merging import flatten
from toolalpaca_corpus.argument import Argument, is_nested
from toolalpaca_corpus.english import (
    first_clause,
    listed,
    noun_phrase,
    singular,
    spoken,
    with_article,
)
from toolalpaca_corpus.phrases import phrases

_MOST_PARTS = 3
_ONLY = re.compile(
    r"(?:(?:if|when) (?:true|set|given), )?(?:return |show |include )?"
    r"only (?:the )?(?:\w+s|people|data) (?P<rest>.+)",
    re.IGNORECASE,
)
_THIS = re.compile(
    r"(?P<some>(?:one|any|all|each) of )?\b(?:this|these|(?!\A)that|the given|the specified)\b"
    r"(?: (?P<noun>[\w-]+))?",
    re.IGNORECASE,
)
_UNITS = {
    "seconds", "minutes", "hours", "days", "weeks", "months", "years", "percent", "meters",
    "metres", "km", "kilometers", "kilometres", "miles", "grams", "kg", "kilograms", "bytes",
}  # fmt: skip
_HAVING = {"has", "have", "with", "include", "includes"}
_RELATIVE = re.compile(r"(?:that|which|who|whose|where) ")
_TIMES = {"day", "date", "time", "moment", "year", "month", "many", "amount", "number"}
ORIGINS = {"origin", "from", "source", "departure"}
DESTINATIONS = {"destination", "to", "target", "arrival"}
_BEGINNINGS = {"start", "starts", "from", "since", "after", "begin", "begins", "min", "earliest"}
_ENDS = {"end", "ends", "until", "to", "before", "max", "till", "latest"}
_PLACES = {
    "city",
    "country",
    "region",
    "town",
    "place",
    "state",
    "province",
    "district",
    "location",
}
_SEARCHES = {"q", "query", "search", "keyword", "keywords", "term", "terms", "text"}
_LIMITS = {"limit", "per page", "page size", "max results", "pagesize", "perpage", "size", "count"}
_LOWEST = {"lowest", "minimum", "min", "smallest", "least", "earliest"}
_HIGHEST = {"highest", "maximum", "max", "largest", "greatest", "latest"}

_ORDER = (
    "identified", "yes", "no", "kind", "called", "about", "place", "origin", "destination",
    "on a day", "at a time", "from a day", "until a day", "count", "at least", "at most",
    "set", "relative", "limit", "inline",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrase:
    """An argument in words that follow the object: ``from VIE``.

    Attributes:
        kind: The section of ``arguments.txt`` that it came from.
    """

    kind: str
    text: str

    @property
    def rank(self) -> int:
        """Where it stands among others: ``from`` before ``to``, limits last."""
        return _ORDER.index(self.kind)


@dataclass(frozen=True, slots=True)
class Facet:
    """A part of a nested value in words."""

    noun: str
    value: str

    def __str__(self) -> str:
        return f"{self.noun} {self.value}".strip()


def inline_phrase(argument: Argument, random: Random) -> Phrase | None:
    """The argument as a phrase, or None when only a sentence will do."""
    only = _only_phrase(argument, random)
    if only is not None:
        return only
    if isinstance(argument.value, bool):
        return _boolean_phrase(argument, random)
    if is_nested(argument.value):
        return _parts_phrase(argument, random)
    kind, noun = _kind(argument)
    value = spoken(argument.value, random)
    unit = argument.words[-1].lower()
    if kind in ("at least", "at most") and unit in _UNITS and noun.endswith(f" {unit}"):
        noun, value = with_article(noun.removesuffix(f" {unit}")), f"{value} {unit}"
    return Phrase(kind, _fill(kind, random, noun=noun, value=value))


def sentences(argument: Argument, random: Random) -> list[str]:
    """The argument as clauses: ``the name of the passenger is Maya Lindqvist``."""
    if not is_nested(argument.value):
        value = spoken(argument.value, random)
        return [_fill("sentence", random, noun=argument.noun, value=value)]
    facets = list(_facets(argument.value, argument.schema, argument.root, random))
    if argument.is_whole_body and all(facet.noun for facet in facets):
        return [_fill("sentence", random, noun=f.noun, value=f.value) for f in facets]
    value = listed([str(facet) for facet in facets])
    noun = "list" if argument.is_whole_body else argument.noun
    return [_fill("sentence of several", random, noun=noun, value=value)]


def _fill(section: str, random: Random, **holes: str) -> str:
    return Template(random.choice(phrases("arguments")[section])).substitute(holes)


def _only_phrase(argument: Argument, random: Random) -> Phrase | None:
    """``Only trains of this kind.`` and ``night`` make ``of the kind night``."""
    clause = re.split(r", (?:for example|as [A-Z]|such as)", argument.description)[0]
    match = _ONLY.fullmatch(first_clause(clause))
    if match is None or is_nested(argument.value):
        return None
    rest = match["rest"]
    if isinstance(argument.value, bool):
        kind = "relative" if _RELATIVE.match(rest) else "yes"
        return Phrase(kind, rest) if argument.value else None
    if not _THIS.search(rest):
        return None

    def fill(this: re.Match[str]) -> str:
        conjunction = "and" if (this["some"] or "").lower().startswith("all") else "or"
        value = spoken(argument.value, random, conjunction=conjunction)
        noun = this["noun"]
        if noun is None or noun in _TIMES or this["some"]:
            return value
        if isinstance(argument.value, list) and len(argument.value) == 1:
            noun = singular(noun)
        return f"the {noun} {value}"

    kind = "relative" if _RELATIVE.match(rest) else "kind"
    return Phrase(kind, _THIS.sub(fill, rest, count=1))


def _parts_phrase(argument: Argument, random: Random) -> Phrase | None:
    """``the place on the map (latitude 60.4 and longitude 5.3)``, where that is short."""
    if argument.is_whole_body or not isinstance(argument.value, dict):
        return None
    if len(argument.value) > _MOST_PARTS or any(map(is_nested, argument.value.values())):
        return None
    value = spoken_parts(argument.value, argument.schema, argument.root, random)
    return Phrase("inline", f"the {argument.noun} {value}")


def _boolean_phrase(argument: Argument, random: Random) -> Phrase:
    words = [word.lower() for word in argument.words]
    if words[0] not in _HAVING or len(words) == 1:
        value = spoken(argument.value, random)
        return Phrase("set", _fill("set", random, noun=" ".join(words), value=value))
    kind = "yes" if argument.value else "no"
    return Phrase(kind, _fill(kind, random, noun=" ".join(words[1:])))


def _kind(argument: Argument) -> tuple[str, str]:
    """The section of ``arguments.txt`` for *argument*, and the noun for its hole."""
    words, schema = argument.words, argument.schema
    numeric = isinstance(argument.value, int | float)
    if numeric and " ".join(words).lower() in _LIMITS:
        return "limit", ""
    bound = _bound(argument) if numeric else None
    if bound is not None:
        return bound
    moment = _moment(words, schema)
    if moment is not None:
        return moment, ""
    if numeric:
        plural = len(words) == 1 and words[0] != singular(words[0])
        return ("count" if plural else "inline"), argument.noun if not plural else words[0]
    return _text_kind(words), argument.noun


def _text_kind(words: list[str]) -> str:
    first = words[0] if words else ""
    if first in ORIGINS:
        return "origin"
    if first in DESTINATIONS:
        return "destination"
    if words in (["name"], ["title"]):
        return "called"
    if len(words) == 1 and first in _SEARCHES:
        return "about"
    if len(words) == 1 and first in _PLACES:
        return "place"
    return "set" if first.lower() in phrases("verbs")["not nouns"] else "inline"


def _bound(argument: Argument) -> tuple[str, str] | None:
    """``Highest price for a seat`` is a bound on the ``price for a seat``."""
    for words, nouns in (
        (argument.noun.split(), argument.noun.split()[1:]),
        (argument.words, [w for w in argument.words if w not in _LOWEST | _HIGHEST]),
    ):
        noun = " ".join(nouns)
        if noun and words[0] in _LOWEST:
            return "at least", with_article(noun)
        if noun and words[0] in _HIGHEST:
            return "at most", with_article(noun)
    return None


def _moment(words: list[str], schema: Mapping[str, Any]) -> str | None:
    is_time = schema.get("format") == "date-time"
    if schema.get("format") != "date" and not is_time and "date" not in words:
        return None
    if _BEGINNINGS.intersection(words):
        return "from a day"
    if _ENDS.intersection(words):
        return "until a day"
    if len(words) == 1:
        return "at a time" if is_time else "on a day"
    return None


def _facets(value: Any, schema: Any, root: Mapping[str, Any], random: Random) -> Iterator[Facet]:
    """The parts of a nested value."""
    if isinstance(value, list):
        items = flatten(schema.get("items", True), root) if isinstance(schema, dict) else True
        for item in value:
            yield Facet("", spoken_parts(item, items, root, random))
    elif isinstance(value, dict):
        for name, item in value.items():
            flat = flatten(_property(schema, name, value, root), root)
            description = str(flat.get("description", "")) if isinstance(flat, dict) else ""
            noun = noun_phrase(name, description, most_words=4)
            yield Facet(noun, spoken_parts(item, flat, root, random))


def spoken_parts(value: Any, schema: Any, root: Mapping[str, Any], random: Random) -> str:
    """A value of any depth in words: ``latitude 60.4 and longitude 5.3``."""
    if not is_nested(value):
        return spoken(value, random)
    return f"({listed([str(facet) for facet in _facets(value, schema, root, random)])})"


def _property(schema: Any, name: str, value: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """The schema of the property *name*, in the first alternative that knows all of *value*."""
    if not isinstance(schema, dict):
        return True
    if name in schema.get("properties", {}):
        return schema["properties"][name]
    for branch in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        flat = flatten(branch, root)
        known = flat.get("properties", {}) if isinstance(flat, dict) else {}
        if set(value) <= set(known):
            return known[name]
    return True
