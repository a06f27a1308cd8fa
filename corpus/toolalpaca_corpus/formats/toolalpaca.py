"""ToolAlpaca's JSON: a list of APIs with instructions and golden answers.

Source: https://github.com/tangqiaoyu/ToolAlpaca, ``data/*.json``. An API holds its OpenAPI document
as a JSON string, ``Function_Projection`` (function to path and method), ``Instructions`` and, in
evaluation files, ``Golden_Answers``: a list of ``{Action, Action_Input}`` for each instruction,
whose arguments have the grammar of :mod:`toolalpaca_corpus.formats.golden`. Recorded runs
(``Instances``, in training files) are not imported.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, Field

from toolalpaca.errors import DataError, DocumentError
from toolalpaca.jsonl import parse_record
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.names import document_name, unique_name
from toolalpaca.task import ASK_TOOL, Split, Toolset
from toolalpaca_corpus.formats.imported import Imported, ImportProblem
from toolalpaca_corpus.formats.toolalpaca_task import Answer, TaskImport
from toolalpaca_corpus.toolsets import functions_of


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
                ImportProblem(api=name, message=error.what, consequence="the API is not imported")
            )
            continue
        _ApiImport(api, imported, provenance=f"{path.name}#/{index}").run(split, licence)
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

    def __init__(self, api: _Api, imported: Imported, provenance: str) -> None:
        self._api = api
        self._imported = imported
        self._provenance = provenance

    def run(self, split: Split, licence: str) -> None:
        """Add the API's toolset, its tasks and what was wrong with them."""
        try:
            toolset, document = self._toolset(licence)
        except DocumentError as error:
            self._problem(None, str(error), "the API is not imported")
            return
        self._imported.toolsets.append(toolset)
        names = self._names(document)
        answers = self._answers()
        for number, (instruction, answer) in enumerate(
            zip(self._api.instructions, answers, strict=False), start=1
        ):
            task = TaskImport(self.problem, toolset, names, number, instruction).task(answer, split)
            if task is not None:
                self._imported.tasks.append(task)
        if self._api.instances:
            self._problem(
                None, f"{len(self._api.instances)} recorded runs", "they are not imported"
            )

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
        name = unique_name(_identifier(self._api.name), taken, separator="-")
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


def _identifier(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return document_name(letters)
