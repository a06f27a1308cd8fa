"""Describing: what a tool does, in words that stand behind "to"."""

from __future__ import annotations

from typing import Final

from toolalpaca.llm.baseline.catalog import Tool
from toolalpaca.llm.baseline.text import name_words, singular, stem, word_set
from toolalpaca.llm.baseline.vocabulary import NOUN_VERBS, VERB_CLASS

_OBJECTS: Final = word_set("a an the all any this one your multiple some new several")
# What stands behind a noun, where an object would stand behind a verb.
_ASIDE: Final = word_set(
    "of for by with from in on and or to is are api endpoint details detail status info "
    "information history data list operations operation management service services utility method"
)


def describe(tool: Tool) -> str:
    """What a tool does: its summary where that is an order, else a call of it by name.

    >>> from toolalpaca.llm.baseline.catalog import Catalog
    >>> from toolalpaca.llm.protocol import ToolSpec
    >>> def told(summary):
    ...     spec = ToolSpec(name="pets", description=summary, parameters={})
    ...     return describe(Catalog.of([spec]).tools[0])
    >>> told("Returns a pet"), told("Utility API for pets")
    ('return a pet', 'call pets (Utility API for pets)')
    """
    summary = tool.summary
    if not summary or "/" in summary:
        words = list(name_words(tool.name))
        return " ".join(words) if _orders(words) else f"call {tool.name}"
    first, _, rest = summary.partition(" ")
    if not _orders([first, *rest.split()], tool.name):
        return f"call {tool.name} ({summary})"
    # "Returns a pet" speaks of the tool; "return a pet" goes on from "to".
    if first.endswith("s") and not first.endswith("ss"):
        first = singular(first)
    if first[1:].islower() or len(first) == 1:
        first = first.lower()
    return f"{first} {rest}".strip()


def is_order(tool: Tool) -> bool:
    """Whether the words that describe a tool are an order, such as "list pets"."""
    return not describe(tool).startswith(f"call {tool.name}")


def _orders(words: list[str], name: str = "") -> bool:
    """Whether words open with a verb in the imperative (or in the third person)."""
    first = words[0].lower() if words else ""
    behind = words[1].lower() if len(words) > 1 else ""
    if not first.isalpha() or first.endswith(("ing", "ed")) or behind in _ASIDE:
        return False
    if behind in _OBJECTS:
        return True
    opening = name_words(name)[:1]
    plain = stem(first) in VERB_CLASS or first in ("return", "returns") or opening == (first,)
    noun = stem(first) in NOUN_VERBS and first not in ("list", "show", "check")
    return plain and not (noun and behind and not behind.endswith("s"))
