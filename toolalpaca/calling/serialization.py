"""Values to text, as a parameter's ``style`` and ``explode`` say.

The rules are one table, :data:`RULES`: OpenAPI's styles are the operators of RFC 6570 (URI
Template) with other names, plus three of its own. See "Style Values" and "Style Examples" of
https://spec.openapis.org/oas/v3.1.1#style-values and the table at the end of RFC 6570, appendix A.

What the specification leaves open is settled here:

- ``null`` is undefined (RFC 6570, section 3.2.1): it is left out, as is an empty array or object.
  (OpenAPI 3.2 shows ``color=`` for an undefined value of style ``form``. For tools null is the way
  to leave an argument out, and ``""`` that to send an empty one.)
- An array or object *inside* an array or object is written as JSON, except under ``deepObject``,
  whose brackets nest (``filter[price][lte]=40``).
- ``spaceDelimited`` and ``pipeDelimited`` with ``explode`` are written as ``form`` with
  ``explode``, ``deepObject`` without ``explode`` as with it.
- An exploded cookie is several cookies (``a=1; a=2``), as OpenAPI 3.2's style ``cookie`` has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

import orjson

from toolalpaca.openapi.model import Location, Parameter, Style

Encode: TypeAlias = Callable[[str], str]


class UnusableArgument(Exception):
    """A value that fits its schema and still cannot be sent; the text tells the model why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one style writes a value.

    Attributes:
        first: What stands before the whole (RFC 6570: ``first``).
        between: What stands between exploded parts (``sep``).
        items: What stands between the items of a value that is not exploded.
        named: Whether the parameter's name is written.
        if_empty: What follows the name of an empty value (``ifemp``).
    """

    first: str
    between: str
    items: str
    named: bool
    if_empty: str = ""


RULES: dict[Style, Rule] = {
    "simple": Rule("", ",", ",", named=False),
    "label": Rule(".", ".", ",", named=False),
    "matrix": Rule(";", ";", ",", named=True),
    "form": Rule("", "&", ",", named=True, if_empty="="),
    "spaceDelimited": Rule("", "&", "%20", named=True, if_empty="="),
    "pipeDelimited": Rule("", "&", "%7C", named=True, if_empty="="),
    "deepObject": Rule("", "&", ",", named=True, if_empty="="),
}

_COOKIES = Rule("", "; ", ",", named=True, if_empty="=")

# RFC 3986's reserved characters that a place may hold without changing its meaning. "#" ends a
# query, "&" and "+" separate and mean a space, "[" and "]" are not allowed in it; "/" and "?" end a
# path's segment (OpenAPI 3.2, "Path Templating"), ";" a cookie, and "," is none of its characters
# (RFC 6265, section 4.1.1).
_RESERVED: dict[Location, str] = {
    "query": ":/?@!$'()*,;=",
    "path": ":@!$&'()*+,;=",
    "cookie": ":/?#[]@!$&'()*+=",
    "header": "",
}
_ENCODED_TRIPLE = re.compile(r"(%[0-9A-Fa-f]{2})")


def encode(text: str) -> str:
    """Percent-encode everything but RFC 3986's unreserved characters.

    >>> encode("a b/ü~")
    'a%20b%2F%C3%BC~'
    """
    return quote(text, safe="")


def encode_reserved(text: str, location: Location = "query") -> str:
    """Percent-encode for ``allowReserved`` (RFC 6570, section 3.2.3) in a place.

    >>> encode_reserved("a/b&c%2F"), encode_reserved("a/b&c%2F", "path")
    ('a/b%26c%2F', 'a%2Fb&c%2F')
    """
    parts = _ENCODED_TRIPLE.split(text)
    return "".join(
        part if place % 2 else quote(part, safe=_RESERVED[location])
        for place, part in enumerate(parts)
    )


def path_text(parameter: Parameter, value: Any) -> str:
    """What stands in a path template in the place of *parameter*."""
    return _styled(parameter, RULES[parameter.style], value, _encoder(parameter))


def query_text(parameter: Parameter, value: Any) -> str:
    """The part of a query string that carries *value*, ``""`` when nothing does."""
    encoder = _encoder(parameter)
    if parameter.style == "deepObject" and isinstance(value, dict):
        pairs = _deep(parameter.name, value)
        return "&".join(f"{encode(name)}={encoder(text)}" for name, text in pairs)
    return _styled(parameter, RULES[parameter.style], value, encoder)


def cookie_text(parameter: Parameter, value: Any) -> str:
    """The part of a ``Cookie`` header that carries *value*."""
    encoder = _octets if parameter.style == "cookie" else _encoder(parameter)
    return _styled(parameter, _COOKIES, value, encoder)


def fields(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    """Names and values as a query would have them, not encoded: the parts of a multipart form."""
    name = parameter.name
    if parameter.style == "deepObject" and isinstance(value, dict):
        return list(_deep(name, value))
    if not isinstance(value, dict | list):
        return [] if value is None else [(name, plain_text(value))]
    pairs = _pairs(value, str)
    if parameter.explode:
        return pairs if isinstance(value, dict) else [(name, text) for _, text in pairs]
    flat = [text for pair in pairs for text in (pair if isinstance(value, dict) else pair[1:])]
    return [(name, unquote(RULES[parameter.style].items).join(flat))] if flat else []


def _encoder(parameter: Parameter) -> Encode:
    if parameter.allow_reserved:
        return partial(encode_reserved, location=parameter.location)
    return encode


def _octets(text: str) -> str:
    """*text* as a cookie holds it, which is percent-encoded only where it must be (RFC 6265)."""
    return quote(text, safe="!#$%&'()*+-./:<=>?@[]^_`{|}~")


def header_text(parameter: Parameter, value: Any) -> str:
    """The value of a header; headers are not percent-encoded."""
    return _styled(parameter, RULES["simple"], value, str)


def plain_text(value: Any) -> str:
    """A single value as text: strings as they are, everything else as JSON.

    >>> plain_text(True), plain_text(0), plain_text("x")
    ('true', '0', 'x')
    """
    return value if isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """*value* as JSON without white space, integers of any size.

    >>> json_text([2**64, "ü"])
    '[18446744073709551616,"ü"]'
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # orjson's integers have 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _styled(parameter: Parameter, rule: Rule, value: Any, encoder: Encode) -> str:
    name = encoder(parameter.name) if parameter.location == "header" else encode(parameter.name)
    parts = list(_parts(name, rule, value, encoder, explode=parameter.explode))
    return rule.first + rule.between.join(parts) if parts else ""


def _parts(name: str, rule: Rule, value: Any, encoder: Encode, *, explode: bool) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, dict | list):
        yield _named(name, rule, encoder(plain_text(value)))
        return
    pairs = _pairs(value, encoder)
    if not pairs:
        return
    if explode and isinstance(value, dict):
        yield from (f"{key}={text}" for key, text in pairs)
    elif explode:
        yield from (_named(name, rule, text) for _, text in pairs)
    else:
        flat = [
            t for key, text in pairs for t in ((key, text) if isinstance(value, dict) else (text,))
        ]
        yield _named(name, rule, rule.items.join(flat))


def _named(name: str, rule: Rule, text: str) -> str:
    if not rule.named:
        return text
    return f"{name}={text}" if text else name + rule.if_empty


def _pairs(value: dict[str, Any] | list[Any], encoder: Encode) -> list[tuple[str, str]]:
    entries = value.items() if isinstance(value, dict) else (("", item) for item in value)
    return [(encoder(key), encoder(plain_text(item))) for key, item in entries if item is not None]


def _deep(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _deep(f"{name}[{key}]", item)
    elif isinstance(value, list):
        yield from ((name, plain_text(item)) for item in value if item is not None)
    elif value is not None:
        yield name, plain_text(value)
