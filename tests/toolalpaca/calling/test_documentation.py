from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolalpaca.calling.documentation import (
    Components,
    function_description,
    function_documentation,
)
from toolalpaca.calling.tools import make_tools
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.loading import load_document

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Zoo", "version": "1"},
    "paths": {
        "/pets/{petId}": {
            "parameters": [
                {
                    "name": "petId",
                    "in": "path",
                    "required": True,
                    "description": "Its number",
                    "schema": {"type": "integer"},
                }
            ],
            "get": {
                "operationId": "getPet",
                "summary": "Show one pet",
                "description": "Show one pet with everything about it.",
                "responses": {
                    "200": {
                        "description": "The pet",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                        },
                    }
                },
            },
            "put": {
                "operationId": "replacePet",
                "summary": "Replace one pet",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                    }
                },
                "responses": {"204": {"description": "Replaced"}},
            },
            "delete": {
                "operationId": "deletePet",
                "responses": {
                    "200": {"description": "", "content": {"text/plain": {"schema": {}}}},
                },
            },
        },
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string", "description": "What it answers to."},
                    "kind": {"$ref": "#/components/schemas/Kind"},
                    "tags": {"type": "array", "items": {"type": "string", "enum": ["old", "new"]}},
                    "owner": {"$ref": "#/components/schemas/Owner"},
                    "mother": {"$ref": "#/components/schemas/Pet"},
                },
            },
            "Kind": {"type": "string", "enum": ["cat", "dog"]},
            "Owner": {"type": "object", "properties": {"name": {"type": "string"}}},
        }
    },
}


def api_documentation(tools: Sequence[ToolSpec]) -> str:
    """What all *tools* do, and then what they refer to."""
    components = Components()
    functions = "\n".join(function_documentation(tool, components) for tool in tools)
    listed = components.documentation()
    return f"{functions}\n\n{listed}" if listed else functions


def specs(document: dict[str, Any] | str) -> list[ToolSpec]:
    return [tool.spec for tool in make_tools(load_document(document))]


def parameters(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What the documentation says of parameters with these schemas."""
    schema = {"type": "object", "properties": properties, **more}
    text = function_description(ToolSpec(name="f", description="F", parameters=schema))
    told: dict[str, Any] = json.loads(text.splitlines()[1].removeprefix("Parameters: "))
    return told


def test_the_documentation_of_an_api() -> None:
    assert api_documentation(specs(DOCUMENT)) == (
        "getPet: Show one pet with everything about it.\n"
        'Parameters: {"petId": "Required. integer. Its number."}\n'
        "Output: The pet.\n"
        " - Format: application/json\n"
        " - Structure: #Pet\n"
        "replacePet: Replace one pet\n"
        'Parameters: {"petId": "Required. integer. Its number.", '
        '"name": "Required. string. What it answers to.", '
        '"kind": "string. One of: [cat, dog].", '
        '"tags": "Array[string. One of: [old, new]].", "owner": "#Owner.", "mother": "#Pet_2."}\n'
        "deletePet: DELETE /pets/{petId}\n"
        'Parameters: {"petId": "Required. integer. Its number."}\n'
        "Output:\n"
        " - Format: text/plain\n"
        " - Structure: string\n"
        "\n"
        "The detailed output format for the tools is outlined below:\n"
        "#Pet: Object{id, name, kind, tags: Array[string], owner: #Owner, mother: #Pet}\n"
        "#Owner: Object{name}\n"
        # Who writes a pet does not write its id.
        "#Pet_2: Object{name, kind, tags: Array[string], owner: #Owner, mother: #Pet_2}"
    )


def test_what_has_been_told_stays_when_more_is_added() -> None:
    first, *others = specs(DOCUMENT)
    components = Components()
    before = function_documentation(first, components), components.documentation()
    told = len(components)
    assert told == 2
    for tool in others:
        function_documentation(tool, components)
    after = function_documentation(first, components), components.documentation()
    assert (after[0], after[1][: len(before[1])]) == before
    assert components.documentation(since=told).splitlines()[1:] == [
        "#Pet_2: Object{name, kind, tags: Array[string], owner: #Owner, mother: #Pet_2}"
    ]
    assert components.documentation(since=len(components)) == ""


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "number"}, "number."),
        (True, ""),
        ({"description": "Anything"}, "Anything."),
        ({"type": ["string", "null"]}, "string."),
        ({"type": "integer", "enum": [1, 2]}, "integer. One of: [1, 2]."),
        ({"const": "on"}, "One of: [on]."),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Object."),
        (
            {"type": "object", "properties": {"a": {"type": "string", "description": "A"}}},
            "Object{a: string. A.}.",
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
            "string OR Array[integer].",
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "N"}, "integer. N."),
        ({"type": "string", "description": 'Say "hi"\n twice!'}, 'string. Say "hi" twice!'),
        ({"$ref": "#/$defs/Nowhere"}, ""),
    ],
)
def test_how_a_parameter_is_told(schema: Any, expected: str) -> None:
    assert parameters({"p": schema}) == {"p": expected}
    assert parameters({"p": schema}, required=["p"]) == {"p": f"Required. {expected}".strip()}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["object", "#/$defs/a", "#", ""]),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "$ref", "$defs", "a", "oneOf", "allOf", "enum"]
            ),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "inner",
    [
        {"$ref": "#/$defs/Node", "properties": {"size": {"type": "integer"}}},
        {"allOf": [{"$ref": "#/$defs/Node"}, {"required": ["size"]}]},
        {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/List"}, {"minItems": 1}]}},
    ],
)
def test_what_extends_itself_in_place_is_told_to_an_end(inner: Any) -> None:
    definitions = {"Node": {"type": "object", "properties": {"child": inner}}, "List": inner}
    schema = {"type": "object", "properties": {"p": inner}, "$defs": definitions}
    told = api_documentation(
        [ToolSpec(name="f", description="", parameters=schema, returns=schema)]
    )
    assert len(told) < 1000


@given(JSON, JSON)
@example({"$ref": "#", "properties": True}, None)
@example({"$ref": "#", "properties": None}, None)
@example({"$ref": "#", "type": None, "enum": True}, None)
def test_no_schema_is_too_odd_to_be_told(inner: Any, definition: Any) -> None:
    schema = {"type": "object", "properties": {"p": inner}, "$defs": {"a": definition}}
    tool = ToolSpec(name="f", description="", parameters=schema, returns=schema)
    assert api_documentation([tool]).startswith("f: \nParameters: {")


# -- the original's own texts -----------------------------------------------------------------

# Parameters of these stand in the path and the body under the same names. The original tells the
# latter in the place of the former, so that the required ones cannot be given.
_BOTH = {"generateAvatar", "generateServerIcon", "generateRandomImage"}


def test_it_is_what_the_original_says(shared: Path) -> None:
    """Every line of the 54 published functions is the same, but for what is normalised here.

    - The original puts the values of a property of the body after its description, those of a
      parameter before it; a tool knows no difference, and they come first.
    - Two full stops or spaces where it joins texts are one here.
    """
    published = json.loads((shared / "data/toolalpaca/eval_simulated.json").read_text("utf-8"))
    differing = []
    for api in published:
        for tool in specs(json.loads(api["Documentation"])):
            theirs = api["Function_Description"][tool.name]
            if sentences(function_description(tool)) != sentences(theirs):
                differing.append(tool.name)
    assert sum(len(api["Function_Projection"]) for api in published) == 54
    assert set(differing) == _BOTH


def sentences(text: str) -> list[Any]:
    """The lines, of the parameters their sentences in any order."""
    summary, told, *output = text.splitlines()
    given = json.loads(told.removeprefix("Parameters: "))
    return [summary, {n: sorted(t.replace(". ]", "]").split()) for n, t in given.items()}, *output]
