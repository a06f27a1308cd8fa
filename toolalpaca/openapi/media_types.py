"""Media types by what they hold: lower case, without parameters, as in the compiled model."""

from __future__ import annotations

from typing import Final

FORM: Final = "application/x-www-form-urlencoded"

_SEQUENCES = frozenset(
    {
        "application/json-seq",
        "application/jsonl",
        "application/ndjson",
        "application/x-jsonlines",
        "application/x-ndjson",
    }
)


def essence(content_type: str) -> str:
    """The media type of a ``Content-Type``, as the functions here take it.

    >>> essence("Text/HTML; charset=utf-8")
    'text/html'
    """
    return content_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether *media_type* is JSON (RFC 6839 for ``+json``)."""
    return (
        media_type == "application/json"
        or media_type.endswith("+json")
        or media_type == ("text/json")
    )


def is_xml(media_type: str) -> bool:
    """Whether *media_type* is XML (RFC 7303)."""
    return media_type in ("application/xml", "text/xml") or media_type.endswith("+xml")


def is_json_sequence(media_type: str) -> bool:
    """Whether *media_type* holds one JSON value after another: by lines, or RFC 7464 and 8091."""
    return media_type in _SEQUENCES or media_type.endswith("+json-seq")
