"""Objects as forms, as answers and as :mod:`~toolalpaca_mockserver.reading.bodies` reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from toolalpaca_mockserver.csv_text import cell_text


def write_form(value: Mapping[str, Any], encoding: Mapping[str, Mapping[str, Any]]) -> bytes:
    """*value* as names and values (https://spec.openapis.org/oas/v3.1.1, Encoding Object).

    >>> write_form({"name": "a b", "tags": ["x", "y"], "size": {"w": 1}}, {})
    b'name=a+b&tags=x&tags=y&size=%7B%22w%22%3A1%7D'
    """
    pairs = [pair for name, v in value.items() for pair in _pairs(name, v, encoding.get(name, {}))]
    return urlencode(pairs).encode()


def _pairs(name: str, value: Any, encoding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    explode = encoding.get("explode", encoding.get("style", "form") == "form")
    if isinstance(value, list) and explode:
        yield from ((name, cell_text(item)) for item in value)
    elif isinstance(value, list):
        yield name, ",".join(map(cell_text, value))
    elif isinstance(value, dict) and "style" in encoding:
        yield from ((f"{name}[{key}]", cell_text(item)) for key, item in value.items())
    elif value is not None:
        yield name, cell_text(value)
