"""The laws that every prompt format keeps."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import UsageError
from toolalpaca.llm.grammar import as_grammar, check_grammar
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    Grammar,
    Message,
    Regex,
    ToolCall,
    ToolSpec,
)
from toolalpaca.llm.scripted import Scripted
from toolalpaca.trace import AssistantEvent, Call, Event, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats import FORMATS, PromptFormat, format_for, get_format
from toolalpaca_runtime.formats.labelled import LabelledFormat
from toolalpaca_runtime.limits import Limits


def tool(name: str) -> ToolSpec:
    return ToolSpec(
        name=name,
        description=f"What {name} does.",
        parameters={"type": "object", "properties": {"petId": {"type": "integer"}}},
    )


@pytest.fixture(params=list(FORMATS))
def prompt_format(request: pytest.FixtureRequest) -> PromptFormat:
    return get_format(request.param)


def conversation(prompt_format: str) -> Trace:
    """Two turns, in which an observation and the user's words bring tools."""
    first, second = (Call(id=f"call_{n}", tool="searchTools") for n in (1, 2))
    events: list[Event] = [
        UserEvent(index=0, at=0, text="Sell pet 7"),
        AssistantEvent(index=1, at=0, thought="Find a tool.", calls=(first, second)),
        ObservationEvent(
            index=2, at=0, source="runtime", call="call_1", tool="searchTools",
            text="You can now use: sellPet.", tools=(tool("sellPet"),),
        ),
        ObservationEvent(
            index=3, at=0, source="runtime", call="call_2", tool="searchTools", text="No tool."
        ),
        AssistantEvent(index=4, at=0, raw="", problem="empty"),
        ObservationEvent(index=5, at=0, source="runtime", text="Write something."),
        AssistantEvent(index=6, at=0, thought="I know.", answer="Sold."),
        UserEvent(index=7, at=0, text="Feed it", tools=(tool("feedPet"),)),
        AssistantEvent(index=8, at=0, thought="Done.", answer="Fed."),
    ]  # fmt: skip
    return Trace(
        toolset="pets", model="m", prompt_format=prompt_format, tools=(tool("searchTools"),),
        events=events,
    )  # fmt: skip


def until(trace: Trace, events: int) -> Trace:
    return trace.model_copy(update={"events": trace.events[:events]})


@pytest.mark.parametrize("made_by", [*FORMATS, "another"])
def test_every_event_appends_messages_and_changes_none(
    prompt_format: PromptFormat, made_by: str
) -> None:
    trace = conversation(made_by)
    finished = prompt_format.messages(trace)
    for count in range(len(trace.events) + 1):
        told = prompt_format.messages(until(trace, count))
        assert told == finished[: len(told)]
        assert len(told) == count + 1


@pytest.mark.parametrize("name", ["react", "toolalpaca"])
def test_a_text_model_s_prompt_is_where_the_finished_text_begins(name: str) -> None:
    chosen = get_format(name)
    assert isinstance(chosen, LabelledFormat)
    in_text = chosen.for_model(Capabilities(text=True))
    trace = conversation("another")
    finished = in_text.text(trace)
    for count, event in enumerate(trace.events):
        if not isinstance(event, AssistantEvent) or not event.thought:
            continue
        (message,) = in_text.request(until(trace, count), Limits()).messages
        assert message.role == "user"
        assert finished.startswith(message.content)
        assert message.content.endswith("Thought:")


def test_no_message_and_no_prompt_ends_in_white_space(prompt_format: PromptFormat) -> None:
    for message in prompt_format.messages(conversation("another")):
        assert message.content == message.content.rstrip()


def test_tools_that_events_add_are_told_from_there_on(prompt_format: PromptFormat) -> None:
    trace = conversation("another")
    for name, event in (("sellPet", 2), ("feedPet", 7)):
        for known, request in (
            (False, prompt_format.request(until(trace, event), Limits())),
            (True, prompt_format.request(until(trace, event + 1), Limits())),
        ):
            native = name in {spec.name for spec in request.tools}
            told = f"What {name} does" in "".join(m.content for m in request.messages)
            assert (native or told) == known
            assert not (native and told)
            grammar = getattr(request.constraint, "lark", "") if request.constraint else ""
            assert (f"Action: {name}" in grammar) == (known and not request.tools)
    # Each is told once.
    whole = "".join(message.content for message in prompt_format.messages(trace))
    assert whole.count("What sellPet does") <= 1


def test_a_call_of_an_added_tool_is_read(prompt_format: PromptFormat) -> None:
    reply = Completion(
        "ASSISTANT Thought: t\nASSISTANT Action: functions.feedPet:0\n"
        'ASSISTANT Action Input: {"petId": 7}',
        (ToolCall(id="", name="functions.feedPet:0", arguments='{"petId": 7}'),),
    )
    step = prompt_format.parse(reply, conversation(prompt_format.name))
    assert [(call.tool, call.arguments) for call in step.calls] == [("feedPet", {"petId": 7})]


# -- decoding ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("name", ["react", "toolalpaca"])
def test_decoding_is_held_to_tools_that_exist_as_the_model_lets_it(name: str, text: bool) -> None:
    labelled = get_format(name)
    assert isinstance(labelled, LabelledFormat)
    trace = until(conversation("another"), 3)

    def constraint(**can: bool) -> Any:
        asked = labelled.for_model(Capabilities(text=text, **can))
        return asked.request(trace, Limits()).constraint

    assert constraint() is None
    assert isinstance(constraint(grammar=True, regex=True), Grammar)
    check_grammar(constraint(grammar=True))
    pattern = constraint(regex=True)
    assert isinstance(pattern, Regex)
    check_grammar(as_grammar(pattern))
    labels = labelled.labels
    thought = f"{labels.thought}: I see".removeprefix(f"{labels.thought}:" if text else "")
    call = f"{thought}\n{labels.action}: {{}}\n{labels.arguments}: {{}}"
    assert re.fullmatch(pattern.pattern, call.format("sellPet", '{"petId": 7}'))
    assert re.fullmatch(pattern.pattern, f"{thought}\n{labels.answer}: Sold.\nBye.")
    assert not re.fullmatch(pattern.pattern, call.format("feedPet", "{}"))
    assert not re.fullmatch(pattern.pattern, call.format("sellPet", "7"))
    last = labelled.for_model(Capabilities(text=text, regex=True)).request(trace, Limits(steps=1))
    assert isinstance(last.constraint, Regex)
    assert not re.fullmatch(last.constraint.pattern, call.format("sellPet", "{}"))


# -- which format --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "name"),
    [
        (Capabilities(tools=True), "native"),
        (Capabilities(grammar=True), "react"),
        (Capabilities(text=True), "toolalpaca"),
    ],
)
def test_a_model_is_spoken_to_in_the_format_that_suits_it(
    capabilities: Capabilities, name: str
) -> None:
    assert format_for(Scripted([], capabilities=capabilities)).name == name


def test_a_model_that_continues_a_text_has_no_native_tools() -> None:
    model = Scripted([], capabilities=Capabilities(text=True))
    with pytest.raises(UsageError, match="use --format toolalpaca or react"):
        format_for(model, get_format("native"))
    assert format_for(model, get_format("react")).name == "react"


SHOUTED = '''
from toolalpaca_runtime.formats.react import React

class Shouted(React):
    """ReAct in capitals."""

    name = "shouting:Shouted"

    def user(self, event):
        return event.text.upper()
'''


def test_a_format_of_one_s_own_is_one_class_named_by_its_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shouting.py").write_text(SHOUTED)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shouting", raising=False)
    chosen = get_format("shouting:Shouted")
    assert chosen.messages(conversation(chosen.name))[1] == Message(
        role="user", content="SELL PET 7"
    )


@pytest.mark.parametrize(
    "name",
    [
        "prose",
        "no_such_module:Format",
        "toolalpaca_runtime.formats.react:NoFormat",
        ":",
        "json:a:b",
    ],
)
def test_a_format_that_is_not_there_is_one_clear_error(name: str) -> None:
    with pytest.raises(UsageError, match=r"prompt format '.*(native, react|PYTHONPATH)"):
        get_format(name)
