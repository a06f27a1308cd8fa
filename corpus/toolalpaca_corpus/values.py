"""Values for arguments: what the document shows, varied, or made up to fit the schema."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from random import Random
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Schema
from toolalpaca.openapi.validation import Validator
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_KEEP_THE_EXAMPLE = 0.4
"""Share of values that are the document's own example where another could be made up."""

_YES = 0.8
"""Share of booleans that are true: people mostly ask for something, not for its absence."""

_EXAMPLE_KEYWORDS = ("example", "examples", "default")


class ArgumentValues:
    """Makes values for the arguments of one tool.

    Args:
        parameters: The tool's ``parameters``, self-contained; references lead into it.
        seed: The same seed makes the same values, in the same order of calls.
    """

    def __init__(self, parameters: Mapping[str, Any], seed: str) -> None:
        self._root = parameters
        self._random = Random(seed)  # noqa: S311 - made-up data, no secrets
        self._generator = ValueGenerator(
            parameters, self._random.getrandbits(32), direction="request"
        )

    def make(self, schema: Schema, *, name: str, owner: str = "") -> Any:
        """A value that satisfies *schema*: an example, a variation of one, or made up.

        Args:
            schema: What it must fit.
            name: What it is called.
            owner: What it is a property of: the name of a member is no name of a book.

        Raises:
            NoInstance: None was found.
            DocumentError: The schema is broken.
        """
        flat = flatten(schema, self._root)
        if not isinstance(flat, dict):
            return self._invent(schema, name, owner)
        if "const" in flat:
            return flat["const"]
        if flat.get("enum"):
            return self._random.choice([v for v in flat["enum"] if v is not None] or [None])
        if flat.get("type") == "boolean":
            return self._random.random() < _YES
        return self._shown_or_made(schema, flat, name, owner)

    def _shown_or_made(self, schema: Schema, flat: dict[str, Any], name: str, owner: str) -> Any:
        shown = examples_of(flat)
        if shown and self._random.random() < _KEEP_THE_EXAMPLE:
            candidates = [self._random.choice(shown)]
        else:
            varied = self._vary(self._random.choice(shown), flat) if shown else None
            candidates = [varied] if varied is not None else []
        # A pattern says what is well-formed, not what is likely: prefer a real one.
        if shown and "pattern" in flat:
            candidates.append(self._random.choice(shown))
        validator = Validator({**flat, **_definitions(self._root)})
        for candidate in candidates:
            if validator.is_valid(candidate):
                return candidate
        return self._invent(schema, name, owner)

    def _vary(self, example: Any, schema: Mapping[str, Any]) -> Any:
        """Another value of the kind of *example*, or None; it need not satisfy the schema."""
        if isinstance(example, bool):
            return None
        if isinstance(example, int):
            step = int(schema.get("multipleOf", 1)) or 1
            spread = max(abs(example) // 2, 2)
            return (example + self._random.randint(-spread, spread)) // step * step
        if isinstance(example, float):
            return round(example * self._random.uniform(0.7, 1.3), 1)
        if isinstance(example, str) and schema.get("format") == "date":
            return _shifted_day(example, self._random.randint(-40, 120))
        return None

    def _invent(self, schema: Schema, name: str, owner: str) -> Any:
        blind = (
            {k: v for k, v in schema.items() if k not in _EXAMPLE_KEYWORDS}
            if isinstance(schema, dict)
            else schema
        )
        key = f"{name}/{self._random.getrandbits(32)}"
        try:
            return self._property(blind, name, owner, key)
        except NoInstance:
            return self._property(schema, name, owner, key)

    def _property(self, schema: Schema, name: str, owner: str, key: str) -> Any:
        whole = {"type": "object", "properties": {name: schema}, "required": [name]}
        value = self._generator.generate(whole, name=owner, key=key)[name]
        # Nobody says "available or sold or available".
        if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
            return list(dict.fromkeys(value))
        return value


def examples_of(schema: Mapping[str, Any]) -> list[Any]:
    """The example values that a schema shows, both spellings."""
    shown = list(schema["examples"]) if isinstance(schema.get("examples"), list) else []
    if "example" in schema:
        shown.append(schema["example"])
    return [value for value in shown if value is not None]


def _definitions(root: Mapping[str, Any]) -> dict[str, Any]:
    return {"$defs": root["$defs"]} if "$defs" in root else {}


def _shifted_day(text: str, days: int) -> str | None:
    try:
        return (datetime.date.fromisoformat(text) + datetime.timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return None


__all__ = ["ArgumentValues", "DocumentError", "NoInstance", "examples_of"]
