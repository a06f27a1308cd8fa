"""The parts of operations: parameters, bodies, responses, headers, examples, security schemes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias, cast

import orjson

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import FORM, essence
from toolalpaca.openapi.model import (
    Example,
    Location,
    MediaType,
    Parameter,
    RequestBody,
    Response,
    Schema,
    SecurityScheme,
    Style,
)
from toolalpaca.openapi.references import at_pointer, pointer_parts
from toolalpaca.openapi.validation import json_pointer

Path: TypeAlias = tuple[str | int, ...]
Report: TypeAlias = Callable[[Sequence[str | int], str, str], None]

# https://spec.openapis.org/oas/v3.1.1#style-values; the first is the location's default.
_STYLES: Mapping[str, tuple[Style, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token (RFC 9110, section 5.1); anything else would not be read, or begin another header."""
# "If in is 'header' and the name field is one of these, the parameter definition SHALL be ignored."
_NOT_PARAMETERS = frozenset(("accept", "content-type", "authorization"))
_JSON = ("application/json", "text/json")
_SECURITY_TYPES = ("apiKey", "http", "oauth2", "openIdConnect", "mutualTLS")


class Fault(Exception):
    """A part that cannot be read; whoever holds it decides what is lost."""

    def __init__(self, path: Sequence[str | int], message: str) -> None:
        super().__init__(message)
        self.path = tuple(path)
        self.message = message


def text(value: Any) -> str:
    """*value* where text is due: numbers as they print, all else that is no text as ``""``."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


class Components:
    """Reads parts of *root*, references followed.

    Args:
        root: The upgraded document.
        report: Takes path, message and consequence of each fault that is worked round here.
        broken: Why a reference leads nowhere, by the reference.
    """

    def __init__(
        self, root: Mapping[str, Any], report: Report, broken: Mapping[str, str] | None = None
    ) -> None:
        self.root = root
        self.broken = broken or {}
        self.report = report

    def _followed(self, value: Any, path: Path) -> tuple[dict[str, Any], Path]:
        """The object at *path*, or that to which its reference leads, and where it stands."""
        seen: set[str] = set()
        start = path
        while True:
            if not isinstance(value, dict):
                raise Fault(path, "is no object")
            ref = value.get("$ref")
            if ref is None:
                return value, path
            if not isinstance(ref, str):
                raise Fault(start, f"the reference {ref!r} is no text")
            if ref in self.broken or not ref.startswith("#"):
                reason = self.broken.get(ref, "it leads out of the document")
                raise Fault(start, f"the reference {ref} is broken: {reason}")
            if ref in seen:
                raise Fault(start, f"the reference {ref} leads back to itself")
            seen.add(ref)
            try:
                value = at_pointer(self.root, ref[1:])
            except DocumentError as error:
                raise Fault(start, f"the reference {ref} is broken: {error.what}") from error
            path = tuple(pointer_parts(ref[1:]))

    def path_item(self, value: Any, path: Path) -> tuple[dict[str, Any], Path]:
        """A Path Item Object and where it stands; beside a ``$ref`` its own fields win."""
        if not isinstance(value, dict) or "$ref" not in value:
            return self._followed(value, path)
        target, place = self._followed(value, path)
        own = {key: item for key, item in value.items() if key != "$ref"}
        return ({**target, **own}, path) if own else (target, place)

    # Parameters and headers

    def parameters(self, value: Any, path: Path) -> list[Parameter]:
        """The sound parameters of a list."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.report(path, "is no list", "the parameters are left out")
            return []
        found: dict[tuple[str, str], Parameter] = {}
        for index, item in enumerate(value):
            here = (*path, index)
            try:
                parameter = self._parameter(item, here)
            except Fault as fault:
                self.report(fault.path, fault.message, "the parameter is left out")
                continue
            if parameter is None:
                continue
            key = (parameter.location, parameter.name)
            if key in found:
                self.report(
                    here, f"the parameter {parameter.name!r} stands twice", "the last one counts"
                )
            found[key] = parameter
        return list(found.values())

    def _parameter(self, item: Any, here: Path) -> Parameter | None:
        value, path = self._followed(item, here)
        name, location = value.get("name"), value.get("in")
        if not isinstance(name, str) or not name:
            raise Fault(path, "the parameter has no name")
        if location == "querystring":
            return self._whole_query(value, path, name)
        if not isinstance(location, str) or location not in _STYLES:
            raise Fault(path, f"the parameter {name!r} is in {location!r}, which is no location")
        if location == "header" and name.lower() in _NOT_PARAMETERS:
            return None
        return self._serialised(value, path, name, cast(Location, location))

    def _serialised(
        self, value: dict[str, Any], path: Path, name: str, location: Location
    ) -> Parameter:
        content = self.content(value.get("content"), (*path, "content"))
        media = next(iter(content.values()), None)
        style = self._style(value, path, location)
        explode = value.get("explode")
        required = value.get("required") is True
        if location == "path" and not required:
            self.report(path, f"the path parameter {name!r} is not required", "it is required")
        return Parameter(
            name=name,
            location=location,
            required=required or location == "path",
            schema=media.schema if media else schema_of(value),
            style=style,
            explode=explode if isinstance(explode, bool) else style in ("form", "cookie"),
            description=text(value.get("description")),
            allow_reserved=value.get("allowReserved") is True,
            allow_empty_value=value.get("allowEmptyValue") is True,
            content_type=media.content_type if media else None,
            examples=self.examples(value, path) or (media.examples if media else ()),
            deprecated=value.get("deprecated") is True,
            pointer=json_pointer(path),
        )

    def _whole_query(self, value: dict[str, Any], path: Path, name: str) -> Parameter:
        """The query string as one value (https://spec.openapis.org/oas/v3.2.0#parameter-locations).

        A form is what a query string is anyway: its fields are those of an exploded object.
        """
        parameter = self._serialised(value, path, name, "query")
        if parameter.content_type is None:
            raise Fault(path, f"the parameter {name!r} in querystring has no content")
        if parameter.content_type == FORM:
            return replace(parameter, style="form", explode=True, content_type=None)
        return replace(parameter, whole_query=True)

    def _style(self, value: dict[str, Any], path: Path, location: Location) -> Style:
        allowed = _STYLES[location]
        style = value.get("style", allowed[0])
        if style in allowed:
            return cast(Style, style)
        self.report(path, f"the style {style!r} is not for {location}", f"{allowed[0]} is used")
        return allowed[0]

    def _headers(self, value: Any, path: Path) -> dict[str, Parameter]:
        headers = {}
        for name, item in value.items() if isinstance(value, dict) else ():
            try:
                if not _HEADER_NAME.fullmatch(name):
                    raise Fault((*path, name), f"{name!r} is no name of a header")
                header, place = self._followed(item, (*path, name))
            except Fault as fault:
                self.report(fault.path, fault.message, "the header is left out")
                continue
            headers[name] = self._serialised(header, place, name, "header")
        return headers

    # Bodies and responses

    def body(self, value: Any, path: Path) -> RequestBody | None:
        """A Request Body Object, or None when it cannot be read."""
        try:
            body, place = self._followed(value, path)
        except Fault as fault:
            self.report(fault.path, fault.message, "no body is taken")
            return None
        return RequestBody(
            content=self.content(body.get("content"), (*place, "content")),
            required=body.get("required") is True,
            description=text(body.get("description")),
            pointer=json_pointer(place),
        )

    def response(self, status: str, value: Any, path: Path) -> Response:
        """A Response Object.

        Raises:
            Fault: It cannot be read.
        """
        response, place = self._followed(value, path)
        return Response(
            status=status,
            description=text(response.get("description")),
            headers=self._headers(response.get("headers"), (*place, "headers")),
            content=self.content(response.get("content"), (*place, "content")),
            pointer=json_pointer(place),
        )

    def content(self, value: Any, path: Path) -> dict[str, MediaType]:
        """The media types of a ``content`` map, keyed without parameters, in lower case."""
        content: dict[str, MediaType] = {}
        if value is None:
            return content
        if not isinstance(value, dict):
            self.report(path, "is no object", "it is ignored")
            return content
        for key, item in value.items():
            here = (*path, key)
            try:
                if not key.isprintable():
                    raise Fault(here, f"{key!r} is no media type")
                media, place = self._followed(item, here)
            except Fault as fault:
                self.report(fault.path, fault.message, "the media type is left out")
                continue
            content_type = essence(key)
            encoding, item_encoding = media.get("encoding"), media.get("itemEncoding")
            content.setdefault(
                content_type,
                MediaType(
                    content_type,
                    schema_of(media),
                    self.examples(media, place, content_type),
                    {n: e for n, e in encoding.items() if isinstance(e, dict)}
                    if isinstance(encoding, dict)
                    else {},
                    item_encoding if isinstance(item_encoding, dict) else {},
                ),
            )
        return content

    def examples(
        self, value: dict[str, Any], path: Path, content_type: str = ""
    ) -> tuple[Example, ...]:
        """The examples of a parameter or media type; external ones are left out.

        One that is only written as it is sent (``serializedValue`` of 3.2) is read where that is
        JSON or text.
        """
        found: list[Example] = []
        if "example" in value:
            found.append(Example("default", value["example"], json_pointer((*path, "example"))))
        examples = value.get("examples")
        for name, item in examples.items() if isinstance(examples, dict) else ():
            try:
                example, place = self._followed(item, (*path, "examples", name))
            except Fault as fault:
                self.report(fault.path, fault.message, "the example is left out")
                continue
            for key in ("value", "dataValue"):
                if key in example:
                    found.append(Example(name, example[key], json_pointer((*place, key))))
                    break
            else:
                pointer = json_pointer((*place, "serializedValue"))
                with suppress(ValueError):
                    sent = _sent(example.get("serializedValue"), content_type)
                    found.append(Example(name, sent, pointer))
        return tuple(found)

    # Security

    def security_schemes(self) -> dict[str, SecurityScheme]:
        """The sound security schemes by name."""
        components = self.root.get("components")
        declared = components.get("securitySchemes") if isinstance(components, dict) else None
        schemes = {}
        for name, item in declared.items() if isinstance(declared, dict) else ():
            try:
                schemes[name] = self._security_scheme(
                    name, item, ("components", "securitySchemes", name)
                )
            except Fault as fault:
                self.report(fault.path, fault.message, "the scheme is left out")
        return schemes

    def _security_scheme(self, name: str, item: Any, path: Path) -> SecurityScheme:
        value, place = self._followed(item, path)
        kind = value.get("type")
        if kind not in _SECURITY_TYPES:
            raise Fault(place, f"the type {kind!r} is no type of security scheme")
        location, parameter = value.get("in"), text(value.get("name"))
        if kind == "apiKey" and (location not in ("query", "header", "cookie") or not parameter):
            raise Fault(place, "an apiKey needs 'name', and 'in' as query, header or cookie")
        flows = value.get("flows")
        return SecurityScheme(
            name=name,
            type=kind,
            scheme=text(value.get("scheme")).lower(),
            location=cast(Any, location) if kind == "apiKey" else "",
            parameter=parameter if kind == "apiKey" else "",
            flows=flows if isinstance(flows, dict) else {},
            description=text(value.get("description")),
        )


def schema_of(value: Mapping[str, Any]) -> Schema:
    """The schema of a parameter, header or media type; ``True`` when it has none.

    A media type that is a sequence may describe its items alone (``itemSchema`` of 3.2); "the
    complete content" is then a list of them.
    """
    if "schema" not in value and isinstance(value.get("itemSchema"), dict | bool):
        return {"type": "array", "items": value["itemSchema"]}
    schema = value.get("schema", True)
    return schema if isinstance(schema, dict | bool) else True


def _sent(text: Any, content_type: str) -> Any:
    """The value that *text*, as it is sent, stands for.

    Raises:
        ValueError: It is no text of a kind that is read here.
    """
    if isinstance(text, str) and (content_type.endswith("+json") or content_type in _JSON):
        return orjson.loads(text)
    if isinstance(text, str) and content_type.startswith("text/"):
        return text
    raise ValueError(f"{content_type} is not read")
