"""Runs that ToolAlpaca's evaluation had judged: ``{API: [item], "statistics": {...}}``.

An item holds the question to the judge (documentation, instruction, standard answer and the run),
what the judge wrote and its two verdicts. The run in it becomes a trace; it is never trained on.
Items without a run (their model failed) are kept as traces without events.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from toolalpaca.task import Task
from toolalpaca.trace import Event, Trace
from toolalpaca_corpus.formats.corrections import corrected, corrections
from toolalpaca_corpus.formats.described import documented_tools
from toolalpaca_corpus.formats.imported import Imported, ImportProblem, toolset_name
from toolalpaca_corpus.formats.toolalpaca_run import (
    final_step,
    imported_trace,
    instruction_of,
    kept,
    read_run,
    write_steps,
)

NAME: Final = "toolalpaca-judged"

_STATISTICS = "statistics"
_VERDICTS = {"process_correctness", "final_response_correctness"}
_QUESTION = re.compile(
    r"(?P<guidelines>.*)## Documentation\n(?P<documentation>.*)\n\n"
    r"## Task Instruction\n(?P<instruction>.*)\n\n"
    r"## Standard Answer\n(?P<standard>.*)\n\n"
    r"## AI Assistant's Solution\n(?P<solution>.*)\n\n## Analysis",
    re.DOTALL,
)
_CALL = re.compile(
    r"\d+\. Function: (?P<action>.*?)\nParameters: (?P<input>.*?)\nRetruns: (?P<seen>.*)", re.DOTALL
)
_STEP = re.compile(r"\n(?=\d+\. (?:Function|Final Response): )")
_FINAL = re.compile(r"\d+\. Final Response: ?(?P<answer>.*)", re.DOTALL)


def is_judged(value: Any) -> bool:
    """Whether a file has this form."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(items, list) for name, items in value.items() if name != _STATISTICS)
        and any(name != _STATISTICS for name in value)
    )


def read_judged(path: Path, value: Mapping[str, Any]) -> Imported:
    """The runs of a file."""
    imported = Imported()
    for api, items in value.items():
        if api != _STATISTICS:
            for index, item in enumerate(items):
                trace = _read(item, path, api, index)
                imported.traces.append(trace)
                if not trace.events:
                    imported.problems.append(_problem(api, index, "the record holds no run"))
    counted = _statistics(write_judged(imported.traces))
    if value.get(_STATISTICS) != counted:
        imported.problems.append(
            ImportProblem(
                api=_STATISTICS,
                message="the numbers are not those of the items",
                consequence="kept as it stands",
                original=value.get(_STATISTICS),
            )
        )
    return imported


def link(imported: Imported, tasks: Iterable[Task]) -> None:
    """Say in each trace which of *tasks* it does: the one with its number and its instruction.

    Where the instruction is another, the item was judged by it, and what its run did may be
    something else: that is a problem, and the trace is of no task.
    """
    by_id = {task.id: task for task in tasks}
    for place, trace in enumerate(imported.traces):
        told = trace.extra[NAME]
        task = by_id.get(f"{trace.toolset}-{told['number']:03}")
        if task is None or not trace.events:
            continue
        if task.instruction.strip() == instruction_of(trace).strip():
            imported.traces[place] = trace.model_copy(update={"task": task.id})
        else:
            message = f"its instruction is not that of the task {task.id}"
            imported.problems.append(_problem(told["api"], told["number"] - 1, message))


def write_judged(traces: Iterable[Trace], problems: Iterable[ImportProblem] = ()) -> dict[str, Any]:
    """The file of *traces*, with its statistics."""
    items: dict[str, Any] = {}
    for trace in traces:
        told = trace.extra.get(NAME, {})
        item = corrected(_made(trace), told.get("corrections", {}))
        items.setdefault(told.get("api", trace.toolset), []).append(item)
    items[_STATISTICS] = _statistics(items)
    for problem in problems:
        if problem.api == _STATISTICS:
            items[_STATISTICS] = problem.original
    return {name: part for name, part in items.items() if part is not None}


def _read(item: Any, path: Path, api: str, index: int) -> Trace:
    asked = _QUESTION.fullmatch(_question(item))
    trace = imported_trace(
        f"{path.name}#/{api}/{index}",
        _events(asked["instruction"], asked["solution"]) if asked else (),
        toolset=toolset_name(api),
        model=path.stem,
        tools=documented_tools(asked["documentation"]) if asked else (),
    )
    told = {
        "api": api,
        "number": index + 1,
        "verdict": _verdict(item),
    }
    if asked:
        told |= {name: asked[name] for name in ("guidelines", "documentation", "standard")}
    trace = kept(trace, NAME, {}, **told)
    return kept(trace, NAME, corrections(_made(trace), item), **told)


def _verdict(item: Any) -> dict[str, Any]:
    """What the judge wrote, and the two words that were read from it."""
    if not isinstance(item, dict):
        return {}
    return {name: item[name] for name in item if name == "output" or name in _VERDICTS}


def _question(item: Any) -> str:
    """What the judge was asked; ``""`` when the item holds no question."""
    match item:
        case {"input": [{"content": str(content)}]}:
            return content
        case _:
            return ""


def _events(instruction: str, solution: str) -> tuple[Event, ...]:
    steps: list[Any] = []
    answer = ""
    for part in _STEP.split(solution):
        call, final = _CALL.fullmatch(part), _FINAL.fullmatch(part)
        if call:
            # The record has lost the thoughts; the rest is what the text protocol writes.
            log = f"Action: {call['action']}\nAction Input: {call['input']}"
            steps.append([[call["action"], call["input"], log], call["seen"]])
        elif final:
            answer = final["answer"]
    return read_run(instruction, steps, answer, trainable=False)


def _problem(api: str, index: int, message: str) -> ImportProblem:
    return ImportProblem(
        api=api, instruction=index + 1, message=message, consequence="kept as it stands"
    )


def _made(trace: Trace) -> dict[str, Any]:
    told = trace.extra.get(NAME, {})
    question = (
        f"{told.get('guidelines', '')}## Documentation\n{told.get('documentation', '')}\n\n"
        f"## Task Instruction\n{instruction_of(trace)}\n\n"
        f"## Standard Answer\n{told.get('standard', '')}\n\n"
        f"## AI Assistant's Solution\n{_solution(trace)}\n\n## Analysis"
    )
    return {"input": [{"role": "user", "content": question}], **told.get("verdict", {})}


def _solution(trace: Trace) -> str:
    parts = [
        f"Function: {action}\nParameters: {given}\nRetruns: {seen}"
        for (action, given, _), seen in write_steps(trace)
    ]
    last = final_step(trace)
    if last is not None:
        parts.append(f"Final Response: {last.answer}")
    return "\n".join(f"{number}. {part}" for number, part in enumerate(parts, start=1))


def _statistics(file: Mapping[str, Any]) -> dict[str, Any]:
    """How the file itself counts its items."""
    items = [item for name, part in file.items() if name != _STATISTICS for item in part]
    judged = [item for item in items if isinstance(item, dict) and item.keys() >= _VERDICTS]
    process, response = (
        Counter(str(item[f"{part}_correctness"]) for item in judged)
        for part in ("process", "final_response")
    )
    both = sum(all(item[name] == "Yes" for name in _VERDICTS) for item in judged)
    return {
        "num": len(items),
        "error_num": len(items) - len(judged),
        "process": {word: process[word] for word in ("Yes", "No", "Uncertain")},
        "response": {word: response[word] for word in ("Yes", "No", "Uncertain")},
        "both": both,
    }
