"""Grammars for constrained decoding, in llguidance's dialect of Lark.

The same text constrains llama.cpp and transformers. White space inside JSON is fixed to what
``json.dumps`` writes, so that there is one way to write each value.
"""

from __future__ import annotations

import json
import logging
import re
from functools import lru_cache
from typing import Any

from toolalpaca.errors import MissingExtra, ModelReplyError
from toolalpaca.llm.bounding import Bounds, bounded, compiles
from toolalpaca.llm.protocol import Constraint, Grammar, JsonReply, JsonSchema, Regex

_LOG = logging.getLogger(__name__)

LLGUIDANCE = "%llguidance {}\n"
"""With this in front of it, llama.cpp hands a grammar to llguidance."""

_WHITE_SPACE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}

# Escaped characters are matched first, so that an escaped slash stays as it is.
_ENDS_IN_LARK = re.compile(r"\\[^\n]|\\?\n|\r|/")
_WRITTEN_IN_LARK = {"/": r"\/", "\n": r"\n", "\\\n": r"\n", "\r": r"\r"}

_LOOSE = Bounds(depth=1, nodes=40)


def as_grammar(constraint: Constraint) -> Grammar:
    """Any constraint as a grammar, for backends that have nothing else."""
    match constraint:
        case Grammar():
            return constraint
        case JsonReply(schema=schema):
            return json_grammar(schema)
        case Regex(pattern=pattern):
            return Grammar(f"start: /(?:{_in_lark(pattern)})/")


def json_grammar(schema: JsonSchema | bool, bounds: Bounds | None = None) -> Grammar:
    """A reply that is JSON of *schema* and nothing else, bounded in length."""
    return Grammar(f"start: {json_rule(schema, bounds)}")


def json_rule(schema: JsonSchema | bool, bounds: Bounds | None = None) -> str:
    """The right side of a Lark rule for JSON of *schema*, bounded in length."""
    return _json_rule(json.dumps(schema), bounds or Bounds())


@lru_cache(maxsize=1024)
def _json_rule(schema_text: str, bounds: Bounds) -> str:
    schema = bounded(json.loads(schema_text), bounds)
    if not compiles(_with_options(schema)):
        schema = _loosened(schema)
        _LOG.info("the grammar allows more than the schema does: %.200s", schema_text)
    return f"%json {_with_options(schema)}"


def _loosened(schema: JsonSchema) -> JsonSchema:
    """*schema* with only those parts loosened that cannot be compiled, as little as will do.

    Whoever asked checks the reply, so what the grammar lets through is still found.
    """
    if "properties" not in schema:
        return _compiling(schema)
    properties = {name: _compiling(part) for name, part in schema["properties"].items()}
    schema = {**schema, "properties": properties}
    if compiles(_with_options(schema)):
        return schema
    names = dict.fromkeys(properties, True)
    return bounded({"type": "object", "properties": names}, _LOOSE)


def _compiling(part: JsonSchema) -> JsonSchema:
    """The first of some readings of a schema, each looser than the one before, that compiles."""
    for reading in (part, _without_details(part)):
        if compiles(_with_options(reading)):
            return reading
    return bounded(True, _LOOSE)


def _in_lark(pattern: str) -> str:
    """*pattern* as it stands between the slashes of Lark, where lines cannot end."""
    return _ENDS_IN_LARK.sub(lambda found: _WRITTEN_IN_LARK.get(found[0], found[0]), pattern)


def check_grammar(grammar: Grammar) -> None:
    """Refuse a grammar that llguidance cannot read.

    Raises:
        ModelReplyError: It cannot; the message says where.
        MissingExtra: llguidance is not installed.
    """
    problem = _problem(grammar.lark)
    if problem:
        raise ModelReplyError(f"the grammar of the reply cannot be read: {problem}")


@lru_cache(maxsize=256)
def _problem(lark: str) -> str:
    try:
        from llguidance import LLMatcher
    except ImportError as error:
        raise MissingExtra("llguidance", "local") from error
    return str(LLMatcher.validate_grammar(lark))


def _with_options(schema: JsonSchema) -> str:
    return json.dumps({**schema, "x-guidance": _WHITE_SPACE})


def _without_details(schema: Any) -> Any:
    """*schema* without patterns and formats, the usual reasons why one cannot be compiled."""
    if isinstance(schema, list):
        return [_without_details(item) for item in schema]
    if not isinstance(schema, dict) or "enum" in schema or "const" in schema:
        return schema
    if schema.get("type") == "string":
        return {"type": "string", "maxLength": schema.get("maxLength", Bounds().string)}
    if "properties" in schema:
        properties = {name: _without_details(part) for name, part in schema["properties"].items()}
        return {**schema, "properties": properties}
    return {
        key: _without_details(part) if key in ("items", "anyOf") else part
        for key, part in schema.items()
    }
