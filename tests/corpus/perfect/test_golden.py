"""The perfect model makes the golden calls of the task that it is asked to do, in any format."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from toolalpaca.calling.tools import make_tools
from toolalpaca.errors import ModelReplyError
from toolalpaca.llm.protocol import Message, Request, ToolCall
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.task import ASK_TOOL, GoldenCall, Task
from toolalpaca.trace import Trace, UserEvent
from toolalpaca_corpus.perfect.model import Golden
from toolalpaca_corpus.toolsets import make_toolset
from toolalpaca_runtime.formats import FORMATS, get_format
from toolalpaca_runtime.limits import Limits

from ..conftest import PETS as API

WISH = "Give the first pet away."
ANY = {"$any": "anything"}
TOOLS = tuple(tool.spec for tool in make_tools(load_document(API, name="pets")))
PETS = {"items": [{"id": 7, "kind": "dog"}, {"id": 9, "kind": "cat"}]}


def golden(pets: Document, *calls: tuple[str, dict[str, Any]], **more: Any) -> Golden:
    made = tuple(GoldenCall(function=name, arguments=given) for name, given in calls)
    task = Task(id="t", toolset="pets", instruction=WISH, golden=made, **more)
    return Golden([task], [make_toolset(pets)])


def step(model: Golden, *told: str) -> tuple[str, dict[str, Any]] | str:
    """The step after so many of its own were answered with the texts *told*, natively."""
    messages = [Message(role="system", content="Act."), Message(role="user", content=WISH)]
    for number, text in enumerate(told):
        call = ToolCall(id=f"c{number}", name="any", arguments="{}")
        messages.append(Message(role="assistant", tool_calls=(call,)))
        messages.append(Message(role="tool", content=text, tool_call_id=call.id))
    completion = model.complete(Request(messages=tuple(messages), tools=TOOLS))
    if not completion.tool_calls:
        return completion.text
    (made,) = completion.tool_calls
    return made.name, orjson.loads(made.arguments)


def answered(result: Any) -> str:
    return f"Status Code: 200. Response: {orjson.dumps(result).decode()}"


def test_golden_calls_come_one_a_step_and_then_the_answer(pets: Document) -> None:
    model = golden(pets, ("listPets", {"kind": "dog", "cursor": ""}), ("getPet", {"pet_id": 7}))
    assert step(model) == ("listPets", {"kind": "dog"})
    assert step(model, answered(PETS)) == ("getPet", {"pet_id": 7})
    assert step(model, answered(PETS), answered({})) == "All golden calls are made."


@pytest.mark.parametrize(
    "reference",
    [
        {"$from": "listPets", "path": "/items/1/id"},
        {"$from": "listPets", "path": "/items/1/id", "name": "pet_id"},
    ],
)
def test_a_reference_with_a_path_is_what_stands_there(
    pets: Document, reference: dict[str, str]
) -> None:
    model = golden(pets, ("listPets", {}), ("getPet", {"pet_id": reference}))
    assert step(model, answered(PETS)) == ("getPet", {"pet_id": 9})


@pytest.mark.parametrize(
    "result",
    [
        PETS,
        {"count": 2, "items": [{"petId": 7, "id": 3}]},
        {"items": [{"name": "Rex", "identity": 7}]},
        {"items": [{"id": "7"}]},
    ],
    ids=["an id", "the name", "any value that fits", "a number as text"],
)
def test_a_reference_without_a_path_is_what_is_called_so(pets: Document, result: Any) -> None:
    reference = {"$from": "listPets", "path": "", "name": "petId"}
    model = golden(pets, ("listPets", {}), ("getPet", {"pet_id": reference}))
    assert step(model, answered(result)) == ("getPet", {"pet_id": 7})


def test_the_same_call_again_takes_the_next_one(pets: Document) -> None:
    reference = {"$from": "listPets", "path": "", "name": "id"}
    model = golden(pets, ("listPets", {}), *[("getPet", {"pet_id": reference})] * 2)
    assert step(model, answered(PETS)) == ("getPet", {"pet_id": 7})
    assert step(model, answered(PETS), answered({"id": 7})) == ("getPet", {"pet_id": 9})


@pytest.mark.parametrize(
    "told", [answered({"items": []}), "Status Code: 404. Response: {}", "There is no such tool."]
)
def test_what_cannot_be_made_is_said(pets: Document, told: str) -> None:
    reference = {"$from": "listPets", "path": "/items/0/id"}
    model = golden(pets, ("listPets", {}), ("getPet", {"pet_id": reference}))
    assert "no result of listPets holds a value for pet_id" in str(step(model, told))


def test_the_user_is_asked_and_heard(pets: Document) -> None:
    reference = {"$from": ASK_TOOL, "path": "", "name": "petId"}
    asks = (ASK_TOOL, {"question": {"$any": "pet's id"}})
    model = golden(pets, asks, ("getPet", {"pet_id": reference}))
    assert step(model) == (ASK_TOOL, {"question": "Could you tell me the pet's id?"})
    told = "The kind is dog. The pet id is 12."
    assert step(model, told) == ("getPet", {"pet_id": 12})


def test_any_arguments_are_the_required_ones_out_of_earlier_results(pets: Document) -> None:
    model = golden(pets, ("listPets", ANY), ("removePet", ANY), ("addPet", ANY))
    assert step(model) == ("listPets", {})
    assert step(model, answered(PETS)) == ("removePet", {"pet_id": 7})
    made = step(model, answered(PETS), "Status Code: 204. Response: (empty)")
    assert isinstance(made, tuple)
    assert made[0] == "addPet"
    assert set(made[1]) == {"name", "kind"}


def test_any_value_fits_and_is_the_same_each_time(pets: Document) -> None:
    model = golden(pets, ("addPet", {"name": "Rex", "kind": ANY, "born_on": ANY}))
    made = step(model)
    assert made == step(model)
    assert isinstance(made, tuple)
    assert made[1]["kind"] in ("dog", "cat")


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "native"])
def test_what_it_writes_is_read_as_the_golden_call(pets: Document, name: str) -> None:
    model = golden(pets, ("getPet", {"pet_id": 7}))
    prompt_format = get_format(name)
    trace = Trace(
        toolset="pets",
        model=model.name,
        prompt_format=name,
        tools=tuple(tool.spec for tool in make_tools(pets)),
        events=[UserEvent(index=0, at=0.0, text=WISH)],
    )
    completion = model.complete(prompt_format.request(trace, Limits()))
    (call,) = prompt_format.parse(completion, trace).calls
    assert (call.tool, call.arguments, call.problem) == ("getPet", {"pet_id": 7}, None)


def test_another_instruction_and_another_format_are_refused(pets: Document) -> None:
    model = golden(pets)
    system = Message(role="system", content="Speak Latin.")
    with pytest.raises(ModelReplyError, match="none of the tasks"):
        model.complete(Request(messages=(system, Message(role="user", content="Sing."))))
    with pytest.raises(ModelReplyError, match="no format that is known"):
        model.complete(Request(messages=(system, Message(role="user", content=WISH))))
