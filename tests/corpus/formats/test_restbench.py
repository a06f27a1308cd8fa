"""RestBench's instructions and solutions become tasks whose golden calls take any arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import DataError
from toolalpaca_corpus.formats.imported import Imported
from toolalpaca_corpus.formats.restbench import read_restbench

from ..conftest import PETS


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "pets.json"
    path.write_text(json.dumps(PETS))
    return str(path)


def imported(document: str, *entries: Any) -> Imported:
    path = Path(document).with_name("given.json")
    path.write_text(json.dumps(entries))
    return read_restbench(path, document, split="train", licence="MIT")


def test_a_solution_becomes_golden_calls_in_its_order(document: str) -> None:
    solution = ["GET /pets", "DELETE /pets/{pet_id}"]
    found = imported(document, {"query": "Give the first pet away", "solution": solution})
    (task,), (toolset,) = found.tasks, found.toolsets
    assert (task.id, task.toolset, task.kind, task.split) == ("pets-001", "pets", "multi", "train")
    assert task.instruction == "Give the first pet away"
    assert [call.function for call in task.golden] == ["listPets", "removePet"]
    assert all(list(call.arguments) == ["$any"] for call in task.golden)
    assert (toolset.title, toolset.licence) == ("Pets", "MIT")
    assert found.problems == []


def test_a_slip_of_number_is_read_and_told(document: str) -> None:
    found = imported(document, {"query": "Show the pet", "solution": ["GET /pet/{pet_id}"]})
    assert [call.function for call in found.tasks[0].golden] == ["getPet"]
    (problem,) = found.problems
    assert (problem.instruction, problem.consequence) == (1, "read as getPet")
    assert "GET /pet/{pet_id}" in problem.message


@pytest.mark.parametrize("step", ["GET /owners", "PATCH /pets", "listPets", ""])
def test_what_the_document_has_not_is_no_task(document: str, step: str) -> None:
    known = {"query": "List the pets", "solution": ["GET /pets"]}
    found = imported(document, {"query": "?", "solution": ["GET /pets", step]}, known)
    assert [task.id for task in found.tasks] == ["pets-002"]
    assert [p.consequence for p in found.problems] == ["the task is not imported"]


def test_no_solution_is_no_task(document: str) -> None:
    found = imported(document, {"query": "?", "solution": []})
    assert found.tasks == []
    assert [p.message for p in found.problems] == ["the solution is empty"]


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is not JSON"), ("{}", "is no list"), ('[{"query": "?"}]', "solution: Field required")],
)
def test_another_file_is_refused(document: str, content: str, message: str) -> None:
    path = Path(document).with_name("given.json")
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_restbench(path, document)


def test_reads_the_spotify_half(shared: Path) -> None:
    folder = shared / "data/restbench"
    found = read_restbench(folder / "datasets/spotify.json", str(folder / "specs/spotify_oas.json"))
    assert len(found.tasks) == 57
    assert sum(len(task.golden) for task in found.tasks) == 146
    assert [(p.instruction, p.consequence) for p in found.problems] == [(40, "read as get-track")]
    tools = {function.name for function in found.toolsets[0].functions}
    assert {call.function for task in found.tasks for call in task.golden} <= tools
