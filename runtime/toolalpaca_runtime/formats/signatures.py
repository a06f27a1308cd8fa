"""Tools as lines of text, for models that read prompts instead of JSON Schema.

::

    - searchBooks(query: string, language?: "en"|"de", limit?: integer): Search the catalogue
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import JsonSchema, ToolSpec
from toolalpaca.openapi.references import resolve

_SUMMARY = 120  # characters of a tool's description
_REMARK = 60  # characters of a parameter's description
_VALUES = 8  # values of an enumeration
_DEPTH = 2  # levels of nested objects
_ROOM = 6000  # characters of all tools together, above which parameters' descriptions go


def describe_tools(tools: Sequence[ToolSpec]) -> str:
    """All *tools*, a line each; shorter when there are many."""
    full = "\n".join(describe_tool(tool) for tool in tools)
    if len(full) <= _ROOM:
        return full
    return "\n".join(describe_tool(tool, remarks=False) for tool in tools)


def describe_tool(tool: ToolSpec, *, remarks: bool = True) -> str:
    """One line: name, parameters with their types, what it does.

    Args:
        tool: The tool.
        remarks: Whether the parameters' descriptions are told.
    """
    parameters = _fields(tool.parameters, tool.parameters, _DEPTH, remarks=remarks)
    summary = shorten(tool.description, _SUMMARY)
    return f"- {tool.name}({parameters})" + (f": {summary}" if summary else "")


def shorten(text: str, length: int) -> str:
    """The first sentence of *text*, or as many of its words as fit."""
    words = " ".join(text.split())
    sentence = words.split(". ")[0].removesuffix(".")
    if len(sentence) <= length:
        return sentence
    return sentence[:length].rsplit(" ", 1)[0].rstrip(",;:") + " ..."


def _fields(schema: JsonSchema, root: JsonSchema, depth: int, *, remarks: bool = False) -> str:
    required = schema.get("required", ())
    fields = []
    for name, value in schema.get("properties", {}).items():
        field = _followed(value, root)
        text = f"{name}{'' if name in required else '?'}: {_type(field, root, depth)}"
        if remarks and (remark := shorten(str(field.get("description", "")), _REMARK)):
            text += f" ({remark})"
        fields.append((name not in required, text))
    # Required parameters first, as the grammar demands them.
    return ", ".join(text for _, text in sorted(fields, key=lambda field: field[0]))


def _type(schema: JsonSchema, root: JsonSchema, depth: int) -> str:
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if values := schema.get("enum"):
        told = [json.dumps(value, ensure_ascii=False) for value in values[:_VALUES]]
        return "|".join(told + ["..."] * (len(values) > _VALUES))
    for keyword in ("anyOf", "oneOf"):
        if options := schema.get(keyword):
            kinds = [_type(_followed(option, root), root, depth) for option in options[:_VALUES]]
            return "|".join(dict.fromkeys(kinds))
    named = schema.get("type")
    kinds = [str(kind) for kind in _names(named) if kind != "null"]
    kind = kinds[0] if len(kinds) == 1 else None
    if kind == "array":
        return _type(_followed(schema.get("items", {}), root), root, depth) + "[]"
    if kind == "object" or "properties" in schema:
        inside = _fields(schema, root, depth - 1) if depth else ""
        return f"{{{inside}}}" if inside else "object"
    if kind == "string":
        return str(schema.get("format", "string"))
    return kind or "any"


def _names(named: Any) -> list[Any]:
    return named if isinstance(named, list) else [] if named is None else [named]


def _followed(schema: Any, root: JsonSchema) -> JsonSchema:
    """*schema* with its reference followed and the parts of its ``allOf`` joined, one level."""
    if not isinstance(schema, Mapping):
        return {}
    joined = dict(schema)
    parts = [joined.pop("$ref", None), *joined.pop("allOf", ())]
    for part in parts:
        if isinstance(part, str):
            try:
                part = resolve(root, part)
            except DocumentError:
                continue
        if isinstance(part, Mapping):
            own = part if "$ref" not in part and "allOf" not in part else _followed(part, root)
            properties = {**own.get("properties", {}), **joined.get("properties", {})}
            joined = {**own, **joined} | ({"properties": properties} if properties else {})
    return joined
