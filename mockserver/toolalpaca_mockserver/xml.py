"""JSON values as XML, with the names that the document's ``xml`` objects give.

https://spec.openapis.org/oas/v3.1.1#xml-object
"""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from toolalpaca_mockserver.contract import Contract

_NAME_START = re.compile(r"[^A-Za-z_]")
_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def to_xml(value: Any, contract: Contract) -> bytes:
    """*value*, which satisfies *contract*, as an XML document."""
    flat = contract.shape
    name = _hint(flat).get("name") or contract.name or "root"
    if isinstance(value, list) and not _hint(flat).get("wrapped"):
        name = _hint(flat).get("name") or "items"
    text = _element(str(name), value, flat, contract, wrapped=True)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode("utf-8", "replace")


def _element(
    name: str, value: Any, flat: dict[str, Any], contract: Contract, *, wrapped: bool = False
) -> str:
    hint = _hint(flat)
    tag, namespace = _tag(str(hint.get("name") or name), hint), _namespace(hint)
    if isinstance(value, list):
        items = contract.flat(flat.get("items", True))
        own = is_wrapped(hint)
        # A wrapper lends its items its name; without one "the array's own name is ignored".
        outer = str(hint.get("name") or name) if own else name
        inner = _item_name(name, items) if wrapped else str(_hint(items).get("name") or outer)
        parts = "".join(_element(inner, item, items, contract) for item in value)
        return f"<{tag}{namespace}>{parts}</{tag}>" if wrapped or own else parts
    if not isinstance(value, dict):
        return f"<{tag}{namespace}>{_text(value)}</{tag}>"
    properties = contract.properties(flat)
    attributes, children = namespace, ""
    for key, item in value.items():
        part = contract.flat(properties.get(key, True))
        kind = "element" if isinstance(item, (dict, list)) else node_type(_hint(part))
        if kind == "attribute":
            attributes += f" {_tag(str(_hint(part).get('name') or key), {})}={_attribute(item)}"
        elif kind in ("text", "cdata"):
            children += _text(item) if kind == "text" else _cdata(item)
        else:
            children += _element(key, item, part, contract)
    return f"<{tag}{attributes}>{children}</{tag}>"


def node_type(hint: dict[str, Any]) -> str:
    """What a property that is no list is written as: ``nodeType`` of 3.2, or ``attribute``."""
    return str(hint.get("nodeType", "attribute" if hint.get("attribute") is True else "element"))


def is_wrapped(hint: dict[str, Any]) -> bool:
    """Whether a list has an element of its own around its items'."""
    kind = hint.get("nodeType", "element" if hint.get("wrapped") is True else "none")
    return bool(kind == "element")


def _item_name(name: str, items: dict[str, Any]) -> str:
    return str(_hint(items).get("name") or (name[:-1] if name.endswith("s") else "item"))


def _hint(flat: dict[str, Any]) -> dict[str, Any]:
    hint = flat.get("xml")
    return hint if isinstance(hint, dict) else {}


def _namespace(hint: dict[str, Any]) -> str:
    """The declaration of the element's namespace, with a space in front; ``""`` for none."""
    uri, prefix = hint.get("namespace"), hint.get("prefix")
    if not uri:
        return ""
    return f" xmlns{':' + _NAME.sub('_', str(prefix)) if prefix else ''}={quoteattr(str(uri))}"


def _tag(name: str, hint: dict[str, Any]) -> str:
    plain = _NAME.sub("_", name) or "_"
    if _NAME_START.match(plain):
        plain = "_" + plain
    # A prefix whose namespace is not said would not be well-formed XML.
    prefixed = hint.get("prefix") and hint.get("namespace")
    return f"{_NAME.sub('_', str(hint['prefix']))}:{plain}" if prefixed else plain


def _text(value: Any) -> str:
    return escape(_characters(value))


def _cdata(value: Any) -> str:
    return f"<![CDATA[{_characters(value).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _characters(value: Any) -> str:
    """*value* as a text that XML can hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "".join(c for c in str(value) if c >= " " or c in "\t\n\r")


def _attribute(value: Any) -> str:
    return quoteattr("true" if value is True else "false" if value is False else str(value or ""))
