"""A step in words: an order, and what follows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from string import Template
from typing import Any

from toolalpaca_corpus.argument import Argument, argument_of
from toolalpaca_corpus.english import listed, split_words, spoken
from toolalpaca_corpus.imperative import Imperative, imperative, other_verb
from toolalpaca_corpus.links import Link, thing_of
from toolalpaca_corpus.phrases import phrases
from toolalpaca_corpus.steps import Step
from toolalpaca_corpus.wording import Phrase, inline_phrase, sentences

_MOST_INLINE = 2
"""Arguments behind one "with"; the others follow in a sentence of their own, which in a chain of
orders would be the sentence of none of them."""

# What an object says in general and an argument says in particular.
_SAID_ALREADY = {
    "origin": r" (?:between|from) (?:two|an?|one) [\w-]+(?: (?:and|to) (?:another|an?))?\b",
    "on a day": r" (?:on|for) an? (?:\w+ )?(?:day|date)\b",
    "place": r" (?:in|for|of|by) an? (?:\w+ )?(?:city|country|region|place|location|state)\b",
}
_LONGEST_NUMBER = 12
_NUMBERED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Wording:
    """A step in words.

    Attributes:
        verb: ``find``.
        object: What the verb is about, with the arguments that fit in: ``stations in Salzburg``.
        rest: Clauses for the other arguments: ``the name is Maya``.
        imperative: What the words were made of.
    """

    verb: str
    object: str
    rest: tuple[str, ...]
    imperative: Imperative

    @property
    def task(self) -> str:
        """The order: ``find stations in Salzburg``."""
        return f"{self.verb} {self.object}".strip()


def word_step(step: Step, random: Random, *, alone: bool = True) -> Wording:
    """The words of *step*: its operation's own, with the arguments that are not withheld.

    Args:
        step: The call.
        random: Chooses among wordings.
        alone: Whether it is the only step, so that sentences may follow it.
    """
    order = imperative(step.tool.operation)
    said = _Said(_indefinite(order.object))
    things = [thing_of(name, step.tool) for name in step.arguments]
    for (name, value), thing in zip(step.arguments.items(), things, strict=True):
        if name in step.withheld:
            said.leave_open(thing)
            continue
        if name in step.same:
            said.name_thing(thing, f"that {thing}")
            continue
        meant = _meant(step.links.get(name), name, thing, value, random)
        if meant:
            said.name_thing(thing, meant)
        else:
            said.arguments.append(argument_of(step.tool, name, value))
    if order.verb in phrases("verbs")["change"] and said.say_changes(random):
        return Wording(random.choice(["change", "update", "set"]), said.text, (), order)
    rest = said.say_arguments(random, most_inline=_MOST_INLINE if alone else len(step.arguments))
    return Wording(other_verb(order, random), said.text, rest, order)


class _Said:
    """An order's object while its arguments are being worked in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.arguments: list[Argument] = []
        self._thing = ""

    def name_thing(self, thing: str, meant: str) -> None:
        """Say which *thing* is meant: ``a station`` becomes ``station SK1042``."""
        pattern = _unnamed(thing)
        if pattern.search(self.text):
            self.text = pattern.sub(lambda _: meant, self.text, count=1)
            self._thing = self._thing or meant
        else:
            self.text = f"{self.text} for {meant}"

    def leave_open(self, thing: str) -> None:
        """Speak of the *thing* that the order is about as if it were known which one."""
        if thing and _unnamed(thing).search(self.text):
            template = Template(phrases("arguments")["open"][0])
            self.name_thing(thing, template.substitute(thing=thing))

    def say_changes(self, random: Random) -> bool:
        """Say what is changed to what, where the object is the thing or parts of it."""
        about = re.fullmatch(
            rf"(?:the .+ of )?(?P<thing>{re.escape(self._thing)}(?: for .+)?)", self.text
        )
        short = [not isinstance(a.value, bool | list | dict) for a in self.arguments]
        if not self._thing or not short or not all(short) or about is None:
            return False
        parts: list[str] = []
        for argument in self.arguments:
            section = "also changed" if parts else "changed"
            template = Template(random.choice(phrases("arguments")[section]))
            noun = re.sub(r"^new | of an? [\w-]+$", "", argument.noun)
            value = spoken(argument.value, random)
            parts.append(template.substitute(noun=noun, thing=about["thing"], value=value))
        self.text = listed(parts)
        return True

    def say_arguments(self, random: Random, *, most_inline: int) -> tuple[str, ...]:
        """Work short phrases into the text, and return clauses for the rest."""
        phrased: list[Phrase] = []
        named: list[Phrase] = []
        later: list[str] = []
        for argument in self.arguments:
            phrase = inline_phrase(argument, random)
            if phrase is None or (phrase.kind == "inline" and len(named) >= most_inline):
                later.extend(sentences(argument, random))
            else:
                (named if phrase.kind == "inline" else phrased).append(phrase)
        for phrase in phrased:
            self.text = re.sub(_SAID_ALREADY.get(phrase.kind, "(?!)"), "", self.text)
        self.text = _joined(self.text, phrased, [phrase.text for phrase in named])
        return tuple(later)


def _joined(text: str, phrases: Sequence[Phrase], named: Sequence[str]) -> str:
    """*text*, then the phrases in their order; all that stands behind a "with" behind one."""
    ordered = sorted(phrases, key=lambda phrase: phrase.rank)
    held = [phrase for phrase in ordered if phrase.text.startswith("with ")]
    last = [p for p in ordered if p.kind in ("relative", "limit")]
    words = [text, *(p.text for p in ordered if p not in held and p not in last)]
    behind = [*(p.text.removeprefix("with ") for p in held), *named]
    if behind:
        words.append(f"with {listed(behind)}")
    words += [p.text for p in last]
    return " ".join(words).strip().replace(" ,", ",")


def _unnamed(thing: str) -> re.Pattern[str]:
    """Finds ``a station``, ``the given station`` in an order."""
    return re.compile(
        rf"\b(?:an?|one|the|this|your|any|each)(?: (?!of\b|for\b)[\w-]+)?? "
        rf"{re.escape(thing.split()[-1])}\b",
        re.IGNORECASE,
    )


def _indefinite(text: str) -> str:
    """*text* with ``a`` or ``an`` for ``one``: ``one alert`` is ``an alert``."""
    return re.sub(
        r"\bone (?=(\w))", lambda m: "an " if m[1].lower() in "aeiou" else "a ", text, flags=re.I
    )


def _meant(link: Link | None, name: str, thing: str, value: Any, random: Random) -> str:
    """How the thing that an argument identifies is spoken of; ``""`` when it identifies nothing."""
    if link is not None:
        section, hole = ("made" if link.made else "found"), link.thing
    elif thing and isinstance(value, str | int):
        # Nobody says "booking number 8c6cb650-944d-41c3-98b5-935534e7dc1e".
        short = len(str(value)) <= _LONGEST_NUMBER and re.search(r"\d", str(value))
        numbered = short and random.random() < _NUMBERED_SHARE
        by_name = " ".join(split_words(name)).lower() == thing
        section = "named" if by_name else "numbered" if numbered else "identified"
        hole = thing
    else:
        return ""
    template = Template(random.choice(phrases("arguments")[section]))
    return template.substitute(thing=hole, value=value)
