"""An argument and its value, and what a person calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from toolalpaca.calling.places import Place
from toolalpaca.calling.tools import Tool
from toolalpaca.openapi.merging import flatten
from toolalpaca_corpus.english import noun_phrase, split_words

_MOST_LEAVES = 8
_NAME_OF = re.compile(r"(?:[\w-]+ )?(?:name|code|number|kind|type) of ", re.IGNORECASE)
_FOR_NOTHING = re.compile(r" to (?:filter by|filter|return|search for|search|use|get|set|be \w+)$")


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
        """The words of its name; the name itself where it has none."""
        return split_words(self.name) or [self.name]

    @property
    def description(self) -> str:
        """What the document says of it."""
        return str(self.schema.get("description", ""))

    @property
    def noun(self) -> str:
        """What a person calls it; ``title of the book`` is its ``title``."""
        noun = _FOR_NOTHING.sub("", noun_phrase(self.name, self.description))
        short = re.fullmatch(r"((?:new )?\w+) of (?:the|an?) \w+", noun)
        if short and short[1].split()[-1] in self.words:
            return short[1]
        # "Two-letter code of a language" says of a language no more than its name does.
        words = [word.lower() for word in self.words]
        if set(words) <= set(noun.split()) and (len(noun.split()) > 4 or _NAME_OF.match(noun)):
            return " ".join(words)
        return noun

    @property
    def is_whole_body(self) -> bool:
        """Whether it is the request's whole body, which has no name of its own."""
        return self.place is not None and self.place.name == ""

    @property
    def is_sayable(self) -> bool:
        """Whether a person would put its value into words."""
        return 0 < sum(1 for _ in _leaves(self.value)) <= _MOST_LEAVES


def argument_of(tool: Tool, name: str, value: Any) -> Argument:
    """An argument of a call of *tool*, with its schema."""
    root = tool.spec.parameters
    flat = flatten(root["properties"].get(name, True), root)
    flat = flat if isinstance(flat, dict) else {}
    return Argument(name, value, flat, root, tool.places.get(name))


def is_nested(value: Any) -> bool:
    """Whether *value* holds more than scalars and lists of scalars."""
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
