"""The laws of collections hold for documents that nobody has written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from toolalpaca.openapi.loading import load_document

KINDS = ("pet", "order", "category", "box", "person")
TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}

PROPERTIES = st.dictionaries(
    st.sampled_from(("name", "email", "price", "tags", "createdAt", "active", "address", "kind")),
    st.sampled_from(
        (
            TEXT,
            WHOLE,
            {"type": "number", "minimum": 0},
            {"type": "boolean"},
            {"type": "string", "format": "date-time", "readOnly": True},
            {"type": "string", "enum": ["a", "b"]},
            {"type": "array", "items": TEXT},
            {"type": ["string", "null"], "maxLength": 5},
            {"type": "object", "properties": {"city": TEXT, "country": TEXT}},
            {"type": "string", "writeOnly": True},
        )
    ),
    max_size=4,
)
IDS = st.sampled_from(
    (WHOLE, {"type": "string", "format": "uuid"}, TEXT, {"type": "string", "pattern": "^[a-z]{8}$"})
)
PAGING: tuple[tuple[str, ...], ...] = (
    (), ("limit",), ("limit", "offset"), ("page", "per_page"), ("cursor", "limit"),
    ("pageSize", "pageToken"),
)  # fmt: skip
WRAPPERS: tuple[tuple[str, ...], ...] = ((), ("data",), ("items",), ("PLURAL",), ("data", "items"))


def plural(kind: str) -> str:
    if kind.endswith("y"):
        return kind[:-1] + "ies"
    return {"box": "boxes", "person": "people"}.get(kind, kind + "s")


def wrapped(schema: Any, keys: tuple[str, ...], **more: Any) -> Any:
    for key in reversed(keys):
        schema = {"type": "object", "required": [key], "properties": {key: schema, **more}}
    return schema


def answer(schema: Any) -> dict[str, Any]:
    return {"description": "Fine", "content": {"application/json": {"schema": schema}}}


@st.composite
def collections(draw: st.DrawFn, kind: str, others: tuple[str, ...], above: str) -> dict[str, Any]:
    """The paths of one collection, below the path *above*."""
    own_id = draw(st.sampled_from(("id", f"{kind}Id", f"{kind}_id")))
    key = draw(IDS)
    references = draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    properties = {own_id: {**key, "readOnly": draw(st.booleans())}, **draw(PROPERTIES)}
    properties |= {f"{other}_id": WHOLE for other in references}
    required = [own_id, *draw(st.lists(st.sampled_from([*properties]), max_size=2, unique=True))]
    item = {"type": "object", "required": [*dict.fromkeys(required)], "properties": properties}
    wrapper = tuple(plural(kind) if w == "PLURAL" else w for w in draw(st.sampled_from(WRAPPERS)))
    listing = wrapped({"type": "array", "items": item}, wrapper, total=WHOLE)
    inside = draw(st.sampled_from(((), ("data",), (kind,))))
    one = answer(wrapped(item, inside))
    body = {"required": True, "content": {"application/json": {"schema": item}}}
    names = draw(st.sampled_from(PAGING))
    queries = [
        {"name": n, "in": "query", "schema": TEXT if "oken" in n or "cursor" in n else WHOLE}
        for n in names
    ]
    gone = {"404": {"description": "None"}} if draw(st.booleans()) else {}
    parameter = f"{kind}Id" if above or draw(st.booleans()) else "id"
    deeds = draw(st.sets(st.sampled_from(("post", "put", "patch", "delete"))))
    many: dict[str, Any] = {"get": {"parameters": queries, "responses": {"200": answer(listing)}}}
    if "post" in deeds:
        made = draw(st.sampled_from(("200", "201")))
        many["post"] = {"requestBody": body, "responses": {made: one}}
    single: dict[str, Any] = {
        "parameters": [{"name": parameter, "in": "path", "required": True, "schema": key}],
        "get": {"responses": {"200": one, **gone}},
    }
    for method in ("put", "patch"):
        if method in deeds:
            single[method] = {"requestBody": body, "responses": {"200": one, **gone}}
    if "delete" in deeds:
        single["delete"] = {"responses": {"204": {"description": "Gone"}, **gone}}
    path = f"{above}/{plural(kind)}"
    return {path: many, f"{path}/{{{parameter}}}": single}


@st.composite
def singles(draw: st.DrawFn) -> dict[str, Any]:
    """A path of one thing, which is read and changed there."""
    properties = {"theme": {"type": "string"}, **draw(PROPERTIES)}
    item = {"type": "object", "required": ["theme"], "properties": properties}
    body = {"required": True, "content": {"application/json": {"schema": item}}}
    one = answer(wrapped(item, draw(st.sampled_from(((), ("data",), ("setting",))))))
    deeds = draw(st.sets(st.sampled_from(("put", "patch")), min_size=1))
    changing = {deed: {"requestBody": body, "responses": {"200": one}} for deed in deeds}
    return {"get": {"responses": {"200": one}}, **changing}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True))
    paths: dict[str, Any] = {}
    for kind in kinds:
        others = tuple(other for other in kinds if other != kind)
        paths |= draw(collections(kind, others, ""))
    if draw(st.booleans()):
        parent = next(path for path in paths if path.endswith("}"))
        top = paths[parent]["parameters"]
        nested = draw(collections("note", (), parent))
        for path in nested.values():
            path["parameters"] = [*path.get("parameters", ()), *top]
        paths |= nested
    if draw(st.booleans()):
        paths["/settings"] = draw(singles())
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(document=documents())
def test_generated_documents(hold: Callable[..., Any], document: dict[str, Any]) -> None:
    loaded = load_document(document)
    assume(not loaded.problems)
    tally = hold(loaded)
    assert tally.broken == []
    assert tally.held["what is listed can be read"] > 0
    assert tally.resources == len(loaded.root["paths"]) // 2 + ("/settings" in loaded.root["paths"])
