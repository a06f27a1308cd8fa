"""One attempt at building a value for a schema."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.validation import Validator
from toolalpaca_mockserver import realism, vocabulary
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.patterns import string_matching

_DEEP = 4
"""Below it, optional properties are left out."""
_DEEPEST = 24
_CHOICES = 16
"""Alternatives within alternatives that are followed for one value."""
_NODES = 3000
"""Values in one attempt; beyond it only what is required is built."""
_LONGEST_TEXT = 5000
_MOST_ITEMS = 500


class DeadEnd(Exception):
    """The attempt leads to no value: a reason to try again, not an error."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How an attempt goes about it.

    Attributes:
        examples: ``whole`` objects, only ``leaves``, or ``none``.
        minimal: Only what is required, as small as it may be.
    """

    examples: Literal["whole", "leaves", "none"]
    minimal: bool = False


class Build:
    """Builds one value.

    Args:
        contract: The schema that the value is for.
        rng: Where the choices come from.
        effort: How to go about it.
        index: The value's place in a list, or None.
    """

    def __init__(
        self, contract: Contract, rng: random.Random, effort: Effort, index: int | None
    ) -> None:
        self.contract = contract
        self.rng = rng
        self.effort = effort
        self.index = index
        self.nodes = 0
        self._active: dict[int, int] = {}
        self._owners: list[str] = []

    def value(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """A value for *schema*, a part of the contract's, called *name*.

        Raises:
            DeadEnd: This attempt leads to none.
        """
        self.nodes += 1
        flat = self.contract.flat(schema)
        if depth > _DEEPEST or flat == {"not": {}}:
            raise DeadEnd
        identity = id(flat)
        self._active[identity] = self._active.get(identity, 0) + 1
        try:
            return self._value(flat, name, depth)
        finally:
            self._active[identity] -= 1

    def _value(self, flat: dict[str, Any], name: str, depth: int) -> Any:
        if "const" in flat:
            return flat["const"]
        example = self._example(flat, name)
        if example is not None:
            return example[0]
        if isinstance(flat.get("enum"), list):
            return self._member(flat)
        flat = self._choose(flat, depth)
        if "const" in flat:
            return flat["const"]
        if isinstance(flat.get("enum"), list):
            return self._member(flat)
        builders: Mapping[str, Callable[[dict[str, Any], str, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": lambda *_: self.rng.random() < 0.6,
            "null": lambda *_: None,
        }
        return builders[self._type(flat)](flat, name, depth)

    # -- choices ----------------------------------------------------------------------------

    def _example(self, flat: dict[str, Any], name: str) -> tuple[Any] | None:
        """An example to use as it is, in a tuple because it may be None."""
        if self.effort.examples == "none":
            return None
        examples = list(flat["examples"]) if isinstance(flat.get("examples"), list) else []
        if "example" in flat:
            examples.append(flat["example"])
        if not examples and "default" in flat:
            return (flat["default"],) if self.index is None or self.rng.random() < 0.5 else None
        whole = [e for e in examples if isinstance(e, (dict, list))]
        if whole and self.effort.examples != "whole":
            return None
        if not examples:
            return None
        if self.index is None:
            return (self.rng.choice(examples),)
        if self.index < len(examples):
            return (examples[self.index],)
        if whole or "enum" in flat or not isinstance(examples[0], str):
            return self._near(examples[0], flat) if not whole and "enum" not in flat else None
        if "pattern" in flat or "format" in flat or realism.text_by_name(name, self._owner()):
            return None
        return (self.rng.choice(examples),)

    def _near(self, example: Any, flat: dict[str, Any]) -> tuple[Any] | None:
        """A number of the example's size, for the further items of a list."""
        if isinstance(example, bool) or not isinstance(example, (int, float)):
            return None
        if isinstance(example, int):
            if abs(example) < 4 or "multipleOf" in flat:
                return None
            value: int | float = round(example * self.rng.uniform(0.5, 1.5))
        else:
            decimals = min(6, len(repr(example).rpartition(".")[2]))
            value = round(example * self.rng.uniform(0.5, 1.5), decimals)
        low, high = _bounds(flat)
        if (low is not None and value < low) or (high is not None and value > high):
            return None
        return (value,)

    def _member(self, flat: dict[str, Any]) -> Any:
        members = [m for m in flat["enum"] if m is not None] or flat["enum"]
        if not members:
            raise DeadEnd
        return members[0] if self.effort.minimal else self.rng.choice(members)

    def _choose(self, flat: dict[str, Any], depth: int) -> dict[str, Any]:
        """*flat* with one branch of each ``oneOf``, ``anyOf`` and ``if`` merged in."""
        for _ in range(_CHOICES):
            keyword = next((k for k in ("oneOf", "anyOf", "if") if k in flat), None)
            if keyword == "if":
                flat = self._conditional(flat)
            elif keyword is not None:
                flat = self._taking(flat, keyword, depth)
            else:
                residue = [part for part in flat.get("allOf") or () if _chooses(part)]
                if not residue:
                    return flat
                flat = self.contract.joined(self.contract.without(flat, "allOf"), *residue)
        return flat

    def _conditional(self, flat: dict[str, Any]) -> dict[str, Any]:
        rest = self.contract.without(flat, "if", "then", "else")
        if self.rng.random() < 0.5:
            return self.contract.joined(rest, flat["if"], flat.get("then", True))
        return self.contract.joined(rest, flat.get("else", True))

    def _taking(self, flat: dict[str, Any], keyword: str, depth: int) -> dict[str, Any]:
        """*flat* with a branch of *keyword* merged in; the discriminator names it."""
        branches = flat[keyword]
        if not isinstance(branches, list) or not branches:
            return self.contract.without(flat, keyword)
        branch = self._branch(branches, depth)
        rest = self.contract.without(flat, keyword, "discriminator", "examples", "example")
        merged = self.contract.joined(rest, branch)
        discriminator = flat.get("discriminator")
        label = _discriminator_value(discriminator, branch)
        if isinstance(discriminator, dict) and label is not None:
            name = str(discriminator.get("propertyName"))
            own = self.contract.flat((merged.get("properties") or {}).get(name, True))
            if "const" not in own and label in own.get("enum", [label]):
                merged = self.contract.joined(self.contract.labelled(name, label), merged)
        return merged

    def _branch(self, branches: list[Any], depth: int) -> Any:
        flats = [self.contract.flat(branch) for branch in branches]
        possible = [i for i, f in enumerate(flats) if f != {"not": {}}]
        if not possible:
            raise DeadEnd
        fresh = [i for i in possible if not self._active.get(id(flats[i]))]
        plain = [i for i in fresh if flats[i].get("type") != "null"]
        if depth > _DEEP:  # simple things end recursion
            simple = [i for i in fresh if flats[i].get("type") not in ("object", "array", None)]
            plain = simple or plain
        return branches[self.rng.choice(plain or fresh or possible)]

    def _type(self, flat: dict[str, Any]) -> str:
        types = flat.get("type")
        if isinstance(types, list) and types:
            real = [t for t in types if t != "null"]
            if not real or (len(real) < len(types) and self._take_null()):
                return "null"
            types = real[0] if self.effort.minimal else self.rng.choice(real)
        if isinstance(types, str):
            if types not in _TYPES:
                raise DeadEnd
            return types
        for keywords, name in _SIGNS:
            if not keywords.isdisjoint(flat):
                return name
        return "string"

    def _take_null(self) -> bool:
        return not self.effort.minimal and self.rng.random() < 0.1

    def _owner(self) -> str:
        return self._owners[-1] if self._owners else ""

    # -- objects ----------------------------------------------------------------------------

    def _object(self, flat: dict[str, Any], name: str, depth: int) -> dict[str, Any]:
        properties = dict(flat.get("properties") or {})
        required = [r for r in flat.get("required") or () if isinstance(r, str)]
        built: dict[str, Any] = {}
        closed = [_names(p) for p in flat.get("allOf") or () if _is_closed(p)]
        self._owners.append(name or self._owner())
        try:
            for key in dict.fromkeys([*properties, *required]):
                schema = properties.get(key, _MISSING)
                if key not in required and not self._include(schema, depth):
                    continue
                if key not in required and any(key not in names for names in closed):
                    continue
                if schema is _MISSING:
                    schema = self._schema_of(key, flat)
                self._put(built, key, schema, depth, needed=key in required)
            self._add_dependents(built, flat, depth)
            self._fill(built, flat, depth)
        finally:
            self._owners.pop()
        most = flat.get("maxProperties")
        if isinstance(most, int) and len(built) > most:
            for key in [k for k in reversed(built) if k not in required][: len(built) - most]:
                del built[key]
        realism.order_times(built)
        return built

    def _put(
        self, built: dict[str, Any], key: str, schema: Any, depth: int, *, needed: bool
    ) -> None:
        try:
            built[key] = self.value(schema, key, depth + 1)
        except DeadEnd:
            if needed:
                raise

    def _include(self, schema: Any, depth: int) -> bool:
        """Whether an optional property is built."""
        if self.effort.minimal or depth >= _DEEP or self.nodes > _NODES:
            return False
        flat = self.contract.flat(schema)
        if flat == {"not": {}} or flat.get("deprecated") is True:
            return False
        if self.contract.direction == "request" and flat.get("readOnly") is True:
            return False
        if self._active.get(id(flat)):
            return False
        items = flat.get("items")
        return not (isinstance(items, dict) and self._active.get(id(self.contract.flat(items))))

    def _schema_of(self, key: str, flat: dict[str, Any]) -> Any:
        """The schema of a property that ``properties`` does not list."""
        for pattern, schema in (flat.get("patternProperties") or {}).items():
            if Validator({"pattern": pattern}).is_valid(key):
                return schema
        return flat.get("additionalProperties", True)

    def _add_dependents(self, built: dict[str, Any], flat: dict[str, Any], depth: int) -> None:
        properties = flat.get("properties") or {}
        for trigger, names in (flat.get("dependentRequired") or {}).items():
            if trigger in built:
                for key in names:
                    if key not in built:
                        schema = properties.get(key, True)
                        self._put(built, key, schema, depth, needed=True)
        for trigger, schema in (flat.get("dependentSchemas") or {}).items():
            if trigger in built and depth < _DEEPEST:
                extra = self._object(self.contract.flat(schema), self._owner(), depth + 1)
                for key, value in extra.items():
                    built.setdefault(key, value)

    def _fill(self, built: dict[str, Any], flat: dict[str, Any], depth: int) -> None:
        """Add properties that have no fixed name: maps, and objects that need more of them."""
        fewest = flat.get("minProperties", 0)
        for key, schema in (flat.get("properties") or {}).items():
            if len(built) < fewest and key not in built:
                self._put(built, key, schema, depth, needed=False)
        extra = flat.get("additionalProperties", True)
        patterns = flat.get("patternProperties") or {}
        is_map = isinstance(extra, dict) or bool(patterns)
        wanted = fewest
        if is_map and not flat.get("properties") and not self.effort.minimal and depth < _DEEP:
            wanted = max(fewest, min(2, flat.get("maxProperties", 2)))
        for _ in range(4 * min(wanted, _MOST_ITEMS)):
            if len(built) >= wanted:
                break
            key, schema = self._new_property(flat, patterns, extra)
            if key is not None and key not in built:
                self._put(built, key, schema, depth, needed=False)

    def _new_property(
        self, flat: dict[str, Any], patterns: dict[str, Any], extra: Any
    ) -> tuple[str | None, Any]:
        names = flat.get("propertyNames")
        if patterns and (extra is False or self.rng.random() < 0.5):
            pattern = self.rng.choice(list(patterns))
            return string_matching(pattern, self.rng, shortest=1), patterns[pattern]
        if extra is False:
            return None, None
        if names is not None:
            key = self.value(self.contract.joined(names, _ANY_STRING), "key")
            return (key if isinstance(key, str) else None), extra
        return f"{self.rng.choice(vocabulary.WORDS)}{self.rng.choice(('', '_1', '_2'))}", extra

    # -- arrays -----------------------------------------------------------------------------

    def _array(self, flat: dict[str, Any], name: str, depth: int) -> list[Any]:
        fewest = int(flat.get("minItems", 0))
        most = flat.get("maxItems")
        prefix = flat.get("prefixItems") or []
        items = flat.get("items", True)
        if fewest > _MOST_ITEMS:
            raise DeadEnd
        count = self._count(flat, fewest, most, depth)
        built = [self.value(schema, name, depth + 1) for schema in prefix[: max(count, fewest)]]
        if items is False:
            return built
        contains = flat.get("contains")
        if contains is not None and flat.get("minContains", 1):
            both = self.contract.joined(items, contains)
            wanted = min(int(flat.get("minContains", 1)), _MOST_ITEMS)
            built.extend(self.value(both, name, depth + 1) for _ in range(wanted))
        self._extend(built, items, flat, name, depth, max(count, fewest))
        return built

    def _extend(
        self, built: list[Any], items: Any, flat: dict[str, Any], name: str, depth: int, count: int
    ) -> None:
        unique = flat.get("uniqueItems") is True
        outer = self.index
        try:
            for attempt in range(count * (6 if unique else 1)):
                if len(built) >= count:
                    break
                self.index = len(built) if attempt < count else None
                try:
                    item = self.value(items, name, depth + 1)
                except DeadEnd:
                    if len(built) >= flat.get("minItems", 0):
                        break
                    raise
                if not unique or not any(_same(item, other) for other in built):
                    built.append(item)
        finally:
            self.index = outer

    def _count(self, flat: dict[str, Any], fewest: int, most: Any, depth: int) -> int:
        items = flat.get("items")
        recursive = isinstance(items, dict) and self._active.get(id(self.contract.flat(items)))
        if self.effort.minimal or depth >= _DEEP or self.nodes > _NODES or recursive:
            return fewest
        wanted = fewest if fewest > 2 else self.rng.randint(max(1, fewest), 3)
        return min(wanted, most) if isinstance(most, int) else wanted

    # -- texts ------------------------------------------------------------------------------

    def _string(self, flat: dict[str, Any], name: str, depth: int) -> str:
        del depth
        shortest = int(flat.get("minLength", 0))
        most = flat.get("maxLength")
        longest = int(most) if isinstance(most, (int, float)) else None
        if shortest > _LONGEST_TEXT:
            raise DeadEnd
        pattern = flat.get("pattern")
        for _ in range(12 if isinstance(pattern, str) else 1):
            text = self._text(flat, name, shortest, longest)
            if not isinstance(pattern, str) or _matches(pattern, text):
                return text
        raise DeadEnd

    def _text(self, flat: dict[str, Any], name: str, shortest: int, longest: int | None) -> str:
        pattern, form = flat.get("pattern"), flat.get("format")
        suggestion = realism.by_format(form) if isinstance(form, str) else None
        if suggestion is None and flat.get("contentEncoding") in ("base64", "base64url"):
            suggestion = realism.by_format(str(flat["contentEncoding"]))
        if suggestion is None and not isinstance(pattern, str):
            suggestion = realism.text_by_name(name, self._owner())
        if suggestion is not None:
            for _ in range(4):
                text = str(suggestion(self.rng))
                if _fits(text, shortest, longest):
                    return text
            brief = realism.brief(form) if isinstance(form, str) else None
            if brief is not None and _fits(brief, shortest, longest):
                return brief
        if isinstance(pattern, str):
            matched = string_matching(pattern, self.rng, shortest=shortest, longest=longest)
            if matched is None:
                raise DeadEnd
            return matched
        return self._plain_text(shortest, longest)

    def _plain_text(self, shortest: int, longest: int | None) -> str:
        text = self.rng.choice(vocabulary.WORDS)
        while len(text) < shortest:
            text += " " + self.rng.choice(vocabulary.WORDS)
        if longest is not None and len(text) > longest:
            text = text[:longest]
            if text.endswith(" "):
                text = text[:-1] + "s"
        return text

    # -- numbers ----------------------------------------------------------------------------

    def _integer(self, flat: dict[str, Any], name: str, depth: int) -> int:
        del depth
        low, high = _bounds(flat)
        usual = realism.number_by_name(name) or (1, 100, 0)
        first, last = _window(low, high, usual)
        step = flat.get("multipleOf")
        if isinstance(step, (int, float)) and step > 0 and step != 1:
            return self._multiple(Decimal(str(step)), low, high, whole=True)  # type: ignore[return-value]
        smallest, largest = math.ceil(first), math.floor(last)
        if smallest > largest:
            raise DeadEnd
        if self.effort.minimal:
            return smallest
        if (
            name.lower() == "id"
            and self.index is not None
            and smallest <= self.index + 1 <= largest
        ):
            return self.index + 1
        return self.rng.randint(smallest, largest)

    def _number(self, flat: dict[str, Any], name: str, depth: int) -> float | int:
        del depth
        low, high = _bounds(flat)
        usual = realism.number_by_name(name) or (0, 100, 2)
        first, last = _window(low, high, usual)
        step = flat.get("multipleOf")
        if isinstance(step, (int, float)) and step > 0:
            return self._multiple(Decimal(str(step)), low, high, whole=False)
        if first > last:
            raise DeadEnd
        value = self.rng.uniform(first, last)
        for decimals in (max(usual[2], 1), 4, 8):
            rounded = round(value, decimals)
            if first <= rounded <= last:
                return rounded
        return value

    def _multiple(
        self, step: Decimal, low: float | None, high: float | None, *, whole: bool
    ) -> float | int:
        """A multiple of *step* between the bounds, reckoned in decimals: 0.1 is not binary."""
        first = -((-Decimal(str(low))) // step) if low is not None else None
        last = Decimal(str(high)) // step if high is not None else None
        if first is None:
            first = last - 40 if last is not None and last < 1 else Decimal(1)
        while Decimal(str(low if low is not None else first * step)) > first * step:
            first += 1  # `//` rounds towards zero
        if last is None:
            last = first + 40
        if first > last:
            raise DeadEnd
        for _ in range(40):
            value = step * self.rng.randint(int(first), int(last))
            if not whole or value == value.to_integral_value():
                return int(value) if value == value.to_integral_value() else float(value)
        raise DeadEnd


_MISSING = object()
_ANY_STRING: dict[str, Any] = {"type": "string"}
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
_SIGNS: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset(
            {
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
                "minProperties",
                "maxProperties",
                "propertyNames",
                "dependentRequired",
                "dependentSchemas",
            }
        ),
        "object",
    ),
    (
        frozenset({"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"}),
        "array",
    ),
    (frozenset({"pattern", "format", "minLength", "maxLength"}), "string"),
    (
        frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
        "number",
    ),
)


def _chooses(part: Any) -> bool:
    return isinstance(part, dict) and not _ALTERNATIVES.isdisjoint(part)


def _is_closed(part: Any) -> bool:
    return isinstance(part, dict) and part.get("additionalProperties") is False


def _names(part: dict[str, Any]) -> set[str]:
    return set(part.get("properties") or {})


_ALTERNATIVES = frozenset({"oneOf", "anyOf", "if"})


def _bounds(flat: dict[str, Any]) -> tuple[float | None, float | None]:
    """The smallest and the largest number, both allowed; whole numbers step over exclusions."""
    low, high = _as_number(flat.get("minimum")), _as_number(flat.get("maximum"))
    whole = flat.get("type") == "integer"
    above, below = (
        _as_number(flat.get("exclusiveMinimum")),
        _as_number(flat.get("exclusiveMaximum")),
    )
    if above is not None:
        inside = math.floor(above) + 1 if whole else math.nextafter(above, math.inf)
        low = inside if low is None else max(low, inside)
    if below is not None:
        inside = math.ceil(below) - 1 if whole else math.nextafter(below, -math.inf)
        high = inside if high is None else min(high, inside)
    if flat.get("format") == "int32":
        low = max(low, -(2**31)) if low is not None else None
        high = min(high, 2**31 - 1) if high is not None else None
    return low, high


def _window(
    low: float | None, high: float | None, usual: tuple[float, float, int]
) -> tuple[float, float]:
    """The part of the usual range that the bounds allow, or a part of what they allow."""
    first, last = usual[0], usual[1]
    width = last - first
    if low is not None and (first < low or low > last):
        first, last = low, (last if last > low else low + width)
    if high is not None and last > high:
        last = high
        if first > high:
            first = high - width if low is None else low
    return first, last


def _as_number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _fits(text: str, shortest: int, longest: int | None) -> bool:
    return len(text) >= shortest and (longest is None or len(text) <= longest)


def _matches(pattern: str, text: str) -> bool:
    """Whether the validator, which decides in the end, finds *pattern* in *text*."""
    try:
        return Validator({"pattern": pattern}).is_valid(text)
    except DocumentError:
        return False  # nothing can be shown to match what the validator cannot read


def _same(left: Any, right: Any) -> bool:
    """JSON equality: ``true`` is not 1, but 1.0 is."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _discriminator_value(discriminator: Any, branch: Any) -> str | None:
    """What the discriminator says of the branch that has been chosen."""
    ref = branch.get("$ref") if isinstance(branch, dict) else None
    if not isinstance(discriminator, dict) or not isinstance(ref, str):
        return None
    target = ref.rpartition("/")[2]
    mapping = discriminator.get("mapping")
    for label, place in mapping.items() if isinstance(mapping, dict) else ():
        if isinstance(place, str) and place.rpartition("/")[2] == target:
            return str(label)
    return target
