"""The compiled model of an upgraded document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from toolalpaca.openapi.components import Components, Fault, text
from toolalpaca.openapi.model import (
    METHODS,
    Document,
    Operation,
    Parameter,
    Problem,
    Response,
    SecurityScheme,
)
from toolalpaca.openapi.names import (
    LONGEST_NAME,
    is_tool_name,
    operation_name,
    tool_name,
    unique_name,
)
from toolalpaca.openapi.soundness import mend_schemas
from toolalpaca.openapi.sources import is_url
from toolalpaca.openapi.validation import json_pointer

_TEMPLATE = re.compile(r"\{([^{}]+)\}")
_STATUS = re.compile(r"[1-5](\d\d|XX)|default")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 9.1
_LONGEST_URL = 8000  # what RFC 9110, section 4.1, asks everybody to support
_MOST_SERVERS = 100
_NOT_SERVED = "the operation is left out"


def compile_document(
    root: dict[str, Any],
    *,
    name: str,
    source: str,
    version: str,
    problems: Sequence[Problem] = (),
    broken: Mapping[str, str] | None = None,
) -> Document:
    """The model of *root*.

    Args:
        root: A document of OpenAPI 3.1 or later, as :func:`toolalpaca.openapi.upgrade.upgrade`
            makes it; its schemas are mended in place.
        name: The document's short name.
        source: Where it was read from; relative server URLs are resolved against a URL.
        version: The version as it was written.
        problems: What was found wrong before.
        broken: Why a reference leads nowhere, by the reference.
    """
    return _Compiler(root, source, list(problems), broken or {}).document(name, version)


class _Compiler:
    """One document being compiled; faults are collected on the way."""

    def __init__(
        self, root: dict[str, Any], source: str, problems: list[Problem], broken: Mapping[str, str]
    ) -> None:
        self.root = root
        self.source = source
        self.problems = problems
        self.problems.extend(mend_schemas(root, broken))
        self.components = Components(root, self.report, broken)

    def report(self, path: Sequence[str | int], message: str, consequence: str) -> None:
        self.problems.append(Problem(json_pointer(path), message, consequence))

    def document(self, name: str, version: str) -> Document:
        info = self.root.get("info")
        if not isinstance(info, dict):
            self.report(("info",), "is missing", "the document has no title")
            info = {}
        self.schemes = self._security_schemes()
        self.servers = self._servers(self.root, (), None)
        self.security = self._security(self.root, (), ())
        operations = self._named(list(self._operations()))
        return Document(
            name=name,
            source=self.source,
            title=text(info.get("title")) or name,
            version=version,
            api_version=text(info.get("version")),
            description=text(info.get("description")) or text(info.get("summary")),
            root=self.root,
            servers=self.servers,
            operations=tuple(operations),
            security_schemes=self.schemes,
            problems=tuple(dict.fromkeys(self.problems)),
        )

    # Servers (https://spec.openapis.org/oas/v3.1.1#server-object)

    def _servers(
        self, owner: Mapping[str, Any], path: tuple[str | int, ...], inherited: Any
    ) -> tuple[str, ...]:
        declared = owner.get("servers")
        if not isinstance(declared, list) or not declared:
            return cast(tuple[str, ...], inherited) if inherited else (self._absolute("/"),)
        if len(declared) > _MOST_SERVERS:
            self.report((*path, "servers"), f"there are {len(declared)}", "the first 100 count")
        urls = []
        for index, server in enumerate(declared[:_MOST_SERVERS]):
            here = (*path, "servers", index)
            if not isinstance(server, dict) or not isinstance(server.get("url"), str):
                self.report(here, "has no url", "the server is left out")
                continue
            try:
                url = self._absolute(self._substituted(server, here))
                urlsplit(url)
            except ValueError as error:
                self.report(here, f"the url is none: {error}", "the server is left out")
                continue
            urls.append(url)
        return tuple(urls) or (self._absolute("/"),)

    def _substituted(self, server: dict[str, Any], path: tuple[str | int, ...]) -> str:
        variables = server.get("variables")
        variables = variables if isinstance(variables, dict) else {}

        def default(match: re.Match[str]) -> str:
            variable = variables.get(match[1])
            value = variable.get("default") if isinstance(variable, dict) else None
            if value is None:
                self.report(path, f"the variable {match[1]!r} has no default", "it stays as it is")
                return match[0]
            return str(value)

        written = server["url"]
        url = _TEMPLATE.sub(default, written[:_LONGEST_URL])
        if max(len(written), len(url)) > _LONGEST_URL:
            raise ValueError(f"it has more than {_LONGEST_URL} characters")
        return url

    def _absolute(self, url: str) -> str:
        if is_url(self.source):
            return urljoin(self.source, url)
        return f"https:{url}" if url.startswith("//") else url

    # Security (https://spec.openapis.org/oas/v3.1.1#security-requirement-object)

    def _security_schemes(self) -> dict[str, SecurityScheme]:
        return self.components.security_schemes()

    def _security(
        self, owner: Mapping[str, Any], path: tuple[str | int, ...], inherited: Any
    ) -> tuple[Mapping[str, tuple[str, ...]], ...]:
        declared = owner.get("security")
        if declared is None:
            return cast("tuple[Mapping[str, tuple[str, ...]], ...]", inherited)
        if not isinstance(declared, list):
            self.report((*path, "security"), "is no list", "it is ignored")
            return cast("tuple[Mapping[str, tuple[str, ...]], ...]", inherited)
        alternatives = []
        for index, requirement in enumerate(declared):
            here = (*path, "security", index)
            if not isinstance(requirement, dict):
                self.report(here, "is no object", "the alternative is left out")
                continue
            known = {}
            for scheme, scopes in requirement.items():
                if scheme in self.schemes:
                    known[scheme] = tuple(map(text, scopes)) if isinstance(scopes, list) else ()
                else:
                    self.report(
                        here, f"the security scheme {scheme!r} is not declared", "it is not asked"
                    )
            alternatives.append(known)
        return tuple(alternatives)

    # Paths and operations

    def _operations(self) -> Iterator[Operation]:
        paths = self.root.get("paths")
        if not isinstance(paths, dict):
            if "paths" in self.root or not {"webhooks", "components"} & self.root.keys():
                self.report(("paths",), "is missing or no object", "there are no operations")
            return
        for template, item in paths.items():
            if not template.startswith("x-"):
                yield from self._path(template, item)

    def _path(self, template: str, item: Any) -> Iterator[Operation]:
        here: tuple[str | int, ...] = ("paths", template)
        try:
            item, place = self.components.path_item(item, here)
        except Fault as fault:
            self.report(fault.path, fault.message, "the path is left out")
            return
        path = template if template.startswith("/") else f"/{template}"
        if path != template:
            self.report(here, "the path has no leading slash", f"it is read as {path}")
        if "?" in path or "#" in path:
            self.report(here, "the path holds a query or a fragment", "no request can match it")
        servers = self._servers(item, place, self.servers)
        shared = self.components.parameters(item.get("parameters"), (*place, "parameters"))
        for method, value, here in self._methods(item, place):
            if isinstance(value, dict):
                yield self._operation(method, path, value, here, shared, servers)
            else:
                self.report(here, "is no object", _NOT_SERVED)

    def _methods(
        self, item: dict[str, Any], place: tuple[str | int, ...]
    ) -> Iterator[tuple[str, Any, tuple[str | int, ...]]]:
        """The methods of a path, lower case, what stands there, and where."""
        for key, value in item.items():
            if key in METHODS:
                yield key, value, (*place, key)
        more = item.get("additionalOperations")
        for name, value in more.items() if isinstance(more, dict) else ():
            here = (*place, "additionalOperations", name)
            if name.lower() in METHODS or not _METHOD.fullmatch(name):
                self.report(here, f"{name!r} is no method of its own", _NOT_SERVED)
            else:
                yield name.lower(), value, here

    def _operation(
        self,
        method: str,
        path: str,
        value: dict[str, Any],
        here: tuple[str | int, ...],
        shared: Sequence[Parameter],
        servers: tuple[str, ...],
    ) -> Operation:
        own = self.components.parameters(value.get("parameters"), (*here, "parameters"))
        body = value.get("requestBody")
        tags = value.get("tags")
        return Operation(
            name="",
            operation_id=text(value.get("operationId")),
            method=method,
            path=path,
            summary=text(value.get("summary")),
            description=text(value.get("description")),
            tags=tuple(map(text, tags)) if isinstance(tags, list) else (),
            parameters=self._joined(path, shared, own, here),
            body=None if body is None else self.components.body(body, (*here, "requestBody")),
            responses=self._responses(value.get("responses"), (*here, "responses")),
            security=self._security(value, here, self.security),
            servers=self._servers(value, here, servers),
            deprecated=value.get("deprecated") is True,
            pointer=json_pointer(here),
        )

    def _joined(
        self,
        path: str,
        shared: Sequence[Parameter],
        own: Sequence[Parameter],
        here: tuple[str | int, ...],
    ) -> tuple[Parameter, ...]:
        """Path-level parameters and the operation's own, which win, and those only in the path."""
        merged = {(p.location, p.name): p for p in (*shared, *own)}
        templated = dict.fromkeys(_TEMPLATE.findall(path))
        for location, name in list(merged):
            if location == "path" and name not in templated:
                self.report(here, f"the path has no {{{name}}}", "the parameter is left out")
                del merged[location, name]
        for name in templated:
            if ("path", name) not in merged:
                self.report(
                    here, f"the path parameter {name!r} is not declared", "any text is taken"
                )
                merged["path", name] = Parameter(
                    name, "path", True, {"type": "string"}, "simple", False,
                    pointer=json_pointer(here),
                )  # fmt: skip
        return tuple(merged.values())

    def _responses(self, value: Any, path: tuple[str | int, ...]) -> dict[str, Response]:
        responses: dict[str, Response] = {}
        if not isinstance(value, dict):
            return responses
        for key, response in value.items():
            if key.startswith("x-"):
                continue
            status = key if key == "default" else key.strip().upper()
            if not _STATUS.fullmatch(status):
                self.report((*path, key), f"{key!r} is no status", "the response is left out")
                continue
            try:
                responses[status] = self.components.response(status, response, (*path, key))
            except Fault as fault:
                self.report(fault.path, fault.message, "the response is left out")
        return responses

    # Names

    def _named(self, operations: list[Operation]) -> list[Operation]:
        """Every operation with its unique name; exact operationIds are given out first."""
        names: dict[int, str] = {}
        taken: set[str] = set()
        numbers: dict[str, int] = {}
        for index, operation in enumerate(operations):
            wanted = operation.operation_id
            if is_tool_name(wanted) and wanted not in taken:
                names[index] = wanted
                taken.add(wanted)
        seen: dict[str, Operation] = {}
        for index, operation in enumerate(operations):
            identifier = operation.operation_id
            if index not in names:
                wanted = tool_name(identifier) or operation_name(operation.method, operation.path)
                names[index] = unique_name(wanted, taken, longest=LONGEST_NAME, numbers=numbers)
                taken.add(names[index])
            if identifier in seen:
                self.problems.append(
                    Problem(
                        operation.pointer,
                        f"the operationId {identifier!r} is taken by {seen[identifier].pointer}",
                        f"the operation is named {names[index]!r}",
                    )
                )
            elif identifier:
                seen[identifier] = operation
        return [replace(operation, name=names[i]) for i, operation in enumerate(operations)]
