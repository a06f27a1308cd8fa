"""Error bodies that begin with the document's own example of them.

What the example shows stays, but for what says of this request what it shows of another one: texts
that are messages, numbers that are the status, lists of reasons. Who reads it is shown the error
that the API is documented to have, and is told the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.error_words import (
    DEEPEST,
    LISTS,
    MESSAGES,
    PLACES,
    RULES,
    SENTENCES,
    STATUSES,
    TITLES,
)
from toolalpaca_mockserver.problems import Reason, phrase
from toolalpaca_mockserver.spelling import letters

_PHRASES: Final = frozenset(status.phrase for status in HTTPStatus)


def retold(
    example: Any, contract: Contract, status: int, message: str, reasons: Sequence[Reason]
) -> Any:
    """*example*, a sound one, telling of this request; a text alone stays as it is.

    Args:
        example: What the document shows; it is not changed.
        contract: What the result satisfies, as *example* does.
        status: The status that the body goes with.
        message: What went wrong, in one sentence.
        reasons: What went wrong, one by one.

    >>> shown = {"error": "not_found", "message": "No such pet", "code": 400}
    >>> retold(shown, Contract({}, {}), 404, "there is no pet 7", [])
    {'error': 'not_found', 'message': 'there is no pet 7', 'code': 404}
    """
    return _Retelling(contract, status, message, reasons).tell(example)


class _Retelling:
    def __init__(
        self, contract: Contract, status: int, message: str, reasons: Sequence[Reason]
    ) -> None:
        self.contract = contract
        self.status = status
        self.message = message
        self.reasons = reasons

    def tell(self, example: Any) -> Any:
        if isinstance(example, list):
            return self._fitting(self._lists(example), example, lambda value: value)
        return self._object(example, lambda value: value, 0)

    def _object(self, shown: Any, whole: Callable[[Any], Any], depth: int) -> Any:
        """*shown*, a part of a whole, retold; *whole* puts a part in its place."""
        if not isinstance(shown, dict) or depth > DEEPEST:
            return shown
        told = shown
        spoken, foreign = _is_spoken(shown), self._is_foreign(shown)
        for name, value in shown.items():
            place = _placing(whole, told, name)
            if isinstance(value, dict):
                new = self._object(value, place, depth + 1)
            else:
                values = self._instead(name, value, spoken)
                if not values and foreign and letters(name) == "title":
                    values = [phrase(self.status)]
                new = self._fitting(values, value, place)
            told = {**told, name: new}
        return told

    def _instead(self, name: str, value: Any, spoken: bool) -> list[Any]:
        """What may stand in the place of *value*, best first."""
        plain = letters(name)
        if isinstance(value, list):
            return self._lists(value) if plain in LISTS | MESSAGES else []
        if plain in STATUSES and _is_status(value):
            return [str(self.status) if isinstance(value, str) else self.status]
        if plain in TITLES and value in _PHRASES:
            return [phrase(self.status)]
        if isinstance(value, str) and _is_message(plain, value, spoken):
            return [self.message]
        return []

    def _is_foreign(self, shown: dict[str, Any]) -> bool:
        """Whether *shown* is an example of another status."""
        told = (v for n, v in shown.items() if letters(n) in STATUSES and _is_status(v))
        return any(str(value) != str(self.status) for value in told)

    def _lists(self, shown: list[Any]) -> list[Any]:
        """The reasons as a list of what *shown* holds."""
        reasons = self.reasons or [Reason("", "", "", self.message)]
        if not shown:
            return []
        return [[self._entry(reason, shown[0], 0) for reason in reasons]]

    def _entry(self, reason: Reason, shown: Any, depth: int) -> Any:
        if isinstance(shown, str):
            return reason.message
        if not isinstance(shown, dict) or depth > DEEPEST:
            return shown
        spoken = _is_spoken(shown)
        return {n: self._said(reason, n, v, spoken, depth) for n, v in shown.items()}

    def _said(self, reason: Reason, name: str, value: Any, spoken: bool, depth: int) -> Any:
        """What an entry of a list says of *reason* under *name*, where *value* is shown."""
        plain = letters(name)
        if plain in STATUSES and _is_status(value):
            return str(self.status) if isinstance(value, str) else self.status
        if isinstance(value, str) and _is_message(plain, value, spoken):
            return reason.message
        if not reason.location:
            return value
        if isinstance(value, dict):
            return self._entry(reason, value, depth + 1)
        if isinstance(value, str) and plain in RULES:
            return reason.location if plain == "location" else reason.rule
        if plain in PLACES and isinstance(value, str | list):
            if isinstance(value, list):
                return [reason.location, *reason.pointer.split("/")[1:]]
            return reason.pointer if value.startswith("/") else reason.pointer.strip("/")
        return value

    def _fitting(self, values: list[Any], shown: Any, place: Callable[[Any], Any]) -> Any:
        return next((v for v in values if self.contract.is_valid(place(v))), shown)


def _is_spoken(shown: dict[str, Any]) -> bool:
    """Whether a property says what is wrong; a text such as ``error`` then only names it."""
    return any(letters(n) in MESSAGES and isinstance(v, str) for n, v in shown.items())


def _placing(whole: Callable[[Any], Any], told: dict[str, Any], name: str) -> Callable[[Any], Any]:
    return lambda value: whole({**told, name: value})


def _is_status(value: Any) -> bool:
    """Whether *value* is a status of HTTP's, and no code of the API's own."""
    if isinstance(value, str):
        return len(value) == 3 and value.isdecimal() and "100" <= value <= "599"
    return isinstance(value, int) and 100 <= value <= 599


def _is_message(plain: str, value: str, spoken: bool) -> bool:
    """Whether *value* is a sentence for people, and no word for programs such as ``not_found``."""
    if plain in SENTENCES:
        return True
    return " " in value and (plain in MESSAGES or (plain in TITLES - {"title"} and not spoken))
