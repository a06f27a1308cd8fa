"""ToolAlpaca's JSON: a list of APIs with instructions and golden answers.

Source: https://github.com/tangqiaoyu/ToolAlpaca, ``data/*.json``. An API holds its OpenAPI document
as a JSON string, ``Function_Projection`` (function to path and method), ``Instructions`` and, in
evaluation files, ``Golden_Answers``: a list of ``{Action, Action_Input}`` for each instruction,
whose arguments have the grammar of :mod:`toolalpaca_corpus.formats.golden`. Training files hold
recorded runs (``Instances``) of :mod:`toolalpaca_corpus.formats.toolalpaca_run`, too.

What has no place in our schemas stands in the ``extra`` of what it belongs to, as corrections to
what :mod:`toolalpaca_corpus.formats.toolalpaca_export` makes: nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, Field

from toolalpaca.errors import DataError, DocumentError
from toolalpaca.jsonl import parse_record
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.names import unique_name
from toolalpaca.task import ASK_TOOL, Split, Task, Toolset
from toolalpaca.trace import Trace
from toolalpaca_corpus.formats.corrections import corrections
from toolalpaca_corpus.formats.imported import Imported, ImportProblem, toolset_name
from toolalpaca_corpus.formats.toolalpaca_export import NAME, api_entry, golden_answer, run_entry
from toolalpaca_corpus.formats.toolalpaca_run import imported_trace, kept, read_run
from toolalpaca_corpus.formats.toolalpaca_task import Answer, TaskImport
from toolalpaca_corpus.toolsets import functions_of

_API_NOT_IMPORTED = "the API is not imported"


class _Api(BaseModel):
    name: str = Field(alias="Name", min_length=1)
    documentation: str | dict[str, Any] = Field(alias="Documentation")
    description: str = Field(alias="Description", default="")
    category: str = Field(alias="Category", default="")
    introduction: str = Field(alias="Introduction", default="")
    link: str = Field(alias="Link", default="")
    projection: dict[str, tuple[str, str]] = Field(alias="Function_Projection", default={})
    instructions: list[str] = Field(alias="Instructions", default=[])
    answers: list[list[Answer]] | None = Field(alias="Golden_Answers", default=None)
    instances: list[Any] = Field(alias="Instances", default=[])


def read_toolalpaca(path: Path, *, split: Split = "test", licence: str = "") -> Imported:
    """Read a file in ToolAlpaca's format.

    Args:
        path: The JSON file.
        split: What the tasks may be used for.
        licence: The file's licence; the format has no field for it.

    Raises:
        DataError: The file cannot be read or is no list of APIs. A fault within it is a problem.
    """
    imported = Imported()
    for index, entry in enumerate(_entries(path)):
        where = f"{path}#/{index}"
        try:
            api = parse_record(entry, _Api, where)
        except DataError as error:
            name = str(entry.get("Name", where)) if isinstance(entry, dict) else where
            imported.problems.append(
                ImportProblem(
                    api=name,
                    message=error.what,
                    consequence=_API_NOT_IMPORTED,
                    index=index,
                    original=entry,
                )
            )
            continue
        _ApiImport(api, entry, imported, path.name, index).run(split, licence)
    return imported


def _entries(path: Path) -> list[Any]:
    try:
        entries = orjson.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except orjson.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error}", where=str(path)) from error
    if not isinstance(entries, list):
        raise DataError(
            "is no list of APIs", where=str(path), hint="ToolAlpaca's files hold a JSON array"
        )
    return entries


class _ApiImport:
    """The import of one API into what has been imported so far."""

    def __init__(
        self, api: _Api, entry: dict[str, Any], imported: Imported, file: str, index: int
    ) -> None:
        self._api = api
        self._entry = entry
        self._imported = imported
        self._index = index
        self._provenance = f"{file}#/{index}"

    def run(self, split: Split, licence: str) -> None:
        """Add the API's toolset, its tasks, its runs and what was wrong with them."""
        try:
            toolset, document = self._toolset(licence)
        except DocumentError as error:
            self._imported.problems.append(
                ImportProblem(
                    api=self._api.name,
                    message=str(error),
                    consequence=_API_NOT_IMPORTED,
                    index=self._index,
                    original=self._entry,
                )
            )
            return
        names = self._names(document)
        tasks = list(self._tasks(toolset, names, split))
        traces = [
            self._trace(toolset, names, number, run)
            for number, run in enumerate(self._api.instances)
            if isinstance(run, dict)
        ]
        changes = corrections(api_entry(toolset, tasks, traces), self._entry)
        if changes:
            toolset = toolset.model_copy(update={"extra": {NAME: changes}})
        self._imported.toolsets.append(toolset)
        self._imported.tasks.extend(tasks)
        self._imported.traces.extend(traces)

    def _tasks(self, toolset: Toolset, names: dict[str, str], split: Split) -> Iterator[Task]:
        for number, (instruction, answer) in enumerate(
            zip(self._api.instructions, self._answers(), strict=False), start=1
        ):
            task = TaskImport(self.problem, toolset, names, number, instruction).task(answer, split)
            if task is not None:
                read = self._entry["Golden_Answers"][number - 1]
                changes = corrections(golden_answer(task), read)
                yield task.model_copy(update={"extra": {NAME: changes}}) if changes else task

    def _trace(
        self, toolset: Toolset, names: dict[str, str], number: int, run: dict[str, Any]
    ) -> Trace:
        steps = run.get("intermediate_steps")
        events = read_run(
            str(run.get("input", "")),
            [_renamed(step, names) for step in steps] if isinstance(steps, list) else (),
            str(run.get("output") or ""),
            str(run.get("Final Thought") or ""),
        )
        tools = tuple(
            ToolSpec(name=f.name, description=f.description, parameters=f.parameters)
            for f in toolset.functions
        )
        trace = imported_trace(
            f"{self._provenance}/Instances/{number}", events, toolset=toolset.name, tools=tools
        )
        if trace.outcome.status != "answered":
            self._problem(None, f"run {number + 1} has no answer", "kept as it stands")
        changes = corrections(run_entry(trace), run)
        return kept(trace, NAME, changes) if changes else trace

    def problem(self, instruction: int, message: str, consequence: str) -> None:
        """Note a problem of one instruction."""
        self._problem(instruction, message, consequence)

    def _problem(self, instruction: int | None, message: str, consequence: str) -> None:
        self._imported.problems.append(
            ImportProblem(
                api=self._api.name,
                instruction=instruction,
                message=message,
                consequence=consequence,
            )
        )

    def _answers(self) -> list[list[Answer]]:
        instructions, answers = len(self._api.instructions), self._api.answers
        if answers is None:
            if instructions:
                self._problem(
                    None,
                    f"{instructions} instructions without golden answers",
                    "they are not imported",
                )
            return []
        if len(answers) != instructions:
            self._problem(
                None,
                f"{instructions} instructions, but {len(answers)} golden answers",
                "what has no partner is not imported",
            )
        return answers

    def _toolset(self, licence: str) -> tuple[Toolset, Document]:
        source = self._api.documentation
        if isinstance(source, str):
            try:
                source = orjson.loads(source)
            except orjson.JSONDecodeError as error:
                raise DocumentError(f"Documentation is not JSON: {error}") from error
        if not isinstance(source, dict):
            raise DocumentError("Documentation is no JSON object")
        taken = {toolset.name for toolset in self._imported.toolsets}
        name = unique_name(toolset_name(self._api.name), taken, separator="-")
        document = load_document(source, name=name)
        toolset = Toolset(
            name=name,
            title=self._api.name,
            category=self._api.category,
            description=self._api.description,
            introduction=self._api.introduction,
            link=self._api.link,
            document=source,
            functions=functions_of(document),
            provenance=self._provenance,
            licence=licence,
        )
        return toolset, document

    def _names(self, document: Document) -> dict[str, str]:
        """The operation's name for each function's name."""
        by_place = {(operation.path, operation.method): operation.name for operation in document}
        names = {ASK_TOOL: ASK_TOOL, **{name: name for name in by_place.values()}}
        for function, (path, method) in self._api.projection.items():
            operation = by_place.get((path, method.lower()))
            if operation is not None:
                names[function] = operation
            else:
                self._problem(
                    None,
                    f"the function {function} stands for {method.upper()} {path}, "
                    "which the document does not have",
                    "golden answers that use it are not imported",
                )
        return names


def _renamed(step: Any, names: dict[str, str]) -> Any:
    """*step* with the tool's name in the place of the function's."""
    match step:
        case [[str(action), given, log], observation]:
            return [[names.get(action, action), given, log], observation]
        case _:
            return step
