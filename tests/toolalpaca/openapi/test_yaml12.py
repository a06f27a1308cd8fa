"""YAML read by the core schema of YAML 1.2, within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.errors import DocumentError
from toolalpaca.openapi import yaml12
from toolalpaca.openapi.bounds import MOST_NODES
from toolalpaca.openapi.yaml12 import parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("On", "On"),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-0", 0),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("1.0", 1.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("18446744073709551616", 18446744073709551616.0),
        ("9" * 5000, "9" * 5000),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("|\n  12\n", "12\n"),
        ("=", "="),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    result, problems = parse_yaml(f"key: {text}\n", "x.yaml")
    assert result == {"key": value}
    assert type(result["key"]) is type(value)
    assert problems == []


def test_keys_are_the_text_that_was_written() -> None:
    text = "200: a\n2.0: b\nno: c\nnull: d\n0x1F: e\n'404': f\n2020-01-01: g\n"
    assert list(parse_yaml(text, "x")[0]) == [
        "200", "2.0", "no", "null", "0x1F", "404", "2020-01-01",
    ]  # fmt: skip


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc\u00e9 :-", min_size=1), inner),
)


@given(_JSON)
def test_json_that_is_yaml_means_the_same(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False).replace("\ufeff", "\\ufeff")
    text = "".join(
        c if c.isprintable() or c == " " else f"\\u{ord(c):04x}"
        for c in text
        if ord(c) < 0x10000 or c.isprintable()
    )
    assert parse_yaml(text, "x")[0] == json.loads(text)


@given(st.dictionaries(st.text("abcxyz", min_size=1), st.booleans() | st.lists(st.text("ab\n#: "))))
def test_what_pyyaml_writes_is_read_back(value: Any) -> None:
    assert parse_yaml(yaml.safe_dump(value), "x")[0] == value


def test_anchors_aliases_and_merge_keys() -> None:
    text = """
base: &base {a: 1, b: 2}
more: {<<: *base, b: 3}
both: {<<: [*base, {c: 4}]}
list: [*base, *base]
&name key: *name
"""
    value, problems = parse_yaml(text, "x")
    assert value["more"] == {"a": 1, "b": 3}
    assert value["both"] == {"a": 1, "b": 2, "c": 4}
    assert value["key"] == "key"
    assert problems == []
    value["list"][0]["a"] = 9
    assert value["list"][1]["a"] == value["base"]["a"] == 1, "aliases are copies"


def test_duplicate_keys_are_reported_with_pointer_and_line() -> None:
    value, (problem,) = parse_yaml("a:\n  - x: 1\n  - b/c: 1\n    b/c: 2\n", "x")
    assert value == {"a": [{"x": 1}, {"b/c": 2}]}
    assert problem.pointer == "/a/1/b~1c"
    assert "line 4" in problem.message


def test_only_the_first_of_many_documents_is_read() -> None:
    value, (problem,) = parse_yaml("a: 1\n---\na: 2\n---\na: 3\n", "x")
    assert value == {"a": 1}
    assert "more than one" in problem.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", r"x\.yaml:1: is not YAML|x\.yaml:2: is not YAML"),
        ("a: b: c", r"x\.yaml:1: is not YAML: mapping values"),
        ("a:\n  !include other.yaml", r"x\.yaml:2: the tag !include has no meaning"),
        ("a: !!python/object:os.system {}", r"the tag .* has no meaning"),
        ("? [a, b]\n: c", r"x\.yaml:1: a key is a collection"),
        ("a: &x {b: *x}", r"the alias \*x has no value yet"),
        ("a: *unknown", r"unknown"),
        ("a: \x01", r"is not YAML"),
        ("[" * 100_000, r"nested more than 128 levels deep"),
        ("".join(f"{' ' * n}k:\n" for n in range(500)), r"nested more than 128 levels deep"),
    ],
)
def test_what_cannot_be_read_says_so_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_yaml(text, "x.yaml")


def test_aliases_cannot_exhaust_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(DocumentError, match=f"x:.*more than {MOST_NODES:,} values"):
        parse_yaml("\n".join(lines), "x")


def test_the_pure_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "openapi: 3.0.0\npaths:\n  /x: {get: {responses: {200: {description: no}}}}\n"
    expected = parse_yaml(text, "x")
    monkeypatch.setattr(yaml12, "_Loader", yaml.SafeLoader)
    assert parse_yaml(text, "x") == expected
