"""Error bodies as a document declares them, carrying what went wrong.

An example of the document's is told anew; without one a body is made up, and its properties are
known by the names in use: a text called ``message`` or ``detail`` says what is
wrong, a number called ``status`` or ``code`` is the status, a list of objects called ``errors``
holds the reasons. What a name suggests is kept only where the schema allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.error_examples import retold
from toolalpaca_mockserver.error_words import (
    DEEPEST,
    LISTS,
    MESSAGES,
    PLACES,
    RULES,
    STATUSES,
    TITLES,
)
from toolalpaca_mockserver.problems import Reason, phrase
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_FIXED = frozenset({"enum", "const", "format", "pattern"})
_LONGEST = 500
_MOST_REASONS = 20


def error_body(
    generator: ValueGenerator,
    contract: Contract,
    status: int,
    message: str,
    reasons: Sequence[Reason] = (),
    examples: Sequence[Any] = (),
) -> Any:
    """A body that satisfies the declared schema and says what is wrong wherever it can.

    Args:
        generator: Makes what the schema demands besides.
        contract: What is declared.
        status: The status that the body goes with.
        message: What went wrong, in one sentence.
        reasons: What went wrong, one by one.
        examples: What the document shows of it and is sound, besides the schema's own examples.

    Raises:
        NoInstance: Nothing satisfies the schema.
    """
    message = message[:_LONGEST]
    shown = filter(contract.is_valid, contract.shown(contract.shape)[0])
    example = next(filter(None, chain(examples, shown)), None)
    if example is not None:
        return retold(example, contract, status, message, reasons[:_MOST_REASONS])
    key = f"error {status}"
    try:
        body = generator.for_contract(contract, name="error", key=key, examples=False, minimal=True)
    except NoInstance:
        body = generator.for_contract(contract, name="error", key=key)
    teller = _Teller(contract, status, message, reasons)
    if isinstance(body, str):
        return teller.message if contract.is_valid(teller.message) else body
    return teller.tell(body)


class _Teller:
    """Puts what went wrong into a body, one property after another.

    Args:
        contract: What the body must satisfy, before and after.
        status: The status.
        message: What went wrong.
        reasons: What went wrong, one by one.
    """

    def __init__(
        self, contract: Contract, status: int, message: str, reasons: Sequence[Reason]
    ) -> None:
        self.contract = contract
        self.status = status
        self.message = message
        self.reasons = reasons[:_MOST_REASONS]
        self._said = False

    def tell(self, body: Any) -> Any:
        """*body* with all that fits."""
        told = self._object(body, self.contract.shape, lambda value: value, 0)
        if not self._said and not self.reasons:  # perhaps a list is the only place for it
            self.reasons = [Reason("", "", phrase(self.status), self.message)]
            told = self._object(told, self.contract.shape, lambda value: value, 0)
        return told if self._said or not isinstance(told, dict) else self._anywhere(told)

    def _anywhere(self, body: dict[str, Any]) -> dict[str, Any]:
        """*body* with the message in its first free text, whatever that is called."""
        for name, schema in self.contract.properties().items():
            part = self.contract.flat(schema)
            candidate = {**body, name: self.message}
            free = part.get("type") == "string" and part.keys().isdisjoint(_FIXED)
            if free and self.contract.is_valid(candidate):
                return candidate
        return body

    def _object(
        self, body: Any, flat: dict[str, Any], whole: Callable[[Any], Any], depth: int
    ) -> Any:
        """*body*, a part of a whole, with all that fits; *whole* puts a part in its place."""
        if not isinstance(body, dict) or depth > DEEPEST:
            return body
        for name, schema in self.contract.properties(flat).items():
            part = self.contract.flat(schema)
            for value in self._suggestions(letters(name), part, name in body):
                candidate = {**body, name: value}
                if self.contract.is_valid(whole(candidate)):
                    body = candidate
                    self._said = self._said or value == self.message or isinstance(value, list)
                    break
            if isinstance(body.get(name), dict):
                body = self._below(body, name, part, whole, depth)
        return body

    def _below(
        self,
        body: dict[str, Any],
        name: str,
        part: dict[str, Any],
        whole: Callable[[Any], Any],
        depth: int,
    ) -> dict[str, Any]:
        def place(value: Any) -> Any:
            return whole({**body, name: value})

        return {**body, name: self._object(body[name], part, place, depth + 1)}

    def _suggestions(self, name: str, part: dict[str, Any], present: bool) -> list[Any]:
        """Values for a property of that name, best first."""
        types = self.contract.types(part)
        if "array" in types and name in LISTS | MESSAGES and self.reasons:
            return self._lists(part)
        if name in STATUSES and name != "code":
            return [self.status, str(self.status)]
        if name == "code":
            return [self.status, str(self.status)] if "integer" in types or present else []
        if name in MESSAGES and types & {"string"}:
            return [self.message]
        if name in TITLES and types & {"string"}:
            return [phrase(self.status)] if name == "title" else [self.message]
        if name == "type" and present:
            return ["about:blank"]
        return []

    def _lists(self, part: dict[str, Any]) -> list[Any]:
        """The reasons as a list of the declared kind, without and with what is not known of them.

        A reason that is about no part of the request has no place.
        """
        flat = next((p for p in self.contract.alternatives(part) if "items" in p), part)
        items = self.contract.flat(flat.get("items", True))
        if "object" not in self.contract.types(items):
            return [[reason.message for reason in self.reasons]]
        names = self.contract.properties(items)
        return [[self._entry(r, names, placed) for r in self.reasons] for placed in (False, True)]

    def _entry(
        self, reason: Reason, names: dict[str, Any], placed: bool, depth: int = 0
    ) -> dict[str, Any]:
        entry: dict[str, Any] = {}
        for name, schema in names.items() if depth < DEEPEST else ():
            part = self.contract.part(schema)
            plain = letters(name)
            values = self._words(reason, plain)
            if placed or reason.location:
                values = self._places(reason, plain, part, depth) or values
            sound = [value for value in values if part.is_valid(value)]
            if sound:
                entry[name] = sound[0]
        return entry

    def _words(self, reason: Reason, name: str) -> list[Any]:
        """What a property of that name may say of a reason wherever it is, best first."""
        if name in MESSAGES or name in TITLES - {"name"}:
            return [reason.message]
        return [self.status, str(self.status)] if name in STATUSES else []

    def _places(self, reason: Reason, name: str, part: Contract, depth: int) -> list[Any]:
        """What a property of that name may say of where a reason is, and of its rule."""
        if name in RULES:
            said = reason.location if name == "location" else reason.rule
            return [said, *self._words(reason, name)]
        if name not in PLACES:
            return []
        steps = reason.pointer.split("/")[1:]
        inside = self._entry(reason, part.properties(), True, depth + 1)
        plain = reason.pointer if name == "pointer" else reason.pointer.strip("/")
        return [plain, [reason.location, *steps] if reason.location else steps, inside]
