"""Steps of a task: calls with their arguments, and the words that order them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from string import Template
from typing import Any

from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Schema
from toolalpaca.openapi.validation import Validator
from toolalpaca.task import GoldenCall, is_reference
from toolalpaca_corpus.argument_check import argument_faults
from toolalpaca_corpus.english import (
    Imperative,
    imperative,
    listed,
    other_verb,
    singular,
    split_words,
    spoken,
)
from toolalpaca_corpus.links import Link, thing_of
from toolalpaca_corpus.phrases import phrases
from toolalpaca_corpus.values import ArgumentValues, NoInstance
from toolalpaca_corpus.wording import Argument, Phrase, inline_phrase, sentences
from toolalpaca_mockserver.realism import order_times
from toolalpaca_runtime.tools import Tool

_MOST_INLINE = 2
"""Arguments behind one "with"; the others follow in a sentence of their own, which in a chain of
orders would be the sentence of none of them."""

# What an object says in general and an argument says in particular.
_SAID_ALREADY = {
    "origin": r" (?:between|from) (?:two|an?|one) [\w-]+(?: (?:and|to) (?:another|an?))?\b",
    "on a day": r" (?:on|for) an? (?:\w+ )?(?:day|date)\b",
    "place": r" (?:in|for|of|by) an? (?:\w+ )?(?:city|country|region|place|location|state)\b",
}
_FILTERED_SHARE = 0.8
"""How often a list is asked for with at least one condition."""

_LIMIT_SHARE = 0.15
"""How often a limit or a page is mentioned, among other arguments that could be."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call, and what is withheld from whoever makes it.

    Attributes:
        arguments: By name; references for what comes from earlier steps.
        links: Where a reference comes from, by argument.
        withheld: Arguments that the instruction does not mention.
        same: Arguments that are the same as in the step before.
    """

    tool: Tool
    arguments: Mapping[str, Any]
    links: Mapping[str, Link] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()

    def golden(self) -> GoldenCall:
        """The call that is right."""
        return GoldenCall(function=self.tool.spec.name, arguments=dict(self.arguments))


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


def make_step(
    tool: Tool,
    random: Random,
    *,
    links: Mapping[str, Link] | None = None,
    given: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
    sparing: bool = False,
) -> Step | None:
    """A call of *tool* with its required arguments and some others, or None when none can be said.

    Args:
        tool: What is called.
        random: Decides values and choices.
        links: Arguments that come from earlier steps.
        given: Arguments whose values are settled: a member whose loan an earlier step has found.
        known: Values to prefer where they fit: those of things that exist.
        sparing: Whether to keep to what is required, so that a search finds something.
    """
    links = links or {}
    schema = tool.spec.parameters
    values = ArgumentValues(schema, str(random.getrandbits(64)))
    settled = {
        **{
            name: {"$from": link.producer.spec.name, "path": link.pointer, "name": name}
            for name, link in links.items()
        },
        **(given or {}),
    }
    for _ in range(5):
        try:
            arguments = {
                name: settled[name] if name in settled else _value(tool, name, values, known or {})
                for name in _chosen(tool, random, sparing)
            }
        except (NoInstance, KeyError):
            return None
        order_times(arguments)
        if _is_right(arguments, schema) and all(
            is_reference(value) or _argument(tool, name, value).is_sayable
            for name, value in arguments.items()
        ):
            return Step(tool, arguments, dict(links))
    return None


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
        meant = _meant(step.links.get(name), thing, value, random)
        if meant:
            said.name_thing(thing, meant)
        else:
            said.arguments.append(_argument(step.tool, name, value))
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
        """Note the *thing* that the order is about without saying which one."""
        found = _unnamed(thing).search(self.text) if thing else None
        self._thing = self._thing or (found.group() if found else "")

    def say_changes(self, random: Random) -> bool:
        """Say what is changed to what, where the object is the thing or parts of it."""
        about = re.compile(rf"(?:the .+ of )?{re.escape(self._thing)}")
        short = [not isinstance(a.value, bool | list | dict) for a in self.arguments]
        if not self._thing or not short or not all(short) or not about.fullmatch(self.text):
            return False
        parts: list[str] = []
        for argument in self.arguments:
            section = "also changed" if parts else "changed"
            template = Template(random.choice(phrases("arguments")[section]))
            noun = re.sub(r"^new | of an? [\w-]+$", "", argument.noun)
            value = spoken(argument.value, random)
            parts.append(template.substitute(noun=noun, thing=self._thing, value=value))
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
        phrased.sort(key=lambda phrase: phrase.rank)
        for phrase in phrased:
            self.text = re.sub(_SAID_ALREADY.get(phrase.kind, "(?!)"), "", self.text)
        words = [self.text, *(phrase.text for phrase in phrased)]
        if named:
            words.append(f"with {listed([phrase.text for phrase in named])}")
        self.text = " ".join(words).strip()
        return tuple(later)


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


def _chosen(tool: Tool, random: Random, sparing: bool) -> Sequence[str]:
    """The required arguments and a few of those that people mention."""
    schema = tool.spec.parameters
    required = list(schema.get("required", ()))
    optional = [name for name in schema["properties"] if _may_be_said(tool, name, required)]
    usual = [name for name in optional if not _is_paging(name) or random.random() < _LIMIT_SHARE]
    changes = tool.operation.method in ("patch", "put") and not set(required) & _body(tool)
    # A change without anything to change says nothing, a search for everything little.
    least = int(changes or (not sparing and not required and random.random() < _FILTERED_SHARE))
    most = int(not _body(tool)) if sparing else 2 if required else 3
    chosen = random.sample(usual, min(len(usual), random.randint(least, max(most, least))))
    return [name for name in schema["properties"] if name in required or name in chosen]


def _may_be_said(tool: Tool, name: str, required: Sequence[str]) -> bool:
    place = tool.places.get(name)
    if place is None or name in required or place.location in ("header", "cookie"):
        return False
    if "_".join(split_words(name)).lower() in phrases("arguments")["never said"]:
        return False
    return _is_simple(tool.spec.parameters["properties"][name], tool.spec.parameters)


def _is_simple(schema: Schema, root: Mapping[str, Any]) -> bool:
    """Whether values are scalars or lists of scalars."""
    flat = flatten(schema, root)
    if not isinstance(flat, dict):
        return False
    if flat.get("type") == "array":
        return _is_simple(flat.get("items", True), root)
    scalar = ("string", "integer", "number", "boolean")
    kinds = flat.get("type")
    return (
        "enum" in flat
        or kinds in scalar
        or (
            isinstance(kinds, list)
            and bool(kinds)
            and all(kind in (*scalar, "null") for kind in kinds)
        )
    )


def _is_paging(name: str) -> bool:
    words = " ".join(split_words(name)).lower()
    return words in ("page", "per page", "limit", "page size", "size", "count", "max results")


def _body(tool: Tool) -> set[str]:
    return {name for name, place in tool.places.items() if place.location == "body"}


def _value(tool: Tool, name: str, values: ArgumentValues, known: Mapping[str, Any]) -> Any:
    schema = tool.spec.parameters["properties"][name]
    if name in known and not any(argument_faults({name: known[name]}, _only(tool, name))):
        value = known[name]
    else:
        value = values.make(schema, name=_hint(tool, name))
    # Nobody says "without X" who could leave X out.
    return True if value is False and not tool.places[name].required else value


def _hint(tool: Tool, name: str) -> str:
    """What a value is called, for realism: the name of a member is no name of a book."""
    segments = [part for part in tool.operation.path.split("/") if part and part[0] != "{"]
    owner = singular(segments[-1]) if segments else ""
    return f"{owner}_{name}" if owner and name in ("name", "title") else name


def _only(tool: Tool, name: str) -> dict[str, Any]:
    """The tool's parameters, as if *name* were the only one."""
    parameters = tool.spec.parameters
    return {**parameters, "properties": {name: parameters["properties"][name]}, "required": []}


def _is_right(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    if any(argument_faults(arguments, schema)):
        return False
    if any(is_reference(value) for value in arguments.values()):
        return True
    return Validator(dict(schema)).is_valid(dict(arguments))


def _argument(tool: Tool, name: str, value: Any) -> Argument:
    root = tool.spec.parameters
    flat = flatten(root["properties"].get(name, True), root)
    flat = flat if isinstance(flat, dict) else {}
    return Argument(name, value, flat, root, tool.places.get(name))


def _meant(link: Link | None, thing: str, value: Any, random: Random) -> str:
    """How the thing that an argument identifies is spoken of; ``""`` when it identifies nothing."""
    if link is not None:
        section, hole = ("made" if link.made else "found"), link.thing
    elif thing and isinstance(value, str | int):
        section, hole = "identified", thing
    else:
        return ""
    template = Template(random.choice(phrases("arguments")[section]))
    return template.substitute(thing=hole, value=value)
