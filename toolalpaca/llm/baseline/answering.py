"""Answering: what was done and found, in a sentence or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from toolalpaca.llm.baseline.catalog import Catalog, Tool
from toolalpaca.llm.baseline.describing import describe, is_order
from toolalpaca.llm.baseline.results import Result
from toolalpaca.llm.baseline.text import name_stems, name_words, plural, singular, stem, stem_set
from toolalpaca.llm.baseline.vocabulary import ID_WORDS, concept

_ITEMS: Final = 5
_FIELDS: Final = 6
_STAMPS: Final = stem_set("created updated modified changed")
_LONGEST: Final = 160
_TITLES: Final = ("name", "title", "label", "summary", "username", "reference")


@dataclass(frozen=True)
class Outcome:
    """What came of one request.

    Attributes:
        result: The last result, or None when no call could be made.
        problem: Why it was not done, ``""`` when it was.
        wanted: Concepts of the request's words: fields that it names are told first.
    """

    tool: Tool
    result: Result | None
    problem: str = ""
    wanted: frozenset[str] = field(default_factory=frozenset)


def answer(outcomes: Sequence[Outcome]) -> str:
    """The final words to the user."""
    return " ".join(_sentence(outcome) for outcome in outcomes)


def abstention(catalog: Catalog) -> str:
    """What is said when no tool fits: so, and what the API can do."""
    if not catalog.tools:
        return "I have no tools to do this with."
    able = "; ".join(describe(tool) for tool in catalog.tools[:_ITEMS])
    more = len(catalog.tools) - _ITEMS
    rest = f"; and {more} more" if more > 0 else ""
    return f"Nothing in this API does that. It can: {able}{rest}."


def _sentence(outcome: Outcome) -> str:
    task = describe(outcome.tool)
    if outcome.problem:
        return f"I could not {task}: {outcome.problem.rstrip('.')}."
    result = outcome.result
    assert result is not None, "an outcome without a problem has a result"
    if result.empty:
        return f"I tried to {task}, and nothing was found."
    items = result.items
    if items is not None:
        return _list_sentence(_noun(outcome.tool), items, result.body, outcome.wanted)
    done = f"Done ({task})" if is_order(outcome.tool) else f"I {task.replace('call', 'called', 1)}"
    if isinstance(result.body, Mapping) and result.body:
        told = _fields(result.body, outcome.wanted, _FIELDS) + _lists(result.body, outcome.wanted)
        if outcome.tool.reads and is_order(outcome.tool):
            return f"The {_noun(outcome.tool)}: {told}."
        return f"{done}: {told}."
    text = "" if result.body is None and not result.text else _shortened(result.text)
    return f"{done}: {text}." if text and result.status != 204 else f"{done}."


def _list_sentence(noun: str, items: list[Any], body: Any, wanted: frozenset[str]) -> str:
    total = body.get("total", len(items)) if isinstance(body, Mapping) else len(items)
    count = total if isinstance(total, int) and total >= len(items) else len(items)
    shown = "; ".join(_item(item, wanted) for item in items[:_ITEMS])
    rest = f"; and {count - _ITEMS} more" if count > _ITEMS else ""
    return f"I found {count} {noun if count == 1 else plural(noun)}: {shown}{rest}."


def _noun(tool: Tool) -> str:
    """What a tool's results are called: the last word of its name that is no verb."""
    words = [word for word in name_words(tool.name) if stem(word) in tool.nouns]
    return singular(words[-1]) if words else "result"


def _item(item: Any, wanted: frozenset[str]) -> str:
    return _fields(item, wanted, 3) if isinstance(item, Mapping) else _shortened(str(item))


def _fields(value: Mapping[str, Any], wanted: frozenset[str], most: int) -> str:
    """The telling fields: those that were asked for, then names and ids, then the first ones."""

    def rank(key: str) -> int:
        words = {concept(word) for word in name_stems(key)}
        if words & wanted and not words & ID_WORDS:
            return 0
        if key.lower() in _TITLES:
            return 1
        return 2 if key.lower() in ID_WORDS else 4 if words & _STAMPS else 3

    scalars = [key for key, inner in value.items() if not isinstance(inner, dict | list)]
    inner = [key for key in value if key not in scalars and rank(key) == 0]
    keys = sorted([*scalars, *inner], key=rank)[:most] or list(value)[:most]
    return ", ".join(f"{key}: {_shown(value[key])}" for key in keys)


def _lists(value: Mapping[str, Any], wanted: frozenset[str]) -> str:
    """The objects that a body lists under any of its keys, behind its fields."""
    told = ""
    for key, inner in value.items():
        items = (
            [item for item in inner if isinstance(item, Mapping)] if isinstance(inner, list) else []
        )
        if items and not {concept(word) for word in name_stems(key)} & wanted:
            shown = "; ".join(_item(item, wanted) for item in items[:_ITEMS])
            rest = f"; and {len(items) - _ITEMS} more" if len(items) > _ITEMS else ""
            told += f"; {len(items)} in {key}: {shown}{rest}"
    return told


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return _shortened(", ".join(f"{key} {_shown(v)}" for key, v in list(value.items())[:4]))
    if isinstance(value, list):
        return _shortened(", ".join(_shown(item) for item in value[:4]))
    return _shortened(str(value))


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
