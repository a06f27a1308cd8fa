"""The values of the headers that a document declares for its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import Any, Final

from toolalpaca.openapi.media_types import is_json
from toolalpaca.openapi.model import Parameter
from toolalpaca_mockserver.json_text import dump
from toolalpaca_mockserver.values.moments import EPOCH

_SHOWN: Final = frozenset(
    {"$ref", "const", "default", "enum", "example", "examples", "format", "pattern"}
)


def header_value(header: Parameter, value: Any) -> str:
    """*value*, which satisfies the schema of *header*, as it is sent.

    Style simple, or the media type that the header has in place of a schema. A free text is put in
    the grammar that HTTP gives the header.
    """
    if header.content_type is not None and is_json(header.content_type):
        return dump(value).decode()
    grammar = _GRAMMARS.get(header.name.lower())
    if grammar is not None and isinstance(value, str) and _is_free(header.schema):
        return grammar(value)
    return _simple(value, header.explode)


def _simple(value: Any, explode: bool) -> str:
    if isinstance(value, dict):
        between = "=" if explode else ","
        return ",".join(f"{n}{between}{_simple(item, False)}" for n, item in value.items())
    if isinstance(value, list):
        return ",".join(_simple(item, False) for item in value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return str(value)


def _is_free(schema: Any) -> bool:
    return not isinstance(schema, dict) or schema.keys().isdisjoint(_SHOWN)


def _date(_: str) -> str:
    return format_datetime(EPOCH, usegmt=True)


_GRAMMARS: Final[Mapping[str, Callable[[str], str]]] = {
    "content-disposition": 'attachment; filename="{}"'.format,  # RFC 6266
    "etag": '"{}"'.format,  # RFC 9110, section 8.8.3
    "expires": _date,  # RFC 9111, section 5.3
    "last-modified": _date,  # RFC 9110, section 8.8.2
}
