"""Whatever a grammar lets a model write satisfies the schema, and is short.

llguidance's matcher walks each grammar by chance, byte by byte, as a model without any sense would.
"""

from __future__ import annotations

import json
import random
import re
import string
from functools import lru_cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca.errors import ModelReplyError
from toolalpaca.llm.bounding import Bounds, bounded
from toolalpaca.llm.grammar import as_grammar, check_grammar, json_grammar, json_rule
from toolalpaca.llm.protocol import Grammar, Regex

llguidance = pytest.importorskip("llguidance")

LONGEST = 20_000  # bytes after which a walk counts as endless
TIGHT = Bounds(string=12, items=3, depth=4, repeats=2, nodes=60)

_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
# llguidance knows no calendar: it lets February 29 and second 60 come at any time; and RFC 3339
# lets "t" and "z" be small.
CALENDAR = {
    name: lambda text, pattern=re.compile(pattern, re.IGNORECASE): bool(pattern.fullmatch(text))
    for name, pattern in {"date": _DATE, "time": _TIME, "date-time": f"{_DATE}T{_TIME}"}.items()
}


@lru_cache(maxsize=1)
def byte_tokens() -> Any:
    """A tokenizer whose tokens are the bytes, and an end."""

    class Bytes:
        eos_token_id = 256
        bos_token_id = None

        def __init__(self) -> None:
            self.tokens = [*(bytes([byte]) for byte in range(256)), b"<|end|>"]
            self.special_token_ids = [256]

        def __call__(self, text: str) -> list[int]:
            return list(text.encode())

    return llguidance.LLTokenizer(llguidance.TokenizerWrapper(Bytes()), n_vocab=257)


def walk(grammar: Grammar, chance: random.Random) -> str:
    """A text of the grammar, each byte picked from those that may come."""
    matcher = llguidance.LLMatcher(byte_tokens(), grammar.lark, log_level=0)
    written = bytearray()
    while not matcher.is_stopped() and len(written) < LONGEST:
        mask = int.from_bytes(matcher.compute_bitmask(), "little")
        allowed = [token for token in range(257) if mask >> token & 1]
        assert allowed, matcher.get_error()
        token = chance.choice(allowed)
        matcher.consume_token(token)
        if token < 256:
            written.append(token)
    assert not matcher.is_error(), matcher.get_error()
    assert len(written) < LONGEST, "a text without end"
    return written.decode()


def check(schema: dict[str, Any], seed: int, bounds: Bounds = TIGHT) -> Any:
    """Walk the grammar of *schema* once; the value satisfies it."""
    text = walk(json_grammar(schema, bounds), random.Random(seed))
    value = json.loads(text)
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True, formats=CALENDAR).validate(
        value
    )
    return value


def small(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def kept(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}


STRINGS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("string"),
            "minLength": small(st.integers(0, 3)),
            "maxLength": small(st.integers(3, 30)),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("string"),
            "pattern": st.sampled_from(
                ["^[A-Z]{2}$", "^[a-z]+-[0-9]{2,4}$", "[0-9]", r"^\d{3}$", "^(GET|POST)$", "x"]
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("string"),
            "format": st.sampled_from(["date", "date-time", "uuid", "email", "ipv4", "binary"]),
        }
    ),
).map(kept)
NUMBERS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("integer"),
            "minimum": small(st.integers(-500, 0)),
            "exclusiveMaximum": small(st.integers(1, 10**6)),
            "multipleOf": small(st.sampled_from([1, 5, 10])),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("number"),
            "exclusiveMinimum": small(st.floats(-100, 0).map(lambda x: round(x, 2))),
            "maximum": small(st.floats(1, 1e6).map(lambda x: round(x, 2))),
        }
    ),
).map(kept)
VALUES = st.sampled_from(["a", 'ü " \\ \n', "", 0, -7, 2.5, True, None, [1, "b"], {"k": [None]}])
OTHERS = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": ["integer", "null"]}),
    st.just({"type": "null"}),
    st.lists(VALUES, min_size=1, max_size=4).map(lambda values: {"enum": values}),
    VALUES.map(lambda value: {"const": value}),
)
NAMES = st.sampled_from(["id", "name", "größe", "a b", 'q"', "x-y"])


def compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(NAMES, inner, max_size=3)
    objects = properties.flatmap(
        lambda own: st.sets(st.sampled_from(sorted(own)) if own else st.nothing()).map(
            lambda required: {
                "type": "object", "properties": own, "required": sorted(required),
            }
        )
    )  # fmt: skip
    return st.one_of(
        objects,
        st.builds(
            lambda items, low: {"type": "array", "items": items, "minItems": low},
            inner, st.integers(0, 2),
        ),
        st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
        st.builds(
            lambda one, more: {
                "allOf": [one, {"properties": {"more": more}, "required": ["more"]}]
            },
            objects, inner,
        ),
    )  # fmt: skip


SCHEMAS = st.recursive(STRINGS | NUMBERS | OTHERS, compound, max_leaves=5)


@given(schema=SCHEMAS, seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_what_the_grammar_allows_satisfies_the_schema(schema: dict[str, Any], seed: int) -> None:
    check(schema, seed)


TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"$ref": "#/$defs/name"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "parent": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["name", "children"],
        },
        "name": {"type": "string", "minLength": 1, "maxLength": 5},
    },
}


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        # Both sides of allOf say something of the same property.
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"type": "object", "properties": {"b": {"const": 2}}, "required": ["b"]},
            ]
        },
        # A reference with more beside it.
        {"$ref": "#/$defs/i", "minimum": 3, "$defs": {"i": {"type": "integer", "maximum": 9}}},
        {"type": "object", "required": ["undeclared"]},
        {"type": "object", "minProperties": 2, "maxProperties": 3},
        {"type": "array", "minItems": 4, "items": {"type": "integer", "minimum": 0}},
        {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
        {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {},
    ],
)
def test_schemas_of_every_kind_are_kept_to(schema: dict[str, Any]) -> None:
    for seed in range(8):
        value = check(schema, seed)
    if schema is TREE:
        assert json.dumps(value).count("children") < 200


@pytest.mark.parametrize(
    ("schema", "least"),
    [
        ({"type": "string"}, 12),
        ({"type": "integer"}, 1),
        ({"type": "array", "items": {"type": "string"}}, 40),
        ({"type": "object", "additionalProperties": {"type": "string"}}, 60),
        (TREE, 100),
    ],
)
def test_nothing_runs_away(schema: dict[str, Any], least: int) -> None:
    lengths = [len(json.dumps(check(schema, seed))) for seed in range(10)]
    assert max(lengths) < 2_000
    assert max(lengths) >= least // 4


@given(value=st.dictionaries(st.sampled_from("ab"), st.integers(-99, 99), max_size=2))
@settings(max_examples=20, deadline=None)
def test_a_small_instance_is_not_shut_out(value: dict[str, int]) -> None:
    integers = {"type": "integer"}
    schema = {"type": "object", "properties": {"a": integers, "b": integers}}
    matcher = llguidance.LLMatcher(byte_tokens(), json_grammar(schema).lark, log_level=0)
    text = json.dumps(dict(sorted(value.items())))
    assert matcher.consume_tokens(list(text.encode()))
    assert matcher.is_accepting()


@pytest.mark.parametrize(
    "name",
    ["date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"],
)
def test_a_format_is_kept_to_within_the_tightest_bounds(name: str) -> None:
    for seed in range(5):
        check({"type": "string", "format": name}, seed, Bounds(string=4))


@pytest.mark.parametrize("part", [{"format": "date-time", "maxLength": 5}, {"format": ["date"]}])
def test_a_format_that_contradicts_its_length_leaves_a_string(part: dict[str, Any]) -> None:
    schema = {"type": "string", **part}
    assert isinstance(json.loads(walk(json_grammar(schema), random.Random(0))), str)


def test_a_pattern_that_llguidance_cannot_read_leaves_the_length() -> None:
    schema = {"type": "string", "pattern": "^(?!admin)", "minLength": 3, "maxLength": 5}
    for seed in range(5):
        assert 3 <= len(json.loads(walk(json_grammar(schema), random.Random(seed)))) <= 5


def test_bounding_changes_nothing_of_the_schema_it_is_given() -> None:
    before = json.dumps(TREE)
    bounded(TREE)
    assert json.dumps(TREE) == before


def test_required_properties_come_before_optional_ones() -> None:
    schema = {"properties": dict.fromkeys(string.ascii_lowercase, True), "required": ["z"]}
    assert list(bounded(schema)["properties"])[:2] == ["z", "a"]
    few = bounded(schema, Bounds(nodes=5))["properties"]
    assert "z" in few
    assert len(few) < 6


@pytest.mark.parametrize("schema", [False, {"enum": []}, {"$ref": "#/nowhere"}, {"type": "odd"}])
def test_a_schema_that_makes_no_sense_still_makes_a_grammar(schema: Any) -> None:
    json.loads(walk(json_grammar(schema), random.Random(0)))


def test_a_rule_stands_in_a_larger_grammar() -> None:
    grammar = Grammar(f'start: "Input: " arguments\narguments: {json_rule({"const": {"a": 1}})}')
    check_grammar(grammar)
    assert walk(grammar, random.Random(0)) == 'Input: {"a": 1}'


def test_a_grammar_that_cannot_be_read_is_told_in_one_line() -> None:
    with pytest.raises(ModelReplyError, match="the grammar of the reply cannot be read") as caught:
        check_grammar(Grammar("start: other\n"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "pattern",
    [
        "a/b", r"a\/b", "", "yes|no", "a\nb", r"a\nb", "a\\\nb", r"\d{3}-[a-f]{2}", r"a\\/b",
        "[/#]{2}", '"x"', "ü{1,3}", r"(GET|POST) /v1/[a-z]{1,4}",
    ],
)  # fmt: skip
def test_a_regular_expression_is_matched_as_a_whole(pattern: str) -> None:
    grammar = as_grammar(Regex(pattern))
    check_grammar(grammar)
    for seed in range(5):
        assert re.fullmatch(pattern, walk(grammar, random.Random(seed)))
