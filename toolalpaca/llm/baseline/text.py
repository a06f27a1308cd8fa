"""Words: tokens with their places in the text, the words of an identifier, and stems."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# "e-mail" is one word; an apostrophe belongs to its word ("member's").
_TOKEN = re.compile(r"[eE]-mails?\b|[^\W\d_]+(?:'[^\W\d_]+)?|\d+(?:[.,]\d+)*")
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+|\d+")
_VOWEL = re.compile(r"[aeiouy]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number of a text.

    Attributes:
        text: As written.
        start: Offset of its first character.
        end: Offset behind its last character.
        stem: What :func:`stem` makes of it.
    """

    text: str
    start: int
    end: int
    stem: str


def tokens(text: str) -> tuple[Token, ...]:
    """The words and numbers of a text, in order.

    >>> [token.stem for token in tokens("Booked 2 seats")]
    ['book', '2', 'seat']
    """
    return tuple(
        Token(found.group(), found.start(), found.end(), stem(found.group()))
        for found in _TOKEN.finditer(text)
    )


def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's words, in order."""
    return tuple(stem(found.group()) for found in _TOKEN.finditer(text))


@lru_cache(maxsize=16_384)
def name_words(name: str) -> tuple[str, ...]:
    """The lower-case words of an identifier in camelCase, snake_case or kebab-case.

    >>> name_words("getUserByID"), name_words("per_page")
    (('get', 'user', 'by', 'id'), ('per', 'page'))
    """
    # "userIDs" is a plural of "ID", not "I" and "Ds".
    joined = re.sub(r"([A-Z]{2,})s\b", lambda found: found.group(1).capitalize() + "s", name)
    return tuple(part.lower() for part in _NAME_PART.findall(joined.replace("e-mail", "email")))


def name_stems(name: str) -> tuple[str, ...]:
    """The stems of an identifier's words."""
    return tuple(stem(word) for word in name_words(name))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A word without its inflection: enough to equate ``bookings``, ``booked`` and ``book``.

    The rules are the inflectional ones of Porter's algorithm (M. F. Porter, "An algorithm for
    suffix stripping", 1980) and the derivations that separate an API's nouns from its users'
    verbs: ``-ation`` (reservation, reserve), ``-ment`` (payment, pay), ``-sion`` (conversion),
    ``-er`` (reminder, remind).

    >>> stem("Cities"), stem("creating"), stem("reservations"), stem("payments"), stem("e-mails")
    ('city', 'creat', 'reserv', 'pay', 'email')
    """
    word = re.sub(r"'s$|'$", "", word.lower()).replace("-", "")
    if not word.isascii() or len(word) < 4:
        return word
    word = _without_ending(_singular(word))
    if word.endswith("ily"):
        word = word[:-3] + "y"
    elif word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if word.endswith("ation") and _VOWEL.search(word[:-5]):
        # "reservation" goes to "reserv", the short "creation" to "creat", like their verbs.
        word = word[:-5] if len(word) >= 10 else word[:-3]
    elif word.endswith("ate") and len(word) >= 8:
        word = word[:-3]
    elif word.endswith("ersion") and len(word) >= 9:
        word = word[:-4] + "t"
    elif word.endswith("er") and len(word) >= 8:
        word = word[:-2]
    elif word.endswith("ment") and len(word) > 6 and _VOWEL.search(word[:-4]):
        word = word[:-4]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    return word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "news")):
        return word[:-1]
    return word


def _without_ending(word: str) -> str:
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < 3 or not _VOWEL.search(rest):
            continue
        if rest[-1] == rest[-2] and rest[-1] not in "lsz":
            return rest[:-1]
        return rest
    return word


def word_set(line: str) -> frozenset[str]:
    """The words of a line: tables of words read better as prose."""
    return frozenset(line.split())


def stem_set(line: str) -> frozenset[str]:
    """The stems of a line's words."""
    return frozenset(stem(word) for word in line.split())


def singular(word: str) -> str:
    """A noun's singular, for sentences: ``cities`` gives ``city``."""
    return _singular(word) if len(word) > 3 else word


def plural(noun: str) -> str:
    """A noun's plural, for sentences: ``city`` gives ``cities``."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")
