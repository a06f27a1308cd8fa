"""What an operation does, as an order: "list the payments made for a booking"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Literal

from toolalpaca.openapi.model import Operation
from toolalpaca_corpus.english import (
    DEEDS,
    DETERMINERS,
    PREPOSITIONS,
    base_form,
    first_clause,
    head_noun,
    lower_first,
    singular,
    split_words,
    with_article,
)
from toolalpaca_corpus.phrases import phrases

Deed = Literal["list", "get", "create", "update", "delete", "do"]

_BY_NAMES = re.compile(r", (?:optionally )?(?:by|filtered|sorted) .*$")
_BY_KEY = re.compile(
    r"\s+(?:by|using|with|given|from)\s+(?:(?:its|their|the|an?|unique|specified|given)\s+)*"
    r"(?:\w+\s+)?(?:ids?|identifiers?|codes?|uuid|slug|key|name|username)$",
    re.IGNORECASE,
)
# "Pay by card or voucher": which of them is an argument.
_BY_CHOICE = re.compile(r"\s+by\s+(?:[\w-]+,\s+)*[\w-]+\s+or\s+[\w-]+$")
# "Renew a loan or mark it as returned": two names of one change.
_OR_ELSE = re.compile(r"^\S+ (?P<object>.+?) or (?P<verb>\w+) (?:it|them)\b.*$", re.IGNORECASE)
_GIVEN = re.compile(r"^given [^,]+, ", re.IGNORECASE)
_AND_RETURNS = re.compile(r"(?<=\w),? (?:and )?returns? .*$")
# "The variable ':name' of :project": a route's placeholders.
_PLACEHOLDER = re.compile(r"(?<=\s)['\"]?(?::(?=[a-z])|\{)(\w+)\}?['\"]?")
_BY_FIELDS = re.compile(r"\s+by\s+[\w\s,-]+?(?:\s+(?:or|and)\s+[\w\s-]+)?$")
_MOST_WORDS = 14


@dataclass(frozen=True, slots=True)
class Imperative:
    """What an operation does, as an order: "list" and "the payments made for a booking".

    Attributes:
        deed: The kind of verb, which says what other verbs would do.
        verb: In lower case, its base form.
        object: The rest, ``""`` when there is none.
    """

    deed: Deed
    verb: str
    object: str

    @property
    def plural(self) -> bool:
        """Whether the object is several things: "the branches of the library"."""
        head = head_noun(self.object)
        return head != singular(head)

    @property
    def determined(self) -> bool:
        """Whether the object is something in particular: "the branches", not "stations"."""
        return self.object.split(" ", 1)[0].lower() in DETERMINERS


def imperative(operation: Operation) -> Imperative:
    """What *operation* does, out of its summary, its description or its name."""
    for text in (operation.summary, operation.description):
        found = _imperative_of(text, operation)
        if found is not None:
            return found
    words = split_words(operation.operation_id or operation.name) or [operation.method]
    verb, rest = words[0], " ".join(words[1:])
    if _deed_of(base_form(verb)) != "do":
        return Imperative(_deed(verb, operation), base_form(verb), rest)
    return Imperative(_method_deed(operation), _method_verb(operation), " ".join(words))


def _imperative_of(text: str, operation: Operation) -> Imperative | None:
    clause = _PLACEHOLDER.sub(r"a \1", _GIVEN.sub("", first_clause(text)))
    clause = _BY_NAMES.sub("", _AND_RETURNS.sub("", clause))
    clause = _BY_CHOICE.sub("", _BY_KEY.sub("", clause))
    words = clause.split()
    if not words or len(words) > _MOST_WORDS:
        return None
    verb = base_form(words[0].lower().rstrip(","))
    if _is_verb(verb, words, operation):
        rest = " ".join(words[1:])
        alternative = _OR_ELSE.match(clause)
        if alternative and operation.method in ("put", "patch"):
            return Imperative("update", "update", alternative["object"])
        if _deed(verb, operation) == "list":
            rest = _searched(verb, _BY_FIELDS.sub("", rest), operation)
        for filler in ("a list of ", "list of ", "information about ", "details of "):
            rest = rest.removeprefix(filler)
        return Imperative(_deed(verb, operation), verb, _determined(rest, operation))
    return Imperative(_method_deed(operation), _method_verb(operation), lower_first(clause))


def _determined(text: str, operation: Operation) -> str:
    """*text* with an article where it is one of the things of the path: ``a purchase order``."""
    head = head_noun(text)
    things = {singular(word) for part in operation.path.split("/") for word in split_words(part)}
    first = text.split(" ", 1)[0].lower()
    # "What a station has measured" is no countable thing.
    closed = DETERMINERS | PREPOSITIONS | set(phrases("verbs")["not nouns"])
    if head not in things or head != singular(head) or first in closed:
        return text
    return with_article(text)


def _searched(verb: str, place: str, operation: Operation) -> str:
    """What is searched for: ``the catalogue`` under ``/books`` is ``the catalogue for books``."""
    segments = [part for part in operation.path.split("/") if part and part[0] != "{"]
    things = " ".join(split_words(segments[-1])) if segments else ""
    head = head_noun(place)
    several = things != singular(things)
    if verb != "search" or not several or head != singular(head) or " for " in place:
        return place
    return f"{place} for {things}"


def _is_verb(verb: str, words: list[str], operation: Operation) -> bool:
    if len(words) == 1 or not verb.isalpha():
        return False
    named = split_words(operation.operation_id)[:1]
    determined = words[1].lower() in DETERMINERS
    return _deed_of(verb) != "do" or verb in phrases("verbs")["do"] or verb in named or determined


def _deed_of(verb: str) -> Deed:
    for deed in DEEDS:
        if verb in phrases("verbs")[deed]:
            return deed
    return "do"


def _deed(verb: str, operation: Operation) -> Deed:
    deed = _deed_of(base_form(verb))
    return "get" if deed == "do" and operation.method == "get" else deed


def _method_deed(operation: Operation) -> Deed:
    deeds: dict[str, Deed] = {
        "get": "get", "head": "get", "put": "update", "patch": "update", "delete": "delete",
    }  # fmt: skip
    return deeds.get(operation.method, "do")


def _method_verb(operation: Operation) -> str:
    return {"get": "get", "put": "update", "patch": "update", "delete": "delete"}.get(
        operation.method, "submit"
    )


def other_verb(words: Imperative, random: Random) -> str:
    """The imperative's verb or, where it is colourless, one that means the same."""
    alike = phrases("verbs").get(f"{words.deed} in other words", ())
    colourless = words.verb in phrases("verbs")["colourless"]
    # "Search the catalogue" is no "find the catalogue".
    fits = words.deed != "list" or words.plural
    return random.choice(alike) if alike and colourless and fits else words.verb
