"""Dates and times in English text.

A relative date ("tomorrow") means nothing without a clock, so it is read only when the conversation
says what day it is; a date without a year takes it from a neighbour or from that clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH = rf"(?P<month>{'|'.join(f'{m[:3]}(?:{m[3:]})?' if m[3:] else m for m in _MONTHS)}|sept)\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_FLAGS = re.IGNORECASE

_STAMP = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?(?![\d:])"
)
_DATES = (
    re.compile(r"(?<![\w-])(?P<year>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<day>\d{1,2})(?![\w-])"),
    re.compile(r"(?<![\w/.-])(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4})\b"),
    re.compile(rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}\b(?:,?\s+(?:of\s+)?{_YEAR}\b)?", _FLAGS),
    re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?![a-z])(?:,?\s+(?:of\s+)?{_YEAR}\b)?", _FLAGS),
)
_RELATIVE = re.compile(
    r"\b(?P<word>the day after tomorrow|today|tonight|tomorrow|yesterday)\b"
    r"|\bin (?P<count>\d{1,3}|an?|two|three|four|five|six) (?P<unit>day|week)s?\b"
    rf"|\b(?:(?P<which>next|this|on|coming)\s+)(?P<weekday>{'|'.join(_WEEKDAYS)})\b",
    _FLAGS,
)
_TIME = re.compile(
    r"(?<![\d:T-])(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?m\b\.?)?"
    r"|\s*(?P<half2>[ap]\.?m\b\.?))(?![\d:])|\b(?P<word>noon|midnight)\b",
    _FLAGS,
)
_MONTH_ALONE = re.compile(rf"\b{_MONTH}\b(?!\s*\d{{1,2}}\b)", _FLAGS)
_CLOCK = re.compile(
    r"(?:today(?:'s date)?\s+is|current\s+(?:date|time|datetime|date and time)|now\s+is|"
    r"date\s+of\s+today)\D{0,24}(?P<date>\d{4}-\d{2}-\d{2})",
    _FLAGS,
)
_COUNTS = {"a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, a time of day or both, at a place in a text.

    Attributes:
        day: The date, or None.
        clock: The time of day, or None.
        zone: ``Z`` or an offset such as ``+02:00`` when the text gives one.
    """

    start: int
    end: int
    day: date | None = None
    clock: time | None = None
    zone: str = ""


def clock_in(text: str) -> date | None:
    """The present day, when the text states it ("Today is 2026-11-22")."""
    found = _CLOCK.search(text)
    return _date(*found["date"].split("-")) if found else None


def is_relative(text: str) -> bool:
    """Whether *text* says a day that depends on the present one ("tomorrow", "next Friday")."""
    return _RELATIVE.search(text) is not None


def moments(text: str, today: date | None = None) -> list[Moment]:
    """The dates and times of a text, in order; a date and a time beside it also as one."""
    stamps = list(_stamps(text))
    days = [day for day in _days(text, today) if not _within(day, stamps)]
    clocks = [clock for clock in _clocks(text) if not _within(clock, [*stamps, *days])]
    joined = list(_joined(text, days, clocks))
    return sorted([*stamps, *days, *clocks, *joined], key=lambda m: (m.start, -m.end))


def months(text: str) -> Iterator[tuple[int, int, int]]:
    """Months that stand without a day ("in May"): start, end, 1 to 12."""
    for found in _MONTH_ALONE.finditer(text):
        # "may" is a verb; the month has a capital.
        if found.group()[0].isupper():
            yield found.start("month"), found.end("month"), _month(found["month"])


def _stamps(text: str) -> Iterator[Moment]:
    for found in _STAMP.finditer(text):
        day = _date(found["y"], found["m"], found["d"])
        clock = _parsed_time(found["time"])
        if day and clock is not None:
            yield Moment(found.start(), found.end(), day, clock, found["zone"] or "")


def _days(text: str, today: date | None) -> list[Moment]:
    found_days: list[tuple[int, int, str | None, int, int]] = []
    for pattern in _DATES:
        for found in pattern.finditer(text):
            parts = _parts(found)
            if not any(s < found.end() and found.start() < e for s, e, *_ in found_days):
                found_days.append((found.start(), found.end(), *parts))
    found_days.sort()
    result = []
    for index, (start, end, year, month, day) in enumerate(found_days):
        neighbours = [other[2] for other in (*found_days[index + 1 :], *found_days[:index][::-1])]
        value = _dated(year, month, day, neighbours, today)
        if value:
            result.append(Moment(start, end, value))
    return [*result, *_relative(text, today)]


def _parts(found: re.Match[str]) -> tuple[str | None, int, int]:
    groups = found.groupdict()
    if "a" in groups:
        first, second = int(found["a"]), int(found["b"])
        # 05/14/2027 is American; 14.05.2027 and 14/05/2027 can only be European.
        american = found["sep"] == "/" and first <= 12
        return found["year"], *((first, second) if american else (second, first))
    month = int(found["m"]) if "m" in groups else _month(found["month"])
    return groups["year"], month, int(found["day"])


def _dated(
    year: str | None, month: int, day: int, neighbours: list[str | None], today: date | None
) -> date | None:
    year = year or next((other for other in neighbours if other), None)
    if year:
        return _date(year, str(month), str(day))
    if today is None:
        return None
    value = _date(str(today.year), str(month), str(day))
    return value if value and value >= today else _date(str(today.year + 1), str(month), str(day))


def _relative(text: str, today: date | None) -> Iterator[Moment]:
    if today is None:
        return
    for found in _RELATIVE.finditer(text):
        if found["word"]:
            word = found["word"].lower()
            days = {"tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2}.get(word, 0)
        elif found["unit"]:
            count = found["count"].lower()
            days = int(_COUNTS.get(count, 0) or count) * (7 if found["unit"] == "week" else 1)
        else:
            ahead = (_WEEKDAYS.index(found["weekday"].lower()) - today.weekday()) % 7
            days = ahead or 7
        yield Moment(found.start(), found.end(), today + timedelta(days=days))


def _clocks(text: str) -> Iterator[Moment]:
    for found in _TIME.finditer(text):
        if found["word"]:
            yield Moment(
                found.start(), found.end(), clock=time(12 if found["word"] == "noon" else 0)
            )
            continue
        hour = int(found["hour"])
        half = (found["half"] or found["half2"] or "").lower()
        if half.startswith("p") and hour < 12:
            hour += 12
        elif half.startswith("a") and hour == 12:
            hour = 0
        minute, second = int(found["minute"] or 0), int(found["second"] or 0)
        if hour < 24 and minute < 60 and second < 60:
            yield Moment(found.start(), found.end(), clock=time(hour, minute, second))


def _joined(text: str, days: list[Moment], clocks: list[Moment]) -> Iterator[Moment]:
    for day in days:
        for clock in clocks:
            first, last = sorted((day, clock), key=lambda m: m.start)
            between = text[first.end : last.start].strip(" ,").lower()
            if 0 <= last.start - first.end <= 8 and between in ("", "at", "on", "from"):
                yield Moment(first.start, last.end, day.day, clock.clock)


def _within(moment: Moment, others: list[Moment]) -> bool:
    return any(moment.start < other.end and other.start < moment.end for other in others)


def _parsed_time(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def _month(name: str) -> int:
    return [month[:3] for month in _MONTHS].index(name[:3].lower()) + 1


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
