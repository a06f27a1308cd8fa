"""Pieces of English: what a document's summaries, names and values are to a person."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from toolalpaca.openapi.model import Operation
from toolalpaca_corpus.phrases import phrases

Deed = Literal["list", "get", "create", "update", "delete", "do"]

_CLAUSE_END = re.compile(
    r"(?<!e\.g)(?<!i\.e)[.;:]\s|[.;:]$|\s[-\u2013\u2014(]|\n|,? (?:e\.g\.|i\.e\.)"
)
# HTML tags; emphasis, code and headings of Markdown. Underscores stay: they are parts of names.
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|[`*]+|^#+\s*", re.MULTILINE)
_BY_NAMES = re.compile(r", (?:optionally )?(?:by|filtered|sorted) .*$")
_BY_KEY = re.compile(
    r"\s+(?:by|using|with|given|from)\s+(?:(?:its|their|the|an?|unique|specified|given)\s+)*"
    r"(?:\w+\s+)?(?:ids?|identifiers?|codes?|uuid|slug|key)$",
    re.IGNORECASE,
)
_BY_FIELDS = re.compile(r"\s+by\s+[\w\s,-]+?(?:\s+(?:or|and)\s+[\w\s-]+)?$")
_WORD_BREAK = re.compile(r"[_\-./\s]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ARTICLE = re.compile(r"(?:the|an?|one|your|this|that|each|any|all)\s+", re.IGNORECASE)
_DETERMINERS = {"a", "an", "the", "one", "all", "your", "this", "some", "any", "every", "new"}
_MOST_WORDS = 14

_DEEDS: tuple[Deed, ...] = ("list", "get", "create", "update", "delete")


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

    def __str__(self) -> str:
        return f"{self.verb} {self.object}".strip()

    @property
    def plural(self) -> bool:
        """Whether the object is several things: "the branches of the library"."""
        head = head_noun(self.object)
        return head != singular(head)

    @property
    def determined(self) -> bool:
        """Whether the object is something in particular: "the branches", not "stations"."""
        return self.object.split(" ", 1)[0].lower() in _DETERMINERS


def imperative(operation: Operation) -> Imperative:
    """What *operation* does, out of its summary, its description or its name."""
    for text in (operation.summary, operation.description):
        found = _imperative_of(text, operation)
        if found is not None:
            return found
    words = split_words(operation.operation_id or operation.name)
    verb, rest = words[0], " ".join(words[1:])
    if _deed_of(base_form(verb)) != "do":
        return Imperative(_deed(verb, operation), base_form(verb), rest)
    return Imperative(_method_deed(operation), _method_verb(operation), " ".join(words))


def _imperative_of(text: str, operation: Operation) -> Imperative | None:
    clause = _BY_KEY.sub("", _BY_NAMES.sub("", first_clause(text)))
    words = clause.split()
    if not words or len(words) > _MOST_WORDS:
        return None
    verb = base_form(words[0].lower().rstrip(","))
    if _is_verb(verb, words, operation):
        rest = " ".join(words[1:])
        if _deed(verb, operation) == "list":
            rest = _BY_FIELDS.sub("", rest)
        for filler in ("a list of ", "list of ", "information about ", "details of "):
            rest = rest.removeprefix(filler)
        return Imperative(_deed(verb, operation), verb, rest)
    return Imperative(_method_deed(operation), _method_verb(operation), lower_first(clause))


def _is_verb(verb: str, words: list[str], operation: Operation) -> bool:
    if len(words) == 1 or not verb.isalpha():
        return False
    named = split_words(operation.operation_id)[:1]
    determined = words[1].lower() in _DETERMINERS
    return _deed_of(verb) != "do" or verb in phrases("verbs")["do"] or verb in named or determined


def _deed_of(verb: str) -> Deed:
    for deed in _DEEDS:
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


def first_clause(text: str) -> str:
    """*text* without markup, up to its first full stop, colon, dash or bracket.

    >>> first_clause("Get one `train` (with stops). More.")
    'Get one train'
    """
    plain = _MARKUP.sub("", text).strip()
    return _CLAUSE_END.split(plain, maxsplit=1)[0].strip().rstrip(".,;:")


def split_words(name: str) -> list[str]:
    """The words of an identifier, in lower case.

    >>> split_words("maxPricePerNight"), split_words("per_page")
    (['max', 'price', 'per', 'night'], ['per', 'page'])
    """
    return [_spelled(word) for word in _WORD_BREAK.split(name) if word]


def _spelled(word: str) -> str:
    return word.upper() if word.lower() in ("id", "url", "ip", "uuid") else word.lower()


def base_form(verb: str) -> str:
    """A verb without the ``s`` of the third person, where that is a verb we know.

    >>> base_form("Returns"), base_form("searches"), base_form("process")
    ('return', 'search', 'process')
    """
    verb = verb.lower()
    known = phrases("verbs")
    for stem in (verb, verb.removesuffix("s"), verb.removesuffix("es")):
        if any(stem in known[deed] for deed in (*_DEEDS, "do")):
            return stem
    return verb


def singular(noun: str) -> str:
    """The singular of a regular English noun.

    >>> [singular(n) for n in ("stations", "categories", "branches", "status", "address")]
    ['station', 'category', 'branch', 'status', 'address']
    """
    if re.search(r"(?:ss|us|is|news|series)$", noun):
        return noun
    if noun.endswith("ies") and len(noun) > 4 and noun not in ("movies", "cookies"):
        return noun[:-3] + "y"
    if re.search(r"(?:ch|sh|x|ss|zz)es$", noun):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") else noun


def head_noun(phrase: str) -> str:
    """The word that a noun phrase is about, in lower case: the last before a preposition.

    >>> head_noun("the payments made for a booking"), head_noun("delay alerts")
    ('payments', 'alerts')
    """
    words: list[str] = []
    for word in phrase.lower().split():
        bare = word.strip(",.;")
        if (words and (bare in _PREPOSITIONS or bare.endswith("ed"))) or bare in _VERBLIKE:
            break
        if bare not in _DETERMINERS:
            words.append(bare)
        if word != bare:
            break
    return words[-1] if words else ""


_PREPOSITIONS = {
    "of", "for", "in", "on", "at", "to", "from", "with", "by", "between", "that", "which", "who",
    "into", "as", "out", "off", "up", "and", "or", "about", "made", "near", "within", "when",
    "whose", "has", "is",
}  # fmt: skip
_VERBLIKE = {"made", "sent", "given"}


def lower_first(text: str) -> str:
    """*text* with a small first letter, unless its first word is an acronym or a name.

    >>> lower_first("Name of the station"), lower_first("URL of it"), lower_first("E-mail")
    ('name of the station', 'URL of it', 'e-mail')
    """
    first = text.split(" ", 1)[0]
    if sum(letter.isupper() for letter in first) > 1:
        return text
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """*text* with a capital first letter."""
    return text[:1].upper() + text[1:]


def noun_phrase(name: str, description: str, *, most_words: int = 7) -> str:
    """What an argument is called by a person, without an article.

    It is the beginning of the description where that is a noun phrase, else the words of the name.

    >>> noun_phrase("contact_email", "E-mail address given when booking.")
    'e-mail address given when booking'
    >>> noun_phrase("max_price", "If set, the highest price.")
    'max price'
    """
    clause = re.split(
        r",| such as | for example | as [A-Z]| in the form | or part of it",
        first_clause(description),
    )[0]
    clause = _ARTICLE.sub("", clause, count=1) if _ARTICLE.match(clause) else clause
    words = clause.split()
    starts_otherwise = not words or words[0].lower() in phrases("verbs")["not nouns"]
    if (
        starts_otherwise
        or len(words) > most_words
        or base_form(words[0]) in phrases("verbs")["get"]
    ):
        return " ".join(split_words(name))
    return lower_first(clause)


def with_article(noun: str) -> str:
    """*noun* with ``a`` or ``an``, or without when it is plural.

    >>> with_article("price for a seat"), with_article("age"), with_article("delay minutes")
    ('a price for a seat', 'an age', 'delay minutes')
    """
    head = head_noun(noun)
    if head != singular(head):
        return noun
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def listed(items: list[str], conjunction: str = "and") -> str:
    """Items as a person lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def spoken(value: Any, random: Random, *, conjunction: str = "and") -> str:
    """A scalar, or a list of scalars, as a person writes it."""
    if isinstance(value, list):
        return listed([spoken(item, random) for item in value], conjunction)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        return _spoken_date(value, random)
    return str(value)


def _spoken_date(text: str, random: Random) -> str:
    try:
        day = datetime.date.fromisoformat(text) if len(text) == len("2027-05-14") else None
    except ValueError:
        day = None
    # Most people copy the form that they see; some write the month out.
    if day is None or random.random() < 0.7:
        return text
    month = day.strftime("%B")
    return random.choice([f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}"])
