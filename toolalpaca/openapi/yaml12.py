"""YAML as OpenAPI means it: JSON data, by the core schema of YAML 1.2.

PyYAML reads YAML 1.1, in which ``no`` is false, ``1:30`` is 90, ``010`` is 8 and ``2020-01-01`` a
date. Here only its parser is used (the C one where there is one); scalars are resolved by YAML 1.2
(section 10.3.2) and keys are the text that was written, as OpenAPI demands of response codes.

The values are built from the parser's events without recursion, so neither nesting nor aliases can
exhaust the stack or the memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.bounds import DEEPEST, MOST_NODES
from toolalpaca.openapi.model import Problem
from toolalpaca.openapi.structure import copy_json
from toolalpaca.openapi.validation import json_pointer

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MAY_BE_NUMBER = frozenset("+-.0123456789")
_TAG = "tag:yaml.org,2002:"


def parse_yaml(text: str, source: str) -> tuple[Any, list[Problem]]:
    """The value of the first YAML document in *text*, and the duplicate keys that it holds.

    Raises:
        DocumentError: It is not YAML, holds something that JSON has no form for, or is too deep or
            too large; the message names the line.
    """
    builder = _Builder(source)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}" if mark else source
        reason = error.problem or error.context or "cannot be read"
        raise DocumentError(f"is not YAML: {reason}", where=place) from error
    except yaml.YAMLError as error:  # a character that YAML forbids
        raise DocumentError(f"is not YAML: {' '.join(str(error).split())}", where=source) from error
    return builder.value, builder.problems


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    value: Any
    anchor: str | None
    first: int  # how many values there were before it
    key: str | None = None
    merges: list[dict[str, Any]] = field(default_factory=list)


class _Builder:
    """Builds one value from parser events."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.value: Any = None
        self.problems: list[Problem] = []
        self._documents = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def take(self, event: Any) -> None:
        """Go on by one event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents == 2:
                self.problems.append(
                    Problem("", "holds more than one YAML document", "only the first is read")
                )
        if self._documents > 1:
            return
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._begin(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin(event, [])
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _scalar(self, event: Any) -> None:
        if self._awaits_key():
            self._open[-1].key = event.value
            if event.anchor:
                self._anchors[event.anchor] = (event.value, 1)
            return
        value = self._resolve(event)
        self._count(1, event)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, event)

    def _begin(self, event: Any, value: Any) -> None:
        if self._awaits_key():
            raise self._refusal("a key is a collection; keys are text", event)
        if len(self._open) >= DEEPEST:
            raise self._refusal(f"is nested more than {DEEPEST} levels deep", event)
        if event.tag and event.tag not in (_TAG + "map", _TAG + "seq", "!"):
            raise self._refusal(f"the tag {event.tag} has no meaning here", event)
        self._count(1, event)
        self._open.append(_Open(value, event.anchor, self._nodes))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        for merged in done.merges:
            for key, value in merged.items():
                done.value.setdefault(key, copy_json(value))
        if done.anchor:
            self._anchors[done.anchor] = (done.value, self._nodes - done.first + 1)
        self._add(done.value, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise self._refusal(f"the alias *{event.anchor} has no value yet", event)
        value, nodes = self._anchors[event.anchor]
        if self._awaits_key():
            if isinstance(value, dict | list):
                raise self._refusal("a key is a collection; keys are text", event)
            self._open[-1].key = str(value)
            return
        self._count(nodes, event)
        self._add(copy_json(value), event)

    def _awaits_key(self) -> bool:
        return (
            bool(self._open)
            and isinstance(self._open[-1].value, dict)
            and (self._open[-1].key is None)
        )

    def _add(self, value: Any, event: Any) -> None:
        if not self._open:
            self.value = value
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(value)
            return
        key, parent.key = str(parent.key), None
        if key == "<<" and self._merge(parent, value):
            return
        if key in parent.value:
            self._duplicate(key, event)
        parent.value[key] = value

    def _merge(self, parent: _Open, value: Any) -> bool:
        """Merge keys (YAML 1.1's ``<<``), which documents in the wild use."""
        mappings = value if isinstance(value, list) else [value]
        if not mappings or not all(isinstance(item, dict) for item in mappings):
            return False
        parent.merges.extend(mappings)
        return True

    def _duplicate(self, key: str, event: Any) -> None:
        path = [
            outer.key if isinstance(outer.value, dict) else len(outer.value)
            for outer in self._open[:-1]
        ]
        self.problems.append(
            Problem(
                json_pointer([*(str(part) for part in path), key]),
                f"the key {key!r} stands twice in its object, again on line "
                f"{event.start_mark.line + 1}",
                "the last one counts",
            )
        )

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise self._refusal(f"holds more than {MOST_NODES:,} values", event)

    def _resolve(self, event: Any) -> Any:
        text: str = event.value
        if event.tag in (None, "!"):
            return resolve_scalar(text) if event.implicit[0] and event.tag is None else text
        kind = event.tag.removeprefix(_TAG)
        if kind in ("str", "timestamp", "binary"):
            return text
        if kind in ("null", "bool", "int", "float"):
            return resolve_scalar(text)
        raise self._refusal(f"the tag {event.tag} has no meaning here", event)

    def _refusal(self, what: str, event: Any) -> DocumentError:
        return DocumentError(what, where=f"{self.source}:{event.start_mark.line + 1}")


def resolve_scalar(text: str) -> Any:
    """The value of a plain scalar by YAML 1.2's core schema.

    ``.inf`` and ``.nan`` stay text and integers beyond 64 bits become floats, as in JSON.

    >>> [resolve_scalar(text) for text in ("no", "010", "1:30", "1.0", "~", "True")]
    ['no', 10, '1:30', 1.0, None, True]
    """
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        return text if value in (float("inf"), float("-inf")) else value
    return text


def _integer(text: str) -> Any:
    if len(text) > 30:
        value = float(text) if text[:2] not in ("0o", "0x") else float("inf")
        return text if value in (float("inf"), float("-inf")) else value
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    number = int(text, base)
    return number if -(2**63) <= number < 2**64 else float(number)
