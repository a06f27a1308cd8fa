"""Pieces of English: what a document's summaries, names and values are to a person."""

from __future__ import annotations

import datetime
import re
from random import Random
from typing import Any, Literal

from toolalpaca_corpus.phrases import phrases

_CLAUSE_END = re.compile(
    r"(?<!e\.g)(?<!i\.e)[.;:]\s|[.;:]$|\s[-\u2013\u2014(]|\n|,? (?:e\.g\.|i\.e\.)"
)
# HTML tags; emphasis, code and headings of Markdown. Underscores stay: they are parts of names.
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|\[[A-Z ]+\]|[`*]+|^#+\s*", re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")
_VOWEL = re.compile(r"[aeio]|u(?!ni|se|r[il]|ti)", re.IGNORECASE)
_WORD_BREAK = re.compile(r"[_\-./\s]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ARTICLE = re.compile(r"(?:the|an?|one|your|this|that|each|any|all)\s+", re.IGNORECASE)
DETERMINERS = {"a", "an", "the", "one", "all", "your", "this", "some", "any", "every", "new"}

DEEDS: tuple[Literal["list", "get", "create", "update", "delete"], ...] = (
    "list",
    "get",
    "create",
    "update",
    "delete",
)
"""Kinds of verbs that ``phrases/verbs.txt`` knows."""


def first_clause(text: str) -> str:
    """*text* without markup, up to its first full stop, colon, dash or bracket.

    >>> first_clause("Get one `train` (with stops). More.")
    'Get one train'
    """
    plain = _MARKUP.sub("", _LINK.sub(r"\1", text)).strip()
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
    stems = (verb, verb.removesuffix("s"), verb.removesuffix("es"), re.sub("ies$", "y", verb))
    for stem in stems:
        if any(stem in known[deed] for deed in (*DEEDS, "do")):
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
        if (words and (bare in PREPOSITIONS or bare.endswith("ed"))) or bare in _VERBLIKE:
            break
        if bare not in DETERMINERS:
            words.append(bare)
        if word != bare:
            break
    return words[-1] if words else ""


PREPOSITIONS = {
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
    return f"{'an' if _VOWEL.match(noun) else 'a'} {noun}"


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
