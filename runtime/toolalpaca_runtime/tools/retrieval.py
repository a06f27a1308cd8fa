"""``retrievalDataFromFile``: reading what was too long to be told, part by part.

The tool knows the files of its own conversation by the names that they were given, and no path: it
reads nothing else of the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.task import RETRIEVAL_TOOL
from toolalpaca.trace import Call, StoredFile
from toolalpaca_runtime.observation import LONGEST_BODY, Observation, Payload
from toolalpaca_runtime.shortening import shortened
from toolalpaca_runtime.storage import Storage
from toolalpaca_runtime.tools.outline import outline
from toolalpaca_runtime.user import Approve, nobody

RETRIEVE: Final = ToolSpec(
    name=RETRIEVAL_TOOL,
    description="Read a part of a response that was too long to be shown and was kept in a file: "
    "the part at a path, the parts that hold a text, or the characters from an offset on.",
    parameters={
        "type": "object",
        "properties": {
            "file": {"type": "string", "description": "The file's name, such as response_1.json"},
            "path": {
                "type": "string",
                "description": "Where in the JSON, keys and indices joined by dots: items.3.name",
            },
            "query": {"type": "string", "description": "Show only what holds this text"},
            "offset": {
                "type": "integer",
                "minimum": 0,
                "description": "The first character to show of a long text; 0 by default",
            },
        },
        "required": ["file"],
        "additionalProperties": False,
    },
    returns={"type": "string"},
)

_MATCHES = 20  # places that a query shows
_AROUND = 200  # characters around a match in a text that is no JSON


def stored_note(file: StoredFile, payload: Payload) -> str:
    """What a model is told of a file, before the head of what is in it."""
    if payload.binary:
        return f'(The response was saved as the file "{file.name}", {file.size:,} bytes.)'
    try:
        structure = f" Its structure: {outline(json.loads(payload.data))}."
    except (ValueError, RecursionError):
        structure = ""
    return (
        f'(The whole response is in the file "{file.name}", {file.size:,} bytes.{structure} '
        f"Read parts of it with {RETRIEVE.name}.)"
    )


class Retrieval:
    """The tool that reads stored responses."""

    name = "retrieval"
    specs = (RETRIEVE,)

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def is_free(self, _tool: str) -> bool:
        """Never: what it finds depends on the calls before it."""
        return False

    async def call(self, call: Call, _approve: Approve = nobody) -> Observation:
        """Read a part of a file of this conversation."""
        name = call.arguments.get("file")
        data = self._storage.read(name) if isinstance(name, str) else None
        if data is None:
            known = ", ".join(self._storage.names)
            return Observation(f"There is no such file. The files are: {known}.", "runtime")
        return Observation(_part(data.decode("utf-8", "replace"), call.arguments), "real")

    async def aclose(self) -> None:
        """Nothing is held."""


def _part(text: str, arguments: dict[str, Any]) -> str:
    if "\0" in text:
        return "This file is no text, and cannot be read here."
    try:
        return _part_of_json(json.loads(text), arguments)
    except (ValueError, RecursionError):  # no JSON, or nested too deep to be walked
        return _part_of_text(text, arguments)


def _part_of_json(value: Any, arguments: dict[str, Any]) -> str:
    path = str(arguments.get("path") or "")
    try:
        value = _at(value, path)
    except LookupError as error:
        return f"There is no {path} in it: {error.args[0]}."
    query = arguments.get("query")
    if isinstance(query, str) and query.strip():
        found = list(_holding(value, query.casefold(), path))
        if not found:
            return f"Nothing there holds {query!r}."
        shown = [f"{place}: {_told(item)}" for place, item in found[:_MATCHES]]
        more = f"\n({len(found) - _MATCHES} more places)" if len(found) > _MATCHES else ""
        return _page("\n".join(shown), arguments) + more
    text, note = shortened(json.dumps(value, ensure_ascii=False), LONGEST_BODY)
    if arguments.get("offset") or (note and not isinstance(value, dict | list)):
        return _page(value if isinstance(value, str) else _told(value), arguments)
    return f"(Shortened: {note}. Its structure: {outline(value)}.)\n{text}" if note else text


def _part_of_text(text: str, arguments: dict[str, Any]) -> str:
    query = arguments.get("query")
    if not (isinstance(query, str) and query.strip()):
        return _page(text, arguments)
    found: list[str] = []
    low, wanted, start = text.casefold(), query.casefold(), 0
    while len(found) < _MATCHES and (place := low.find(wanted, start)) >= 0:
        start = place + len(wanted)
        found.append(f"at {place:,}: ...{text[max(0, place - _AROUND) : start + _AROUND]}...")
    return "\n".join(found) or f"Nothing there holds {query!r}."


def _page(text: str, arguments: dict[str, Any]) -> str:
    offset = arguments.get("offset")
    start = offset if isinstance(offset, int) and offset > 0 else 0
    page = text[start : start + LONGEST_BODY]
    end = start + len(page)
    if not start and end >= len(text):
        return page
    if end >= len(text):
        return f"(Characters {start:,} to {end:,}, the last.)\n{page}"
    return f"(Characters {start:,} to {end:,} of {len(text):,}; go on with offset {end}.)\n{page}"


def _at(value: Any, path: str) -> Any:
    """What stands at *path*; its parts may be joined by dots or slashes.

    Raises:
        LookupError: There is no such place; the text says what is there instead.
    """
    for part in path.replace("/", ".").replace("[", ".").replace("]", "").split("."):
        if not part or part == "$":
            continue
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise LookupError(f"at {part} there is {outline(value, longest=200)}")
    return value


def _holding(value: Any, query: str, place: str) -> Iterator[tuple[str, Any]]:
    """The innermost objects and the single values in arrays that hold *query*, each once."""
    if isinstance(value, dict):
        inner = [
            found
            for key, item in value.items()
            if isinstance(item, dict | list)
            for found in _holding(item, query, f"{place}.{key}".lstrip("."))
        ]
        own = any(
            query in str(key).casefold() or query in str(item).casefold()
            for key, item in value.items()
            if not isinstance(item, dict | list)
        )
        if own:
            yield place or "(top)", value
        yield from inner
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _holding(item, query, f"{place}.{number}".lstrip("."))
    elif query in str(value).casefold():
        yield place or "(top)", value


def _told(value: Any) -> str:
    text, note = shortened(json.dumps(value, ensure_ascii=False), 600)
    return f"{text} (shortened: {note})" if note else text
