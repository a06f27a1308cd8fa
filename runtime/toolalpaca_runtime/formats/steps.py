"""Steps of labelled lines, as a model writes them: rendered, and as a constraint on decoding."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.llm.bounding import Bounds, bounded
from toolalpaca.llm.grammar import json_rule
from toolalpaca.llm.protocol import Grammar, Regex, ToolSpec
from toolalpaca.trace import AssistantEvent, Call, Event, UserEvent

_THOUGHT: Final = 200  # characters of a thought under the grammar
_ANSWER: Final = 600  # characters of an answer under the grammar
_BRACES: Final = 600  # characters of arguments under a regular expression
_ARGUMENTS: Final = Bounds(string=120, items=3, depth=4, nodes=60)
_SAME_CALLS: Final = 2  # identical calls of a tool after which the grammar takes it away


@dataclass(frozen=True, slots=True)
class Labels:
    """What the lines of a step begin with, without the colon."""

    thought: str
    action: str
    arguments: str
    answer: str


def render_step(
    thought: str,
    calls: Sequence[Call],
    answer: str | None,
    tools: Mapping[str, ToolSpec],
    labels: Labels,
) -> str:
    """A step as the model would write it, arguments in the order that the grammar demands."""
    lines = [f"{labels.thought}: {' '.join(thought.split())}"] if thought.strip() else []
    for call in calls:
        lines.append(f"{labels.action}: {call.tool}")
        arguments = _ordered(call.arguments, tools.get(call.tool))
        lines.append(f"{labels.arguments}: {json.dumps(arguments, ensure_ascii=False)}")
    if not calls and answer is not None:
        lines.append(f"{labels.answer}: {answer.strip()}")
    return "\n".join(lines)


def step_grammar(tools: Sequence[ToolSpec], labels: Labels, *, begun: str = "") -> Grammar:
    """A thought, then the use of one of *tools* or an answer; without tools only an answer.

    Args:
        tools: Those that can be named.
        labels: What the lines begin with.
        begun: The beginning of the step that stands in the prompt already.
    """
    opening = json.dumps(f"{labels.thought}: ".removeprefix(begun))
    rules = [f'start: {opening} THOUGHT "\\n" step']
    choices = ["answer"]
    for number, tool in enumerate(tools):
        choices.append(f"tool_{number}")
        opening = json.dumps(f"{labels.action}: {tool.name}\n{labels.arguments}: ")
        rules.append(f"tool_{number}: {opening} arguments_{number}")
        rules.append(f"arguments_{number}: {json_rule(tool.parameters, _ARGUMENTS)}")
    rules.append(f"step: {' | '.join(choices)}")
    rules.append(f'answer: "{labels.answer}: " ANSWER')
    rules.append(f"THOUGHT: /[^\\s][^\\n]{{0,{_THOUGHT - 1}}}/")
    rules.append(f"ANSWER: /[^\\s](.|\\n){{0,{_ANSWER - 1}}}/")
    return Grammar("\n".join(rules))


def step_regex(tools: Sequence[ToolSpec], labels: Labels, *, begun: str = "") -> Regex:
    """The language of :func:`step_grammar`, but for what is inside the arguments' braces."""
    thought = f"{labels.thought}: ".removeprefix(begun) + rf"[^\s][^\n]{{0,{_THOUGHT - 1}}}"
    answer = rf"{labels.answer}: [^\s](.|\n){{0,{_ANSWER - 1}}}"
    if not tools:
        return Regex(rf"{thought}\n{answer}")
    names = "|".join(tool.name for tool in tools)  # of letters, digits, _ and -
    braces = rf"\{{[^\n]{{0,{_BRACES}}}\}}"
    call = rf"{labels.action}: ({names})\n{labels.arguments}: {braces}"
    return Regex(rf"{thought}\n({call}|{answer})")


def turn_of(events: Sequence[Event]) -> Sequence[Event]:
    """The events since the user's last words."""
    starts = [number for number, event in enumerate(events) if isinstance(event, UserEvent)]
    return events[starts[-1] :] if starts else events


def still_useful(tools: Sequence[ToolSpec], turn: Sequence[Event]) -> Sequence[ToolSpec]:
    """*tools* without those whose use became a loop: a small model never leaves one by itself."""
    made = [
        (call.tool, json.dumps(call.arguments, sort_keys=True))
        for event in turn
        if isinstance(event, AssistantEvent)
        for call in event.calls
    ]
    looping = {tool for tool, text in made if made.count((tool, text)) >= _SAME_CALLS}
    return [tool for tool in tools if tool.name not in looping]


def _ordered(arguments: dict[str, Any], tool: ToolSpec | None) -> dict[str, Any]:
    """*arguments* in the order of the grammar, so that training and decoding agree."""
    if tool is None:
        return arguments
    names = bounded(tool.parameters, _ARGUMENTS).get("properties", {})
    known = {name: arguments[name] for name in names if name in arguments}
    return {**known, **{k: v for k, v in arguments.items() if k not in known}}
