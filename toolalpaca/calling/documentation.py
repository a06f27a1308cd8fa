"""Tools in words: ToolAlpaca's natural-language documentation.

::

    getPet: Show one pet
    Parameters: {"petId": "Required. integer. Its number."}
    Output: The pet.
     - Format: application/json
     - Structure: #Pet

    The detailed output format for the tools is outlined below:
    #Pet: Object{id, name, tags: Array[string], owner: #Owner}
    #Owner: Object{name}

It is the layout of ToolAlpaca's published data (``NLDocumentation``, ``Function_Description``), on
which its models were trained. Structures name properties and leave out the types of single values;
parameters tell both, with their descriptions. It is made from :class:`ToolSpec` alone, which is all
that a trace has. What one description of a function refers to is listed once for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import orjson

from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import JsonSchema, ToolSpec
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.names import unique_name
from toolalpaca.openapi.references import at_pointer

COMPONENTS_TITLE: Final = "The detailed output format for the tools is outlined below:"
"""The line before the components."""

Tell: TypeAlias = Callable[[Any], str]
"""Puts a schema into words."""

_DEEPEST: Final = 16  # arrays and objects told within each other


def function_documentation(tool: ToolSpec, components: Components | None = None) -> str:
    """What *tool* does: name and summary, parameters, output.

    Args:
        tool: The tool.
        components: Takes the schemas that the text refers to; None when nobody lists them.
    """
    return f"{tool.name}: {function_description(tool, components)}"


def function_description(tool: ToolSpec, components: Components | None = None) -> str:
    """What stands after the tool's name (``Function_Description`` of the published data)."""
    components = Components() if components is None else components
    summary = tool.description.strip().partition("\n")[0]
    lines = [summary, f"Parameters: {_parameters(tool.parameters, components)}"]
    if tool.returns is not None:
        lines += _output(tool.returns, components)
    return "\n".join(lines)


class Components:
    """The schemas that functions refer to by name, told once.

    Tools carry copies of what they refer to. Copies that are the same share a name; others of that
    name get a number, such as an item as it is sent and as it comes back with its id. What has been
    told keeps its name and its text whatever is added.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[str, bytes], str] = {}
        self._texts: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def documentation(self, *, since: int = 0) -> str:
        """The list with its title, ``""`` when there is nothing to list.

        Args:
            since: How many have been told before.
        """
        told = [f"#{name}: {text}" for name, text in list(self._texts.items())[since:]]
        return "\n".join([COMPONENTS_TITLE, *told]) if told else ""

    def name(self, reference: str, root: JsonSchema) -> str:
        """The name under which what *reference* leads to in *root* is listed."""
        wanted = reference.rpartition("/")[2].lstrip("#") or "Schema"
        key = wanted, _fingerprint(reference, root)
        if key not in self._names:
            name = self._names[key] = unique_name(wanted, self._texts)
            self._texts[name] = ""  # keeps its place, as what follows may lead back here
            words = _Words(root, self)
            self._texts[name] = words.structure(_definition(reference, root), alone=True)
        return self._names[key]


def _parameters(schema: JsonSchema, components: Components) -> str:
    words = _Words(schema, components)
    required = schema.get("required", ())
    texts = {
        name: ("Required. " if name in required else "") + words.details(value)
        for name, value in _properties(schema).items()
    }
    return json.dumps({name: text.strip() for name, text in texts.items()}, ensure_ascii=False)


def _output(schema: JsonSchema, components: Components) -> list[str]:
    structure = _Words(schema, components).structure(schema, alone=True)
    return [
        f"Output: {_sentence(schema)}".rstrip(),
        f" - Format: {schema.get('contentMediaType', 'application/json')}",
        *([f" - Structure: {structure}"] if structure else ()),
    ]


class _Words:
    """Schemas in words.

    Args:
        root: What references lead into.
        components: Takes what is referred to by name.
    """

    def __init__(self, root: JsonSchema, components: Components) -> None:
        self._root = root
        self._components = components
        self._open: list[str] = []

    def structure(self, schema: Any, *, alone: bool = False) -> str:
        """The properties; the type of a single value only where it is no property (*alone*)."""
        if alternatives := _alternatives(schema):
            return _either(self.structure(one, alone=alone) for one in alternatives)
        if name := self._name(schema):
            return name
        flat = _flat(schema, self._root)
        if not (_is_array(flat) or _is_object(flat)):
            return _kind(flat) if alone else ""
        return self._inside(flat, lambda item: self.structure(item, alone=True), self.structure)

    def details(self, schema: Any) -> str:
        """The type, the values that may be, and what it means, a sentence each."""
        named = self._name(schema) or _alternatives(schema)
        flat = schema if named else _flat(schema, self._root)
        parts = (self._type(schema), _values(flat), _sentence(flat))
        return " ".join(f"{part}." if part[-1] not in ".!?" else part for part in parts if part)

    def _type(self, schema: Any) -> str:
        if alternatives := _alternatives(schema):
            return _either(self._type(one) for one in alternatives)
        if name := self._name(schema):
            return name
        flat = _flat(schema, self._root)
        if not (_is_array(flat) or _is_object(flat)):
            return _kind(flat)
        return self._inside(flat, self._item, self.details)

    def _inside(self, flat: Mapping[str, Any], item: Tell, field: Tell) -> str:
        """An array or object with what it holds, unless it stands within itself.

        A definition leads back to itself by its name, but one that is extended in place
        (``allOf`` beside ``properties``) has none, and would have no end.
        """
        key = repr(flat)
        if key in self._open or len(self._open) >= _DEEPEST:
            return "Array" if _is_array(flat) else "Object"
        self._open.append(key)
        try:
            if _is_array(flat):
                return f"Array[{item(flat.get('items'))}]"
            return _object({name: field(value) for name, value in _properties(flat).items()})
        finally:
            self._open.pop()

    def _item(self, schema: Any) -> str:
        values = "" if self._name(schema) else _values(_flat(schema, self._root))
        return ". ".join(part for part in (self._type(schema), values) if part)

    def _name(self, schema: Any) -> str:
        """``#Name`` where the schema is another name of a structure, else ``""``."""
        reference = _reference(schema)
        if reference is None:
            return ""
        flat = _flat(schema, self._root)
        if not (_is_array(flat) or _is_object(flat) or _alternatives(flat)):
            return ""
        return f"#{self._components.name(reference, self._root)}"


def _object(fields: Mapping[str, str]) -> str:
    told = (f"{name}: {text}" if text else name for name, text in fields.items())
    return f"Object{{{', '.join(told)}}}" if fields else "Object"


def _either(texts: Iterable[str]) -> str:
    return " OR ".join(dict.fromkeys(text for text in texts if text))


def _values(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list) or not values:
        return ""
    told = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return f"One of: [{', '.join(told)}]"


def _sentence(schema: Any) -> str:
    """The schema's description on one line, with a full stop."""
    described = schema.get("description") if isinstance(schema, Mapping) else None
    text = " ".join(described.split()) if isinstance(described, str) else ""
    return f"{text}." if text and text[-1] not in ".!?" else text


def _alternatives(schema: Any) -> list[Any]:
    """What the schema may be instead of one thing; null is no alternative worth telling."""
    if not isinstance(schema, Mapping) or "properties" in schema:
        return []
    for keyword in ("oneOf", "anyOf"):
        options = schema.get(keyword)
        if isinstance(options, list) and not all(_only_requires(option) for option in options):
            return [option for option in options if option != {"type": "null"}]
    return []


def _only_requires(schema: Any) -> bool:
    return isinstance(schema, Mapping) and set(schema) <= {"required", "not"}


def _reference(schema: Any) -> str | None:
    """What the schema is another name of: a reference, or an ``allOf`` of nothing else."""
    if not isinstance(schema, Mapping) or "properties" in schema:
        return None
    reference, parts = schema.get("$ref"), schema.get("allOf")
    if isinstance(parts, list) and len(parts) == 1 and reference is None:
        return _reference(parts[0])
    return reference if isinstance(reference, str) and parts is None else None


def _flat(schema: Any, root: JsonSchema) -> Mapping[str, Any]:
    try:
        flat = flatten(schema, root)
    except DocumentError:
        flat = schema
    return flat if isinstance(flat, Mapping) else {}


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _is_array(schema: Mapping[str, Any]) -> bool:
    return "array" in _kinds(schema) or (not _kinds(schema) and "items" in schema)


def _is_object(schema: Mapping[str, Any]) -> bool:
    return "object" in _kinds(schema) or (not _kinds(schema) and "properties" in schema)


def _kind(schema: Mapping[str, Any]) -> str:
    return " OR ".join(_kinds(schema))


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    named = schema.get("type")
    kinds = named if isinstance(named, list) else [named]
    return [kind for kind in kinds if isinstance(kind, str) and kind != "null"]


def _fingerprint(reference: str, root: JsonSchema) -> bytes:
    """The definition with everything that it leads to, as bytes to compare it by."""
    found: dict[str, Any] = {}
    waiting = [reference]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _definition(name, root)
            waiting.extend(_references(found[name]))
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _definition(reference: str, root: JsonSchema) -> Any:
    try:
        return at_pointer(root, reference.removeprefix("#"))
    except DocumentError:
        return None
