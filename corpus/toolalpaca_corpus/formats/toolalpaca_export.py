"""A corpus in ToolAlpaca's JSON: a list of APIs with instructions, golden answers and runs.

What was imported from that form comes back as it was, by the corrections that the import kept. Of
other corpora the form has no place for: facts, splits and kinds of tasks, and of traces the
requests, responses, times, models and outcomes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from toolalpaca.task import GoldenCall, Task, Toolset, is_reference
from toolalpaca.trace import Trace
from toolalpaca_corpus.formats.corrections import corrected
from toolalpaca_corpus.formats.imported import ImportProblem
from toolalpaca_corpus.formats.toolalpaca_run import final_step, instruction_of, write_steps

NAME: Final = "toolalpaca"


def write_apis(
    toolsets: Iterable[Toolset],
    tasks: Iterable[Task],
    traces: Iterable[Trace],
    problems: Iterable[ImportProblem] = (),
) -> list[Any]:
    """The file of a corpus; APIs that were not imported stand at their old places."""
    tasks_of, traces_of = defaultdict(list), defaultdict(list)
    for task in tasks:
        tasks_of[task.toolset].append(task)
    for trace in traces:
        traces_of[trace.toolset].append(trace)
    entries = [
        corrected(
            api_entry(toolset, tasks_of[toolset.name], traces_of[toolset.name]),
            toolset.extra.get(NAME, {}),
        )
        for toolset in toolsets
    ]
    for problem in problems:
        if problem.index is not None:
            entries.insert(problem.index, problem.original)
    return entries


def api_entry(toolset: Toolset, tasks: Sequence[Task], traces: Sequence[Trace]) -> dict[str, Any]:
    """One API, before the corrections of its toolset."""
    entry: dict[str, Any] = {
        "Name": toolset.title or toolset.name,
        "Description": toolset.description,
        "Category": toolset.category,
        "Introduction": toolset.introduction,
        "Link": toolset.link,
        "Documentation": json.dumps(toolset.document),
        "Function_Projection": {f.name: [f.path, f.method] for f in toolset.functions},
    }
    if tasks:
        entry["Instructions"] = [task.instruction for task in tasks]
        entry["Golden_Answers"] = [
            corrected(golden_answer(task), task.extra.get(NAME, {})) for task in tasks
        ]
    if traces:
        entry["Instances"] = [
            corrected(run_entry(trace), trace.extra.get(NAME, {}).get("corrections", {}))
            for trace in traces
        ]
    return entry


def golden_answer(task: Task) -> list[dict[str, str]]:
    """The golden calls of *task*, before its corrections."""
    return [
        {
            "Action": f"[Optional]{call.function}" if call.optional else call.function,
            "Action_Input": _arguments(call),
        }
        for call in task.golden
    ]


def run_entry(trace: Trace) -> dict[str, Any]:
    """An element of ``Instances``, before its corrections."""
    last = final_step(trace)
    return {
        "input": instruction_of(trace),
        "output": last.answer if last else "",
        "Final Thought": last.thought if last else "",
        "intermediate_steps": write_steps(trace),
    }


def _arguments(call: GoldenCall) -> str:
    """Arguments in the grammar of :mod:`toolalpaca_corpus.formats.golden`."""
    members = (f"{json.dumps(name)}: {_value(value)}" for name, value in call.arguments.items())
    return f"{{{', '.join(members)}}}"


def _value(value: Any) -> str:
    if isinstance(value, dict) and is_reference(value):
        words = value.get("$any") or value.get("name") or value.get("path") or "value"
        origin = f" from {value['$from']}" if "$from" in value else ""
        return f"${{{words}{origin}}}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(k)}: {_value(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
