"""Mentions: the stretches of a text that can be values, and what kind of value each is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from toolalpaca.llm.baseline import dates
from toolalpaca.llm.baseline.text import Token, tokens
from toolalpaca.llm.baseline.vocabulary import (
    NAMING,
    NUMBER_WORDS,
    POSSESSIVES,
    PRONOUNS,
    ROLES,
    STOP_WORDS,
    TITLES,
    VERB_CLASS,
)

MentionKind = Literal[
    "email", "uri", "uuid", "ip", "moment", "month", "number", "quoted", "code", "name", "phrase"
]

_FORMATS: Final[tuple[tuple[MentionKind, re.Pattern[str]], ...]] = (
    ("uri", re.compile(r"\b(?:https?|ftp)://[^\s<>\"']+[^\s<>\"'.,;:!?)]")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("uuid", re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")),
    ("code", re.compile(r"(?<![\w+])\+\d[\d ()-]{6,16}\d(?!\w)")),  # a telephone number
    ("ip", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")),
)
# An apostrophe opens a quotation only where no letter stands before it, and closes one only where
# none stands behind it: "the member's book" holds no quotation.
_QUOTED = re.compile(r"\"([^\"\n]+)\"|«([^»\n]+)»|`([^`\n]+)`|(?<!\w)'([^\n]+?)'(?!\w)")
_CODE = re.compile(r"#?\b\w+(?:[-_./:]\w+)*\b")
_NUMBER = re.compile(
    r"(?<![\w.-])-?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
    r"(?=(?:%|°|k?m|mi|kg|g|px|gb|mb|min|h|s|x|c|f|k)?(?![\w]|\.\d|,\d))",
    re.IGNORECASE,
)
_INNER = frozenset(
    {"of", "the", "de", "la", "le", "van", "von", "der", "den", "du", "del", "da", "&"}
)
_SKIPPED = frozenset({"a", "an", "the", "is", "all"})
_BREAK = re.compile(r"[,;:.!?()\n\"]")


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of text that can be a value.

    Attributes:
        kind: What it looks like.
        start: Offset of its first character, quotation marks included.
        end: Offset behind its last character.
        text: The words themselves, without quotation marks.
        value: The parsed value: a number, a :class:`~toolalpaca.llm.baseline.dates.Moment`, else
            the text.
    """

    kind: MentionKind
    start: int
    end: int
    text: str
    value: Any

    def overlaps(self, spans: Iterable[tuple[int, int]]) -> bool:
        """Whether it shares a character with one of the spans."""
        return any(self.start < end and start < self.end for start, end in spans)


def find_mentions(
    text: str, today: date | None = None, verb: str | None = None
) -> tuple[Mention, ...]:
    """All mentions of a text, ordered by place; those of different kinds may overlap.

    Args:
        text: The text.
        today: The present day, when it is known.
        verb: The stem of a verb that is no name even where a sentence opens with it.
    """
    words = tokens(text)
    found: list[Mention] = []
    for kind, pattern in _FORMATS:
        found += _unless_taken(_matches(kind, pattern, text), found)
    found += _unless_taken(
        (
            Mention("moment", m.start, m.end, text[m.start : m.end], m)
            for m in dates.moments(text, today)
        ),
        found,
    )
    exact = list(found)
    found += _unless_taken(_numbers(text, words), exact)
    found += _unless_taken(_codes(text), found)
    found += [
        Mention("month", start, end, text[start:end], value)
        for start, end, value in dates.months(text)
    ]
    found += list(_quotations(text))
    codes = [mention for mention in found if mention.kind == "code" and len(mention.text) > 1]
    found += [
        name
        for name in _unless_taken(_names(text, words, verb), exact)
        if not any(
            c.start <= name.start and name.end <= c.end and c.text != name.text for c in codes
        )
    ]
    found += _unless_taken(_phrases(text, words), exact)
    return tuple(sorted(set(found), key=lambda m: (m.start, m.end, m.kind)))


def _unless_taken(new: Iterable[Mention], taken: Iterable[Mention]) -> list[Mention]:
    spans = [(mention.start, mention.end) for mention in taken]
    return [mention for mention in new if not mention.overlaps(spans)]


def _matches(kind: MentionKind, pattern: re.Pattern[str], text: str) -> Iterator[Mention]:
    for found in pattern.finditer(text):
        yield Mention(kind, found.start(), found.end(), found.group(), found.group())


def _quotations(text: str) -> Iterator[Mention]:
    for found in _QUOTED.finditer(text):
        inner = next(group for group in found.groups() if group is not None).strip()
        inner = inner.rstrip(",.") if inner.endswith((",", ".")) else inner
        if inner:
            yield Mention("quoted", found.start(), found.end(), inner, inner)


def _numbers(text: str, words: tuple[Token, ...]) -> Iterator[Mention]:
    for found in _NUMBER.finditer(text):
        digits = found.group().replace(",", "")
        number = float(digits) if "." in digits else int(digits[:400])
        yield Mention("number", found.start(), found.end(), found.group(), number)
    for index, word in enumerate(words):
        value = NUMBER_WORDS.get(word.text.lower())
        if value is not None and not _is_pronoun(words, index):
            yield Mention("number", word.start, word.end, word.text, value)


def _is_pronoun(words: tuple[Token, ...], index: int) -> bool:
    """Whether "one" stands for a thing: "the second one", "the one called Sleep", "a new one"."""
    if words[index].text.lower() != "one":
        return False
    following = words[index + 1].text.lower() if index + 1 < len(words) else "that"
    before = words[index - 1] if index else None
    counts = (
        before is None or before.stem in VERB_CLASS or before.text.lower() in ("for", "of", "and")
    )
    return not counts or following in ROLES or following in NAMING or following == "that"


def _codes(text: str) -> Iterator[Mention]:
    for found in _CODE.finditer(text):
        code = found.group().lstrip("#")
        start = found.end() - len(code)
        mixed = any(c.isdigit() for c in code) and any(c.isalpha() for c in code)
        capitals = (
            code.isupper() and 2 <= len(code) <= 12 and code not in ("ID", "API", "IDS", "URL")
        )
        ordinal = re.fullmatch(r"\d+(?:st|nd|rd|th)", code) is not None
        numeric = "-" in code and code.replace("-", "").isdigit()
        if (mixed or capitals or "_" in code.strip("_") or numeric) and not ordinal:
            yield Mention("code", start, found.end(), code, code)


def _names(text: str, words: tuple[Token, ...], verb: str | None) -> Iterator[Mention]:
    """Runs of capitalised words; small words may stand inside, as in "Lord of the Rings"."""
    index = 0
    while index < len(words):
        if not _is_name_start(text, words, index, verb):
            index += 1
            continue
        last = index
        probe = index + 1
        while probe < len(words) and not _BREAK.search(
            text[words[probe - 1].end : words[probe].start]
        ):
            word = words[probe].text
            if word[0].isupper():
                last = probe
            elif word.lower() not in _INNER or probe - last > 2:
                break
            probe += 1
        start, end = words[index].start, words[last].end
        name = re.sub(r"'s$", "", text[start:end])
        yield Mention("name", start, start + len(name), name, name)
        if index and words[index - 1].text.isdigit() and text[words[index - 1].end : start] == " ":
            whole = text[words[index - 1].start : start + len(name)]
            yield Mention("name", words[index - 1].start, start + len(name), whole, whole)
        following = words[last + 1 : last + 2]
        if following and following[0].text.isdigit() and text[end : following[0].start] == " ":
            # "Main Street 5" and "Apollo 11" are names, "Order 5" is for whoever reads it to know.
            whole = text[start : following[0].end]
            yield Mention("name", start, following[0].end, whole, whole)
        index = last + 1


def _is_name_start(text: str, words: tuple[Token, ...], index: int, verb: str | None) -> bool:
    word = words[index]
    if not word.text[0].isupper() or word.text in TITLES | {"I", "ID", "IDs", "API"}:
        return False
    opens = index == 0 or bool(re.search(r"[.!?:\n]", text[words[index - 1].end : word.start]))
    if not opens:
        return True
    # A sentence opens with a capital whatever its first word is.
    common = word.stem in STOP_WORDS or word.stem == verb or word.text.lower() in ROLES
    followed = index + 1 < len(words) and words[index + 1].text[0].isupper()
    return not common and (followed or word.stem not in VERB_CLASS)


def _phrases(text: str, words: tuple[Token, ...]) -> Iterator[Mention]:
    """What stands behind a preposition or a naming word, up to the next pause."""
    for index, word in enumerate(words[:-1]):
        lead = word.text.lower()
        if lead not in ROLES and lead not in NAMING:
            continue
        first = index + 1
        while first < len(words) and words[first].text.lower() in _SKIPPED:
            first += 1
        last = first
        while last < len(words) and _continues(text, words, first, last):
            last += 1
        if last == first or words[first].text.lower() in PRONOUNS | POSSESSIVES:
            continue
        start, end = words[first].start, words[last - 1].end
        if not _BREAK.search(text[word.end : start]):
            phrase = re.sub(r"'s$", "", text[start:end])
            yield Mention("phrase", start, start + len(phrase), phrase, phrase)


def _continues(text: str, words: tuple[Token, ...], first: int, probe: int) -> bool:
    word = words[probe].text.lower()
    if probe - first >= 6 or word in ROLES or word in ("and", "or", "then", "who", "which", "that"):
        return word in ("of",)
    return probe == first or not _BREAK.search(text[words[probe - 1].end : words[probe].start])
