"""Strings that match a regular expression.

Patterns in OpenAPI are ECMA-262 and not anchored; Python's own parser reads nearly all of them
once a few escapes are rewritten. What it cannot express (look-around, back references) is
generated as if it were not there: whoever asks checks the result and tries again.
"""

from __future__ import annotations

import importlib
import random
import re
import string
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

_PARSER: Any = importlib.import_module("re._parser")
_Write: TypeAlias = "Callable[[_Writer], str]"

_LONGEST = 256
_SPREAD = 4
"""How many more repeats than the fewest an unbounded repeat may get."""
_CALM = string.ascii_letters + string.digits
_PRINTABLE = "".join(chr(code) for code in range(32, 127))
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": _CALM + "_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_NOT_WORD": " -.",
    "CATEGORY_NOT_SPACE": _CALM,
}
_PROPERTIES = {
    "L": "A-Za-zÀ-ÖØ-öø-ÿ",
    "Lu": "A-ZÀ-ÖØ-Þ",
    "Ll": "a-zß-öø-ÿ",
    "N": "0-9",
    "Nd": "0-9",
    "P": "!-/:-@",
    "S": "$+<->^`|~",
    "Z": " ",
    "Zs": " ",
    "M": "\u0300-\u0301",
    "ASCII": "\\x00-\\x7f",
}


def string_matching(
    pattern: str, rng: random.Random, *, shortest: int = 0, longest: int | None = None
) -> str | None:
    """A string in which *pattern* is found, or None when the pattern cannot be read.

    Args:
        pattern: An ECMA-262 regular expression.
        rng: Where the choices come from.
        shortest: The fewest characters wanted; repeats are stretched towards it.
        longest: The most characters wanted; it may not be possible.
    """
    write = _writing(pattern)
    if write is None:
        return None
    limit = _LONGEST if longest is None else longest
    text = ""
    for stretch in (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        text = write(_Writer(rng, stretch, max(limit, shortest)))
        if len(text) >= shortest:
            break
    return text if len(text) <= limit else write(_Writer(rng, -1, limit))


@lru_cache(maxsize=1024)
def _writing(pattern: str) -> _Write | None:
    """What writes strings that match *pattern*, or None when it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a nested set is fine in ECMA-262
            return _sequence(_PARSER.parse(_to_python(pattern)))
    except (re.error, OverflowError, RecursionError):
        return None


def _to_python(pattern: str) -> str:
    """An ECMA-262 pattern in Python's syntax.

    >>> _to_python("^(?<year>[0-9]{4})$")
    '^(?P<year>[0-9]{4})$'
    """
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", pattern)
    pattern = re.sub(r"\\k<", "(?P=", pattern) if "\\k<" in pattern else pattern
    pattern = re.sub(r"\\u\{([0-9A-Fa-f]{1,6})\}", _code_point, pattern)
    pattern = pattern.replace("[^]", r"[\s\S]").replace(r"\/", "/").replace(r"\-", r"\x2d")
    return _unicode_properties(pattern)


def _code_point(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return f"\\U{code:08x}" if code <= 0x10FFFF else "x"


def _unicode_properties(pattern: str) -> str:
    def replacement(match: re.Match[str]) -> str:
        name = re.sub(r"^(Script|General_Category|gc|sc)=", "", match[2] or match[3])
        ranges = _PROPERTIES.get(name) or _PROPERTIES.get(name[:1]) or _PROPERTIES["L"]
        inside = pattern.count("[", 0, match.start()) > pattern.count("]", 0, match.start())
        if match[1] == "P":
            ranges = "-" if name.startswith("L") else "a-z"
        return ranges if inside else f"[{ranges}]"

    return re.sub(r"\\([pP])(?:\{([^}]*)\}|([A-Z]))", replacement, pattern)


class _Writer:
    """One string that is being written.

    Args:
        rng: Where the choices come from.
        stretch: Repeats to add beyond the usual to every open repeat; -1 takes the fewest.
        limit: Where to stop repeating.
    """

    def __init__(self, rng: random.Random, stretch: int, limit: int) -> None:
        self.rng = rng
        self.stretch = stretch
        self.limit = limit
        self.groups: dict[int, str] = {}
        self.length = 0

    def repeats(self, fewest: int, most: Any) -> int:
        """How often to repeat what may be repeated so often."""
        highest = min(int(most), fewest + _SPREAD + max(self.stretch, 0))
        if self.stretch < 0 or self.length >= self.limit:
            return fewest
        if self.stretch:
            return max(fewest, highest - self.rng.randrange(_SPREAD))
        return self.rng.randint(fewest, max(fewest, highest))


# -- what writes the parts of a pattern


def _sequence(tokens: Any) -> _Write:
    """What writes parsed tokens, one after the other."""
    parts = [_token(str(kind), argument) for kind, argument in tokens]
    if len(parts) == 1:
        return parts[0]
    return lambda writer: "".join([part(writer) for part in parts])


def _token(kind: str, argument: Any) -> _Write:
    if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _repeat(*argument)
    if kind == "SUBPATTERN":
        return _group(argument[0], _sequence(argument[3]))
    if kind == "BRANCH":
        branches = [_sequence(branch) for branch in argument[1]]
        return lambda writer: writer.rng.choice(branches)(writer)
    if kind == "ATOMIC_GROUP":
        return _sequence(argument)
    if kind == "GROUPREF":
        return lambda writer: writer.groups.get(argument, "")
    return _character(_choices(kind, argument), chosen=kind != "LITERAL")


def _choices(kind: str, argument: Any) -> str | None:
    """The characters that a token may stand for, None when it has no width."""
    if kind == "LITERAL":
        return chr(argument)
    if kind == "NOT_LITERAL":
        return "".join(c for c in _CALM if ord(c) != argument)
    if kind == "ANY":
        return _CALM
    return _members(argument) if kind == "IN" else None  # anchors and assertions have no width


def _character(choices: str | None, *, chosen: bool) -> _Write:
    if choices is None:
        return lambda _: ""

    def write(writer: _Writer) -> str:
        writer.length += 1
        return writer.rng.choice(choices) if chosen else choices

    return write


def _group(number: int | None, inside: _Write) -> _Write:
    if number is None:
        return inside

    def write(writer: _Writer) -> str:
        text = writer.groups[number] = inside(writer)
        return text

    return write


def _repeat(fewest: int, most: Any, tokens: Any) -> _Write:
    inside = _sequence(tokens)

    def write(writer: _Writer) -> str:
        pieces = []
        for done in range(min(writer.repeats(fewest, most), 4 * _LONGEST)):
            if done >= fewest and writer.length >= writer.limit:
                break
            pieces.append(inside(writer))
        return "".join(pieces)

    return write


def _members(items: Any) -> str:
    """The characters of a set, at most a few hundred of them."""
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    found = []
    for kind, argument in items:
        name = str(kind)
        if name == "LITERAL":
            found.append(chr(argument))
        elif name == "RANGE":
            low, high = argument
            found.extend(chr(code) for code in range(low, min(high, low + 127) + 1))
        elif name == "CATEGORY":
            found.append(_CATEGORIES.get(str(argument), _CALM))
    characters = "".join(found)
    if negated:
        allowed = [c for c in _CALM if c not in characters]
        return "".join(allowed or [c for c in _PRINTABLE if c not in characters] or "\u00e9")
    calm = "".join(c for c in characters if c in _PRINTABLE)
    return calm or characters or "x"
