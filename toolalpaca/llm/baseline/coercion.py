"""Coercion: a piece of text as the value that a slot takes."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

import orjson

from toolalpaca.llm.baseline.dates import Moment
from toolalpaca.llm.baseline.mentions import Mention, find_mentions
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.text import name_stems, stems
from toolalpaca.llm.baseline.vocabulary import NUMBER_WORDS, concept

NOTHING: Final = object()
"""What stands for "no value": ``None`` is one."""

_TRUE: Final = frozenset({"true", "yes", "y", "on", "enabled", "sure", "of course"})
_FALSE: Final = frozenset({"false", "no", "n", "off", "disabled"})


def coerce_text(slot: Slot, text: str, today: date | None = None) -> Any:
    """The value that *text*, alone, means for the slot; :data:`NOTHING` when it means none."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
        text = text[1:-1].strip()
    for variant in (text, text.rstrip(".!, ")):
        value = _coerced(slot, variant, today)
        if value is not NOTHING and slot.accepts(value):
            return value
    return NOTHING


def _coerced(slot: Slot, text: str, today: date | None) -> Any:
    if not text:
        return NOTHING
    if slot.kind == "enum":
        return chosen(slot, text)
    if slot.kind == "boolean":
        word = text.lower()
        return True if word in _TRUE else False if word in _FALSE else NOTHING
    if slot.kind in ("array", "object"):
        return _structured(slot, text, today)
    mentions = find_mentions(text, today)
    values = [value for m in mentions if (value := coerce_mention(slot, m)) is not NOTHING]
    if slot.kind == "string":
        # The text itself is the value, unless only a part of it has the right form.
        return text if slot.accepts(text) or not values else values[0]
    return values[0] if values else NOTHING


def _structured(slot: Slot, text: str, today: date | None) -> Any:
    if text[0] in "[{":
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return NOTHING
    if slot.item is None:
        return NOTHING
    parts = [part for part in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", text) if part]
    values = [coerce_text(slot.item, part, today) for part in parts]
    return NOTHING if any(value is NOTHING for value in values) else values


def coerce_mention(slot: Slot, mention: Mention) -> Any:
    """The value that a mention means for the slot; :data:`NOTHING` when it means none."""
    value = _mention_value(slot, mention)
    return value if value is not NOTHING and slot.accepts(value) else NOTHING


def _mention_value(slot: Slot, mention: Mention) -> Any:
    kind = slot.kind
    if kind in ("integer", "number"):
        return _number(slot, mention)
    if kind in ("date", "date-time", "time"):
        return _moment(slot, mention)
    if kind in ("email", "uuid", "uri", "ip"):
        fits = mention.kind == kind or (mention.kind == "quoted" and slot.accepts(mention.text))
        return mention.text if fits else NOTHING
    if kind == "enum":
        return chosen(slot, mention.text) if mention.kind != "phrase" else NOTHING
    if kind == "string":
        if mention.kind == "month":
            return NOTHING
        if mention.kind == "number" and mention.text.lower() in NUMBER_WORDS:
            return NOTHING
        if mention.kind == "moment":
            return _moment_as_string(slot, mention)
        return mention.text
    return NOTHING


def _number(slot: Slot, mention: Mention) -> Any:
    if mention.kind == "month":
        return mention.value if "month" in slot.words else NOTHING
    if mention.kind == "quoted" and mention.text.isdigit():
        return int(mention.text[:400])
    if mention.kind != "number":
        return NOTHING
    value = mention.value
    if isinstance(value, float) and slot.kind == "integer":
        return int(value) if value.is_integer() else NOTHING
    return value


def _moment(slot: Slot, mention: Mention) -> Any:
    moment = mention.value
    if not isinstance(moment, Moment):
        return NOTHING
    if slot.kind == "time":
        return moment.clock.isoformat() + (moment.zone or "Z") if moment.clock else NOTHING
    if moment.day is None:
        return NOTHING
    if slot.kind == "date":
        return _laid_out(moment.day, slot.layout)
    # RFC 3339 wants an offset; without one in the text the time is taken as UTC.
    clock = moment.clock.isoformat() if moment.clock else "00:00:00"
    return f"{moment.day.isoformat()}T{clock}{moment.zone or 'Z'}"


def _moment_as_string(slot: Slot, mention: Mention) -> Any:
    """A time of day as ``HH:MM``, a date as ISO, where a string's own words ask for one."""
    moment = mention.value
    words = set(slot.words)
    if moment.clock and not moment.day:
        short = moment.clock.isoformat("minutes")
        return short if words & {"tim", "hour", "start", "end"} or slot.accepts(short) else NOTHING
    if words & {"date", "day", "tim", "datetim"} or slot.selective:
        return _laid_out(moment.day, slot.layout)
    return NOTHING


def _laid_out(day: date, layout: str) -> str:
    year, month, number = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    return layout.replace("YYYY", year).replace("MM", month).replace("DD", number)


def chosen(slot: Slot, text: str) -> Any:
    """The enum value that *text* names: exactly, else by its words."""
    wanted = text.strip().lower()
    for choice in slot.choices:
        if str(choice).lower() == wanted:
            return choice
    concepts = [concept(word) for word in stems(text)]
    for choice in slot.choices:
        own = [concept(word) for word in name_stems(str(choice))]
        if own and own == concepts:
            return choice
    for choice, meanings in described_choices(slot).items():
        if wanted in meanings:
            return choice
    return NOTHING


def described_choices(slot: Slot) -> dict[Any, set[str]]:
    """What the description says that enum values mean: ``{0: {"clear sky"}}`` for "0: clear sky".

    Understood are ``value: meaning``, ``value = meaning``, ``value - meaning`` and
    ``value (meaning)``, in any list.
    """
    meanings: dict[Any, set[str]] = {}
    for choice in slot.choices:
        if not isinstance(choice, str | int) or isinstance(choice, bool):
            continue
        value = rf"(?<!\w){re.escape(str(choice))}[`'\"]?\s*"
        meant = rf"{value}(?:(?:[:=-]|\bfor\b|\bmeans\b)\s*([A-Za-z][\w ]*)|\(([A-Za-z][\w ]*)\))"
        for found in re.finditer(meant, slot.description):
            meaning = (found[1] or found[2]).strip().lower()
            meanings.setdefault(choice, set()).add(meaning)
    return meanings
