"""ToolAlpaca's protocol: the layout and the words on which its published models were trained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from toolalpaca.calling.tools import ASK
from toolalpaca.llm.protocol import Capabilities, Completion, ToolSpec
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    HttpResponse,
    ObservationEvent,
    StoredFile,
    Trace,
    UserEvent,
)
from toolalpaca_runtime.formats.toolalpaca import ToolAlpaca
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.tools.retrieval import RETRIEVE

GET_PET = ToolSpec(
    name="getPet",
    description="Show a pet.",
    parameters={
        "type": "object",
        "properties": {
            "petId": {"type": "integer", "description": "Its number."},
            "kind": {"type": "string", "enum": ["cat", "dog"]},
        },
        "required": ["petId"],
    },
)
TEXT = Capabilities(text=True)
AFTER_ERROR = (
    ". You should choose one of: (1) change the input and retry; (2) return the 'Final Answer' and "
    "explain what happened; (You must choose this one when the error occurs more than 3 times.) "
    "(3) call another function."
)

# What the original makes of this API and this run, put together by hand; two lines end in a space.
WHOLE = """\
A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions with the help of some tools.
You have access to the following tools:

getDetails: If the user's question lacks the essential information needed to answer the question effectively, or if the question contains vague terms or pronouns without sufficient context, invoke the `getDetails` function to prompt the user for the missing critical details. However, `getDetails` should not be used in cases where the user omits optional parameters, unless these parameters become necessary in the course of the conversation.␠
Parameters: {"Question": "The question to prompt user to provide sufficient information."}
Output: User's response.
getPet: Show a pet.
Parameters: {"petId": "Required. integer. Its number.", "kind": "string. One of: [cat, dog]."}

The chat follows this format:
USER: the user's question
ASSISTANT Thought: the assistant's inner thought about what to do next␠
ASSISTANT Action: the action to take, must be one of [getDetails, getPet].
ASSISTANT Action Input: the input for the action, in JSON format.
ASSISTANT Observation: the result of the action
... (this Thought/Action/Action Input/Observation can repeat N times)
ASSISTANT Thought: summarize the information gathered
ASSISTANT Response: the final response to the user
USER: user's next question
...

Begin!

USER: Which pet is it?
ASSISTANT Thought: I have to ask.
ASSISTANT Action: getDetails
ASSISTANT Action Input: {"Question": "Which number?"}
ASSISTANT Observation: Number 7.
ASSISTANT Thought: I look it up.
ASSISTANT Action: getPet
ASSISTANT Action Input: {"petId": 7}
ASSISTANT Observation: Status Code: 200. Response: {"name":"Rex"}
ASSISTANT Thought: I know the pet.
ASSISTANT Response: It is Rex.""".replace("␠", " ")  # noqa: E501
REPLIES = (
    ' I have to ask.\nASSISTANT Action: getDetails\nASSISTANT Action Input: {"Question": "Which '
    'number?"}',
    ' I look it up.\nASSISTANT Action: getPet\nASSISTANT Action Input: {"petId": 7}',
    " I know the pet.\nASSISTANT Response: It is Rex.",
)


def observed(call: Call | None, text: str, **more: Any) -> ObservationEvent:
    given: dict[str, Any] = {"index": 0, "at": 0, "source": "real", "text": text, **more}
    return ObservationEvent(call=call.id if call else None, tool=call.tool if call else "", **given)


def answered(call: Call, status: int, body: str, **more: Any) -> ObservationEvent:
    text = f"Status Code: {status}. Response: {body}"
    return observed(call, text, response=HttpResponse(status=status, body=body), **more)


def pets(*events: Event, tools: tuple[ToolSpec, ...] = (GET_PET, ASK)) -> Trace:
    return Trace(
        toolset="pets", model="m", prompt_format="toolalpaca", tools=tools, events=list(events)
    )


def test_a_model_that_continues_a_text_reads_the_original_s_layout() -> None:
    in_text = ToolAlpaca().for_model(TEXT)
    results = ("Number 7.", 'Status Code: 200. Response: {"name":"Rex"}')
    trace = pets(UserEvent(index=0, at=0, text="Which pet is it?"))
    for number, reply in enumerate(REPLIES):
        request = in_text.request(trace, Limits())
        (prompt,) = request.messages
        assert WHOLE.startswith(prompt.content)
        # What the model goes on to write, up to what others write.
        assert WHOLE[len(prompt.content) :].startswith(reply)
        assert request.stop == ("\nASSISTANT Observation", "\nUSER:")
        step = in_text.parse(Completion(reply), trace)
        trace.events.append(
            AssistantEvent(
                index=0, at=0, raw=step.raw or "", thought=step.thought, calls=step.calls,
                answer=step.answer,
            )
        )  # fmt: skip
        if step.calls:
            trace.events.append(observed(step.calls[0], results[number]))
    assert in_text.text(trace) == WHOLE
    assert [call.arguments for call in trace.calls()] == [
        {"question": "Which number?"},
        {"petId": 7},
    ]
    # A chat model reads the same, a message a turn; so does who reads the parsed steps.
    assert ToolAlpaca().text(trace) == WHOLE
    assert ToolAlpaca().text(trace.model_copy(update={"prompt_format": "native"})) == WHOLE


CALL = Call(id="call_1", tool="getPet", arguments={"petId": 7})
UNFIT = "The arguments of getPet do not fit, and nothing was sent. Mend this:"


def unfit(arguments: dict[str, Any], *problems: str) -> tuple[Call, ObservationEvent]:
    call = CALL.model_copy(update={"arguments": arguments})
    listed = "".join(f"\n- {problem}" for problem in problems)
    return call, observed(call, UNFIT + listed, source="validator")


@pytest.mark.parametrize(
    ("call", "event", "told"),
    [
        (CALL, answered(CALL, 200, "{}"), "Status Code: 200. Response: {}"),
        (CALL, answered(CALL, 404, "{}"), f"Status Code: 404. Response: {{}}{AFTER_ERROR}"),
        (
            CALL,
            answered(CALL, 500, "x" * 4000),
            f"Status Code: 500. Response: {'x' * (3000 - 28)}{AFTER_ERROR}",
        ),
        (
            CALL,
            observed(
                CALL,
                '(Note: petId: "7" was read as 7.)\nStatus Code: 201. Response: {}',
                response=HttpResponse(status=201, body="{}"),
            ),
            "Status Code: 201. Response: {}",
        ),
        (
            CALL,
            answered(CALL, 200, "(image/png, 9 bytes)").model_copy(
                update={"files": (StoredFile(name="r.png", content_type="image/png", size=9),)}
            ),
            "Status Code: 200. Response: Recieved an image, saved in 'r.png'.",
        ),
        (
            CALL,
            answered(CALL, 200, "[1]").model_copy(
                update={"files": (StoredFile(name="r.json", content_type="a/json", size=9999),)}
            ),
            "The output is too long. You need to use the 'retrievalDataFromFile' function to "
            "retrieve the output from the file: r.json\nStatus Code: 200. Response: [1]",
        ),
        (
            CALL.model_copy(update={"tool": "dropPet"}),
            observed(
                CALL.model_copy(update={"tool": "dropPet"}),
                "There is no tool 'dropPet'. The tools are: getPet, getDetails.",
                source="runtime",
            ),
            "`dropPet` is not a valid action. The action must be one of ['getDetails', 'getPet'].",
        ),
        (
            *unfit({}, "petId: this argument is required and missing"),
            'Missing required parameters: "petId". You need to change the input and try again.',
        ),
        (
            *unfit({"petId": "Rex"}, "petId: ..."),
            'Parameter type error: "petId", expected integer, but got string. You need to change '
            "the input and try again.",
        ),
        (
            *unfit({"petId": "7", "kind": "cow"}, "kind: ..."),
            "Parameter type error: \"kind\", expected one of ['cat', 'dog'], but got \"cow\". You "
            "need to change the input and try again.",
        ),
        (
            *unfit({"petId": 7, "age": 3}, "age: there is no such argument"),
            f"{UNFIT}\n- age: there is no such argument",
        ),
        (
            Call(id="call_1", tool="getDetails", arguments={"q": 1}),
            observed(
                Call(id="call_1", tool="getDetails"),
                "getDetails takes one argument: question, a text.",
                source="runtime",
            ),
            'For `getDetails`, the "Action Input" must be like {Question": "The question to prompt '
            'user to provide sufficient information."}.',
        ),
        (CALL, observed(CALL, "No response: it took too long."), "No response: it took too long."),
        (None, observed(None, "This is no step.", source="runtime"), "This is no step."),
    ],
)
def test_what_came_of_a_call_is_told_in_the_original_s_words(
    call: Call | None, event: ObservationEvent, told: str
) -> None:
    step = AssistantEvent(index=0, at=0, raw="x", calls=(call,) if call else ())
    message = ToolAlpaca().messages(pets(step, event))[-1]
    assert message.content == f"ASSISTANT Observation: {told}"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"petId": 35, 36}', "Invalid JSON format. Please ensure 'Action Input' is a valid JSON "
                              "object."),
        ('[{"petId": 35}]', "'Action Input' cannot be a list. Only call one function per action."),
    ],
)  # fmt: skip
def test_arguments_that_cannot_be_read(arguments: str, problem: str) -> None:
    text = f"ASSISTANT Thought: t\nASSISTANT Action: getPet\nASSISTANT Action Input: {arguments}"
    assert ToolAlpaca().parse(Completion(text), pets()).calls[0].problem == problem


def test_the_file_to_read_goes_by_the_original_s_name() -> None:
    text = (
        "ASSISTANT Thought: t\nASSISTANT Action: retrievalDataFromFile\n"
        'ASSISTANT Action Input: {"file_path": "r.json", "query": "x"}'
    )
    trace = pets(tools=(RETRIEVE, GET_PET))
    (call,) = ToolAlpaca().parse(Completion(text), trace).calls
    assert call.arguments == {"file": "r.json", "query": "x"}
    constraint: Any = ToolAlpaca().request(trace, Limits()).constraint
    assert '"file_path"' in constraint.lark
    assert ToolAlpaca().messages(trace)[0].content.index("retrievalDataFromFile: Retrieve") > 0


# -- what the original's models and runs did ------------------------------------------------------


def recorded_steps(shared: Path) -> Iterator[tuple[str, str, str]]:
    """Action, input and log of each step of the published training runs."""
    for file in sorted((shared / "data" / "toolalpaca-train-excerpt").glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            for step, _ in orjson.loads(line)["metadata"]["intermediate_steps"] or ():
                yield tuple(step)


def judged_calls(shared: Path) -> Iterator[tuple[str, str, str]]:
    """Function, parameters and result of each call of the published models' runs."""
    calls = re.compile(
        r"^\d+\. Function: (.*?)\nParameters: (.*?)\nRetruns: (.*?)(?=\n\d+\. |\Z)",
        re.DOTALL | re.MULTILINE,
    )
    for file in sorted((shared / "data" / "toolalpaca" / "judged").glob("*.json")):
        for runs in orjson.loads(file.read_bytes()).values():
            for run in runs if isinstance(runs, list) else ():
                told = run["input"][0]["content"] if run["input"] else ""
                solution = told.rpartition("## AI Assistant's Solution\n")[2]
                yield from calls.findall(solution.partition("\n\n## Analysis")[0])


def test_the_steps_of_published_runs_are_read_as_they_were_recorded(shared: Path) -> None:
    steps = list(recorded_steps(shared))
    assert steps
    for action, written, log in steps:
        # As build_dataset.py of the original puts them into its training data.
        text = log.replace("\nAction:", "\nASSISTANT Action:")
        text = text.replace("\nAction Input:", "\nASSISTANT Action Input:")
        (call,) = ToolAlpaca().for_model(TEXT).parse(Completion(text), pets()).calls
        assert (call.tool, call.problem) == (action, None)
        meant = orjson.loads(written)
        if action == "getDetails":
            meant = {"question": meant.pop("Question"), **meant}
        assert call.arguments == meant


def test_the_calls_of_published_models_are_read_as_the_original_read_them(shared: Path) -> None:
    calls = list(judged_calls(shared))
    assert calls
    for action, written, result in calls:
        text = f" t\nASSISTANT Action: {action}\nASSISTANT Action Input: {written}"
        (call,) = ToolAlpaca().for_model(TEXT).parse(Completion(text), pets()).calls
        assert call.tool == action
        # What the original could not read, it told in words that are ours, too.
        assert call.problem == (result if result.startswith("Invalid JSON format") else None)
