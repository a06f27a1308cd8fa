"""What the import of another's corpus makes: toolsets, tasks, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel

from toolalpaca.task import Task, Toolset


class ImportProblem(BaseModel):
    """What could not be read, or was read with a reserve.

    Attributes:
        api: The API's name as written.
        instruction: Number of the instruction, from 1; None when it concerns the whole API.
        message: What is wrong.
        consequence: What was done about it.
    """

    api: str
    instruction: int | None = None
    message: str
    consequence: str

    def __str__(self) -> str:
        place = "" if self.instruction is None else f", instruction {self.instruction}"
        return f"{self.api}{place}: {self.message} ({self.consequence})"


@dataclass
class Imported:
    """What a file held."""

    toolsets: list[Toolset] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    problems: list[ImportProblem] = field(default_factory=list)
