"""Tools that ToolAlpaca's files describe in words, as far as the words can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from toolalpaca.llm.protocol import JsonSchema, ToolSpec

_FUNCTION = re.compile(r"^\d+\. (?:Name: )?", re.MULTILINE)
_DOCUMENTED = re.compile(r"^(\w+): (.*)\nParameters: (.*)\nOutput: ", re.MULTILINE)
_TYPES = {
    "string": "string", "integer": "integer", "number": "number", "float": "number",
    "boolean": "boolean", "array": "array", "object": "object",
}  # fmt: skip


def listed_tools(text: str) -> tuple[ToolSpec, ...]:
    """The tools of a list: ``1. Name: ... Description: ... Input: ... Output: ...``."""
    return tuple(_listed(block) for block in _FUNCTION.split(text)[1:])


def documented_tools(text: str) -> tuple[ToolSpec, ...]:
    """The tools of ``NLDocumentation``: ``name: summary``, ``Parameters:``, ``Output:``."""
    return tuple(
        ToolSpec(name=name, description=summary, parameters=_schema(parameters))
        for name, summary, parameters in _DOCUMENTED.findall(text)
    )


def _listed(block: str) -> ToolSpec:
    name, _, rest = block.partition("\n")
    inputs = re.search(r"^\s*Input: (.*?)(?=^\s*Output: |\Z)", rest, re.DOTALL | re.MULTILINE)
    description = re.sub(r"^\s*Description: ", "", rest[: inputs.start()] if inputs else rest)
    return ToolSpec(
        name=name.strip(),
        description=description.strip(),
        parameters=_schema(inputs[1].strip() if inputs else ""),
    )


def _schema(text: str) -> JsonSchema:
    """The schema of arguments; any object where the text is no JSON object."""
    try:
        described = orjson.loads(text)
    except orjson.JSONDecodeError:
        described = None
    if not isinstance(described, dict):
        return {"type": "object"}
    schema: JsonSchema = {"type": "object", "properties": dict(_properties(described))}
    required = [name for name, words in described.items() if "required" in _first(words)]
    return {**schema, "required": required} if required else schema


def _properties(described: dict[str, Any]) -> Iterator[tuple[str, JsonSchema]]:
    for name, words in described.items():
        kinds = [_TYPES[word] for word in _first(words) if word in _TYPES]
        kind: JsonSchema = {"type": kinds[0]} if kinds else {}
        yield name, {**kind, "description": str(words)}


def _first(words: Any) -> list[str]:
    """The first words of a description: ``Required. String. The name`` gives the type."""
    return re.findall(r"[a-z]+", str(words).lower())[:3]
