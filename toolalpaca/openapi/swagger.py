"""Swagger 2.0 documents as OpenAPI 3.0.

Structure only: bodies, forms, representations, servers, security. Schemas keep their 3.0 dialect
and are brought on by :mod:`toolalpaca.openapi.upgrade`.
See https://swagger.io/specification/v2/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import FORM, essence
from toolalpaca.openapi.names import unique_name
from toolalpaca.openapi.references import pointer_parts, reference_to, resolve
from toolalpaca.openapi.structure import OPENAPI_3, Node, rebuild

_MOVED = {
    "definitions": "schemas",
    "parameters": "parameters",
    "responses": "responses",
    "x-pathItems": "pathItems",
}
# 3.x allows no other characters in the names of components; 2.0 generators write "Page«Pet»".
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_JSON = "application/json"
_MULTIPART = "multipart/form-data"

# What a parameter that is not in the body says about its value.
_SCHEMA_KEYWORDS = frozenset(
    (
        "type", "format", "items", "default", "maximum", "exclusiveMaximum", "minimum",
        "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems",
        "uniqueItems", "enum", "multipleOf", "x-nullable", "nullable", "example",
    )
)  # fmt: skip
_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch"))
_CONVERTED = frozenset(
    (
        "swagger", "host", "basePath", "schemes", "consumes", "produces", "paths", "definitions",
        "parameters", "responses", "securityDefinitions", "x-pathItems",
    )
)  # fmt: skip
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}


def swagger_to_openapi_3(document: dict[str, Any]) -> dict[str, Any]:
    """*document* as OpenAPI 3.0; what is not of the expected type is carried over as it is."""
    return _Conversion(document).run()


class _Conversion:
    """One document on its way, with what its operations inherit."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.consumes = _texts(document.get("consumes"))
        self.produces = _texts(document.get("produces"))
        self.names = {
            section: _allowed_names(document[section])
            for section in _MOVED
            if isinstance(document.get(section), dict)
        }

    def run(self) -> dict[str, Any]:
        document = self.document
        converted = {"openapi": "3.0.3", "info": document.get("info")}
        if "info" not in document:
            del converted["info"]
        converted["servers"] = _servers(document)
        converted.update(
            (key, value) for key, value in document.items() if key not in (*_CONVERTED, "info")
        )
        if "paths" in document:
            converted["paths"] = _map(document["paths"], self._path_item, extensible=True)
        components = self._components()
        if components:
            converted["components"] = components
        moved: dict[str, Any] = rebuild(
            Node("document", (), converted), OPENAPI_3, lambda _, value: self._moved(value)
        )
        return moved

    def _moved(self, value: dict[str, Any]) -> dict[str, Any]:
        """An object, its reference leading to where its target has gone."""
        ref = value.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/"):
            section, *rest = pointer_parts(ref[1:])
            if section in _MOVED and rest:
                rest[0] = self.names.get(section, {}).get(rest[0], rest[0])
                value["$ref"] = reference_to(("components", _MOVED[section], *rest))
        return value

    def _renamed(self, section: str) -> dict[str, Any]:
        """The objects of a section of 2.0 under names that 3.x allows."""
        return {self.names[section][name]: value for name, value in self.document[section].items()}

    def _components(self) -> dict[str, Any]:
        document = self.document
        components: dict[str, Any] = {}
        if "definitions" in self.names:
            components["schemas"] = self._renamed("definitions")
        if "responses" in self.names:
            components["responses"] = {
                name: self._response(response, self.produces)
                for name, response in self._renamed("responses").items()
            }
        if "parameters" in self.names:
            components["parameters"] = {
                name: _parameter(parameter)
                for name, parameter in self._renamed("parameters").items()
                if not _in_body(parameter)  # those stand in each operation that uses them
            }
        if "securityDefinitions" in document:
            components["securitySchemes"] = _map(document["securityDefinitions"], _security_scheme)
        if "x-pathItems" in self.names:
            components["pathItems"] = _map(self._renamed("x-pathItems"), self._path_item)
        return components

    def _path_item(self, item: dict[str, Any]) -> dict[str, Any]:
        shared = item.get("parameters")
        bodies = [p for p in map(self._seen_through, _list(shared)) if _in_body(p)]
        converted = {
            key: self._operation(value, bodies)
            if key in _METHODS and isinstance(value, dict)
            else value
            for key, value in item.items()
        }
        if isinstance(shared, list):
            converted["parameters"] = self._parameters(shared)
        return converted

    def _operation(
        self, operation: dict[str, Any], inherited: list[dict[str, Any]]
    ) -> dict[str, Any]:
        own = operation.get("parameters")
        consumes = _texts(operation.get("consumes", self.consumes))
        produces = _texts(operation.get("produces", self.produces))
        converted = {
            key: value
            for key, value in operation.items()
            if key not in ("consumes", "produces", "schemes", "parameters", "responses")
        }
        if isinstance(own, list):
            converted["parameters"] = self._parameters(own)
        bodies = [p for p in map(self._seen_through, _list(own)) if _in_body(p)]
        body = _request_body(_overriding(inherited, bodies), consumes)
        if body is not None:
            converted["requestBody"] = body
        if "responses" in operation:
            own_produces = produces if "produces" in operation else None
            converted["responses"] = _map(
                operation["responses"],
                lambda response: self._response(self._inlined(response, own_produces), produces),
                extensible=True,
            )
        if "schemes" in operation and self.document.get("host"):
            converted["servers"] = _servers({**self.document, "schemes": operation["schemes"]})
        return converted

    def _inlined(self, response: dict[str, Any], produces: list[str] | None) -> dict[str, Any]:
        """A shared response itself when this operation represents it in its own way."""
        return response if produces is None else self._seen_through(response)

    def _parameters(self, parameters: list[Any]) -> list[Any]:
        return [
            _parameter(parameter)
            for parameter in parameters
            if not _in_body(self._seen_through(parameter))
        ]

    def _seen_through(self, value: Any) -> Any:
        """What a reference leads to; the reference itself when it leads nowhere."""
        if isinstance(value, dict) and isinstance(value.get("$ref"), str):
            try:
                return resolve(self.document, value["$ref"])
            except DocumentError:
                return value
        return value

    def _response(self, response: Any, produces: list[str]) -> Any:
        if not isinstance(response, dict) or "$ref" in response:
            return response
        converted = {
            key: value
            for key, value in response.items()
            if key not in ("schema", "headers", "examples")
        }
        if "headers" in response:
            converted["headers"] = _map(response["headers"], _header)
        content = _response_content(response, produces)
        if content:
            converted["content"] = content
        return converted


def _response_content(response: dict[str, Any], produces: list[str]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    schema = response.get("schema")
    if schema is not None:
        is_file = isinstance(schema, dict) and schema.get("type") == "file"
        media_types = produces or ["application/octet-stream" if is_file else _JSON]
        content = {media_type: {"schema": schema} for media_type in media_types}
    examples = response.get("examples")
    for media_type, example in examples.items() if isinstance(examples, dict) else ():
        if "/" in media_type:
            fresh = {} if schema is None else {"schema": schema}
            content.setdefault(media_type, fresh)["example"] = example
    return content


def _parameter(parameter: Any) -> Any:
    """A parameter outside the body."""
    if not isinstance(parameter, dict) or "$ref" in parameter:
        return parameter
    converted = {
        key: value
        for key, value in parameter.items()
        if key not in _SCHEMA_KEYWORDS and key != "collectionFormat"
    }
    converted["schema"] = _value_schema(parameter)
    location = parameter.get("in")
    if parameter.get("type") == "array":
        converted.update(_style(str(parameter.get("collectionFormat", "csv")), location))
    if location == "path":
        converted["required"] = True
    return converted


def _header(header: dict[str, Any]) -> dict[str, Any]:
    kept = {
        key: value
        for key, value in header.items()
        if key not in _SCHEMA_KEYWORDS and key != "collectionFormat"
    }
    return {**kept, "schema": _value_schema(header)}


def _value_schema(source: dict[str, Any]) -> dict[str, Any]:
    """The schema that a 2.0 parameter or header is mixed with."""
    schema = {key: value for key, value in source.items() if key in _SCHEMA_KEYWORDS}
    if isinstance(schema.get("items"), dict):
        items = {k: v for k, v in schema["items"].items() if k != "collectionFormat"}
        schema["items"] = _value_schema(items) if "$ref" not in items else items
    return schema


def _style(collection_format: str, location: Any) -> dict[str, Any]:
    """``collectionFormat`` as style and explode; ``tsv`` has no equal and is read as ``csv``."""
    if location in ("path", "header"):
        return {"style": "simple", "explode": False}
    styles = {
        "ssv": {"style": "spaceDelimited", "explode": False},
        "pipes": {"style": "pipeDelimited", "explode": False},
        "multi": {"style": "form", "explode": True},
    }
    return styles.get(collection_format, {"style": "form", "explode": False})


def _in_body(parameter: Any) -> bool:
    return isinstance(parameter, dict) and parameter.get("in") in ("body", "formData")


def _overriding(inherited: list[dict[str, Any]], own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A path's body parameters, replaced by the operation's of the same name and place."""
    if any(parameter.get("in") == "body" for parameter in own):
        return own
    names = [(parameter.get("in"), parameter.get("name")) for parameter in own]
    return [p for p in inherited if (p.get("in"), p.get("name")) not in names] + own


def _request_body(parameters: list[dict[str, Any]], consumes: list[str]) -> dict[str, Any] | None:
    for parameter in parameters:
        if parameter.get("in") == "body":
            return _json_body(parameter, consumes)
    return _form_body(parameters, consumes) if parameters else None


def _json_body(parameter: dict[str, Any], consumes: list[str]) -> dict[str, Any]:
    described = ("description", "required")
    body = {key: parameter[key] for key in described if key in parameter}
    body.update((key, value) for key, value in parameter.items() if key.startswith("x-"))
    schema = parameter.get("schema")
    media = {} if schema is None else {"schema": schema}
    body["content"] = {media_type: dict(media) for media_type in consumes or [_JSON]}
    return body


def _form_body(parameters: list[dict[str, Any]], consumes: list[str]) -> dict[str, Any]:
    properties = {}
    encoding = {}
    for parameter in parameters:
        name = str(parameter.get("name"))
        properties[name] = _value_schema(parameter)
        if isinstance(parameter.get("description"), str):
            properties[name]["description"] = parameter["description"]
        if parameter.get("type") == "array":
            collection_format = str(parameter.get("collectionFormat", "csv"))
            encoding[name] = _style(collection_format, "formData")
    required = [str(p.get("name")) for p in parameters if p.get("required") is True]
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    has_file = any(parameter.get("type") == "file" for parameter in parameters)
    forms = [m for m in consumes if essence(m) in (FORM, _MULTIPART)]
    media: dict[str, Any] = {"schema": schema}
    if encoding:
        media["encoding"] = encoding
    body: dict[str, Any] = {
        "content": {
            media_type: dict(media)
            for media_type in forms or [_MULTIPART if has_file else FORM]
            if not has_file or _MULTIPART in media_type or len(forms) == 1
        }
    }
    if required:
        body["required"] = True
    return body


def _security_scheme(scheme: dict[str, Any]) -> dict[str, Any]:
    kind = scheme.get("type")
    rest = {
        key: value for key, value in scheme.items() if key == "description" or key.startswith("x-")
    }
    if kind == "basic":
        return {"type": "http", "scheme": "basic", **rest}
    if kind != "oauth2":
        return scheme
    wanted = ("authorizationUrl", "tokenUrl")
    flow = {key: scheme[key] for key in wanted if key in scheme}
    flow["scopes"] = scheme.get("scopes", {})
    name = str(scheme.get("flow", "implicit"))
    return {"type": "oauth2", "flows": {_FLOWS.get(name, name): flow}, **rest}


def _servers(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    base = document.get("basePath")
    path = "/" + base.strip("/") if isinstance(base, str) else "/"
    host = document.get("host")
    if not isinstance(host, str) or not host:
        return [{"url": path}]
    # Without schemes 2.0 means that of the document's own address: a reference of RFC 3986, 4.2.
    schemes = [f"{scheme}:" for scheme in _texts(document.get("schemes"))] or [""]
    return [{"url": f"{scheme}//{host}{path.rstrip('/')}"} for scheme in schemes]


def _map(value: Any, change: Callable[[dict[str, Any]], Any], *, extensible: bool = False) -> Any:
    """*value* with *change* applied to the objects in it; extensions are left alone."""
    if not isinstance(value, dict):
        return value
    return {
        key: change(item)
        if isinstance(item, dict) and not (extensible and key.startswith("x-"))
        else item
        for key, item in value.items()
    }


def _allowed_names(section: dict[str, Any]) -> dict[str, str]:
    """For each name of *section* the one that it has in 3.x."""
    names: dict[str, str] = {}
    for name in sorted(section, key=lambda name: _NO_NAME.search(name) is not None):
        names[name] = unique_name(_NO_NAME.sub("_", name), names.values())
    return {name: names[name] for name in section}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in _list(value) if isinstance(item, str)]
