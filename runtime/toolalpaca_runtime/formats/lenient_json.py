"""Reading the JSON object that a model meant, as long as there is one way to read it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import orjson

from toolalpaca_runtime.formats.loose_json import Unclear, number, read_loose

NOT_JSON: Final = "The arguments are not valid JSON ({}). Write them as one JSON object."
NO_OBJECT: Final = "The arguments are JSON but no object. Write them as one JSON object."
_SEVERAL: Final = "there is more than one object; call a tool once for each"

# What may stand before the object: getPet({...}), arguments = {...}, ```json {...}
_BEFORE = re.compile(r"[\w \t\r\n.=(`]*")
_ENCODED: Final = 2  # how often an object may have been encoded as a text


@dataclass(frozen=True, slots=True)
class NoObject:
    """Why a text is no object: a sentence, and what to write instead."""

    problem: str


def read_object(
    text: str, *, cut_off: bool = False, alone: bool = False
) -> dict[str, Any] | NoObject:
    """The object in *text*. Never raises.

    Code fences, a word before the object, prose after it, an object that was encoded as a text and
    all that :mod:`loose_json` knows are forgiven; an empty text is an empty object.

    Args:
        text: What the model wrote.
        cut_off: Whether it is known to have been cut off.
        alone: Whether nothing but a code fence may stand around the object.
    """
    for _ in range(_ENCODED + 1):
        text = text.strip()
        if not text.strip("` \n"):
            return {}
        try:
            value, rest = _first_value(text, cut_off=cut_off)
            if alone and rest.strip("` \t\r\n"):
                raise Unclear("more follows the object")
        except Unclear as error:
            return NoObject(NOT_JSON.format(error))
        if not isinstance(value, str):
            return _checked(value)
        if "{" not in value:
            break
        text = value
    return NoObject(NO_OBJECT)


def _checked(value: Any) -> dict[str, Any] | NoObject:
    if not isinstance(value, dict):
        return NoObject(NO_OBJECT)
    try:
        # What a trace cannot hold (lone surrogates, integers beyond 64 bits) is no JSON for us.
        orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError) as error:
        return NoObject(NOT_JSON.format(error))
    return value


def _first_value(text: str, *, cut_off: bool) -> tuple[Any, str]:
    """The value at the start, and what follows it."""
    before = _BEFORE.match(text)
    start = before.end() if before and text.startswith("{", before.end()) else 0
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        raise Unclear("it is nested too deeply") from None
    except ValueError:
        value, end = read_loose(text, start, cut_off=cut_off)
    rest = text[end:]
    if isinstance(value, dict) and rest.lstrip(" \t\r\n,;").startswith(("{", "[")):
        raise Unclear(_SEVERAL)
    return value, rest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError  # the loose reader says which name stands twice, if that matters
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(
    parse_constant=_refuse, parse_float=number, parse_int=number, object_pairs_hook=_unique
)
