"""Sequences: contents that hold one value after another.

``itemSchema`` and, for contents of these types, the schema of an array describe one
(https://spec.openapis.org/oas/v3.2.0, Sequential Media Types). Before 3.2 there was no word for it:
what is neither an array nor a text is then meant for each value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from toolalpaca.openapi.media_types import is_json_sequence
from toolalpaca.openapi.model import Example, MediaType
from toolalpaca_mockserver.contract import Contract, Direction
from toolalpaca_mockserver.event_streams import EVENT_STREAM, read_events, write_events
from toolalpaca_mockserver.json_text import dump, load

_RECORD: Final = b"\x1e"


def is_sequence(media_type: str) -> bool:
    """Whether *media_type* (lower case, no parameters) is a sequence, multipart aside."""
    return media_type == EVENT_STREAM or is_json_sequence(media_type)


def whole(media: MediaType, root: Mapping[str, Any], direction: Direction) -> MediaType:
    """*media* with the schema, and the examples, of its whole content.

    Raises:
        DocumentError: The schema is broken.
    """
    if not is_sequence(media.content_type):
        return media
    contract = Contract.of(media.schema, root, direction)
    types = contract.types(contract.shape)
    if "string" in types:
        return media
    if "array" not in types:
        media = replace(media, schema={"type": "array", "items": media.schema})
        contract = Contract(media.schema, root, direction)
    shown = tuple(_shown(example, media.content_type, contract) for example in media.examples)
    return replace(media, examples=shown)


def _shown(example: Example, media_type: str, contract: Contract) -> Example:
    """*example* as a list of values: of one value, or out of the bytes that it may be."""
    value = example.value
    if isinstance(value, list) and contract.is_valid(value):
        return example
    if isinstance(value, str):
        try:  # an end that is missing is easily overlooked in a document
            read = read_sequence(value.encode() + b"\n\n", media_type, contract)
        except ValueError:
            read = []
        if read and contract.is_valid(read):
            return replace(example, value=read)
    return replace(example, value=[value]) if contract.is_valid([value]) else example


def item_contract(contract: Contract) -> Contract:
    """What each value of a sequence must be."""
    return contract.part(contract.shape.get("items", True))


def write_sequence(values: Sequence[Any], media_type: str, contract: Contract) -> bytes:
    """*values* one after another, as a sequence of type *media_type*."""
    if media_type == EVENT_STREAM:
        return write_events(values, item_contract(contract))
    start = _RECORD if media_type.endswith("json-seq") else b""  # RFC 7464; lines else
    return b"".join(start + dump(value) + b"\n" for value in values)


def read_sequence(body: bytes, media_type: str, contract: Contract | None) -> list[Any]:
    """The values of a sequence of type *media_type*.

    Raises:
        ValueError: It is none; the message says why.
    """
    if media_type == EVENT_STREAM:
        return read_events(body, item_contract(contract) if contract is not None else None)
    texts = body.split(_RECORD if media_type.endswith("json-seq") else b"\n")
    return [load(text) for text in texts if text.strip()]
