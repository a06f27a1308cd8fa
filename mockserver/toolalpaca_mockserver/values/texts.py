"""Strings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import is_json
from toolalpaca.openapi.validation import Validator
from toolalpaca_mockserver.json_text import dump
from toolalpaca_mockserver.spelling import letters, words
from toolalpaca_mockserver.values import vocabulary
from toolalpaca_mockserver.values.attempt import DeadEnd
from toolalpaca_mockserver.values.formats import brief, by_format
from toolalpaca_mockserver.values.names import (
    is_past,
    prefix_of,
    text_by_description,
    text_by_name,
)
from toolalpaca_mockserver.values.patterns import string_matching
from toolalpaca_mockserver.values.things import Suggestion

if TYPE_CHECKING:
    from toolalpaca_mockserver.values.build import Build

_PERSONAL = frozenset({"email", "idn-email", "phone", "phone-number"})
_VAGUE = frozenset({"code", "value", "key", "number", "reference", "type", "data", "text", "at"})
_LONGEST = 5000
_TRIES = 12


def build_text(build: Build, flat: dict[str, Any], name: str, depth: int = 0) -> str:
    """A string for *flat*: by its content, its format, its name, its pattern, or any word.

    Raises:
        DeadEnd: It would be too long, or nothing matches the pattern.
    """
    shortest = int(flat.get("minLength", 0))
    most = flat.get("maxLength")
    longest = int(most) if isinstance(most, (int, float)) else None
    if shortest > _LONGEST:
        raise DeadEnd
    pattern = flat.get("pattern")
    if "contentSchema" in flat and is_json(str(flat.get("contentMediaType", "")).lower()):
        text = _json(build, flat["contentSchema"], name, depth)
        if _fits(text, shortest, longest) and (not pattern or _matches(pattern, text)):
            return text
    for _attempt in range(_TRIES if isinstance(pattern, str) else 1):
        text = _text(build, flat, name, shortest, longest)
        if not isinstance(pattern, str) or _matches(pattern, text):
            return text
    raise DeadEnd


def _json(build: Build, schema: Any, name: str, depth: int) -> str:
    """A value for *schema* as JSON: a text's schema says nothing of what the text holds.

    Raises:
        DeadEnd: There is none.
    """
    value = build.value(schema, name, depth + 1)
    if not build.contract.part(schema).is_valid(value):
        raise DeadEnd
    return dump(value).decode()


def _text(build: Build, flat: dict[str, Any], name: str, shortest: int, longest: int | None) -> str:
    suggested = _suggested(build, flat, name, shortest, longest)
    if suggested is not None:
        return suggested
    pattern = flat.get("pattern")
    if not isinstance(pattern, str):
        return _plain(build, shortest, longest)
    matched = string_matching(pattern, build.rng, shortest=shortest, longest=longest)
    if matched is None:
        raise DeadEnd
    return matched


def _suggested(
    build: Build, flat: dict[str, Any], name: str, shortest: int, longest: int | None
) -> str | None:
    """What the format or the name suggests, when it has a right length."""
    form = flat.get("format")
    by_name = text_by_name(name, build.owner)
    build.rng.prefix = prefix_of(name) if form in _PERSONAL else ""
    suggestion = by_format(form) if isinstance(form, str) else None
    if form == "date" and is_past(name):
        suggestion = by_name
    if suggestion is None and flat.get("contentEncoding") in ("base64", "base64url"):
        suggestion = by_format(str(flat["contentEncoding"]))
    if suggestion is None and not isinstance(flat.get("pattern"), str):
        suggestion = _told(flat, name) or by_name
    for _attempt in range(4 if suggestion is not None else 0):
        text = str(suggestion(build.rng)) if suggestion is not None else ""
        if _fits(text, shortest, longest):
            return text
    if longest in (2, 3) and words(name)[-1:] == ("country",):
        return str(build.rng.place.country_code) if longest == 2 else None
    short = brief(form) if isinstance(form, str) else None
    return short if short is not None and _fits(short, shortest, longest) else None


def _told(flat: dict[str, Any], name: str) -> Suggestion | None:
    """What the description says, where the name says little."""
    description = flat.get("description")
    known = text_by_name(name, "")
    if not isinstance(description, str) or (known is not None and letters(name) not in _VAGUE):
        return None
    return text_by_description(description[:200])


def _plain(build: Build, shortest: int, longest: int | None) -> str:
    text = build.rng.choice(vocabulary.WORDS)
    while len(text) < shortest:
        text += " " + build.rng.choice(vocabulary.WORDS)
    if longest is not None and len(text) > longest:
        text = text[:longest]
        if text.endswith(" "):
            text = text[:-1] + "s"
    return text


def _fits(text: str, shortest: int, longest: int | None) -> bool:
    return len(text) >= shortest and (longest is None or len(text) <= longest)


def _matches(pattern: str, text: str) -> bool:
    """Whether the validator, which decides in the end, finds *pattern* in *text*."""
    validator = _validator(pattern)
    return validator is not None and validator.is_valid(text)


@lru_cache(maxsize=1024)
def _validator(pattern: str) -> Validator | None:
    try:
        return Validator({"pattern": pattern})
    except DocumentError:
        return None  # nothing can be shown to match what the validator cannot read
