"""What a user does wrong with ``toolalpaca corpus`` is told in one line, and nothing is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.cli import main
from toolalpaca_corpus.folder import CorpusFolder

from .conftest import PETS
from .formats.test_toolalpaca import api, with_answer


def error_of(words: list[str], capsys: pytest.CaptureFixture[str], status: int = 1) -> str:
    """The one line that the command says."""
    assert main(["corpus", *words]) == status
    (line,) = [
        line
        for line in capsys.readouterr().err.splitlines()
        if not line.startswith("toolalpaca: no --model given")
    ]
    assert line.startswith("toolalpaca: error: ")
    return line


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("pets.json").write_text(json.dumps(PETS))
    return tmp_path


def write_import(*entries: dict[str, Any]) -> str:
    Path("given.json").write_text(json.dumps(list(entries)))
    return "given.json"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "given.yaml"),
        ("{broken", "given.yaml"),
        ("hello", "given.yaml"),
        ("swagger: '1.2'", "given.yaml"),
    ],
    ids=["missing", "no YAML", "no object", "too old"],
)
def test_a_document_that_cannot_be_read(
    content: str | None, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path("given.yaml").write_text(content)
    assert message in error_of(["build", "given.yaml", "--out", "corpus"], capsys)
    assert not Path("corpus").exists()


def test_a_document_without_operations(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.json").write_text(json.dumps({**PETS, "paths": {}}))
    error = error_of(["build", "pets.json", "empty.json", "--out", "corpus"], capsys)
    assert "empty.json: has no operations" in error
    assert not Path("corpus").exists()


def test_a_folder_with_tasks_of_another_origin(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["corpus", "import", write_import(with_answer()), "--out", "corpus"]) == 0
    capsys.readouterr()
    before = Path("corpus/tasks.jsonl").read_bytes()
    error = error_of(["build", "pets.json", "--out", "corpus"], capsys, 2)
    assert "holds tasks that were not made by 'corpus build'" in error
    assert Path("corpus/tasks.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "words", [["build", "pets.json"], ["import", "given.json"]], ids=["build", "import"]
)
def test_an_out_that_is_a_file(
    words: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_import(with_answer())
    Path("corpus").write_text("mine")
    assert "corpus" in error_of([*words, "--out", "corpus"], capsys, 2)
    assert Path("corpus").read_text() == "mine"


def test_a_broken_recipe(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("corpus").mkdir()
    Path("corpus/recipe.json").write_text('{"documents"')
    error = error_of(["build", "pets.json", "--out", "corpus"], capsys)
    assert "recipe.json: is not JSON" in error


def test_stats_of_a_folder_that_is_no_corpus(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no folder 'nowhere'" in error_of(["stats", "nowhere"], capsys, 2)
    assert "there is no toolsets.jsonl" in error_of(["stats", "."], capsys)
    assert not Path("statistics.json").exists()


def test_stats_name_the_line_that_is_broken(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("toolsets.jsonl").write_text("")
    Path("tasks.jsonl").write_text('{"id": 7}\n')
    assert "tasks.jsonl:1" in error_of(["stats", "."], capsys)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{not json", "is not JSON"),
        ('{"a": 1}', "given.json"),
        ('"text"', "given.json"),
        ('[{"instruction": "Do it", "output": "Done"}]', "holds no API"),
        ("[1, 2]", "holds no API"),
        ("[]", "holds no API"),
    ],
    ids=["no JSON", "an object", "a text", "another format", "numbers", "nothing"],
)
def test_import_of_a_file_in_another_format(
    content: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("given.json").write_text(content)
    assert message in error_of(["import", "given.json", "--out", "corpus"], capsys)
    assert not Path("corpus").exists()


def test_import_of_a_missing_file_and_of_a_folder(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no file 'no.json'" in error_of(["import", "no.json", "--out", "c"], capsys, 2)
    assert "is a folder" in error_of(["import", ".", "--out", "c"], capsys, 2)


def test_import_summarizes_as_json_what_it_writes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = write_import(
        with_answer(("searchAnime", '{"query": "Naruto"}')),
        api(Name="Broken API", Documentation="{", Instructions=["Do it"], Golden_Answers=[[]]),
    )
    assert main(["corpus", "import", given, "--out", "corpus", "--json", "--split", "train"]) == 0
    summary = json.loads(capsys.readouterr().out)
    folder = CorpusFolder(Path("corpus"))
    assert summary["toolsets"] == len(folder.toolsets()) == 1
    (task,) = folder.tasks()
    assert summary["tasks"] == {task.kind: 1}
    assert task.split == "train"
    (problem,) = map(json.loads, Path("corpus/problems.jsonl").read_text().splitlines())
    assert problem["api"] == "Broken API"
    assert problem.items() <= summary["problems"][0].items()


def test_import_of_tasks_whose_document_is_another_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("pets.json").write_text(json.dumps(PETS))
    Path("given.json").write_text('[{"query": "List the pets", "solution": ["GET /pets"]}]')
    words = ["corpus", "import", "given.json", "--out", "corpus"]
    assert "need --document" in error_of(words[1:], capsys)
    assert main([*words, "--document", "pets.json"]) == 0
    (task,) = CorpusFolder(Path("corpus")).tasks()
    assert (task.toolset, task.golden[0].function) == ("pets", "listPets")


def test_import_leaves_a_built_corpus_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("corpus").mkdir()
    Path("corpus/recipe.json").write_text("{}")
    given = write_import(with_answer())
    error = error_of(["import", given, "--out", "corpus"], capsys, 2)
    assert "holds a corpus made by 'corpus build'" in error
    assert [path.name for path in Path("corpus").iterdir()] == ["recipe.json"]


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["build"], ["import"], ["stats"]):
        assert main(["corpus", *words, "--help"]) == 0
        assert "examples:" in capsys.readouterr().out
