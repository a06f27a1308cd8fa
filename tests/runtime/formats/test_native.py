from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import Completion, Message, ToolCall
from toolalpaca.trace import AssistantEvent, Call, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats import FORMATS, get_format
from toolalpaca_runtime.formats.native import Native


def trace(*events: AssistantEvent | ObservationEvent | UserEvent, made_by: str = "native") -> Trace:
    return Trace(toolset="pets", model="m", prompt_format=made_by, events=list(events))


def test_tool_calls_become_calls_with_unique_ids() -> None:
    earlier = AssistantEvent(index=0, at=0, calls=(Call(id="call_1", tool="a"),))
    reply = Completion(
        text="Look it up. ",
        tool_calls=(
            ToolCall(id="x", name="getPet", arguments='{"id": 3}'),
            ToolCall(id="x", name="listPets", arguments=""),
        ),
    )
    step = Native().parse(reply, trace(earlier))
    assert step.thought == "Look it up."
    assert step.calls == (
        Call(id="call_2", tool="getPet", arguments={"id": 3}),
        Call(id="call_3", tool="listPets"),
    )
    assert step.answer is None
    assert step.problem is None


def test_text_is_the_answer_and_nothing_is_a_problem() -> None:
    assert Native().parse(Completion(" Done. "), trace()).answer == "Done."
    empty = Native().parse(Completion(" \n"), trace())
    assert empty.answer is None
    assert "empty" in (empty.problem or "")


@pytest.mark.parametrize("arguments", ['{"id": ', "[1]", "3", "null"])
def test_broken_arguments_are_a_problem_of_their_call_and_stay_in_the_raw_text(
    arguments: str,
) -> None:
    reply = Completion("", tool_calls=(ToolCall(id="", name="getPet", arguments=arguments),))
    step = Native().parse(reply, trace())
    assert "JSON object" in (step.calls[0].problem or "")
    event = AssistantEvent(index=0, at=0, raw=step.raw or "", calls=step.calls)
    assert orjson.loads(event.raw)["tool_calls"][0]["arguments"] == arguments
    told = Native().messages(trace(event))[-1]
    assert orjson.loads(told.tool_calls[0].arguments) == {"unreadable": arguments}


def test_a_conversation_is_told_in_messages_that_answer_their_calls() -> None:
    call = Call(id="call_1", tool="getPet", arguments={"id": 0})
    messages = Native().messages(
        trace(
            UserEvent(index=0, at=0, text="Show pet 0"),
            AssistantEvent(index=1, at=0, thought="Fetch it.", calls=(call,)),
            ObservationEvent(index=2, at=0, source="real", call="call_1", tool="getPet", text="ok"),
            AssistantEvent(index=3, at=0, raw="", problem="empty"),
            ObservationEvent(index=4, at=0, source="runtime", text="Write something."),
            AssistantEvent(index=5, at=0, raw="Rex", answer="Rex"),
            made_by="react",
        )
    )
    assert [message.role for message in messages] == [
        "system", "user", "assistant", "tool", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert messages[2] == Message(
        role="assistant",
        content="Fetch it.",
        tool_calls=(ToolCall(id="call_1", name="getPet", arguments='{"id":0}'),),
    )
    assert messages[3].tool_call_id == "call_1"
    assert "pets" in messages[0].content


@given(st.text(), st.lists(st.tuples(st.text(), st.text()), max_size=3))
def test_whatever_the_model_wrote_is_told_back_verbatim(
    text: str, written: list[tuple[str, str]]
) -> None:
    calls = tuple(ToolCall(id="", name=name, arguments=args) for name, args in written)
    step = Native().parse(Completion(text, tool_calls=calls), trace())
    event = AssistantEvent(
        index=0, at=0, raw=text if step.raw is None else step.raw, calls=step.calls,
        answer=step.answer, problem=step.problem,
    )  # fmt: skip
    told = Native().messages(trace(event))[-1]
    assert told.content == text
    assert [call.name for call in told.tool_calls] == [name for name, _ in written]
    if step.calls:
        kept = orjson.loads(event.raw)["tool_calls"]
        assert [call["arguments"] for call in kept] == [arguments for _, arguments in written]
    # A server that reads the conversation's arguments as JSON refuses none of it.
    assert all(isinstance(orjson.loads(call.arguments), dict) for call in told.tool_calls)
    assert [call.id for call in told.tool_calls] == [call.id for call in step.calls]
    orjson.dumps(told.model_dump())


def test_formats_are_found_by_name() -> None:
    assert get_format("native").name == "native"
    with pytest.raises(UsageError, match="the formats are native, react, toolalpaca"):
        get_format("prose")
    assert {name: get_format(name).name for name in FORMATS} == {name: name for name in FORMATS}
