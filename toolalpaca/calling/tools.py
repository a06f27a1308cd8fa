"""Operations as tools: what a model is told about each, and where its arguments go.

All of an operation's parameters and the properties of its body are the arguments of one tool:

- An argument has the name of its parameter or property. Where a name occurs in several places, the
  first in the order path, query, header, cookie, body keeps it, and the others get their place as a
  suffix: ``id`` in the path and in the body become ``id`` and ``id_body``.
- A name that a model provider refuses is told in letters that all take (``filter[price]`` as
  ``filter_price``), and its description says how the API calls it.
- A body that is no plain object of properties is one argument, ``body``. So is one that is neither
  JSON nor a form: XML is text that the model writes; of bytes see :mod:`toolalpaca.calling.files`.
- A name in the path that the document forgot to declare is an argument, since no request goes
  without it.
- A property that is ``readOnly`` is the API's to write, so it is no argument.
- A property that is required and not described is an argument, since no request goes without it.
- What a security scheme fills (an API key in a query) is no argument: models see no secrets.
- Properties that the body's schema requires are required of the tool when the body is, and with
  POST, PUT and PATCH in any case: documents forget ``required: true`` on bodies far more often
  than they mean that an empty request creates something.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolalpaca.calling.body_places import body_places, is_read_only, written_media_type
from toolalpaca.calling.places import Place, argument_schema, named, parameter_places
from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.media_types import is_json
from toolalpaca.openapi.model import Document, MediaType, Operation, Schema
from toolalpaca.openapi.names import LONGEST_NAME, unique_name
from toolalpaca.openapi.references import bundle
from toolalpaca.openapi.structure import OPENAPI_3, Node, rebuild
from toolalpaca.openapi.validation import Validator
from toolalpaca.task import ASK_TOOL

_log = logging.getLogger(__name__)

LONGEST_DESCRIPTION = 1000
"""Characters of a tool's description; OpenAI and Azure refuse more than 1,024."""

ASK = ToolSpec(
    name=ASK_TOOL,
    description="Ask the user for something that only they know and that you need to go on.",
    parameters={
        "type": "object",
        "properties": {
            "question": {"type": "string", "description": "The question, as you would put it."}
        },
        "required": ["question"],
        "additionalProperties": False,
    },
    returns={"type": "string"},
)
"""The special tool that asks the user; the agent answers it, no API does."""


@dataclass(frozen=True)
class Tool:
    """An operation as a tool.

    Attributes:
        spec: What the model sees.
        operation: What is called.
        places: Where each argument goes, by the argument's name.
        media_type: The representation of the body; None when the operation takes none.
        extra_properties: Whether arguments that the tool does not name belong to the body, too.
    """

    spec: ToolSpec
    operation: Operation
    places: Mapping[str, Place]
    media_type: MediaType | None = None
    extra_properties: bool = False

    @cached_property
    def validator(self) -> Validator | None:
        """Checks arguments; None when the document's schemas are broken, which is logged."""
        try:
            return Validator(self.spec.parameters)
        except DocumentError as error:
            _log.warning("the arguments of %s are not checked: %s", self.spec.name, error)
            return None


def make_tools(document: Document) -> tuple[Tool, ...]:
    """One tool for each operation of *document*, in its order."""
    taken = {ASK_TOOL}
    tools = []
    for operation in document:
        name = unique_name(operation.name, taken, longest=LONGEST_NAME)
        taken.add(name)
        tools.append(make_tool(operation, document, name=name))
    return tuple(tools)


def make_tool(operation: Operation, document: Document, *, name: str | None = None) -> Tool:
    """*operation* as a tool called *name* (default: the operation's own)."""
    media_type = written_media_type(operation, document.root)
    body, extra = body_places(operation, media_type, document.root)
    places = named([*parameter_places(operation, document), *body])
    spec = ToolSpec(
        name=name or operation.name,
        description=_description(operation),
        parameters=_parameters(places, extra, document.root),
        returns=_returns(operation, document.root),
    )
    return Tool(spec, operation, places, media_type, extra_properties=extra is not False)


def _parameters(
    places: Mapping[str, Place], extra: Schema, root: Mapping[str, Any]
) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: argument_schema(place) for name, place in places.items()},
        "required": [name for name, place in places.items() if place.required],
        "additionalProperties": extra,
    }
    if not schema["required"]:
        del schema["required"]
    try:
        bundled = bundle(schema, root)
    except DocumentError as error:
        _log.warning("arguments whose schemas cannot be read are not described: %s", error)
        schema["properties"] = dict.fromkeys(places, True)
        bundled = {**schema, "additionalProperties": extra is not False}
    assert isinstance(bundled, dict)
    return _without_read_only(bundled)


def _without_read_only(bundled: dict[str, Any]) -> dict[str, Any]:
    """The schema as a request must satisfy it, without ``readOnly`` properties at any depth."""

    def change(_: Node, value: dict[str, Any]) -> dict[str, Any]:
        properties = value.get("properties")
        if isinstance(properties, dict):
            hidden = {name for name, item in properties.items() if is_read_only(item, bundled)}
            if hidden:
                value["properties"] = {n: s for n, s in properties.items() if n not in hidden}
                value["required"] = [n for n in value.get("required", ()) if n not in hidden]
        return value

    rebuilt: dict[str, Any] = rebuild(Node("schema", (), bundled), OPENAPI_3, change)
    return rebuilt


def _description(operation: Operation) -> str:
    summary, description = operation.summary.strip(), operation.description.strip()
    if summary and description.startswith(summary.rstrip(".")):
        summary = ""
    text = "\n".join(part for part in (summary, description) if part)
    text = text or f"{operation.method.upper()} {operation.path}"
    if operation.deprecated:
        text = f"Deprecated. {text}"
    if len(text) <= LONGEST_DESCRIPTION:
        return text
    return text[: LONGEST_DESCRIPTION - 1].rsplit(None, 1)[0] + "…"


def _returns(operation: Operation, root: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a success answers: JSON's schema, or that of text with its media type."""
    response = operation.success()
    if response is None or not response.content:
        return None
    represented = list(response.content.values())
    readable = [m for m in represented if is_json(m.content_type) or "*" in m.content_type]
    if readable:
        schema = _bundled(readable[0].schema, root)
    else:
        schema = {"type": "string", "contentMediaType": represented[0].content_type}
    if schema is not None and response.description.strip():
        schema = {**schema, "description": response.description.strip()}
    return schema


def _bundled(schema: Schema, root: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        bundled = bundle(schema, root)
    except DocumentError:
        return None
    return bundled if isinstance(bundled, dict) else None
