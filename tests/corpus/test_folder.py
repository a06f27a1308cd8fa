"""The files of a corpus: whole or not there, and never of two corpora."""

from pathlib import Path

import pytest

from toolalpaca.errors import DataError, UsageError
from toolalpaca.task import Task
from toolalpaca.trace import Outcome, Trace, read_traces
from toolalpaca_corpus.filters import Dropped, Reason
from toolalpaca_corpus.folder import CorpusFolder, Recipe

RECIPE = Recipe(documents={"pets": "abc"}, tasks=3, seed=0, model="baseline")


@pytest.fixture
def folder(tmp_path: Path) -> CorpusFolder:
    return CorpusFolder(tmp_path / "deep" / "corpus")


def test_nothing_is_made_before_something_is_written(folder: CorpusFolder) -> None:
    assert not folder.has_tasks
    assert folder.kept() == []
    assert folder.dropped() == []
    with pytest.raises(DataError, match=r"there is no tasks\.jsonl"):
        folder.tasks()
    assert not folder.path.exists()


def test_the_same_recipe_goes_on_and_another_is_refused(folder: CorpusFolder) -> None:
    folder.settle(RECIPE)
    folder.settle(RECIPE.model_copy())
    other = RECIPE.model_copy(update={"model": "smollm2", "documents": {"pets": "changed"}})
    with pytest.raises(UsageError, match="another choice of documents and model"):
        folder.settle(other)


def test_what_is_read_is_what_was_written(folder: CorpusFolder) -> None:
    tasks = [Task(id=f"t{n}", toolset="pets", instruction=f"Find {n}") for n in range(3)]
    kept = Trace(
        task="t0",
        toolset="pets",
        model="m",
        prompt_format="native",
        outcome=Outcome(status="answered", answer="Here."),
    )
    dropped = Dropped(id="x", task="t1", reasons=[Reason(filter="finished", detail="it did not")])

    folder.write_tasks([], tasks)
    folder.write_checked([kept], [dropped])

    assert folder.has_tasks
    assert folder.tasks() == tasks
    assert folder.kept() == [kept] == list(read_traces(folder.path / "traces.jsonl"))
    assert folder.dropped() == [dropped]


def test_a_write_that_breaks_off_leaves_the_old_file(folder: CorpusFolder) -> None:
    task = Task(id="t", toolset="pets", instruction="Find it")
    folder.write_tasks([], [task])

    with pytest.raises(ZeroDivisionError):
        folder.write_tasks([], (task for number in (1, 0) if 1 / number))

    assert folder.tasks() == [task]
