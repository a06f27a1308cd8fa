"""What a model's reply says: the JSON value that its contract allows, or what is wrong with it.

Models wrap JSON in code fences, put words before and after it, break off in the middle. Whatever is
found is held to the contract and to what the server can send; nothing else of a reply counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from toolalpaca_mockserver.contract import Contract

LONGEST_REPLY: Final = 200_000
"""Characters of a reply that are looked at."""
_MOST_FAULTS: Final = 10
_FENCED: Final = re.compile(r"```[a-zA-Z]*\s*\n?(.*?)```", re.DOTALL)
_BEGINS: Final = re.compile(r"[\[{]")
_SPACE: Final = " \t\r\n,"
_MOST_BEGINNINGS: Final = 3


def read_value(reply: str, contract: Contract) -> tuple[Any, list[str]]:
    """The value that *reply* is, and what is wrong with it: nothing when it can be sent."""
    faults = ["it is not JSON"]
    for number, (value, wrong) in enumerate(_values(reply[:LONGEST_REPLY])):
        found = [wrong] if wrong else faults_of(value, contract)
        if not found:
            return value, []
        if number == 0 or faults[0].startswith("it is not JSON"):
            faults = found
    return None, faults


def read_values(reply: str, contract: Contract, most: int) -> tuple[list[Any], list[str]]:
    """Those values of the list that *reply* is which can be sent, and what is wrong with others.

    A list that is broken off is read as far as it goes; it may be the one member of an object.
    """
    text = reply[:LONGEST_REPLY]
    start = text.find("[")
    if start < 0:
        return [], ["it holds no JSON array"]
    sound: list[Any] = []
    faults: list[str] = []
    for number, (value, wrong) in enumerate(_members(text, start + 1)):
        if len(sound) == most or number > 2 * most:
            break
        found = [wrong] if wrong else faults_of(value, contract)
        if found:
            faults += [f"item {number}: {fault}" for fault in found]
        elif value not in sound:
            sound.append(value)
    return sound, faults[:_MOST_FAULTS] or ([] if sound else ["its array is empty"])


def faults_of(value: Any, contract: Contract) -> list[str]:
    """What keeps *value* from being sent: it breaks the contract, or JSON cannot be made of it."""
    try:
        orjson.dumps(value)
    except TypeError as error:  # nested beyond what is written, a lone surrogate
        return [f"it cannot be sent: {error}"]
    if contract.is_valid(value):
        return []
    found = contract.violations(value)[:_MOST_FAULTS]
    return [f"at {v.pointer or 'the top'}: {v.message}" for v in found] or ["it is invalid"]


def _values(reply: str) -> Iterator[tuple[Any, str]]:
    """The JSON values that *reply* may mean, likeliest first, or why one of them is none."""
    yield _loaded(reply)
    for fenced in _FENCED.findall(reply)[:_MOST_BEGINNINGS]:
        yield _loaded(fenced)
    for number, begin in enumerate(_BEGINS.finditer(reply)):
        if number == _MOST_BEGINNINGS:
            return
        end = _end_of(reply, begin.start())
        if end is not None:
            yield _loaded(reply[begin.start() : end])
            return


def _members(text: str, place: int) -> Iterator[tuple[Any, str]]:
    """The members of the array whose first one begins at *place*, until it ends or breaks off."""
    while True:
        while place < len(text) and text[place] in _SPACE:
            place += 1
        if place >= len(text) or text[place] == "]":
            return
        end = _end_of(text, place)
        if end is None:
            return
        yield _loaded(text[place:end])
        place = end


def _end_of(text: str, start: int) -> int | None:
    """Where the JSON value ends that begins at *start*, or None when there is none."""
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return None


def _loaded(text: str) -> tuple[Any, str]:
    """The value of a JSON text, or why it is none."""
    try:
        return orjson.loads(text.strip().encode("utf-8", "surrogatepass")), ""
    except orjson.JSONDecodeError as error:
        return None, f"it is not JSON: {error}"


_DECODER: Final = json.JSONDecoder()
