"""XML bodies as the JSON values that the document's ``xml`` objects say they stand for.

https://spec.openapis.org/oas/v3.1.1#xml-object, and ``nodeType`` of 3.2. Document type declarations
are refused whole: with them go entities, whose expansion has no bounds and may read files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.xml import is_wrapped, node_type

_DEEPEST: Final = 128
_NIL: Final = "http://www.w3.org/2001/XMLSchema-instance nil"
_NOTHING: Final = object()


@dataclass(slots=True)
class Element:
    """An element of a document.

    Attributes:
        namespace: Its URI, ``""`` for none.
        name: Without a prefix.
        attributes: Those in a namespace have its URI and a space in front.
        text: All of its own text.
    """

    namespace: str
    name: str
    attributes: Mapping[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""


def parse_xml(body: bytes) -> Element:
    """The root element of *body*.

    Raises:
        ValueError: It is not well formed, has a document type, or is nested beyond sense.
    """
    top = Element("", "", {})
    stack = [top]
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > _DEEPEST:
            raise ValueError(f"elements are nested more than {_DEEPEST} levels deep")
        namespace, _, local = name.rpartition(" ")
        element = Element(namespace, local, attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def text(data: str) -> None:
        stack[-1].text += data

    def refuse(*_: Any) -> None:
        raise ValueError("a document type declaration is not taken")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    except (LookupError, UnicodeError) as error:  # an encoding that nobody knows
        raise ValueError(f"its encoding cannot be read: {error}") from error
    return top.children[0]


def is_document(text: str) -> bool:
    """Whether *text* is an XML document, white space around it aside."""
    try:
        parse_xml(text.strip().encode("utf-8", "replace"))
    except ValueError:
        return False
    return True


def stands_for(text: str, contract: Contract) -> bool:
    """Whether *text* is an XML document that stands for what *contract* allows."""
    try:
        return contract.is_valid(from_xml(text.strip().encode("utf-8", "replace"), contract))
    except ValueError:
        return False


def from_xml(body: bytes, contract: Contract | None) -> Any:
    """The value that *body* stands for.

    Raises:
        ValueError: It is not XML, or an element has another name or namespace than it should.
    """
    root = parse_xml(body)
    if contract is None:
        return _plain(root)
    flat = contract.shape
    _check(root, _hint(flat), named=True)
    if "array" in contract.types(flat):
        return [_value(c, _items(flat, contract), contract) for c in root.children]
    return _value(root, flat, contract)


def _value(element: Element, flat: dict[str, Any], contract: Contract) -> Any:
    """The value of one element."""
    if element.attributes.get(_NIL) in ("true", "1"):
        return None
    types = contract.types(flat)
    if "object" in types:
        return _object(element, flat, contract)
    if "array" in types:  # a list in a list: the specification names no elements for it
        return [_value(child, _items(flat, contract), contract) for child in element.children]
    if element.children and not types:
        return _plain(element)
    text = element.text if "string" in types else element.text.strip()
    return coerce(text, flat, contract)


def _object(element: Element, flat: dict[str, Any], contract: Contract) -> dict[str, Any]:
    value: dict[str, Any] = {}
    taken: set[int] = set()
    attributes = {key.rpartition(" ")[2]: text for key, text in element.attributes.items()}
    for name, schema in contract.properties(flat).items():
        part = contract.flat(schema)
        hint = _hint(part)
        kind = node_type(hint)
        if kind == "attribute":
            text = attributes.get(str(hint.get("name") or name))
            found: Any = _NOTHING if text is None else coerce(text, part, contract)
        elif kind in ("text", "cdata"):
            found = coerce(element.text, part, contract)
        elif "array" in contract.types(part):
            found = _list(element, name, part, contract, taken)
        else:
            found = _one(element, name, part, contract, taken)
        if found is not _NOTHING:
            value[name] = found
    extra = flat.get("additionalProperties")
    for child in element.children:
        if id(child) not in taken:
            part = contract.flat(extra) if isinstance(extra, dict) else {}
            value.setdefault(child.name, _value(child, part, contract) if part else _plain(child))
    return value


def _one(
    element: Element, name: str, part: dict[str, Any], contract: Contract, taken: set[int]
) -> Any:
    hint = _hint(part)
    # A name may be that of a component, which some mean for the component alone: both are taken.
    names = (str(hint.get("name") or name), name)
    for child in element.children:
        if child.name in names:
            _check(child, hint)
            taken.add(id(child))
            return _value(child, part, contract)
    return _NOTHING


def _list(
    element: Element, name: str, part: dict[str, Any], contract: Contract, taken: set[int]
) -> Any:
    """The items of a list: children of a wrapper, or of the object itself."""
    hint, items = _hint(part), _items(part, contract)
    if is_wrapped(hint):
        wrapper = str(hint.get("name") or name)
        for child in element.children:
            if child.name == wrapper:
                _check(child, hint)
                taken.add(id(child))
                return [_value(item, items, contract) for item in child.children]
        return _NOTHING
    # "The array's own name is ignored" where it has no wrapper.
    inner = str(_hint(items).get("name") or name)
    found = [child for child in element.children if child.name == inner]
    for child in found:
        _check(child, _hint(items))
        taken.add(id(child))
    # No elements are how an empty list is written.
    return [_value(child, items, contract) for child in found] if found else _NOTHING


def _items(flat: dict[str, Any], contract: Contract) -> dict[str, Any]:
    return contract.flat(flat.get("items", True))


def _check(element: Element, hint: dict[str, Any], *, named: bool = False) -> None:
    """Whether *element* has the name and the namespace that its ``xml`` object gives."""
    if named and hint.get("name") and element.name != hint["name"]:
        raise ValueError(f"the root element is {element.name} where it should be {hint['name']}")
    if hint.get("namespace") and element.namespace != hint["namespace"]:
        raise ValueError(f"the element {element.name} is not in {hint['namespace']}")


def _plain(element: Element) -> Any:
    """An element that no schema speaks of: its text, or its attributes and children by name."""
    if not element.children and not element.attributes:
        return element.text
    value: dict[str, Any] = {k.rpartition(" ")[2]: text for k, text in element.attributes.items()}
    for child in element.children:
        known, found = value.get(child.name, _NOTHING), _plain(child)
        if known is _NOTHING:
            value[child.name] = found
        elif isinstance(known, list):
            known.append(found)
        else:
            value[child.name] = [known, found]
    return value


def _hint(flat: dict[str, Any]) -> dict[str, Any]:
    hint = flat.get("xml")
    return hint if isinstance(hint, dict) else {}
