from __future__ import annotations

import orjson
import pytest

from toolalpaca.llm.protocol import Completion, ToolSpec
from toolalpaca.trace import AssistantEvent, Trace
from toolalpaca_runtime.formats.native import Native

GET_PET = ToolSpec(name="getPet", description="", parameters={"type": "object"})
CALL = '{"name": "getPet", "arguments": {"petId": 7}}'
TRACE = Trace(toolset="pets", model="m", prompt_format="native", tools=(GET_PET,))


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>\n{CALL}\n</tool_call>",
        f"<tool_call>{CALL}",
        f"Look it up.\n<tool_call>{CALL}</tool_call>\n<tool_response>made up</tool_response>",
        f"<think>Look it up.</think>\n<tool_call>{CALL}</tool_call>",
        '<function=getPet>{"petId": 7}</function>',
        f"[TOOL_CALLS][{CALL}]",
        '<|tool_call_begin|>functions.getPet:0<|tool_call_argument_begin|>{"petId": 7}'
        "<|tool_call_end|>",
        f"<|python_tag|>{CALL}",
        CALL,
        f"```json\n{CALL}\n```",
        '{"type": "function", "function": {"name": "functions.getPet", "arguments": '
        '"{\\"petId\\": 7}"}}',
        "{'name': 'getPet', 'parameters': {'petId': 7}}",
    ],
)
def test_a_call_that_was_written_as_text_is_made_and_told_as_a_call(text: str) -> None:
    step = Native().parse(Completion(text), TRACE)
    assert [(call.tool, call.arguments) for call in step.calls] == [("getPet", {"petId": 7})]
    assert step.thought == ("Look it up." if "Look" in text else "")
    event = AssistantEvent(index=0, at=0, raw=step.raw or "", calls=step.calls)
    told = Native().messages(TRACE.model_copy(update={"events": [event]}))[-1]
    (call,) = told.tool_calls
    assert (call.name, orjson.loads(call.arguments)) == ("getPet", {"petId": 7})
    assert "tool_call" not in told.content


def test_several_calls_are_several() -> None:
    text = f"<tool_call>{CALL}</tool_call>\n<tool_call>{CALL.replace('7', '8')}</tool_call>"
    step = Native().parse(Completion(text), TRACE)
    assert [call.arguments for call in step.calls] == [{"petId": 7}, {"petId": 8}]
    assert [call.id for call in step.calls] == ["call_1", "call_2"]
    assert len(Native().parse(Completion(f"[{CALL}, {CALL}]"), TRACE).calls) == 2


def test_a_mark_around_what_cannot_be_read_is_a_call_with_a_problem() -> None:
    step = Native().parse(Completion('<tool_call>{"name": "getPet", "arguments": {"pe'), TRACE)
    assert [call.tool for call in step.calls] == ["getPet"]
    assert "not valid JSON" in (step.calls[0].problem or "")


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Rex", "arguments": {}}',
        '{"id": 7, "name": "getPet"}',
        f"The API answered {CALL}",
        f"It says:\n```json\n{CALL}\n```",
        f"{CALL} is how a call looks.",
        f"{CALL} is how a call looks, in {{}}",
        f"```json\n{CALL}\n```\nor\n```json\n{CALL}\n```",
        "[1, 2]",
        "Write <tool_call> around it.",
    ],
)
def test_a_text_about_json_is_an_answer(text: str) -> None:
    step = Native().parse(Completion(text), TRACE)
    assert step.answer == text
    assert step.calls == ()


def test_reasoning_is_no_answer() -> None:
    step = Native().parse(Completion("<think>Is it Rex?</think>\n\nIt is."), TRACE)
    assert (step.thought, step.answer, step.raw) == ("Is it Rex?", "It is.", None)
    step = Native().parse(Completion("<think>Is it"), TRACE)
    assert (step.thought, step.answer) == ("Is it", None)
    assert "only a thought" in (step.problem or "")
