"""ReAct: thought, action and observation as text, for any model that can continue a text.

The layout is that of ReAct (https://arxiv.org/abs/2210.03629)::

    Thought: the user wants the pet with the id 7
    Action: getPet
    Action Input: {"petId": 7}

and for the end of a turn ``Thought: ...`` and ``Answer: ...``. What a tool returned comes back as a
user's message that begins with ``Observation:``. Where a backend can, decoding is held to a grammar
in which only tools that exist can be named and only arguments that fit can be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from toolalpaca.llm.bounding import Bounds, bounded
from toolalpaca.llm.grammar import json_rule
from toolalpaca.llm.protocol import Completion, Grammar, Message, Request, ToolSpec
from toolalpaca.trace import AssistantEvent, Call, Event, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats import Step, call_id
from toolalpaca_runtime.formats.lenient_json import read_object
from toolalpaca_runtime.formats.signatures import describe_tools
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.prompts import render_prompt

STOP = "\nObservation"

_OBSERVATION = 1500  # characters of a result that the model is shown
_THOUGHT = 200  # characters of a thought under the grammar
_ANSWER = 600  # characters of an answer under the grammar
_ARGUMENTS = Bounds(string=120, items=3, depth=4, nodes=60)
_SAME_CALLS = 2  # identical calls of a tool after which the grammar takes it away

_LABEL = re.compile(
    r"^[ \t>*#-]*(?P<label>thought|action input|action|(?:final )?answer)[ \t]*\**[ \t]*:\**[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_HALLUCINATED = re.compile(r"\n[ \t>*#]*observation[ \t]*\**[ \t]*:", re.IGNORECASE)
_HOW = (
    'Write "Thought:", then either "Action:" with the name of a tool and "Action Input:" with its '
    'arguments as a JSON object, or "Answer:" with what the user is told.'
)


class React:
    """Thought, action, observation."""

    name = "react"

    def messages(self, trace: Trace) -> tuple[Message, ...]:
        """The conversation; see :class:`toolalpaca_runtime.formats.PromptFormat`."""
        system = render_prompt("react", toolset=trace.toolset, tools=describe_tools(trace.tools))
        own = trace.prompt_format == self.name
        tools = {tool.name: tool for tool in trace.tools}
        told = [_message(event, tools, verbatim=own) for event in trace.events]
        return (Message(role="system", content=system), *told)

    def request(self, trace: Trace, limits: Limits) -> Request:
        """The conversation, and a grammar for the next step."""
        turn = _turn(trace.events)
        steps = sum(isinstance(event, AssistantEvent) for event in turn)
        tools = () if steps + 1 >= limits.steps else _still_useful(trace.tools, turn)
        return Request(
            messages=self.messages(trace),
            constraint=step_grammar(tools),
            stop=(STOP,),
            max_tokens=limits.reply_tokens,
            seed=trace.seed,
        )

    def parse(self, completion: Completion, trace: Trace) -> Step:
        """Read labelled lines; the first action or answer decides what the step is."""
        return _Reply(completion.text).step(trace)


def render_step(
    thought: str, calls: Sequence[Call], answer: str | None, tools: dict[str, ToolSpec]
) -> str:
    """A step as the model would write it, arguments in the order that the grammar demands."""
    lines = [f"Thought: {' '.join(thought.split())}"] if thought.strip() else []
    for call in calls:
        lines.append(f"Action: {call.tool}")
        arguments = _ordered(call.arguments, tools.get(call.tool))
        lines.append(f"Action Input: {json.dumps(arguments, ensure_ascii=False)}")
    if not calls and answer is not None:
        lines.append(f"Answer: {answer.strip()}")
    return "\n".join(lines)


def step_grammar(tools: Sequence[ToolSpec]) -> Grammar:
    """A thought, then the use of one of *tools* or an answer; without tools only an answer."""
    rules = ['start: "Thought: " THOUGHT "\\n" step']
    choices = ["answer"]
    for number, tool in enumerate(tools):
        choices.append(f"tool_{number}")
        opening = json.dumps(f"Action: {tool.name}\nAction Input: ")
        rules.append(f"tool_{number}: {opening} arguments_{number}")
        rules.append(f"arguments_{number}: {json_rule(tool.parameters, _ARGUMENTS)}")
    rules.append(f"step: {' | '.join(choices)}")
    rules.append('answer: "Answer: " ANSWER')
    rules.append(f"THOUGHT: /[^\\s][^\\n]{{0,{_THOUGHT - 1}}}/")
    rules.append(f"ANSWER: /[^\\s](.|\\n){{0,{_ANSWER - 1}}}/")
    return Grammar("\n".join(rules))


class _Reply:
    """A reply cut at its labels."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts = list(_parts(text))

    def step(self, trace: Trace) -> Step:
        thought = next((text for label, text in self._parts if label in ("thought", "")), "")
        deciding = next((p for p in self._parts if p[0] in ("action", "answer")), None)
        if deciding is None:
            return Step(thought=thought, problem=f"This is no step. {_HOW}")
        if deciding[0] == "answer":
            # All of the rest is the answer, labels in it included.
            answer = self._text[self._answer_starts() :].strip()
            if not answer:
                return Step(thought=thought, problem=f"The answer is empty. {_HOW}")
            return Step(thought=thought, answer=answer)
        calls = tuple(self._calls(trace))
        if not any(call.tool for call in calls):
            return Step(thought=thought, problem=f"The action names no tool. {_HOW}")
        return Step(thought=thought, calls=calls)

    def _answer_starts(self) -> int:
        return next(m.end() for m in _LABEL.finditer(self._text) if "answer" in m["label"].lower())

    def _calls(self, trace: Trace) -> Iterable[Call]:
        number = 0
        for (label, text), (following, arguments) in zip(
            self._parts, [*self._parts[1:], ("", "")], strict=True
        ):
            if label == "answer":
                return
            if label == "action":
                written = arguments if following == "action input" else None
                yield _read_call(text, written, call_id(trace, number))
                number += 1


def _parts(text: str) -> Iterable[tuple[str, str]]:
    """Labels, lower case, each with the text up to the next; what stands before them has ``""``."""
    if (cut := _HALLUCINATED.search(text)) and not _answers_before(text, cut.start()):
        text = text[: cut.start()]
    matches = list(_LABEL.finditer(text))
    before = text[: matches[0].start()] if matches else text
    if before.strip():
        yield "", before.strip()
    for match, following in zip_longest(matches, matches[1:]):
        label = match["label"].lower().removeprefix("final ")
        yield label, text[match.end() : following.start() if following else None].strip()


def _answers_before(text: str, position: int) -> bool:
    """Whether an answer has begun there, so that what looks like an observation belongs to it."""
    deciding = [m for m in _LABEL.finditer(text, 0, position) if m["label"].lower() != "thought"]
    return bool(deciding) and "answer" in deciding[0]["label"].lower()


def _read_call(name: str, arguments: str | None, call: str) -> Call:
    tool, inline = _split_name(name)
    if arguments is None:
        arguments = inline
    found = read_object(arguments)
    if isinstance(found, str):
        problem = f"The arguments cannot be read: {found}. Write them as one JSON object."
        return Call(id=call, tool=tool, problem=problem)
    return Call(id=call, tool=tool, arguments=found)


def _split_name(text: str) -> tuple[str, str]:
    """The tool's name, and the arguments where they stand on the same line: ``getPet({...})``."""
    line = text.strip().split("\n", 1)[0]
    match = re.match(r"[`\"'\[*]*(?P<name>[A-Za-z0-9_.-]*)[`\"'\]*]*\s*\(?(?P<rest>.*)", line)
    if match is None:
        return line, ""
    rest = match["rest"].strip()
    return match["name"], rest.removesuffix(")").strip() if rest.startswith("{") else ""


def _message(event: Event, tools: dict[str, ToolSpec], *, verbatim: bool) -> Message:
    match event:
        case UserEvent():
            return Message(role="user", content=event.text)
        case ObservationEvent():
            return Message(role="user", content=f"Observation: {_cut(event.text)}")
        case AssistantEvent():
            text = event.raw if verbatim and event.raw else _told(event, tools)
            return Message(role="assistant", content=text)


def _told(event: AssistantEvent, tools: dict[str, ToolSpec]) -> str:
    """A step of another format; one that could not be read is told as it was written."""
    return render_step(event.thought, event.calls, event.answer, tools) or event.raw


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _OBSERVATION else f"{text[:_OBSERVATION].rstrip()} ... (cut)"


def _turn(events: Sequence[Event]) -> Sequence[Event]:
    """The events since the user's last words."""
    starts = [number for number, event in enumerate(events) if isinstance(event, UserEvent)]
    return events[starts[-1] :] if starts else events


def _still_useful(tools: Sequence[ToolSpec], turn: Sequence[Event]) -> Sequence[ToolSpec]:
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
