"""Reading a reply takes time in proportion to its length, whatever is in it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import re._constants as op  # type: ignore[import-not-found]
import re._parser as regex  # type: ignore[import-not-found]
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import toolalpaca_runtime.formats
from toolalpaca.llm.protocol import Completion, ToolCall
from toolalpaca.trace import Trace
from toolalpaca_runtime.formats import FORMATS, get_format

# -- regular expressions --------------------------------------------------------------------------

ONLY_AT_A_PLACE = {
    "_SPACE",
    "_LINE_COMMENT",
    "_NAME",
    "_WORD",
    "_NUMBER",
    "_BEFORE",
    "_THINKING",
    "_ALONE",
}
"""Those that are only ever matched where they have to begin, and never searched for."""


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for module in pkgutil.iter_modules(toolalpaca_runtime.formats.__path__):
        loaded = importlib.import_module(f"{toolalpaca_runtime.formats.__name__}.{module.name}")
        for name, value in vars(loaded).items():
            for found in value.values() if isinstance(value, dict) else [value]:
                if isinstance(found, re.Pattern):
                    yield name, found


CHARACTERS = [chr(code) for code in [*range(0x180), 0x2019, 0x201D, 0x2028, 0x3000, 0xFEFF]]


def characters(node: tuple[Any, Any], flags: int) -> set[str]:
    """Which of some characters one item of a pattern may begin with."""
    kind, value = node
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return first(list(value[2]), flags)
    if kind is op.SUBPATTERN:
        return first(list(value[3]), flags)
    if kind is op.BRANCH:
        return set().union(*(first(list(branch), flags) for branch in value[1]))
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return set()
    single = re.compile(_source(node), flags & ~re.VERBOSE)
    return {character for character in CHARACTERS if single.fullmatch(character)}


def _source(node: tuple[Any, Any]) -> str:
    """A pattern for one character."""
    kind, value = node
    if kind is op.LITERAL:
        return re.escape(chr(value))
    if kind is op.NOT_LITERAL:
        return f"[^{re.escape(chr(value))}]"
    if kind is op.ANY:
        return "."
    assert kind is op.IN
    parts = []
    for inner, what in value:
        if inner is op.NEGATE:
            parts.append("^")
        elif inner is op.LITERAL:
            parts.append(re.escape(chr(what)))
        elif inner is op.RANGE:
            parts.append(f"{re.escape(chr(what[0]))}-{re.escape(chr(what[1]))}")
        else:
            parts.append(_CATEGORIES[what])
    return f"[{''.join(parts)}]"


_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def first(items: list[Any], flags: int) -> set[str]:
    found: set[str] = set()
    for item in items:
        found |= characters(item, flags)
        if not is_optional(item):
            break
    return found


def is_optional(node: tuple[Any, Any]) -> bool:
    kind, value = node
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return bool(value[0] == 0) or all(is_optional(item) for item in value[2])
    if kind is op.SUBPATTERN:
        return all(is_optional(item) for item in value[3])
    if kind is op.BRANCH:
        return any(all(is_optional(item) for item in branch) for branch in value[1])
    return kind in (op.AT, op.ASSERT, op.ASSERT_NOT)


def is_unbounded(node: tuple[Any, Any]) -> bool:
    return node[0] in (op.MAX_REPEAT, op.MIN_REPEAT) and node[1][1] is op.MAXREPEAT


def flattened(items: Any) -> Iterator[list[Any]]:
    """The ways through a pattern, groups and alternatives opened."""
    ways: list[list[Any]] = [[]]
    for item in items:
        kind, value = item
        if kind is op.SUBPATTERN:
            inner = list(flattened(value[3]))
        elif kind is op.BRANCH:
            inner = [way for branch in value[1] for way in flattened(branch)]
        else:
            inner = [[item]]
        ways = [way + more for way in ways for more in inner]
    yield from ways


def faults(pattern: re.Pattern[str], *, searched: bool) -> Iterator[str]:
    """Why the time that *pattern* takes may grow faster than the text."""
    for way in flattened(regex.parse(pattern.pattern, pattern.flags)):
        for place, item in enumerate(way):
            if not is_unbounded(item):
                continue
            if searched and all(
                is_optional(before) and before[0] is not op.AT for before in way[:place]
            ):
                yield "a search begins with a repetition"
            inner = [part for path in flattened(item[1][2]) for part in path]
            if any(is_unbounded(part) for part in inner):
                yield "a repetition within a repetition"
            for following in way[place + 1 :]:
                both = characters(item, pattern.flags) & characters(following, pattern.flags)
                if is_unbounded(following) and both:
                    yield f"two repetitions of {sorted(both)[:3]}"
                if not is_optional(following) and not both:
                    break


@pytest.mark.parametrize(
    "bad", [r"\s*x", r"a(?:b*)*", r"a[ \t]*\**[ \t]*:", r"a\w*-?\d+:", r"x(?:a|b+)c?[ab]*d"]
)
def test_the_check_finds_what_is_slow(bad: str) -> None:
    assert list(faults(re.compile(bad), searched=True))


def test_no_regular_expression_of_the_formats_is_slow() -> None:
    checked = 0
    for name, pattern in patterns():
        found = list(faults(pattern, searched=name not in ONLY_AT_A_PLACE))
        assert not found, f"{name} {pattern.pattern}: {found}"
        checked += 1
    assert checked > 15


# -- everything else ------------------------------------------------------------------------------

TEXTS = [
    " ", "\n", "*", "`", "{", "[", '"', "\\", "'", ",", "/", "#", "}", "x", "/*", "//\n",
    '{"a":', '{"a":1,', '"a",', "\\u", "Thought", "Thought:", "Action:", "\nAction: getPet",
    '\nAction: getPet\nAction Input: {"a": 1}', "\nAction Input:", "\nObservation:", "\nAnswer:",
    "ASSISTANT ", "\nASSISTANT Response:", "<think>", "</think>", "<tool_call>", "</tool_call>",
    '<tool_call>{"name": "a"', "[TOOL_CALLS]", "<function=a>", "\n> ", "```", "```json\n",
    "functions.", ":0",
]  # fmt: skip


def steps_taken(action: Callable[[], object]) -> int:
    """Lines of Python that *action* runs."""
    count = 0

    def trace(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("part", TEXTS)
def test_four_times_the_text_takes_four_times_the_steps(name: str, part: str) -> None:
    chosen = get_format(name)
    trace = Trace(toolset="x", model="m", prompt_format=name)

    def reading(length: int) -> Callable[[], object]:
        # The whole reply is of such parts, or the arguments of a call are.
        text = part * length
        call = ToolCall(id="", name="a", arguments=text)
        before = "Thought: t\nAction: a\nAction Input: "
        replies = Completion(text), Completion(before + text), Completion("", (call,))
        return lambda: [chosen.parse(reply, trace) for reply in replies]

    reading(1)()  # what is loaded late is loaded
    few, many = steps_taken(reading(100)), steps_taken(reading(400))
    assert many < 4.5 * few + 200
