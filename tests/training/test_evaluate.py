from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.cli import main
from toolalpaca.errors import DataError, ModelReplyError, ModelUnavailable, UsageError
from toolalpaca.jsonl import read_jsonl, write_jsonl
from toolalpaca.llm.protocol import Capabilities, Completion, Request, ToolCall
from toolalpaca.openapi.names import document_name
from toolalpaca.task import GoldenCall, Task, Toolset
from toolalpaca.trace import read_traces
from toolalpaca_runtime.limits import Limits
from toolalpaca_training.evaluate import Settings, evaluate, serve
from toolalpaca_training.metrics import TaskResult, summarize
from toolalpaca_training.results import Conditions, ResultStore
from toolalpaca_training.tasks import load_tasks, spread

CONDITIONS = Conditions(tasks_sha256="0", seed=0, steps=12, prompt_format="")


def library(title: str) -> dict[str, Any]:
    """A small API: books that are listed, read and added."""
    book = {
        "type": "object",
        "required": ["title"],
        "properties": {"id": {"type": "integer"}, "title": {"type": "string"}},
    }
    answer = {"application/json": {"schema": book}}
    shelf = {"application/json": {"schema": {"type": "array", "items": book}}}
    identity = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": {
            "/books": {
                "get": {
                    "operationId": "listBooks",
                    "summary": "List the books",
                    "parameters": [{"name": "author", "in": "query", "schema": {"type": "string"}}],
                    "responses": {"200": {"description": "Books", "content": shelf}},
                },
                "post": {
                    "operationId": "addBook",
                    "summary": "Add a book",
                    "requestBody": {"required": True, "content": answer},
                    "responses": {"201": {"description": "The book", "content": answer}},
                },
            },
            "/books/{id}": {
                "get": {
                    "operationId": "getBook",
                    "summary": "Read a book",
                    "parameters": [identity],
                    "responses": {
                        "200": {"description": "The book", "content": answer},
                        "404": {"description": "No such book"},
                    },
                }
            },
        },
    }


TASKS = (
    Task(
        id="list",
        toolset="City library",
        instruction="Which books are there by Ada?",
        golden=(GoldenCall(function="listBooks", arguments={"author": "Ada"}),),
    ),
    Task(
        id="add",
        toolset="City library",
        instruction="Add the book Emma.",
        golden=(GoldenCall(function="addBook", arguments={"title": "Emma"}),),
    ),
    Task(
        id="ask",
        toolset="School library",
        instruction="Add a book.",
        kind="ask",
        facts={"title": "Momo"},
        golden=(
            GoldenCall(function="getDetails"),
            GoldenCall(function="addBook", arguments={"title": "Momo"}),
        ),
    ),
)

REPLIES: Mapping[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "Which books are there by Ada?": (("listBooks", {"author": "Ada"}),),
    "Add the book Emma.": (("addBook", {"title": "Emma"}),),
    "Add a book.": (
        ("getDetails", {"question": "Which title has it?"}),
        ("addBook", {"title": "Momo"}),
    ),
}


class Fake:
    """A model that does what :meth:`reply` says."""

    capabilities = Capabilities(tools=True)

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = 0

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        self.asked += 1
        yield self.reply(request)

    def reply(self, request: Request) -> Completion:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass


class Perfect(Fake):
    """Knows the instructions by heart."""

    def reply(self, request: Request) -> Completion:
        instruction = next(m.content for m in request.messages if m.role == "user")
        done = sum(message.role == "assistant" for message in request.messages)
        calls = REPLIES[instruction]
        if done == len(calls):
            return Completion("Done.")
        name, arguments = calls[done]
        call = ToolCall(id="x", name=name, arguments=orjson.dumps(arguments).decode())
        return Completion("", tool_calls=(call,))


class Empty(Fake):
    """Says nothing."""

    def reply(self, request: Request) -> Completion:
        return Completion("")


class Moody(Perfect):
    """Breaks on one task."""

    def reply(self, request: Request) -> Completion:
        if any("Emma" in message.content for message in request.messages):
            raise ModelReplyError("the reply made no sense", where=self.name)
        return super().reply(request)


class Buggy(Perfect):
    """Has a bug of ours."""

    def reply(self, request: Request) -> Completion:
        if any("Emma" in message.content for message in request.messages):
            raise ZeroDivisionError("a bug")
        return super().reply(request)


class Absent(Fake):
    """Is not there."""

    def reply(self, request: Request) -> Completion:
        raise ModelUnavailable("nobody answers", where=self.name)


class Silent:
    """A listener that counts."""

    def __init__(self) -> None:
        self.done = 0
        self.results: list[TaskResult] = []

    def began(self, model: str, tasks: int, done: int) -> None:
        self.done += done

    def finished(self, result: TaskResult) -> None:
        self.results.append(result)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tasks"
    toolsets = [
        Toolset(name="City library", document=library("City library")),
        Toolset(name="School library", document=library("School library")),
    ]
    write_jsonl(made / "toolsets.jsonl", toolsets)
    write_jsonl(made / "tasks.jsonl", TASKS)
    return made


def results_of(folder: Path, *models: Fake, concurrency: int = 1) -> dict[str, list[TaskResult]]:
    with ResultStore(None, CONDITIONS) as store:
        settings = Settings(limits=Limits(steps=3), concurrency=concurrency)
        evaluate(load_tasks(folder), models, store, settings, Silent())
        return {model.name: store.of(model.name) for model in models}


def test_a_perfect_model_scores_one_and_an_empty_one_nothing(folder: Path) -> None:
    results = results_of(folder, Perfect("perfect"), Empty("empty"))
    perfect, empty = summarize(results["perfect"]), summarize(results["empty"])
    for name in (
        "success", "finished", "tool_precision", "tool_recall", "arguments", "valid_calls", "asks",
    ):  # fmt: skip
        assert getattr(perfect, name) == 1.0, name
        assert getattr(empty, name) == 0.0, name
    assert perfect.steps == pytest.approx(7 / 3)


def test_worlds_are_isolated_and_concurrent_runs_score_the_same(folder: Path) -> None:
    results = results_of(folder, Perfect("one"), Perfect("two"), concurrency=3)
    assert [result.success for result in results["one"]] == [True] * 3
    assert [result.success for result in results["two"]] == [True] * 3


@pytest.mark.parametrize(("model", "reason"), [(Moody, "no sense"), (Buggy, "ZeroDivisionError")])
def test_a_run_that_breaks_is_recorded_and_loses_no_other(
    model: type[Fake], reason: str, folder: Path
) -> None:
    results = {result.task: result for result in results_of(folder, model("m"))["m"]}
    assert results["add"].status == "failed"
    assert reason in results["add"].reason
    assert results["list"].success
    assert results["ask"].success


def test_a_model_that_is_not_there_ends_at_once(folder: Path) -> None:
    absent = Absent("absent")
    with pytest.raises(ModelUnavailable, match="nobody answers"):
        results_of(folder, absent)
    assert absent.asked == 1


def test_an_evaluation_goes_on_where_it_stopped(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    settings = Settings(limits=Limits(steps=3))
    with ResultStore(out, CONDITIONS) as store:
        evaluate(load_tasks(folder), [Moody("m")], store, settings, Silent())
    # A crash in the middle of a line loses that line, and the task is run again.
    lines = (out / "results.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == 3
    (out / "results.jsonl").write_bytes(b"".join(lines[:2]) + lines[2][:20])

    notes, again = Silent(), Perfect("m")
    with ResultStore(out, CONDITIONS) as store:
        evaluate(load_tasks(folder), [again], store, settings, notes)
        assert [result.success for result in store.of("m")] == [True] * 3
    # The one that was done was not done again; the failed and the lost one were.
    assert notes.done == 1
    assert sorted(result.task for result in notes.results) == ["add", "ask"]
    traces = {trace.id: trace for trace in read_traces(out / "traces.jsonl")}
    for result in read_jsonl(out / "results.jsonl", TaskResult):
        assert result.trace is None or traces[result.trace].task == result.task


def test_results_of_other_conditions_are_not_mixed(tmp_path: Path) -> None:
    ResultStore(tmp_path, CONDITIONS).close()
    other = Conditions(tasks_sha256="0", seed=1, steps=4, prompt_format="")
    with pytest.raises(UsageError, match="another seed, steps"):
        ResultStore(tmp_path, other)


def test_a_toolset_that_cannot_be_used_is_skipped_and_said(folder: Path) -> None:
    toolsets = [
        Toolset(name="City library", document={"swagger": "nonsense"}),
        Toolset(name="School library", document=library("School library")),
        Toolset(
            name="Empty", document={"openapi": "3.1.0", "info": {"title": "E", "version": "1"}}
        ),
    ]
    write_jsonl(folder / "toolsets.jsonl", toolsets)
    lost = Task(id="lost", toolset="Nowhere", instruction="?")
    empty = Task(id="empty", toolset="Empty", instruction="?")
    write_jsonl(folder / "tasks.jsonl", [*TASKS, lost, empty])
    tasks = load_tasks(folder)
    assert [task.id for task in tasks.tasks] == ["ask"]
    assert {skipped.toolset: skipped.tasks for skipped in tasks.skipped} == {
        "City library": 2, "Nowhere": 1, "Empty": 1,
    }  # fmt: skip


def test_the_world_is_the_one_that_a_corpus_was_made_in(folder: Path) -> None:
    assert load_tasks(folder).seed == 0
    (folder / "recipe.json").write_text('{"seed": 7, "model": "baseline"}')
    tasks = load_tasks(folder)
    assert tasks.seed == 7
    with serve(list(tasks.toolsets.values()), tasks.seed) as urls:
        stems = {name: url.rpartition("/")[2] for name, url in urls.items()}
    assert stems == {name: document_name(name) for name in tasks.toolsets}


def test_a_folder_without_a_task_to_run_is_an_error(folder: Path) -> None:
    with pytest.raises(DataError, match="no task to run"):
        load_tasks(folder, split="test")
    write_jsonl(folder / "tasks.jsonl", [TASKS[0], TASKS[0]])
    with pytest.raises(DataError, match="'list' is there twice"):
        load_tasks(folder)


@given(toolsets=st.lists(st.sampled_from("abc"), max_size=12), limit=st.integers(1, 12))
def test_a_limit_is_spread_over_the_toolsets(toolsets: list[str], limit: int) -> None:
    tasks = [
        Task(id=str(number), toolset=toolset, instruction="?")
        for number, toolset in enumerate(toolsets)
    ]
    chosen = spread(tasks, limit)
    assert len(chosen) == min(limit, len(tasks))
    assert [task.id for task in tasks if task in chosen] == [task.id for task in chosen]
    counts = {name: sum(task.toolset == name for task in chosen) for name in set(toolsets)}
    for name, count in counts.items():
        if count < toolsets.count(name):
            assert count >= max(counts.values()) - 1


def test_the_command_prints_the_table_for_the_baseline_too(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.jsonl"
    replies = [
        {"tool_calls": [{"name": name, "arguments": arguments}]} if name else {"text": "Done."}
        for task in TASKS
        for name, arguments in (*REPLIES[task.instruction], ("", {}))
    ]
    script.write_bytes(b"".join(orjson.dumps(reply) + b"\n" for reply in replies))
    model = f"scripted:{script}"
    arguments = ["evaluate", str(folder), "--model", model, "--out", str(tmp_path / "out")]
    assert main([*arguments, "--json"]) == 0
    numbers = orjson.loads(capsys.readouterr().out)
    assert list(numbers["models"]) == [model, "baseline"]
    assert numbers["models"][model]["success"] == 1.0
    assert numbers["models"]["baseline"]["tasks"] == 3
    # The results are there: nothing is run again, and the script is not needed.
    assert main(arguments) == 0
    table = capsys.readouterr().out
    assert table.splitlines()[0].startswith("| model | tasks | failed | success |")
    assert f"| {model} | 3 | 0 | 100.0% |" in table
    assert (tmp_path / "out" / "table.md").read_text() == table


def test_the_command_says_what_is_wrong_in_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tmp_path)]) == 1
    assert "there is no toolsets.jsonl (a corpus folder is made by" in capsys.readouterr().err
    (tmp_path / "file").write_text("mine")
    assert main(["evaluate", str(folder), "--out", str(tmp_path / "file")]) == 2
    assert "is a file, not a folder; choose another" in capsys.readouterr().err
    assert main(["evaluate", str(folder), "--model", f"transformers:{tmp_path}"]) == 1
    assert capsys.readouterr().err.startswith("toolalpaca: error: ")
    assert main(["evaluate", str(folder), "--limit", "0"]) == 2
