"""Request bodies: chosen by content type, decoded, coerced and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import FORM, is_json, is_json_sequence, is_xml
from toolalpaca.openapi.model import MediaType, RequestBody
from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.event_streams import EVENT_STREAM
from toolalpaca_mockserver.json_text import load
from toolalpaca_mockserver.negotiation import best_match
from toolalpaca_mockserver.problems import Reason, reasons_of
from toolalpaca_mockserver.reading.multipart import Part, read_multipart
from toolalpaca_mockserver.reading.parameters import MISSING, Kind, read_query
from toolalpaca_mockserver.reading.requests import Request, split_pairs
from toolalpaca_mockserver.reading.xml_reading import from_xml
from toolalpaca_mockserver.sequences import is_sequence, item_contract, read_sequence, whole

UNSUPPORTED: Final = "media-type"
"""The rule of the reason that stands for 415."""


class BodyReader:
    """Reads and checks the bodies of one operation.

    Args:
        body: What the operation takes.
        root: The document.
    """

    def __init__(self, body: RequestBody, root: Mapping[str, Any]) -> None:
        self.body = body
        self.root = root
        self._contracts: dict[str, Contract | None] = {}

    def read(self, request: Request, *, judge: bool = True) -> tuple[Any, list[Reason]]:
        """The body's value, or MISSING, and what is wrong with it.

        Without *judge* its value is held to no schema.
        """
        if not request.body and not _may_be_empty(request.content_type):
            if self.body.required:
                return MISSING, [Reason("body", "", "required", "the request body is missing")]
            return MISSING, []
        if not self.body.content:
            return MISSING, []
        media_type = self._media_type(request)
        if media_type is None:
            return self._guessed(request), [self._unsupported(request)]
        return self._read_as(media_type, request, judge)

    def main_contract(self) -> Contract | None:
        """What the first body that is JSON or a form must be, else XML; None for none of them."""
        known = self.body.content.items()
        structured = [m for k, m in known if is_json(k) or k in ("*/*", FORM) or _is_multipart(k)]
        structured += [m for k, m in known if is_xml(k)]
        return self._contract(structured[0]) if structured else None

    def _media_type(self, request: Request) -> MediaType | None:
        sent = request.content_type
        if not sent:
            return next(iter(self.body.content.values())) if len(self.body.content) == 1 else None
        key = best_match(sent, self.body.content)
        return self.body.content[key] if key is not None else None

    def _unsupported(self, request: Request) -> Reason:
        known = ", ".join(self.body.content)
        sent = request.content_type or "no Content-Type"
        return Reason("body", "", UNSUPPORTED, f"{sent} is sent where the body is {known}")

    def _guessed(self, request: Request) -> Any:
        """What a body of a type that is not taken may say, for whoever does not refuse it."""
        kind = request.content_type or "application/json"
        return self._read_as(MediaType(kind, True), request, judge=False)[0]

    def _read_as(
        self, media_type: MediaType, request: Request, judge: bool
    ) -> tuple[Any, list[Reason]]:
        contract = self._contract(media_type)
        sent = request.content_type or media_type.content_type
        try:
            value, checked = self._decoded(request, sent, contract, media_type)
        except ValueError as error:  # orjson.JSONDecodeError is one
            rule, kind = _syntax(sent)
            return MISSING, [Reason("body", "", rule, f"the request body is not {kind}: {error}")]
        if not (judge and checked) or contract is None or contract.is_valid(value):
            return value, []
        return value, reasons_of(contract, value, "body", "", "the request body")

    def _decoded(
        self, request: Request, sent: str, contract: Contract | None, media_type: MediaType
    ) -> tuple[Any, bool]:
        """The body as a value, and whether its schema speaks of that value.

        Raises:
            ValueError: It is not what its content type says.
        """
        body = request.body
        if is_json(sent):
            return load(request.utf8_body()), True
        if is_sequence(sent) and not _is_text(contract):
            return read_sequence(request.utf8_body(), sent, contract), True
        if sent == FORM:
            text = request.utf8_body().decode("utf-8", "replace")
            return form_value(split_pairs(text), contract, media_type), True
        if sent.startswith("multipart/"):
            parts = read_multipart(body, request.headers.get("content-type", ""))
            if contract is not None and contract.types(contract.shape) == {"array"}:
                items = item_contract(contract).schema
                return [_part_value(part, items, contract, media_type) for part in parts], True
            return multipart_value(parts, contract, media_type), True
        if is_xml(sent) and not _is_text(contract):
            value = from_xml(body, contract)
            if contract is not None and isinstance(value, dict):
                _add_empty_lists(value, contract)
            return value, True
        if (sent.startswith("text/") and not is_xml(sent)) or is_sequence(sent):
            text = request.utf8_body().decode("utf-8", "replace")
            return (coerce(text, contract.schema, contract) if contract else text), True
        return body.decode("latin-1"), False  # bytes of a kind that a schema says nothing of

    def _contract(self, media_type: MediaType) -> Contract | None:
        key = media_type.content_type
        if key not in self._contracts:
            try:
                media_type = whole(media_type, self.root, "request")
                self._contracts[key] = Contract.of(media_type.schema, self.root, "request")
                _ = self._contracts[key].validator  # type: ignore[union-attr]
            except DocumentError:
                self._contracts[key] = None  # the document's problems name the schema
        return self._contracts[key]


def _is_multipart(media_type: str) -> bool:
    return media_type.startswith("multipart/")


def _syntax(content_type: str) -> tuple[str, str]:
    """The rule that a body breaks which is not what its content type says, and what it is not."""
    if is_json(content_type) or is_json_sequence(content_type):
        return "json", "JSON"
    if content_type == EVENT_STREAM:
        return "event-stream", "an event stream"
    return ("xml", "XML") if is_xml(content_type) else ("multipart", content_type)


def _is_text(contract: Contract | None) -> bool:
    """Whether a schema takes a body for one text, as of a file."""
    return contract is not None and contract.types(contract.shape) == {"string"}


def form_value(
    pairs: list[tuple[str, str]], contract: Contract | None, media_type: MediaType
) -> dict[str, Any]:
    """The object that a form stands for (https://spec.openapis.org/oas/v3.1.1, Encoding Object)."""
    if contract is None:
        return dict(pairs)
    properties = contract.properties()
    value: dict[str, Any] = {}
    for name, schema in properties.items():
        encoding = media_type.encoding.get(name, {})
        if _is_json_property(schema, contract, encoding):
            continue
        found = _styled(pairs, name, schema, contract, encoding)
        if found is not MISSING:
            value[name] = found
    _add_empty_lists(value, contract)
    for name, raw in pairs:
        if name not in value and name.partition("[")[0] not in value:
            text = read_query([(name, raw)], name, "form", True, "primitive")
            value[name] = _json_or_text(text) if name in properties else text
    return value


def _styled(
    pairs: list[tuple[str, str]],
    name: str,
    schema: Any,
    contract: Contract,
    encoding: Mapping[str, Any],
) -> Any:
    """The property *name* out of names and percent-encoded values, by its style, or MISSING."""
    style = str(encoding.get("style", "form"))
    explode = bool(encoding.get("explode", style == "form"))
    kind = _kind(schema, contract)
    if kind == "object" and style == "form" and explode:
        style = "deepObject"  # exploded, its parts could not be told from the form's own
    found = read_query(pairs, name, style, explode, kind)
    if found is MISSING and kind == "array":
        found = read_query(pairs, name, "deepObject", True, kind)  # items that say which they are
    return found if found is MISSING else coerce(found, schema, contract)


def multipart_value(
    parts: list[Part], contract: Contract | None, media_type: MediaType
) -> dict[str, Any]:
    """The object that a multipart body stands for; files are texts of their bytes."""
    properties = contract.properties() if contract else {}
    value = _styled_parts(parts, properties, contract, media_type) if contract else {}
    for name in dict.fromkeys(part.name for part in parts):
        if name in value or name.partition("[")[0] in value:
            continue
        schema = properties.get(name, True)
        many = contract is not None and _kind(schema, contract) == "array"
        single = True if many else schema  # the list is coerced when it is whole
        values = [_part_value(p, single, contract, media_type) for p in parts if p.name == name]
        if many and len(values) == 1 and isinstance(values[0], list):
            value[name] = values[0]
        elif many or len(values) > 1:
            value[name] = coerce(values, schema, contract) if contract else values
        else:
            value[name] = values[0]
    if contract is not None:
        _add_empty_lists(value, contract)
    return value


def _styled_parts(
    parts: list[Part], properties: dict[str, Any], contract: Contract, media_type: MediaType
) -> dict[str, Any]:
    """The properties whose encoding has a style: it makes parts of a form's fields."""
    styled = {
        name: encoding
        for name, encoding in media_type.encoding.items()
        if name in properties and "style" in encoding and "contentType" not in encoding
    }
    if not styled:
        return {}
    # Parts are not percent-encoded; what reads fields takes them so.
    pairs = [(p.name, quote(p.content, safe=",|")) for p in parts if p.filename is None]
    found = {n: _styled(pairs, n, properties[n], contract, e) for n, e in styled.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def _add_empty_lists(value: dict[str, Any], contract: Contract) -> None:
    """Add the required lists that were not sent: a form has no other way to write an empty one."""
    properties = contract.properties()
    for name in contract.shape.get("required") or ():
        if (
            name not in value
            and name in properties
            and _kind(properties[name], contract) == "array"
        ):
            value[name] = []


def _part_value(part: Part, schema: Any, contract: Contract | None, media_type: MediaType) -> Any:
    encoding = media_type.encoding.get(part.name, {})
    if part.filename is not None and not is_json(part.content_type):
        return part.content.decode("latin-1")
    try:
        text = part.content.decode()
    except UnicodeDecodeError:
        return part.content.decode("latin-1")
    structured = contract is not None and _is_json_property(schema, contract, encoding)
    if is_json(part.content_type) or structured:
        return _json_or_text(text)
    return coerce(text, schema, contract) if contract else text


def _kind(schema: Any, contract: Contract) -> Kind:
    types = contract.types(contract.flat(schema))
    if "array" in types:
        return "array"
    return "object" if "object" in types else "primitive"


def _is_json_property(schema: Any, contract: Contract, encoding: Mapping[str, Any]) -> bool:
    """Whether a form's property travels as JSON: it says so, or it is an object in a multipart."""
    content_type = str(encoding.get("contentType", ""))
    if content_type:
        return is_json(content_type.partition(",")[0].strip().lower())
    return _kind(schema, contract) == "object" and "style" not in encoding


def _json_or_text(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _may_be_empty(content_type: str) -> bool:
    """Whether no bytes are a body of that type."""
    return content_type.startswith("text/") or content_type == "application/octet-stream"
