"""Asking: one question that names all that is missing, and what the reply says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from toolalpaca.llm.baseline.candidates import candidates
from toolalpaca.llm.baseline.catalog import Tool
from toolalpaca.llm.baseline.coercion import NOTHING, coerce_text
from toolalpaca.llm.baseline.describing import describe
from toolalpaca.llm.baseline.filling import Filling
from toolalpaca.llm.baseline.passages import Passage, label_matches
from toolalpaca.llm.baseline.slots import Slot

_IGNORANCE = re.compile(
    r"\b(?:(?:don'?t|do not|doesn'?t|does not|can'?t|cannot|not)\s+(?:really\s+)?"
    r"(?:know|sure|tell|say|have|remember|provide|certain)|no idea|unknown|not specified|nobody)\b",
    re.IGNORECASE,
)
# "The start date is 2027-01-04. The city is Graz."
_OWNER = r"(?:the|my|our|it'?s|its)"
_TOLD = re.compile(
    rf"(?:^|[.;,\n]\s+)(?:and\s+)?{_OWNER}\s+(?P<label>[\w .-]{{1,60}}?)\s+"
    rf"(?:is|are)\s+(?P<value>.+?)"
    rf"(?=(?:[.;,]\s+(?:and\s+)?{_OWNER}\s+[\w .-]{{1,60}}?\s+(?:is|are)\s)|[.;]?\s*$)",
    re.IGNORECASE | re.DOTALL,
)
_SHORT: Final = 6  # words of a reply that is nothing but the value
_CHOICES: Final = 8


def question(tool: Tool, missing: Sequence[Slot], *, again: bool = False) -> str:
    """The question for what is missing, each with its name, what it is and what it can be.

    It is worded otherwise when the last reply to it said nothing of that (*again*).
    """
    parts = "; ".join(_described(slot) for slot in missing)
    if again:
        return f"I could not read that. To {describe(tool)} I still need: {parts}. What is it?"
    return f"To {describe(tool)} I need: {parts}. What should I use?"


def _described(slot: Slot) -> str:
    about = slot.description.rstrip(".")
    choices = [str(choice) for choice in (slot.item or slot).choices[:_CHOICES]]
    details = ", ".join(part for part in (about, " or ".join(choices)) if part)
    return f"{slot.label} ({details})" if details else slot.label


def is_ignorant(reply: str) -> bool:
    """Whether a reply only says that the user does not know."""
    return not reply.strip() or (_IGNORANCE.search(reply) is not None and "=" not in reply)


def read_reply(
    filling: Filling, missing: Sequence[Slot], reply: str, tool: Tool, today: date | None
) -> dict[tuple[str, ...], str]:
    """Put what a reply says into a filling.

    Returns:
        What the reply calls the things whose ids it does not give, by the slots' paths.
    """
    passage = Passage(reply, -1.0, today)
    names: dict[tuple[str, ...], str] = {}
    for slot in missing:
        told = [*((m["label"], m["value"]) for m in _TOLD.finditer(reply)), *passage.labels]
        stated = [text for label, text in told if label_matches(label, slot)]
        stated = [text for text in stated if not is_ignorant(text)]
        if (
            not stated
            and len(missing) == 1
            and len(reply.split()) <= _SHORT
            and not is_ignorant(reply)
        ):
            stated = [reply]
        values = [coerce_text(slot, text, today) for text in stated]
        value = next((value for value in values if value is not NOTHING), NOTHING)
        if value is NOTHING and not is_ignorant(reply):
            offers = sorted(
                candidates(slot, passage, 0, tool.nouns), key=lambda offer: -offer.score
            )
            enough = 1.5 if len(missing) == 1 else 2.5
            value = offers[0].value if offers and offers[0].score >= enough else NOTHING
        if value is not NOTHING:
            filling.values[slot.path] = value
        elif stated and slot.noun is not None:
            names[slot.path] = stated[0].strip(" .\"'")
    return names
