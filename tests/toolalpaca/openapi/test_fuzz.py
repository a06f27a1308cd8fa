"""Whatever is read as a document, the answer is a document or an error that says what is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.openapi.decoding import decode
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
ODD: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**30, "", "x", "#", "http://[", "\ud800", "{a}{b}", "(a+)+$", "[", [],
    {}, [None], {"$ref": "#"}, {"$ref": "#/components/schemas"}, {"$ref": 5}, {"$id": "a"},
    {"$ref": "a#b"}, {"allOf": [{"$ref": "#"}]}, {"": {}}, {"in": "path", "name": "a"}, 1e308,
    {"$ref": "no-such-file.yaml#/a"}, {"type": "object", "additionalProperties": "no"},
)  # fmt: skip
KEYS = ("", "x", "$ref", "paths", "allOf", "/{a}", "//", "{", "properties", "type", "x-a", "get")
TOKENS = (
    b'"', b"{", b"}", b"[", b"]", b":", b",", b"&a ", b"*a", b"!!python/object:os.system ",
    b"\xff", b"\x00", b"\t", b"- ", b"? ", b"<<: *a", b"|", b"%YAML 9.9\n", b"---\n", b"!!binary ",
    b'"\\ud800"', b"1e999", b"9" * 400, b"[" * 500, b"{a: " * 300, b"\xef\xbb\xbf", b".nan",
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from((*KEYS, "openapi", "info", "components")), inner)
    ),
    max_leaves=20,
)
unhurried = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(source: Any) -> Document | None:
    """The document of *source*, every part of it looked at, or None when it is refused."""
    try:
        document = load_document(source)
    except ToolAlpacaError:
        return None
    for problem in document.problems:
        assert problem.pointer == "" or problem.pointer.startswith("/")
        assert problem.message
        assert problem.consequence
    names = {operation.name for operation in document}
    assert len(names) == len(document.operations)
    return document


@unhurried
@given(value=values, version=st.sampled_from(["3.0.3", "3.1.0", "3.2.0"]))
def test_any_data(value: Any, version: str) -> None:
    read({"openapi": version, "paths": value, "components": value, "info": value})
    read({"swagger": "2.0", "paths": value, "definitions": value, "parameters": value})


@unhurried
@given(content=st.binary(max_size=200))
def test_any_bytes(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    assert read(path) is None


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place of *value*: what holds it, and its key or index."""
    found, waiting = [], [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])
    return found


def change(document: Any, draw: Callable[[Any], Any]) -> None:
    """Change one place of *document*: another value, none, another place's, another key."""
    everywhere = places(document)
    if not everywhere:
        return
    holder, key = draw(st.sampled_from(everywhere))
    kind = draw(st.sampled_from(["other", "none", "elsewhere", "key"]))
    if kind == "none":
        del holder[key]
    elif kind == "elsewhere":
        other, place = draw(st.sampled_from(everywhere))
        holder[key] = deepcopy(other[place])
    elif kind == "key" and isinstance(holder, dict):
        holder[draw(st.sampled_from(KEYS))] = holder.pop(key)
    else:
        holder[key] = deepcopy(draw(st.sampled_from(ODD)))


def mutate_data(data: st.DataObject, documents: list[Any]) -> None:
    document = deepcopy(data.draw(st.sampled_from(documents)))
    for _ in range(data.draw(st.integers(1, 4))):
        change(document, data.draw)
    read(document)


def mutate_bytes(data: st.DataObject, contents: list[bytes], path: Path) -> None:
    content = data.draw(st.sampled_from(contents))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        gone = data.draw(st.integers(0, 20))
        content = content[:start] + data.draw(st.sampled_from(TOKENS)) + content[start + gone :]
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    path.write_bytes(content)
    read(path)


@unhurried
@given(data=st.data())
def test_changed_documents(data: st.DataObject) -> None:
    mutate_data(data, [decode(path.read_bytes(), path.name)[0] for path in EXAMPLES])


@unhurried
@given(data=st.data())
def test_changed_bytes(data: st.DataObject, tmp_path: Path) -> None:
    mutate_bytes(data, [path.read_bytes() for path in EXAMPLES], tmp_path / "changed.yaml")


@pytest.fixture(scope="module")
def pool(shared: Path) -> list[bytes]:
    """The smaller real documents."""
    index = json.loads((shared / "specs" / "INDEX.json").read_text())
    contents = [(shared / "specs" / entry["file"]).read_bytes() for entry in index]
    return [content for content in contents if len(content) < 40_000]


hurried = settings(unhurried, max_examples=1500)


@pytest.mark.slow
@hurried
@given(data=st.data())
def test_changed_documents_of_the_pool(data: st.DataObject, pool: list[bytes]) -> None:
    mutate_data(data, [decode(data.draw(st.sampled_from(pool)), "pool")[0]])


@pytest.mark.slow
@hurried
@given(data=st.data())
def test_changed_bytes_of_the_pool(data: st.DataObject, pool: list[bytes], tmp_path: Path) -> None:
    mutate_bytes(data, pool, tmp_path / "changed.yaml")


# What grows faster than the document: bounds hold it.

OK = {"responses": {"200": {"description": "Fine"}}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def of(schemas: dict[str, Any], paths: dict[str, Any] | None = None, **more: Any) -> Any:
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": paths or {"/it": {"get": OK}},
        "components": {"schemas": schemas},
        **more,
    }


def hostile(n: int) -> dict[str, Any]:
    """Documents that are cheap to write and dear to read; *n* is how large they are."""
    wide = ",".join(f'"k{i}":1' for i in range(n))
    chain = {f"A{i}": {"allOf": [ref(f"A{i + 1}"), ref(f"A{i + 1}")]} for i in range(n // 100)}
    circle = {f"A{i}": {"allOf": [ref(f"A{(i + 1) % (n // 10)}")]} for i in range(n // 10)}
    misplaced = {
        f"a{i}": {"x": {"$ref": f"#/a{i + 1}"}, "y": {"$ref": f"#/a{i + 1}"}} for i in range(30)
    }
    variables = {"a": {"default": "{a}" * n}}
    tenfold = "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    return {
        "aliases": f"openapi: 3.1.0\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{tenfold}paths: {{}}\n",
        "brackets": '{"openapi": "3.1.0", "x": ' + "[" * n,
        "indents": "openapi: 3.1.0\n" + "".join(" " * i + "a:\n" for i in range(n // 10)),
        "keys that stand twice": '{"openapi":"3.1.0","x":{' + wide + ',"k1":2},"paths":{}}',
        "long enumerations": of({"It": {"type": "string", "enum": list(range(n))}}),
        "one operationId for all": of(
            {}, {f"/p{i}": {"get": {**OK, "operationId": "same"}} for i in range(n)}
        ),
        "one path for all": of({}, {f"/{{p{i}}}": {"get": OK} for i in range(n)}),
        "one parameter again and again": of(
            {}, {"/p": {"get": {**OK, "parameters": [{"name": "a", "in": "query"}] * n}}}
        ),
        "references one after another": of(
            {**{f"A{i}": ref(f"A{i + 1}") for i in range(n)}, f"A{n}": {}, "It": ref("A0")}
        ),
        "references doubled": of({**chain, f"A{n // 100}": {}, "It": ref("A0")}),
        "references in a circle": of({**circle, "It": ref("A0")}),
        "references where none may stand": of({}, **misplaced, info={"$ref": "#/a0"}),
        "patterns of brackets": of({"It": {"pattern": "(" * n}}),
        "patterns of braces": of({"It": {"pattern": "{" * n}}),
        "patterns of repeats": of({"It": {"pattern": "(((a{1000}){1000}){1000}){1000}"}}),
        "schemas all broken": of({f"S{i}": {"type": "no", "required": True} for i in range(n)}),
        "servers of variables": of({}, servers=[{"url": "{a}" * n, "variables": variables}]),
        "servers without number": of({}, servers=[{"url": f"/v{i}"} for i in range(n)]),
        "a path without end": of({}, {"/" + "/".join(["{a}"] * n): {"get": OK}}),
        "identifiers": of(
            {f"S{i}": {"$id": f"http://x/{i}", "not": {"$ref": f"http://x/{i + 1}"}}
             for i in range(n // 4)}
        ),
        "numbers": "openapi: 3.1.0\nx: " + "9" * n + "\npaths: {}\n",
    }  # fmt: skip


def read_hostile(source: Any, path: Path) -> None:
    path.write_text(source if isinstance(source, str) else json.dumps(source))
    read(path)


@pytest.mark.parametrize("name", list(hostile(100)))
def test_hostile_documents(name: str, tmp_path: Path) -> None:
    read_hostile(hostile(1000)[name], tmp_path / "hostile.yaml")


@pytest.mark.slow
@pytest.mark.parametrize("name", list(hostile(100)))
def test_large_hostile_documents(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = hostile(20_000)[name]
    began = time.process_time()
    read_hostile(source, tmp_path / "hostile.yaml")
    took = time.process_time() - began
    with capsys.disabled():
        print(f"\n{took:6.2f} s  {name}")
