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
from toolalpaca_corpus.english import (
    first_clause,
    listed,
    noun_phrase,
    singular,
    split_words,
    spoken,
    with_article,
)
from toolalpaca_corpus.phrases import phrases
from toolalpaca_runtime.tools import Place

_MOST_LEAVES = 8
_ONLY = re.compile(
    r"(?:(?:if|when) (?:true|set|given), )?(?:return |show |include )?"
    r"only (?:the )?(?:\w+s|people|data) (?P<rest>.+)",
    re.IGNORECASE,
)
_THIS = re.compile(
    r"(?P<some>(?:one|any|all|each) of )?\b(?:this|these|that|the given|the specified)\b"
    r"(?: (?P<noun>[\w-]+))?",
    re.IGNORECASE,
)
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
    "limit", "inline",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument and its value.

    Attributes:
        schema: Its schema, flattened.
        root: The tool's parameters, which references lead into.
        place: Where it goes in the request.
    """

    name: str
    value: Any
    schema: Mapping[str, Any]
    root: Mapping[str, Any]
    place: Place | None = None

    @property
    def words(self) -> list[str]:
        """The words of its name."""
        return split_words(self.name)

    @property
    def description(self) -> str:
        """What the document says of it."""
        return str(self.schema.get("description", ""))

    @property
    def noun(self) -> str:
        """What a person calls it; ``title of the book`` is its ``title``."""
        noun = noun_phrase(self.name, self.description)
        short = re.fullmatch(r"((?:new )?\w+) of (?:the|an?) \w+", noun)
        return short[1] if short and short[1].split()[-1] in self.words else noun

    @property
    def is_whole_body(self) -> bool:
        """Whether it is the request's whole body, which has no name of its own."""
        return self.place is not None and self.place.name == ""

    @property
    def is_sayable(self) -> bool:
        """Whether a person would put its value into words."""
        return 0 < sum(1 for _ in _leaves(self.value)) <= _MOST_LEAVES


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
    if _is_nested(argument.value):
        return None
    kind, noun = _kind(argument)
    return Phrase(kind, _fill(kind, random, noun=noun, value=spoken(argument.value, random)))


def sentences(argument: Argument, random: Random) -> list[str]:
    """The argument as clauses: ``the name of the passenger is Maya Lindqvist``."""
    if not _is_nested(argument.value):
        value = spoken(argument.value, random)
        return [_fill("sentence", random, noun=argument.noun, value=value)]
    facets = list(_facets(argument.value, argument.schema, argument.root, random))
    if argument.is_whole_body and all(isinstance(facet, Facet) for facet in facets):
        return [_fill("sentence", random, noun=f.noun, value=f.value) for f in facets]
    value = listed([str(facet) for facet in facets])
    return [_fill("sentence of several", random, noun=argument.noun, value=value)]


def _fill(section: str, random: Random, **holes: str) -> str:
    return Template(random.choice(phrases("arguments")[section])).substitute(holes)


def _only_phrase(argument: Argument, random: Random) -> Phrase | None:
    """``Only trains of this kind.`` and ``night`` make ``of the kind night``."""
    clause = re.split(r", (?:for example|as [A-Z]|such as)", argument.description)[0]
    match = _ONLY.fullmatch(first_clause(clause))
    if match is None or _is_nested(argument.value):
        return None
    rest = match["rest"]
    if isinstance(argument.value, bool):
        return Phrase("yes", rest) if argument.value else None
    if not _THIS.search(rest):
        return None

    def fill(this: re.Match[str]) -> str:
        conjunction = "and" if (this["some"] or "").lower().startswith("all") else "or"
        value = spoken(argument.value, random, conjunction=conjunction)
        noun = this["noun"]
        if noun is None or noun in _TIMES or this["some"]:
            return value
        return f"the {noun} {value}"

    return Phrase("kind", _THIS.sub(fill, rest, count=1))


def _boolean_phrase(argument: Argument, random: Random) -> Phrase:
    words = [
        word for word in argument.words if word not in ("is", "has", "with", "include", "only")
    ]
    kind = "yes" if argument.value else "no"
    return Phrase(kind, _fill(kind, random, noun=" ".join(words) or argument.name))


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
    return "inline"


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


def _is_nested(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict | list) for item in value)
    return isinstance(value, dict)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


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
    if not _is_nested(value):
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
