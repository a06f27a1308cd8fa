"""Whether a response is what the document says."""

from __future__ import annotations

import json
from collections.abc import Mapping

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import essence
from toolalpaca.openapi.model import Document, MediaType, Operation
from toolalpaca.openapi.references import bundle
from toolalpaca.openapi.validation import Validator


class Conformance:
    """Checks responses against one document; validators are compiled once, when first needed."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._validators: dict[int, Validator | None] = {}

    def check(
        self, operation: Operation, status: int, content_type: str, body: str | None
    ) -> bool | None:
        """Whether the response satisfies the document.

        Args:
            operation: What was called.
            status: The status code.
            content_type: The ``Content-Type`` header, ``""`` for none.
            body: The body as text, ``""`` for none; None when it is not known in full.

        Returns:
            False also for a status or a content type that the document does not have. None when
            the document does not say enough: no response at all, a body without a documented
            content, a body that is no JSON, a broken schema.
        """
        if not operation.responses:
            return None
        response = operation.response_for(status)
        if response is None:
            return False
        if body == "" or operation.method == "head":
            return not response.content or operation.method == "head"
        if not response.content or body is None:
            return None
        media = find_media_type(response.content, content_type)
        if media is None:
            return False
        if media.schema is True:
            return True
        if not _is_json(content_type):
            return None
        return self._valid(media, body)

    def _valid(self, media: MediaType, body: str) -> bool | None:
        validator = self._validator(media)
        if validator is None:
            return None
        try:
            return validator.is_valid(json.loads(body))
        except RecursionError:
            return None
        except ValueError:
            return False

    def _validator(self, media: MediaType) -> Validator | None:
        # A media type lives as long as its document, so its identity can stand for it.
        key = id(media)
        if key not in self._validators:
            try:
                self._validators[key] = Validator(bundle(media.schema, self._document.root))
            except DocumentError:
                self._validators[key] = None
        return self._validators[key]


def find_media_type(content: Mapping[str, MediaType], content_type: str) -> MediaType | None:
    """The documented representation for a ``Content-Type``: exact, then by range."""
    kind = essence(content_type)
    family = kind.partition("/")[0]
    for key in (kind, f"{family}/*", "*/*"):
        if key in content:
            return content[key]
    return None


def _is_json(content_type: str) -> bool:
    return essence(content_type).endswith("json")
