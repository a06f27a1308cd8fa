"""What models make of labelled lines, in both formats that have them."""

from __future__ import annotations

import pytest

from toolalpaca.llm.protocol import Completion, ToolSpec
from toolalpaca.trace import Trace
from toolalpaca_runtime.formats import PromptFormat, Step, get_format
from toolalpaca_runtime.formats.replies import split_reasoning

GET_PET = ToolSpec(
    name="getPet",
    description="Show a pet.",
    parameters={"type": "object", "properties": {"petId": {"type": "integer"}}},
)
CALL = 'Thought: find it\nAction: getPet\nAction Input: {"petId": 7}'


@pytest.fixture(params=["react", "toolalpaca"])
def labelled(request: pytest.FixtureRequest) -> PromptFormat:
    return get_format(request.param)


def read(labelled: PromptFormat, text: str, *, finish: str = "stop") -> Step:
    trace = Trace(toolset="pets", model="m", prompt_format=labelled.name, tools=(GET_PET,))
    step = labelled.parse(Completion(text, finish=finish), trace)  # type: ignore[arg-type]
    assert step.raw == text
    return step


def called(step: Step) -> list[tuple[str, object]]:
    return [(call.tool, call.problem or call.arguments) for call in step.calls]


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        "ASSISTANT Thought: find it\nASSISTANT Action: getPet\n"
        'ASSISTANT Action Input: {"petId": 7}',
        'Find it.\nAction: getPet\nAction Input: {"petId": 7}',
        '**Thought:** find it\n**Action:** `getPet`\n**Action Input:** ```json\n{"petId": 7}\n```',
        "thought : find it\nACTION : getPet\naction input : {'petId': 7,}",
        '> Thought: find it\n> Action: getPet\n> Action Input: {"petId": 7}',
        "Thought: find it\nAction: getPet({petId: 7})",
        "Thought: find it\nAction: getPet\n{petId: 7}",
        'Thought: find it\nAction 1: getPet\nAction 1 Input: {"petId": 7}',
        'Thought: find it\nAction: getPet.\nAction_Input: "{\\"petId\\": 7}"',
        'Thought: find it\nAction: functions.getPet:0\nAction Input: {"petId": 7}',
        'Thought: find it\nAction: getPet\nAction Input: {"name": "getPet", "arguments": '
        '{"petId": 7}}',
        'Thought: find it\nAction: getPet\nAction Input: {"action": "getPet", "action_input": '
        '"{\\"petId\\": 7}"}',
        f"{CALL}\nObservation: Status Code: 200. Response: Rex\nThought: good\nAnswer: Rex",
        f"{CALL}\n\nASSISTANT Observation: Rex\nASSISTANT Response: Rex",
        f"{CALL}\nFinal Answer: Rex",
        f"{CALL}\nObservation: Rex\nThought: and now\nAction: dropPet\nAction Input: {{}}",
        f"{CALL}\nFinal Answer: Rex\nThought: and now\nAction: dropPet\nAction Input: {{}}",
        f"{CALL}\n\nThis shows the pet.",
        f"<think>Which one?\nAction: none</think>\n{CALL}",
        'I find it.\n<tool_call>{"name": "getPet", "arguments": {"petId": 7}}</tool_call>',
        '<think>Find it</think>{"action": "getPet", "action_input": {"petId": 7}}',
        f"Which one?</think>{CALL}",
    ],
)
def test_one_call_however_it_is_written(labelled: PromptFormat, text: str) -> None:
    step = read(labelled, text)
    assert called(step) == [("getPet", {"petId": 7})]
    assert step.answer is None
    assert step.problem is None
    assert "find it" in step.thought.lower()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Thought: I know\nAnswer: It is Rex.", "It is Rex."),
        ("ASSISTANT Thought: I know\nASSISTANT Response: It is Rex.", "It is Rex."),
        ("Thought: I know\nFinal Answer: It is Rex.", "It is Rex."),
        ("I know\n\n**Final Answer:** It is **Rex**.", "It is **Rex**."),
        ("<think>I know</think>Answer: It is Rex.", "It is Rex."),
        (
            "Thought: I know\nAnswer: The log says:\nAction: stop\nObservation: done",
            "The log says:\nAction: stop\nObservation: done",
        ),
    ],
)
def test_an_answer_and_all_that_follows_it(labelled: PromptFormat, text: str, answer: str) -> None:
    step = read(labelled, text)
    assert step.answer == answer
    assert step.calls == ()
    assert step.thought == "I know"


def test_several_actions_are_several_calls(labelled: PromptFormat) -> None:
    text = f'{CALL}\nAction: dropPet\nAction Input: {{"petId": 8}}'
    assert called(read(labelled, text)) == [("getPet", {"petId": 7}), ("dropPet", {"petId": 8})]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The reply was empty."),
        (" \n ", "The reply was empty."),
        ("<think>Hm", "The reply was empty."),
        ("Thought: I will look it up.", "This is no step."),
        ("Sure, here it is!", "This is no step."),
        ("Observation: Rex", "This is no step."),
        ("Thought: find it\nAction:", "The action names no tool."),
        ("Thought: I know\nAnswer: ", "The answer is empty."),
        ("Thought: f\nObservation: Rex\nAction: getPet", "This is no step."),
    ],
)
def test_what_is_no_step_is_told_with_what_to_write(
    labelled: PromptFormat, text: str, problem: str
) -> None:
    step = read(labelled, text)
    assert step.answer is None
    assert step.calls == ()
    assert (step.problem or "").startswith(f"{problem} Write ")


@pytest.mark.parametrize(
    "arguments", ['{"petId": ', "[7]", "seven", '{"petId": 7} {"petId": 8}', '{"petId": NaN}']
)
def test_arguments_that_cannot_be_read_are_a_problem_of_their_call(
    labelled: PromptFormat, arguments: str
) -> None:
    step = read(labelled, f"Thought: t\nAction: getPet\nAction Input: {arguments}")
    assert [call.tool for call in step.calls] == ["getPet"]
    assert "JSON" in (step.calls[0].problem or "") or "list" in (step.calls[0].problem or "")
    assert step.calls[0].arguments == {}


def test_a_reply_that_a_limit_cut_off_is_not_completed(labelled: PromptFormat) -> None:
    text = 'Thought: t\nAction: getPet\nAction Input: {"name": "Rex"'
    assert called(read(labelled, text)) == [("getPet", {"name": "Rex"})]
    assert read(labelled, text, finish="length").calls[0].problem is not None


def test_a_wrapper_of_another_tool_is_left_as_it_is(labelled: PromptFormat) -> None:
    text = 'Thought: t\nAction: getPet\nAction Input: {"name": "dropPet", "arguments": {}}'
    assert called(read(labelled, text)) == [("getPet", {"name": "dropPet", "arguments": {}})]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think> a </think> b", ("a", " b")),
        ("<Thinking>a</Thinking>b", ("a", "b")),
        ("a</think>b", ("a", "b")),
        ("<think>a", ("a", "")),
        ("a <think>b</think>", ("a <think>b", "")),
        ("no marks", ("", "no marks")),
    ],
)
def test_reasoning_is_taken_off(text: str, parts: tuple[str, str]) -> None:
    assert split_reasoning(text) == parts
