"""Toolsets and tasks: what an agent is given, and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

TOOLSET_SCHEMA: Final = "toolalpaca.toolset/1"
TASK_SCHEMA: Final = "toolalpaca.task/1"

Kind = Literal["single", "multi", "ask", "abstain"]
Split = Literal["train", "validation", "test"]

ASK_TOOL = "getDetails"
"""The special tool that asks the user, as ToolAlpaca names it; its argument is ``question``."""

CLOCK_TOOL = "getCurrentDateTime"
"""The special tool that tells date and time, as ToolAlpaca names it."""

RETRIEVAL_TOOL = "retrievalDataFromFile"
"""The special tool that reads stored responses, as ToolAlpaca names it."""

SEARCH_TOOL = "searchTools"
"""The special tool that finds other tools."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Function(_Model):
    """An operation as a tool.

    Attributes:
        parameters: JSON Schema of the arguments.
    """

    name: str
    method: str
    path: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class Toolset(_Model):
    """An API: its document and the tools made of it.

    Attributes:
        name: Unique in its corpus, and fit for a file name and a URL: ``public-holidays``.
        title: The name that people use: ``Public Holidays``.
        document: The OpenAPI document as an object that stands alone.
        provenance: Where it came from.
        licence: SPDX identifier, or what its source says.
        extra: What the format that it was imported from says besides, for its exporter.
    """

    schema_: Literal["toolalpaca.toolset/1"] = Field(alias="schema", default=TOOLSET_SCHEMA)
    name: str
    title: str = ""
    category: str = ""
    description: str = ""
    introduction: str = ""
    link: str = ""
    document: dict[str, Any]
    functions: tuple[Function, ...] = ()
    provenance: str = ""
    licence: str = ""
    extra: dict[str, Any] = Field(default_factory=dict)


class GoldenCall(_Model):
    """A call that a right solution makes.

    Attributes:
        function: The tool's name, or ``getDetails``.
        arguments: Values, at any depth; ``{"$from": function, "path": pointer, "name": text}``
            stands for a value out of the result of an earlier call. The path is a JSON Pointer in
            which ``*`` stands for any item of an array, ``""`` where it is not known; the name
            says what the value is, for a reader, and may be missing. ``{"$any": text}`` stands
            for any value, described by the text; in the place of all arguments, for any arguments.
        optional: Whether a solution may leave the call out.
    """

    function: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    optional: bool = False


class Task(_Model):
    """An instruction and what would be right.

    Attributes:
        toolset: The name of the toolset.
        instruction: What the user says first.
        facts: What only the user knows, by a name such as the parameter's; told when asked.
        golden: The calls of a right solution, in order; empty for ``abstain``.
        expected_state: Requests and what they must answer afterwards; for later use.
        source: Who made it, for counting: a template's name, a corpus.
        extra: What the format that it was imported from says besides, for its exporter.
    """

    schema_: Literal["toolalpaca.task/1"] = Field(alias="schema", default=TASK_SCHEMA)
    id: str
    toolset: str
    instruction: str
    facts: dict[str, Any] = Field(default_factory=dict)
    golden: tuple[GoldenCall, ...] = ()
    expected_state: dict[str, Any] = Field(default_factory=dict)
    kind: Kind = "single"
    split: Split = "train"
    source: str = ""
    extra: dict[str, Any] = Field(default_factory=dict)


def is_reference(value: Any) -> bool:
    """Whether *value* is a ``{"$from": ...}`` or ``{"$any": ...}`` object."""
    return isinstance(value, dict) and ("$from" in value or "$any" in value)


def references(value: Any) -> Iterator[dict[str, Any]]:
    """The ``{"$from": ...}`` and ``{"$any": ...}`` objects inside a golden argument."""
    if is_reference(value):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
