"""What happened to each request, for people and programs that watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and what became of it.

    Attributes:
        method: Upper case.
        path: As sent, without the query, which may hold a key.
        status: Of the answer.
        source: Where the answer came from.
        milliseconds: From the first byte read to the answer made.
        session: The session's name, ``""`` for the default one.
        problem: What was wrong with the request, or ``""``.
    """

    method: str
    path: str
    status: int
    source: str
    milliseconds: float
    session: str = ""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The entry as a line of ``--json`` output."""
        return {"event": "request", **asdict(self)}

    def as_line(self) -> str:
        """The entry as a line for a person."""
        line = (
            f"{self.method:<7} {self.path} {self.status} {self.source} {self.milliseconds:.1f} ms"
        )
        session = f" [{self.session}]" if self.session else ""
        return line + session + (f"  {self.problem}" if self.problem else "")


Journal = Callable[[Entry], None]


def ignore(entry: Entry) -> None:
    """Keep nothing of *entry*."""
    del entry
