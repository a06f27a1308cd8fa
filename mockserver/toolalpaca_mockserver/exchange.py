"""A request and what became of it, for whoever watches the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.requests import Request
from toolalpaca_mockserver.sessions import DEFAULT_SESSION


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. It may hold secrets: show no header, query or body unmasked.

    Attributes:
        request: As it arrived.
        answer: As it is sent.
        session: The name of the session.
        at: When the request was read, in seconds since the epoch.
        milliseconds: From the first byte read to the answer made.
    """

    request: Request
    answer: Answer
    session: str
    at: float
    milliseconds: float

    @property
    def problem(self) -> str:
        """What was wrong with the request, or ``""``."""
        return self.answer.headers.get("toolalpaca-problem", "")

    def as_json(self) -> dict[str, Any]:
        """The exchange as a line of ``--json`` output, without anything that may be secret."""
        operation = self.answer.operation
        return {
            "event": "request",
            "method": self.request.method,
            "path": self.request.path,
            "api": self.answer.api,
            "operation": operation.name if operation is not None else "",
            "status": self.answer.status,
            "source": self.answer.source,
            "milliseconds": self.milliseconds,
            "session": "" if self.session == DEFAULT_SESSION else self.session,
            "problem": self.problem,
            "disturbance": self.answer.disturbance,
        }

    def as_line(self) -> str:
        """The exchange as a line for a person."""
        request, answer = self.request, self.answer
        line = (
            f"{request.method:<7} {request.path} {answer.status} {answer.source} "
            f"{self.milliseconds:.1f} ms"
        )
        session = f" [{self.session}]" if self.session != DEFAULT_SESSION else ""
        disturbed = f"  ({answer.disturbance})" if answer.disturbance else ""
        return line + session + disturbed + (f"  {self.problem}" if self.problem else "")


Listener = Callable[[Exchange], None]
"""Told of every exchange, in the loop that serves: it must be quick and must not fail."""
