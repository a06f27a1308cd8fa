"""What an importer gives back."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from toolalpaca.openapi.names import document_name
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import Trace


class ImportProblem(BaseModel):
    """What could not be read, or was read with a reserve.

    Attributes:
        api: The API's name as written.
        instruction: Number of the instruction, from 1; None when it concerns the whole API.
        message: What is wrong.
        consequence: What was done about it.
        index: Where the entry stands in the file, from 0, when nothing of it was imported.
        original: That entry.
    """

    api: str
    instruction: int | None = None
    message: str
    consequence: str
    index: int | None = None
    original: Any = None

    def __str__(self) -> str:
        place = "" if self.instruction is None else f", instruction {self.instruction}"
        return f"{self.api}{place}: {self.message} ({self.consequence})"


@dataclass
class Imported:
    """What a file held."""

    toolsets: list[Toolset] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    problems: list[ImportProblem] = field(default_factory=list)


def toolset_name(title: str) -> str:
    """The name of an API's toolset, the same in whatever file the API stands.

    >>> toolset_name("Améthyste")
    'amethyste'
    """
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return document_name(letters)
