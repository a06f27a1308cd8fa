"""Parameters out of requests: every location and style of OpenAPI, undone.

The table of styles is https://spec.openapis.org/oas/v3.1.1#style-values; what they share with
URI templates is RFC 6570.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Literal

import orjson

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Parameter
from toolalpaca.openapi.validation import json_pointer
from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.problems import Reason, reasons_of
from toolalpaca_mockserver.reading.requests import Request, decode_path, decode_query

Kind = Literal["array", "object", "primitive"]

MISSING: Final = object()
"""What stands for a parameter that was not sent."""

_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_DEEPEST = 8


class ParameterReader:
    """Reads and checks one parameter of an operation.

    Args:
        parameter: The parameter.
        root: The document.
        others: Names of the other query parameters, which an exploded object must not swallow.

    Raises:
        DocumentError: The parameter's schema is broken.
    """

    def __init__(
        self, parameter: Parameter, root: Mapping[str, Any], others: frozenset[str] = frozenset()
    ) -> None:
        self.parameter = parameter
        self.name = parameter.name
        self.location = parameter.location
        self.contract = Contract.of(parameter.schema, root, "request")
        self.kinds = _kinds(self.contract)
        self.others = others
        self.pointer = json_pointer([parameter.name])

    def read(
        self, request: Request, path_values: Mapping[str, str], *, judge: bool = True
    ) -> tuple[Any, list[Reason]]:
        """The parameter's value, or :data:`MISSING`, and what is wrong with it.

        Without *judge* it is held to its schema only where that decides which value was meant.
        """
        first: tuple[Any, list[Reason]] | None = None
        sent = not self.is_in_query or self.name in request.query_names
        for kind in self.kinds if sent else ():
            for raw in self._readings(request, path_values, kind):
                result = self._checked(raw, judge or self.is_ambiguous)
                if not result[1]:
                    return result
                first = first or result
        if first is not None:
            return first
        if not self.parameter.required:
            return MISSING, []
        rule, message = "required", f"the {self.location} parameter {self.name} is missing"
        return MISSING, [Reason(self.location, self.pointer, rule, message)]

    def _readings(
        self, request: Request, path_values: Mapping[str, str], kind: Kind
    ) -> Iterator[Any]:
        """What the parameter may say when it is read as *kind*, likeliest first."""
        raw = self._raw(request, path_values, kind)
        if raw is not MISSING:
            yield raw
        parameter = self.parameter
        joined = parameter.style == "form" and not parameter.explode and kind != "primitive"
        if raw is not MISSING and joined and parameter.location == "query":
            # Most clients encode the commas between values like those in them.
            pairs = [(key, _ENCODED_COMMA.sub(",", text)) for key, text in request.query_pairs]
            if pairs != request.query_pairs:
                yield read_query(pairs, self.name, parameter.style, parameter.explode, kind)

    def _raw(self, request: Request, path_values: Mapping[str, str], kind: Kind) -> Any:
        parameter = self.parameter
        if parameter.location == "path":
            text = path_values.get(self.name)
            if text is None:
                return MISSING
            if parameter.content_type is not None:
                return decode_path(text)
            return read_path(text, self.name, parameter.style, parameter.explode, kind)
        if parameter.location == "header":
            text = request.headers.get(self.name.lower())
            if text is None:
                return MISSING
            return text if parameter.content_type else read_simple(text, parameter.explode, kind)
        if parameter.whole_query:
            return decode_query(request.query) if request.query else MISSING
        pairs = request.query_pairs if parameter.location == "query" else request.cookies
        if parameter.content_type is not None:
            return next((decode_query(raw) for key, raw in pairs if key == self.name), MISSING)
        known = frozenset(self.contract.properties()) if kind == "object" else frozenset()
        return read_query(
            pairs,
            self.name,
            parameter.style,
            parameter.explode,
            kind,
            lambda key: key in known or (not known and key not in self.others),
        )

    @cached_property
    def is_in_query(self) -> bool:
        """Whether it stands in the query under its own name: most do, and most are not sent."""
        own = self.location == "query" and not self.parameter.whole_query
        return own and "object" not in self.kinds and self.parameter.style != "deepObject"

    @cached_property
    def is_text(self) -> bool:
        """Whether every text is a value of its own."""
        parts = self.contract.alternatives(self.contract.shape)
        named = any("enum" in part or "const" in part for part in parts)
        return self.contract.types(self.contract.shape) == {"string"} and not named

    @cached_property
    def is_ambiguous(self) -> bool:
        """Whether one text may be several values, of which the schema takes one."""
        types = self.contract.types(self.contract.shape)
        return len(self.kinds) > 1 or ("string" in types and len(types) > 1) or not types

    def _checked(self, raw: Any, judge: bool) -> tuple[Any, list[Reason]]:
        if raw == "" and self.parameter.allow_empty_value:
            return raw, []
        if self.parameter.content_type is not None and "json" in self.parameter.content_type:
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError:
                message = f"the {self.location} parameter {self.name} is not JSON"
                return raw, [Reason(self.location, self.pointer, "json", message, raw)]
        else:
            plain = self.is_text and isinstance(raw, str)
            value = raw if plain else coerce(raw, self.contract.schema, self.contract)
        if not judge or self.contract.is_valid(value):
            return value, []
        if isinstance(raw, str) and self.contract.is_valid(raw):
            return raw, []
        what = f"the {self.location} parameter {self.name}"
        return value, reasons_of(self.contract, value, self.location, self.pointer, what)


def readers(parameters: Sequence[Parameter], root: Mapping[str, Any]) -> list[ParameterReader]:
    """A reader for each parameter that has a sound schema.

    Header parameters called Accept, Content-Type and Authorization are left out: "the parameter
    definition SHALL be ignored" (https://spec.openapis.org/oas/v3.1.1#parameter-object).
    """
    names = frozenset(p.name for p in parameters if p.location == "query")
    found = []
    for parameter in parameters:
        if parameter.location == "header" and parameter.name.lower() in _IGNORED_HEADERS:
            continue
        try:
            found.append(ParameterReader(parameter, root, names - {parameter.name}))
        except DocumentError:
            continue  # the document's problems name it; nothing can be demanded of its value
    return found


def _kinds(contract: Contract) -> tuple[Kind, ...]:
    types = contract.types(contract.shape)
    kinds: list[Kind] = []
    if "array" in types:
        kinds.append("array")
    if "object" in types:
        kinds.append("object")
    if not types or types - {"array", "object", "null"} or not kinds:
        kinds.insert(0, "primitive")
    return tuple(kinds)


# -- styles ---------------------------------------------------------------------------------


def read_path(text: str, name: str, style: str, explode: bool, kind: Kind) -> Any:
    """A path parameter, still percent-encoded, of style simple, label or matrix.

    >>> read_path(";point=x,1,y,2", "point", "matrix", False, "object")
    {'x': '1', 'y': '2'}
    """
    if style == "label":
        separator = "." if explode else ","
        return _structured(text.removeprefix("."), separator, explode, kind, decode_path)
    if style == "matrix":
        return _read_matrix(text, name, explode, kind)
    return _structured(text, ",", explode, kind, decode_path)


def read_simple(text: str, explode: bool, kind: Kind) -> Any:
    """A header parameter of style simple. Headers are not percent-encoded.

    >>> read_simple("a, b", False, "array")
    ['a', 'b']
    """
    return _structured(text, ",", explode, kind, str.strip)


def read_query(
    pairs: Sequence[tuple[str, str]],
    name: str,
    style: str,
    explode: bool,
    kind: Kind,
    belongs: Callable[[str], bool] = lambda _: True,
) -> Any:
    """A query, cookie or form parameter, or :data:`MISSING`.

    Args:
        pairs: Decoded names and values as sent.
        name: The parameter's name.
        style: form, spaceDelimited, pipeDelimited, deepObject or cookie, which encodes nothing.
        explode: Whether its parts are pairs of their own.
        kind: What it is read as.
        belongs: Whether a pair with that name is a property of an exploded object.

    >>> read_query([("f[min]", "1"), ("f[max]", "9")], "f", "deepObject", True, "object")
    {'min': '1', 'max': '9'}
    """
    decode = str if style == "cookie" else decode_query
    if style == "deepObject":
        return MISSING if kind == "primitive" else _read_deep(pairs, name)
    if kind == "object" and explode:
        found = {key: decode(raw) for key, raw in pairs if belongs(key)}
        return found or MISSING
    values = [raw for key, raw in pairs if key == name]
    if not values:
        return MISSING
    if kind == "primitive":
        return decode(values[-1])
    if explode:
        return [decode(raw) for raw in values]
    parts = [part for raw in values for part in _split(raw, style)]
    decoded = [decode(part) for part in parts]
    return decoded if kind == "array" else _paired(decoded)


_DELIMITERS = {
    "spaceDelimited": re.compile(r"%20|\+| "),
    "pipeDelimited": re.compile(r"%7[Cc]|\|"),
}
_COMMA = re.compile(",")
_ENCODED_COMMA = re.compile(r"%2[Cc]")


def _split(raw: str, style: str) -> list[str]:
    return _DELIMITERS.get(style, _COMMA).split(raw) if raw else []


def _structured(
    text: str, separator: str, explode: bool, kind: Kind, decode: Callable[[str], str]
) -> Any:
    if kind == "primitive":
        return decode(text)
    parts = text.split(separator) if text else []
    if kind == "array":
        return [decode(part) for part in parts]
    if not explode:
        return _paired([decode(part) for part in parts])
    pairs = (part.partition("=") for part in parts)
    return {decode(key): decode(value) for key, _, value in pairs}


def _paired(parts: list[str]) -> dict[str, str]:
    """Names and values that alternate; a last name without a value has an empty one."""
    values = [*parts[1::2], ""] if len(parts) % 2 else parts[1::2]
    return dict(zip(parts[::2], values, strict=True))


def _read_matrix(text: str, name: str, explode: bool, kind: Kind) -> Any:
    parts = [part.partition("=") for part in text.removeprefix(";").split(";") if part]
    if kind == "object" and explode:
        return {decode_path(key): decode_path(value) for key, _, value in parts}
    values = [value for key, _, value in parts if decode_path(key) == name]
    if kind == "array" and explode:
        return [decode_path(value) for value in values]
    return _structured(values[0] if values else "", ",", False, kind, decode_path)


def _read_deep(pairs: Sequence[tuple[str, str]], name: str) -> Any:
    """``name[a][b]=1``, and repeated keys: what the specification leaves open, as is usual."""
    found: dict[str, Any] = {}
    for key, raw in pairs:
        if not key.startswith(name + "["):
            continue
        path = _BRACKETS.findall(key[len(name) :])[:_DEEPEST]
        target = found
        for part in path[:-1]:
            step = target.setdefault(part, {})
            target = step if isinstance(step, dict) else target
        _put_deep(target, path[-1] if path else "", decode_query(raw))
    return found or MISSING


def _put_deep(target: dict[str, Any], key: str, value: str) -> None:
    if key not in target:
        target[key] = value
    elif isinstance(target[key], list):
        target[key].append(value)
    else:
        target[key] = [target[key], value]
