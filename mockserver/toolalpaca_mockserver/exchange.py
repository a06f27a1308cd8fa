"""A request and what became of it, for whoever watches the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.openapi.model import Operation
from toolalpaca.redaction import MASK
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.problems import is_secret
from toolalpaca_mockserver.requests import Request
from toolalpaca_mockserver.sessions import DEFAULT_SESSION

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


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
    def path(self) -> str:
        """The path, without what it may hold of secrets."""
        return _masked(self.request.path, self.answer.operation)

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
            "path": self.path,
            "api": self.answer.api,
            "operation": operation.name if operation is not None else "",
            "status": self.answer.status,
            "source": self.answer.source,
            "milliseconds": self.milliseconds,
            "session": "" if self.session == DEFAULT_SESSION else self.session,
            "problem": self.problem,
            "disturbance": self.answer.disturbance,
        }


Listener = Callable[[Exchange], None]
"""Told of every exchange, in the loop that serves: it must be quick and must not fail."""


def _masked(path: str, operation: Operation | None) -> str:
    """*path* with the segments masked that stand for secrets, as in ``/reset/{token}``.

    What stands in front of the document's own path, such as the name of the API, is left alone.
    """
    if operation is None or not is_secret(operation.path):
        return path
    template = operation.path.rstrip("/").split("/")
    segments = path.rstrip("/").split("/")
    for place in range(1, min(len(segments), len(template)) + 1):
        if any(map(is_secret, _PLACEHOLDER.findall(template[-place]))):
            segments[-place] = MASK
    return "/".join(segments) + path[len(path.rstrip("/")) :]
