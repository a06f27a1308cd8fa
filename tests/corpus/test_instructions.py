"""Tasks made from documents: right, varied, repeatable, and said as people say things."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca.calling.tools import make_tools
from toolalpaca.openapi.discovery import load_documents
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.validation import Validator
from toolalpaca.task import ASK_TOOL, Task, references
from toolalpaca_corpus.argument_check import argument_faults
from toolalpaca_corpus.instructions import make_tasks
from toolalpaca_corpus.world import Thing, World

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def examples() -> list[Document]:
    return load_documents([str(EXAMPLES)])


@pytest.fixture(scope="module")
def tasks(examples: list[Document]) -> list[Task]:
    return make_tasks(examples, 40, seed=7)


def test_each_api_gets_its_tasks_of_every_kind(tasks: list[Task]) -> None:
    kinds = Counter((task.toolset, task.kind) for task in tasks)

    assert len(tasks) == 3 * 40
    assert len({task.id for task in tasks}) == len(tasks)
    for name in ("library", "railway", "weather"):
        assert kinds[name, "single"] > kinds[name, "multi"] > kinds[name, "ask"] > 0
        assert kinds[name, "abstain"] == 4


def test_every_golden_call_fits_its_tool(examples: list[Document], tasks: list[Task]) -> None:
    schemas = {
        (document.name, tool.spec.name): tool.spec.parameters
        for document in examples
        for tool in make_tools(document)
    }
    checked = 0
    for task in tasks:
        for call in task.golden:
            if call.function == ASK_TOOL:
                continue
            schema = schemas[task.toolset, call.function]
            assert list(argument_faults(call.arguments, schema)) == []
            if not any(references(call.arguments)):
                assert Validator(schema).violations(call.arguments) == []
            checked += 1
    assert checked > len(tasks)


def test_references_point_back_to_a_result_that_has_the_place(
    examples: list[Document], tasks: list[Task]
) -> None:
    chains = [task for task in tasks if task.kind == "multi"]
    for task in chains:
        called: set[str] = set()
        linked = 0
        for call in task.golden:
            for reference in references(call.arguments):
                assert reference["$from"] in called
                assert reference["path"].startswith("/")
                linked += 1
            called.add(call.function)
        assert linked >= len(task.golden) - 1


def test_the_instruction_says_every_value_that_the_user_gives(tasks: list[Task]) -> None:
    for task in tasks:
        said = re.sub(r"\W+", " ", task.instruction.casefold())
        for call in task.golden:
            for name, value in call.arguments.items():
                if name in task.facts or call.function == ASK_TOOL:
                    continue
                # Dates may be written out; lists, flags and parts of objects are phrases.
                if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d", value):
                    assert re.sub(r"\W+", " ", value.casefold()).strip() in said


def test_what_is_withheld_is_a_fact_and_not_in_the_instruction(tasks: list[Task]) -> None:
    asking = [task for task in tasks if task.kind == "ask"]
    for task in asking:
        assert task.golden[0].function == ASK_TOOL
        ((name, value),) = task.facts.items()
        assert task.golden[1].arguments[name] == value
        if isinstance(value, str) and len(value) > 5:
            assert value.casefold() not in task.instruction.casefold()


def test_nothing_is_to_be_called_for_what_the_api_cannot_do(tasks: list[Task]) -> None:
    abstaining = [task for task in tasks if task.kind == "abstain"]

    assert abstaining
    assert all(task.golden == () for task in abstaining)


def test_people_do_not_speak_in_parameter_names(
    examples: list[Document], tasks: list[Task]
) -> None:
    names = {
        name
        for document in examples
        for tool in make_tools(document)
        for name in tool.spec.parameters["properties"]
        if "_" in name
    }
    values = {str(v) for task in tasks for call in task.golden for v in call.arguments.values()}

    for task in tasks:
        spoken = names & set(re.findall(r"\w+", task.instruction)) - values
        assert not spoken, task.instruction


def test_requests_vary(tasks: list[Task]) -> None:
    templates = Counter(task.source for task in tasks if task.kind != "abstain")

    assert len(templates) > 40
    assert max(templates.values()) <= len(tasks) / 8
    assert len({task.instruction for task in tasks if task.kind != "abstain"}) == sum(
        task.kind != "abstain" for task in tasks
    )


def test_the_same_seed_makes_the_same_tasks_and_another_others(pets: Document) -> None:
    first = make_tasks([pets], 20, seed=1)

    assert first == make_tasks([pets], 20, seed=1)
    assert first != make_tasks([pets], 20, seed=2)


@settings(max_examples=20, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=30))
def test_never_more_tasks_than_asked_for(seed: int, count: int) -> None:
    document = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "One", "version": "1"},
            "paths": {"/time": {"get": {"responses": {"200": {"description": "ok"}}}}},
        },
        name="one",
    )

    tasks = make_tasks([document], count, seed)

    assert len(tasks) <= count
    assert {task.kind for task in tasks} <= {"single", "abstain"}


def test_ids_and_conditions_are_those_of_things_that_exist(pets: Document) -> None:
    world = World({"listPets": [Thing({"id": 4711, "name": "Rex", "kind": "cat"}, {})]})

    tasks = make_tasks([pets], 40, seed=0, worlds={"pets": world})

    singles = [task.golden[0] for task in tasks if task.kind == "single"]
    ids = {call.arguments["pet_id"] for call in singles if "pet_id" in call.arguments}
    kinds = {c.arguments.get("kind", "cat") for c in singles if c.function == "listPets"}
    assert ids == {4711}
    assert kinds == {"cat"}


def test_an_api_without_operations_offers_only_what_it_cannot_do() -> None:
    document = load_document(
        {"openapi": "3.1.0", "info": {"title": "None", "version": "1"}, "paths": {}}, name="none"
    )

    assert {task.kind for task in make_tasks([document], 10, seed=0)} == {"abstain"}
