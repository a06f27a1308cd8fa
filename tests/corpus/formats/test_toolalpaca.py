"""The import of ToolAlpaca's files: what becomes of each entry, and that nothing goes unsaid."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import DataError
from toolalpaca_corpus.formats.imported import Imported
from toolalpaca_corpus.formats.toolalpaca import read_toolalpaca

DOCUMENT = {
    "openapi": "3.0.0",
    "info": {"title": "Anime", "version": "1"},
    "paths": {
        "/anime/search": {
            "get": {
                "operationId": "searchAnime",
                "parameters": [
                    {"name": "query", "in": "query", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "ok"}},
            }
        },
        "/anime/{animeId}": {
            "get": {
                "operationId": "get.details",
                "parameters": [
                    {
                        "name": "animeId",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer"},
                    },
                    {"name": "language", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": {"200": {"description": "ok"}},
            }
        },
    },
}
PROJECTION = {"searchAnime": ["/anime/search", "get"], "getDetailsOf": ["/anime/{animeId}", "GET"]}


def api(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "Ani API",
        "Description": "Anime",
        "Category": "Animals",
        "Documentation": json.dumps(DOCUMENT),
        "Function_Projection": PROJECTION,
        "Instructions": [],
        "Golden_Answers": [],
        **changes,
    }


def with_answer(*calls: tuple[str, str], instruction: str = "Find Naruto.") -> dict[str, Any]:
    answer = [{"Action": action, "Action_Input": given} for action, given in calls]
    return api(Instructions=[instruction], Golden_Answers=[answer])


def read(tmp_path: Path, *entries: Any) -> Imported:
    file = tmp_path / "apis.json"
    file.write_text(json.dumps(list(entries)), encoding="utf-8")
    return read_toolalpaca(file, licence="Apache-2.0")


def test_an_api_becomes_a_toolset(tmp_path: Path) -> None:
    imported = read(tmp_path, api())

    (toolset,) = imported.toolsets
    assert (toolset.name, toolset.title, toolset.category) == ("ani-api", "Ani API", "Animals")
    assert toolset.document == DOCUMENT
    assert [(f.name, f.method, f.path) for f in toolset.functions] == [
        ("searchAnime", "get", "/anime/search"),
        ("get_details", "get", "/anime/{animeId}"),
    ]
    assert (toolset.licence, toolset.provenance) == ("Apache-2.0", "apis.json#/0")
    assert imported.problems == []


def test_names_are_unique_and_plain(tmp_path: Path) -> None:
    imported = read(tmp_path, api(Name="Améthyste"), api(Name="Amethyste"))

    assert [toolset.name for toolset in imported.toolsets] == ["amethyste", "amethyste-2"]


def test_a_golden_answer_becomes_a_chain_under_the_names_of_the_tools(tmp_path: Path) -> None:
    entry = with_answer(
        ("searchAnime", '{"query": "Naruto"}'),
        ("[Optional]getDetailsOf", '{"animeId": ${animeId from searchAnime}, "language": ""}'),
    )

    (task,) = read(tmp_path, entry).tasks

    assert (task.id, task.toolset, task.kind, task.split) == (
        "ani-api-001",
        "ani-api",
        "multi",
        "test",
    )
    first, second = task.golden
    assert (first.function, first.arguments, first.optional) == (
        "searchAnime", {"query": "Naruto"}, False,
    )  # fmt: skip
    assert second.function == "get_details"
    assert second.arguments["animeId"] == {"$from": "searchAnime", "path": "", "name": "animeId"}
    assert second.optional


def test_references_are_renamed_with_their_functions(tmp_path: Path) -> None:
    entry = with_answer(
        ("getDetailsOf", '{"animeId": 7}'), ("searchAnime", '{"query": ${title from getDetailsOf}}')
    )

    (task,) = read(tmp_path, entry).tasks

    assert task.golden[1].arguments["query"]["$from"] == "get_details"


def test_what_the_user_is_asked_for_becomes_facts(tmp_path: Path) -> None:
    entry = with_answer(
        ("getDetails", '{"Question": "Which anime?"}'),
        ("getDetailsOf", '{"animeId": ${animeId from getDetails}, "language": "Basque"}'),
        instruction="Tell me about my favourite anime.",
    )

    first, second = read(tmp_path, entry).tasks, read(tmp_path, entry).tasks

    (task,) = first
    assert task.kind == "ask"
    assert task.golden[0].arguments == {"question": "Which anime?"}
    assert isinstance(task.facts["animeId"], int)
    assert task.facts["language"] == "Basque"
    assert first == second


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (with_answer(("searchAnime", '{"query": }')), "the arguments of searchAnime: expected"),
        (with_answer(("searchAnime", '["Naruto"]')), "the arguments of searchAnime are no object"),
        (with_answer(("playAnime", "{}")), "the API has no function 'playAnime'"),
        (with_answer(), "the golden answer is empty"),
    ],
)
def test_an_unreadable_answer_is_listed_with_its_instruction(
    tmp_path: Path, entry: dict[str, Any], message: str
) -> None:
    imported = read(tmp_path, entry)

    assert imported.tasks == []
    (problem,) = imported.problems
    assert (problem.api, problem.instruction) == ("Ani API", 1)
    assert problem.message.startswith(message)
    assert problem.consequence == "the task is not imported"


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        (
            [("searchAnime", '{"query": "x", "page": 1}')],
            "searchAnime: there is no argument 'page'",
        ),
        ([("searchAnime", "{}")], "searchAnime: the required argument 'query' is missing"),
        (
            [("getDetailsOf", '{"animeId": "x"}')],
            "get_details: the argument 'animeId' does not fit",
        ),
        (
            [("getDetailsOf", '{"animeId": ${id from searchAnime}}')],
            "get_details refers to searchAnime, not called before",
        ),
    ],
)
def test_a_doubtful_answer_is_kept_and_listed(
    tmp_path: Path, calls: list[tuple[str, str]], message: str
) -> None:
    imported = read(tmp_path, with_answer(*calls))

    assert len(imported.tasks) == 1
    (problem,) = imported.problems
    assert problem.message.startswith(message)
    assert problem.consequence == "kept as it stands"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (api(Documentation="{"), "Documentation is not JSON"),
        (api(Documentation="[]"), "Documentation is no JSON object"),
        ({"Name": "Nothing"}, "Documentation: Field required"),
        (7, "the object: Input should be"),
    ],
)
def test_an_unusable_api_is_listed_and_the_others_are_read(
    tmp_path: Path, entry: Any, message: str
) -> None:
    imported = read(tmp_path, entry, api())

    assert len(imported.toolsets) == 1
    (problem,) = imported.problems
    assert problem.message.startswith(message)
    assert problem.consequence == "the API is not imported"


def test_what_is_not_imported_is_said(tmp_path: Path) -> None:
    training = api(Instructions=["a", "b"], Golden_Answers=None, Instances=[{}])
    uneven = api(Instructions=["a"], Golden_Answers=[])
    lost = api(Function_Projection={"gone": ["/gone", "get"]})

    problems = read(tmp_path, training, uneven, lost).problems

    assert [problem.message for problem in problems] == [
        "2 instructions without golden answers",
        "run 1 has no answer",
        "1 instructions, but 0 golden answers",
        "the function gone stands for GET /gone, which the document does not have",
    ]


@pytest.mark.parametrize("content", ["", "{", '{"count": 1}'])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(DataError, match=r"other\.json"):
        read_toolalpaca(file)


def test_reads_the_paper_s_simulated_test_set(shared: Path) -> None:
    imported = read_toolalpaca(shared / "data/toolalpaca/eval_simulated.json")

    assert len(imported.toolsets) == 10
    assert Counter(task.kind for task in imported.tasks) == {"single": 57, "multi": 35, "ask": 8}
    assert sum(len(task.golden) for task in imported.tasks) == 154
    # Every function of a golden answer is a tool of its API.
    tools = {t.name: {"getDetails", *(f.name for f in t.functions)} for t in imported.toolsets}
    assert all(c.function in tools[task.toolset] for task in imported.tasks for c in task.golden)
    slips = [(p.api, p.instruction) for p in imported.problems if "arguments of" in p.message]
    assert slips == [
        ("AbuseIPDB", 4), ("AbuseIPDB", 4), ("AbuseIPDB", 6), ("AbuseIPDB", 8), ("Auth0", 11),
    ]  # fmt: skip
