"""Requests that are wrong in one known way, derived from ones that are right.

Whether a changed value breaks its schema is asked of a validator made here, not of the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import jsonschema_rs
import pytest

from toolalpaca.openapi.media_types import is_json
from toolalpaca.openapi.model import Document, Operation, Parameter
from toolalpaca.openapi.validation import json_pointer
from toolalpaca_mockserver.contract import Contract

NO_MEMBER = "no-such-value"
EXTRA = "toolalpaca_extra"
_LONGEST = 20_000


@dataclass
class Mutant:
    """A request that must be refused: with which status, and for what."""

    kind: str
    sample: Any
    statuses: frozenset[int]
    location: str = ""
    pointer: str = ""
    rules: frozenset[str] = frozenset()


def judge_of(schema: Any, document: Document) -> Any:
    return jsonschema_rs.Draft202012Validator(
        Contract(schema, document.root, "request").schema,
        validate_formats=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000),
    )


def mutants(draft: Any) -> Iterator[Mutant]:
    """One mutant of each kind for each parameter, and for each property of the body."""
    operation, document = draft.operation, draft.document
    yield from _without_credentials(draft)
    for index, (parameter, value) in enumerate(draft.values):
        yield from _parameter_mutants(draft, index, parameter, value)
    if operation.body is not None and draft.content_type:
        yield from _body_mutants(draft, document, operation)


def _without_credentials(draft: Any) -> Iterator[Mutant]:
    demanded = draft.operation.security
    open_to_all = any(
        all(draft.document.security_schemes[name].type == "mutualTLS" for name in alternative)
        for alternative in demanded
    )
    if demanded and not open_to_all:
        sample = replace(draft, credentials=False).write()
        declared = {
            key.lower()
            for name in draft.document.security_schemes.values()
            for key in [name.parameter or "authorization"]
        }
        if not declared & {parameter.name.lower() for parameter, _ in draft.values}:
            yield Mutant("missing credential", sample, frozenset({401, 403}))


def _refusals(operation: Operation, location: str, otherwise: int = 422) -> frozenset[int]:
    documented = operation.responses.keys()
    if not documented.isdisjoint(("400", "422", "4XX", "default")):
        return frozenset({422 if "422" in documented and "400" not in documented else 400})
    return frozenset({404 if location == "path" and "404" in documented else otherwise})


def _parameter_mutants(
    draft: Any, index: int, parameter: Parameter, value: Any
) -> Iterator[Mutant]:
    if parameter.location == "header" and parameter.name.lower() in (
        "accept", "content-type", "authorization",
    ):  # fmt: skip
        return
    statuses = _refusals(draft.operation, parameter.location)
    pointer = json_pointer([parameter.name])
    rest = draft.values[:index] + draft.values[index + 1 :]
    if parameter.required and parameter.location != "path" and not _collides(draft, parameter):
        sample = replace(draft, values=rest).write()
        yield Mutant(
            "missing parameter", sample, statuses, parameter.location, pointer,
            frozenset({"required"}),
        )  # fmt: skip
    if parameter.content_type or isinstance(value, (dict, list)) or _collides(draft, parameter):
        return
    judge = judge_of(parameter.schema, draft.document)
    for kind, wrong in _wrong_texts(value, parameter.schema, draft.document):
        if judge.is_valid(wrong) or judge.is_valid(str(wrong)):
            continue
        values = [*draft.values[:index], (parameter, wrong), *draft.values[index + 1 :]]
        yield Mutant(
            f"parameter: {kind}", replace(draft, values=values).write(), statuses,
            parameter.location, pointer,
        )  # fmt: skip


def _collides(draft: Any, parameter: Parameter) -> bool:
    """Whether the parameter may be sent by other means than itself."""
    schemes = draft.document.security_schemes.values()
    return any(scheme.parameter.lower() == parameter.name.lower() for scheme in schemes) or any(
        other.name == parameter.name and other is not parameter for other, _ in draft.values
    )


def _wrong_texts(value: Any, schema: Any, document: Document) -> Iterator[tuple[str, Any]]:
    """Wrong scalars, by kind."""
    flat = Contract(schema, document.root, "request").shape
    if "enum" in flat or "const" in flat:
        yield "unknown member", NO_MEMBER
    elif not isinstance(value, str):
        yield "wrong type", NO_MEMBER
    yield from _out_of_bounds(value, flat)


def _out_of_bounds(value: Any, flat: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if flat.get("format") == "int32" and flat.get("type") == "integer":
            yield "beyond its format", 2**31
        for keyword, step in (("minimum", -1), ("maximum", 1)):
            if isinstance(flat.get(keyword), (int, float)) and abs(flat[keyword]) < 2**53:
                yield "out of bounds", flat[keyword] + step
    if isinstance(value, str):
        if isinstance(flat.get("maxLength"), int) and flat["maxLength"] < _LONGEST:
            yield "out of bounds", "x" * (flat["maxLength"] + 1)
        if isinstance(flat.get("minLength"), int) and flat["minLength"] > 1:
            yield "out of bounds", "x"
        if "pattern" in flat or "format" in flat:
            yield "other form", "no such form"


def _body_mutants(draft: Any, document: Document, operation: Operation) -> Iterator[Mutant]:
    sound = draft.write()
    statuses = _refusals(operation, "body")
    content = operation.body.content if operation.body else {}
    if operation.body and operation.body.required:
        headers = {k: v for k, v in sound.headers.items() if k != "content-type"}
        without = replace(sound, body=b"", headers=headers)
        if not draft.content_type.startswith(("text/", "application/octet")):
            yield Mutant("missing body", without, statuses, "body", "", frozenset({"required"}))
    if not any("*" in key for key in content):
        headers = {**sound.headers, "content-type": "application/x-no-such"}
        yield Mutant(
            "content type", replace(sound, headers=headers), frozenset({415}), "body", "",
            frozenset({"media-type"}),
        )  # fmt: skip
    if is_json(draft.content_type):
        broken = replace(sound, body=b'{"a": ')
        unread = _refusals(operation, "body", otherwise=400)
        yield Mutant("broken JSON", broken, unread, "body", "", frozenset({"json"}))
        judge = judge_of(content[draft.content_type].schema, document)
        for kind, value, pointer in _wrong_bodies(draft, content[draft.content_type].schema):
            if not judge.is_valid(value):
                sample = replace(draft, body=value).write()
                yield Mutant(f"body: {kind}", sample, statuses, "body", pointer)
    elif draft.content_type.startswith(("application/x-www-form", "multipart/")):
        judge = judge_of(content[draft.content_type].schema, document)
        yield from _form_mutants(draft, judge, statuses)


def _wrong_bodies(draft: Any, schema: Any) -> Iterator[tuple[str, Any, str]]:
    """Bodies that may be wrong, how, and where."""
    body = draft.body
    contract = Contract(schema, draft.document.root, "request")
    if not isinstance(body, dict):
        yield "wrong type", {EXTRA: [None]}, ""
        return
    yield "wrong type", [NO_MEMBER], ""
    yield "extra property", {**body, EXTRA: None}, ""
    properties = contract.properties()
    for name, value in body.items():
        flat = contract.flat(properties.get(name, True))
        here = json_pointer([name])
        rest = {key: item for key, item in body.items() if key != name}
        yield "missing property", rest, ""
        others: tuple[Any, ...] = ([[]], {EXTRA: NO_MEMBER})
        for wrong in others:
            if type(wrong) is not type(value):
                yield "wrong type", {**body, name: wrong}, here
        if "enum" in flat or "const" in flat:
            yield "unknown member", {**body, name: NO_MEMBER}, here
        for kind, wrong in _out_of_bounds(value, flat):
            yield kind, {**body, name: wrong}, here
        if isinstance(value, list) and value and isinstance(value[0], dict):
            deep = deepcopy(body)
            deep[name][0] = NO_MEMBER
            yield "wrong item", deep, here


def _form_mutants(draft: Any, judge: Any, statuses: frozenset[int]) -> Iterator[Mutant]:
    body = draft.body if isinstance(draft.body, dict) else {}
    for name, value in body.items():
        if isinstance(value, list):
            continue
        rest = {key: item for key, item in body.items() if key != name}
        if rest and not judge.is_valid(rest):
            sample = replace(draft, body=rest).write()
            yield Mutant("form: missing property", sample, statuses, "body")
        if isinstance(value, (int, float)) and not judge.is_valid({**body, name: NO_MEMBER}):
            sample = replace(draft, body={**body, name: NO_MEMBER}).write()
            yield Mutant("form: wrong type", sample, statuses, "body", json_pointer([name]))


def oddities(draft: Any) -> Iterator[tuple[str, Any]]:
    """Requests at the edge: whether they are right is for the specification to say."""
    for index, (parameter, value) in list(enumerate(draft.values))[:4]:
        for kind, odd in _odd_values(value):
            values = [*draft.values[:index], (parameter, odd), *draft.values[index + 1 :]]
            yield f"parameter: {kind}", replace(draft, values=values).write()
        if parameter.location == "query":
            yield (
                "parameter: twice",
                replace(draft, values=[*draft.values, draft.values[index]]).write(),
            )
    yield "unknown query parameter", _with_query(draft, f"{EXTRA}=1")
    if draft.content_type:
        yield from _odd_bodies(draft)


def _odd_values(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield "TRUE", "TRUE"
        yield "1", "1"
    elif isinstance(value, int):
        yield "1.0", f"{value}.0"
        yield "+1", f"+{value}"
        yield "01", f"0{value}"
    if isinstance(value, list):
        yield "an item that is empty", [*value, ""]
        yield "no item", [""]
        yield "an item that is unknown", [NO_MEMBER]
    elif isinstance(value, dict):
        yield "no object", NO_MEMBER
    else:
        yield "empty", ""
        yield "null", "null"
        yield "a space before", f" {value}"
        yield "a comma after", f"{value},"


def _with_query(draft: Any, text: str) -> Any:
    sample = draft.write()
    return replace(sample, query=[*sample.query, text])


def _odd_bodies(draft: Any) -> Iterator[tuple[str, Any]]:
    sample = draft.write()
    sent = sample.headers["content-type"]
    for kind, said in (("charset", sent + "; charset=utf-8"), ("upper case", sent.upper())):
        if not sent.startswith("multipart"):
            yield (
                f"content type: {kind}",
                replace(sample, headers={**sample.headers, "content-type": said}),
            )
    without = {key: value for key, value in sample.headers.items() if key != "content-type"}
    yield "content type: none", replace(sample, headers=without)
    for raw in (b"null", b"{}", b"[]", b'""', b" ") if is_json(draft.content_type) else ():
        yield f"body: {raw.decode()}", replace(sample, body=raw)
    body = draft.body
    for name, value in list(body.items())[:4] if isinstance(body, dict) else ():
        changes: list[tuple[str, Any]] = [("null", None), ("empty", "")]
        if isinstance(value, int) and not isinstance(value, bool):
            changes += [("1.0", float(value)), ("a text", str(value))]
        for kind, odd in changes:
            yield f"body: {kind}", replace(draft, body={**body, name: odd}).write()


@pytest.fixture(scope="session")
def make_oddities() -> Callable[[Any], Iterator[tuple[str, Any]]]:
    """Makes requests at the edge out of a draft."""
    return oddities


@pytest.fixture(scope="session")
def make_mutants() -> Callable[[Any], Iterator[Mutant]]:
    """Makes what must be refused out of a draft."""
    return mutants
