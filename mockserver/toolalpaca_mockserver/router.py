"""From a path to the operation behind it, at a cost that grows with the path alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

Target = TypeVar("Target")

_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Match(Generic[Target]):
    """What answers a path.

    Attributes:
        target: What was added.
        values: Path parameters by name, percent-encoded as they were sent.
    """

    target: Target
    values: dict[str, str]


@dataclass(slots=True)
class _Leaf(Generic[Target]):
    targets: dict[str, tuple[Target, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(slots=True)
class _Node(Generic[Target]):
    literals: dict[str, _Node[Target]] = field(default_factory=dict)
    mixed: list[tuple[re.Pattern[str], str, _Node[Target]]] = field(default_factory=list)
    parameter: _Node[Target] | None = None
    leaf: _Leaf[Target] | None = None


class Router(Generic[Target]):
    """Finds targets by method and path.

    "Concrete definitions are matched before their templated counterparts"
    (https://spec.openapis.org/oas/v3.1.1#patterned-fields-0): segment by segment, literals come
    first, then segments that are templated in part, then whole parameters. What a path without
    any parameter does not answer, no template answers in its place.
    """

    def __init__(self) -> None:
        self._root: _Node[Target] = _Node()

    def add(self, method: str, path: str, target: Target) -> bool:
        """Let *target* answer *method* on the template *path*; False when another one does."""
        node = self._root
        names: list[str] = []
        for segment in path.split("/")[1:]:
            found = _PARAMETER.findall(segment)
            names.extend(found)
            node = _step(node, segment, found)
        if node.leaf is None:
            node.leaf = _Leaf()
        if method in node.leaf.targets:
            return False
        node.leaf.targets[method] = (target, tuple(names))
        return True

    def match(self, method: str, path: str) -> Match[Target] | None:
        """What answers *method* on *path*, which is percent-encoded as it was sent."""
        for leaf, values in self._walk(self._root, path.split("/")[1:], 0, ()):
            entry = leaf.targets.get(method)
            if entry is not None:
                target, names = entry
                return Match(target, dict(zip(names, values, strict=True)))
            if not values:
                return None
        return None

    def is_concrete(self, path: str) -> bool:
        """Whether a path without any parameter is *path*."""
        return any(not values for _, values in self._walk(self._root, path.split("/")[1:], 0, ()))

    def methods(self, path: str) -> list[str]:
        """The methods that *path* answers; none when there is no such path."""
        found: dict[str, None] = {}
        for leaf, values in self._walk(self._root, path.split("/")[1:], 0, ()):
            found.update(dict.fromkeys(leaf.targets))
            if not values:
                break
        return list(found)

    def _walk(
        self, node: _Node[Target], segments: list[str], index: int, values: tuple[str, ...]
    ) -> Iterator[tuple[_Leaf[Target], tuple[str, ...]]]:
        if index == len(segments):
            if node.leaf is not None:
                yield node.leaf, values
            return
        segment = segments[index]
        literal = node.literals.get(segment) or node.literals.get(unquote(segment))
        if literal is not None:
            yield from self._walk(literal, segments, index + 1, values)
        for pattern, _, child in node.mixed:
            match = pattern.fullmatch(segment)
            if match:
                yield from self._walk(child, segments, index + 1, (*values, *match.groups()))
        if node.parameter is not None and segment:
            yield from self._walk(node.parameter, segments, index + 1, (*values, segment))


def _step(node: _Node[Target], segment: str, parameters: list[str]) -> _Node[Target]:
    """The child of *node* for one segment of a template, made when it is not there."""
    if not parameters:
        return node.literals.setdefault(unquote(segment), _Node())
    if len(parameters) == 1 and segment == "{" + parameters[0] + "}":
        if node.parameter is None:
            node.parameter = _Node()
        return node.parameter
    shape = _PARAMETER.sub("{}", segment)
    for _, known, child in node.mixed:
        if known == shape:
            return child
    # Groups of at least one character; fullmatch makes the last one reach the end. They are lazy,
    # but what comes before a dot is greedy: an extension begins at the last one.
    first, *literals = shape.split("{}")
    groups = ("(.+)" if part == "." else "(.+?)" for part in literals)
    parts = (group + re.escape(part) for group, part in zip(groups, literals, strict=True))
    made: _Node[Target] = _Node()
    node.mixed.append((re.compile(re.escape(first) + "".join(parts)), shape, made))
    return made
