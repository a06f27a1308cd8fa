"""Texts from a URL, a header or a form as the JSON values that a schema asks for."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import orjson

from toolalpaca_mockserver.contract import Contract

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,307})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?")
_INDEX = re.compile(r"[0-9]{1,6}")
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,307})")


def coerce(value: Any, schema: Any, contract: Contract) -> Any:
    """*value*, made of texts, with each text as the type that *schema* wants.

    A text that does not read as that type stays a text, and the validator says so.

    Args:
        value: A text, a list of such values or a dict of them.
        schema: A part of the contract's schema.
        contract: What knows the parts.
    """
    flat = contract.flat(schema)
    if isinstance(value, list):
        return _coerce_list(value, flat, contract)
    if isinstance(value, dict):
        types = contract.types(flat)
        items = _by_index(value) if "array" in types and "object" not in types else None
        if items is not None:
            return _coerce_list(items, flat, contract)
        return _coerce_dict(value, flat, contract)
    return _coerce_text(value, flat, contract) if isinstance(value, str) else value


def _coerce_list(value: list[Any], flat: dict[str, Any], contract: Contract) -> list[Any]:
    prefix = flat.get("prefixItems") or []
    items = _alternative(flat, contract, "items").get("items", True)
    return [
        coerce(item, prefix[index] if index < len(prefix) else items, contract)
        for index, item in enumerate(value)
    ]


def _by_index(value: dict[str, Any]) -> list[Any] | None:
    """The list that is written by its indices, ``a[0]=x&a[1]=y``, or without, ``a[]=x&a[]=y``.

    The specification leaves both open; they are as usual as objects that are written so.
    """
    if value.keys() == {""}:
        return value[""] if isinstance(value[""], list) else [value[""]]
    if value and all(_INDEX.fullmatch(name) for name in value):
        return [value[name] for name in sorted(value, key=int)]
    return None


def _coerce_dict(value: dict[str, Any], flat: dict[str, Any], contract: Contract) -> dict[str, Any]:
    properties = contract.properties(flat)
    extra = flat.get("additionalProperties", True)
    return {
        name: coerce(item, properties.get(name, extra), contract) for name, item in value.items()
    }


def _alternative(flat: dict[str, Any], contract: Contract, keyword: str) -> dict[str, Any]:
    """The first alternative of *flat* that has *keyword*, or *flat*."""
    return next((part for part in contract.alternatives(flat) if keyword in part), flat)


def _coerce_text(text: str, flat: dict[str, Any], contract: Contract) -> Any:
    for part in contract.alternatives(flat):
        members = part["enum"] if isinstance(part.get("enum"), list) else []
        for member in [*members, *([part["const"]] if "const" in part else [])]:
            if _as_text(member) == text:
                return member
    types = contract.types(flat)
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if ("number" in types or "integer" in types) and _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if "number" not in types and number.is_integer() else number
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if types & {"array", "object"} and "string" not in types:
        return _coerce_structure(text, flat, contract)
    if "null" in types and text in ("", "null") and not ("string" in types and text == ""):
        return None
    return text


def _coerce_structure(text: str, flat: dict[str, Any], contract: Contract) -> Any:
    """A list or an object inside another: no style says how, so JSON, or a list of one."""
    if text[:1] in ("[", "{"):
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.loads(text)
    return _coerce_list([text], flat, contract) if "array" in contract.types(flat) else text


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
