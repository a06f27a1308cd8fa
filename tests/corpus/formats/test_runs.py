"""Recorded runs: they become traces, and the same file comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolalpaca.cli import main
from toolalpaca.errors import DataError
from toolalpaca.trace import AssistantEvent, ObservationEvent, UserEvent
from toolalpaca_corpus.folder import CorpusFolder
from toolalpaca_corpus.formats.toolalpaca_files import WRITERS, read_file

from .test_toolalpaca import api

LOG = ' I search for it.\nAction: searchAnime\nAction Input: {"query": "Naruto"}'
RUN = {
    "input": "Find Naruto.",
    "output": "It is 7.",
    "Final Thought": "I know it.",
    "intermediate_steps": [
        [["searchAnime", '{"query": "Naruto"}', LOG], 'Status Code: 200. Response: {"id": 7}'],
        [["getDetailsOf", '{"animeId": 7', "x"], "Invalid JSON format."],
        [["getDetails", '{"Question": "Which?"}', "y"], "The first."],
    ],
}
QUESTION = (
    "Judge.\n## Documentation\nsearchAnime: Finds.\nParameters: "
    '{"query": "Required. string. What.", "page": "integer."}\nOutput: Anime.\n - Format: x\n\n\n'
    "## Task Instruction\nFind Naruto.\n\n## Standard Answer\n1. Function: searchAnime\n"
    'Parameters: {"query": ${name}}\n\n\n## AI Assistant\'s Solution\n1. Function: searchAnime\n'
    'Parameters: {"query":  "Naruto"}\nRetruns: Status Code: 200. Response: [1,\n2]\n'
    "2. Final Response: It is 7.\n2. Really.\n\n## Analysis"
)
JUDGED = {
    "Ani API": [
        {
            "id": 0,
            "input": [{"role": "user", "content": QUESTION}],
            "output": "Good.",
            "process_correctness": "Yes",
            "final_response_correctness": "Uncertain",
        },
        {"id": 1, "input": "", "output": ""},
    ],
    "statistics": {
        "num": 2,
        "error_num": 1,
        "process": {"Yes": 1, "No": 0, "Uncertain": 0},
        "response": {"Yes": 0, "No": 0, "Uncertain": 1},
        "both": 0,
    },
}
ROW = {
    "id": "toolalpaca_train_0000",
    "question": "Tool: Ani API\n\nAvailable functions:\n"
    "1. Name: searchAnime\n   Description: Finds.\n"
    '   Input: {"query": "Required. String. What."}\n   Output: Anime.\n\n2. Name: list\n'
    "Description: Lists.\nInput: None\nOutput: All.\n\nUser request:\nFind Naruto.",
    "answer": "It is 7.",
    "tags": ["tool_use", None],
    "metadata": {
        "split": "train",
        "tool_name": "Ani API",
        "intermediate_steps": RUN["intermediate_steps"],
        "final_thought": "I know it.",
    },
}


def written(folder: Path, value: Any) -> Path:
    path = folder / "given.json"
    path.write_bytes(orjson.dumps(value))
    return path


def canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def test_a_recorded_run_becomes_a_trace(tmp_path: Path) -> None:
    (trace,) = read_file(written(tmp_path, [api(Instances=[RUN])])).traces
    assert (trace.toolset, trace.prompt_format, trace.model) == ("ani-api", "toolalpaca", "unknown")
    assert [tool.name for tool in trace.tools] == ["searchAnime", "get_details"]
    said, first, found, second, refused, asks, told, last = trace.events
    assert isinstance(said, UserEvent)
    assert isinstance(first, AssistantEvent)
    assert (said.text, first.thought, first.raw) == ("Find Naruto.", "I search for it.", LOG)
    assert first.calls[0].arguments == {"query": "Naruto"}
    assert first.trainable
    assert isinstance(found, ObservationEvent)
    assert found.response is not None
    assert (found.response.status, found.response.body) == (200, '{"id": 7}')
    assert found.call == first.calls[0].id
    assert isinstance(second, AssistantEvent)
    assert second.calls[0].tool == "get_details"  # by its tool's name, as in tasks
    assert second.calls[0].problem is not None
    assert isinstance(asks, AssistantEvent)
    assert isinstance(last, AssistantEvent)
    assert [event.source for event in (found, refused, told)] == ["simulator", "validator", "user"]
    assert (last.thought, last.answer) == ("I know it.", "It is 7.")
    assert trace.outcome.status == "answered"
    assert trace == read_file(tmp_path / "given.json").traces[0]  # the same each time


def test_a_judged_run_is_a_trace_that_is_never_learned(tmp_path: Path) -> None:
    imported = read_file(written(tmp_path, JUDGED))
    trace, lost = imported.traces
    assert (trace.toolset, trace.model) == ("ani-api", "given")
    _, step, seen, last = trace.events
    assert isinstance(step, AssistantEvent)
    assert isinstance(seen, ObservationEvent)
    assert isinstance(last, AssistantEvent)
    assert step.calls[0].arguments == {"query": "Naruto"}
    assert seen.text == "Status Code: 200. Response: [1,\n2]"
    assert last.answer == "It is 7.\n2. Really."
    assert not any(event.trainable for event in trace.events)
    assert trace.extra["toolalpaca-judged"]["verdict"]["process_correctness"] == "Yes"
    (tool,) = trace.tools
    assert (tool.name, tool.description) == ("searchAnime", "Finds.")
    assert tool.parameters["required"] == ["query"]
    assert tool.parameters["properties"]["page"]["type"] == "integer"
    assert lost.events == []
    assert [str(problem) for problem in imported.problems] == [
        "Ani API, instruction 2: the record holds no run (kept as it stands)"
    ]


def test_a_row_is_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROW) + "\n")
    (trace,) = read_file(path).traces
    assert trace.toolset == "ani-api"
    assert [tool.name for tool in trace.tools] == ["searchAnime", "list"]
    assert trace.tools[0].description == "Finds."
    assert trace.tools[0].parameters["required"] == ["query"]
    assert trace.tools[1].parameters == {"type": "object"}
    assert len(list(trace.calls())) == 3


LINES = json.dumps(ROW) + "\n" + json.dumps({**ROW, "answer": 7, "metadata": None}) + "\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("toolalpaca", json.dumps([{"Name": "Broken"}, api(Instances=[RUN, {"error": "x"}]), 7])),
        (
            "toolalpaca",
            json.dumps([api(Instructions=["a", "b"], Golden_Answers=[[]], More=[None, {}])]),
        ),
        ("toolalpaca-judged", json.dumps(JUDGED)),
        ("toolalpaca-judged", json.dumps({**JUDGED, "statistics": {"num": 9}})),
        ("toolalpaca-judged", json.dumps({"Ani API": [7, {"input": [{"content": "?"}]}]})),
        ("toolalpaca-rows", LINES),
    ],
)
def test_an_export_gives_the_file_back(
    name: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("given").write_text(content)
    assert main(["corpus", "import", "given", "--out", "corpus"]) == 0
    assert main(["corpus", "export", "corpus", "--out", "back", "--format", name]) == 0
    given, back = Path("given").read_text(), Path("back").read_text()
    if name == "toolalpaca-rows":
        given, back = (f"[{','.join(text.splitlines())}]" for text in (given, back))
    assert canonical(orjson.loads(back)) == canonical(orjson.loads(given))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)
STEPS = ANY | st.lists(ANY | st.just(RUN["intermediate_steps"][0]), max_size=2)
RUNS = ANY | st.fixed_dictionaries(
    {}, optional={"input": ANY, "output": ANY, "intermediate_steps": STEPS, "Final Thought": ANY}
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(RUNS, max_size=2), ANY)
def test_nothing_is_lost_whatever_a_file_holds(tmp_path: Path, runs: Any, more: Any) -> None:
    file = [api(Instances=runs, Introduction=more, Other=more)]
    imported = read_file(written(tmp_path, file))
    assert canonical(orjson.loads(WRITERS["toolalpaca"](imported))) == canonical(file)
    judged = {"A": [{"input": more}, more, *runs]}
    imported = read_file(written(tmp_path, judged))
    assert canonical(orjson.loads(WRITERS["toolalpaca-judged"](imported))) == canonical(judged)


def test_what_was_dropped_is_not_exported(tmp_path: Path) -> None:
    imported = read_file(written(tmp_path, [api(Instances=[RUN, {**RUN, "input": "Other."}])]))
    del imported.traces[0]
    (entry,) = orjson.loads(WRITERS["toolalpaca"](imported))
    assert [run["input"] for run in entry["Instances"]] == ["Other."]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    for content in ("{", '{"a": 1}', "{}"):
        path.write_text(content)
        with pytest.raises(DataError):
            read_file(path)


FILES = {
    "toolalpaca/eval_simulated.json": "toolalpaca",
    "toolalpaca/judged/ToolAlpaca7b.json": "toolalpaca-judged",
    "toolalpaca/judged/ToolAlpaca13b.json": "toolalpaca-judged",
    "toolalpaca-train-excerpt/toolalpaca_train_small.jsonl": "toolalpaca-rows",
    "toolalpaca-train-excerpt/toolalpaca_eval_small.jsonl": "toolalpaca-rows",
}


@pytest.mark.parametrize("file", FILES)
def test_the_published_files_come_back_from_a_corpus(
    file: str, shared: Path, tmp_path: Path
) -> None:
    given, name = shared / "data" / file, FILES[file]
    out, back = tmp_path / "corpus", tmp_path / "back"
    assert main(["corpus", "import", str(given), "--out", str(out)]) == 0
    assert main(["corpus", "export", str(out), "--out", str(back), "--format", name]) == 0
    texts = [path.read_text() for path in (given, back)]
    if name == "toolalpaca-rows":
        texts = [f"[{','.join(text.splitlines())}]" for text in texts]
    one, other = map(orjson.loads, texts)
    assert canonical(one) == canonical(other)


def test_judged_runs_are_told_their_tasks_where_they_did_them(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, tasks, out = shared / "data" / "toolalpaca", tmp_path / "tasks", tmp_path / "runs"
    assert main(["corpus", "import", str(data / "eval_simulated.json"), "--out", str(tasks)]) == 0
    capsys.readouterr()
    judged = str(data / "judged" / "ToolAlpaca7b.json")
    assert main(["corpus", "import", judged, "--out", str(out), "--tasks", str(tasks)]) == 0
    traces = CorpusFolder(out).runs()
    instructions = {task.id: task.instruction.strip() for task in CorpusFolder(tasks).tasks()}
    assert len(traces) == 100
    assert sum(trace.task in instructions for trace in traces) == 97
    # Two were judged with the instruction of the next item, and of one there is no run.
    assert capsys.readouterr().err.splitlines() == [
        "Auth0, instruction 9: the record holds no run (kept as it stands)",
        "Apache Superset, instruction 1: its instruction is not that of the task "
        "apache-superset-001 (kept as it stands)",
        "Apache Superset, instruction 2: its instruction is not that of the task "
        "apache-superset-002 (kept as it stands)",
    ]
