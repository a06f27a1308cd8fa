"""A request and what became of it, for whoever watches the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from toolalpaca.openapi.model import Operation
from toolalpaca.redaction import MASK, Redactor
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.problems import is_secret
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.reading.sessions import DEFAULT_SESSION

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


class Exchange(NamedTuple):
    """One request and its answer. It may hold secrets: show no header, query or body unmasked.

    A tuple, because every request makes one.

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
        return _masked(self.request.path, self.answer.operation)[0]

    @property
    def problem(self) -> str:
        """What was wrong with the request, or ``""``; without what the path may hold of secrets."""
        said = self.answer.headers.get("toolalpaca-problem", "")
        return Redactor(self.secret_segments)(said) if said else ""

    @property
    def secret_segments(self) -> list[str]:
        """What stands in the path in the place of secrets, decoded."""
        return _masked(self.request.path, self.answer.operation)[1]

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


def _masked(path: str, operation: Operation | None) -> tuple[str, list[str]]:
    """*path* with the segments masked that stand for secrets (``/reset/{token}``), and these.

    What stands in front of the document's own path, such as the name of the API, is left alone.
    """
    places = _secret_places(operation.path) if operation is not None else ()
    if not places:
        return path, []
    segments = path.rstrip("/").split("/")
    found = []
    for place in places:
        if place <= len(segments):
            found.append(unquote(segments[-place]))
            segments[-place] = MASK
    return "/".join(segments) + path[len(path.rstrip("/")) :], found


@lru_cache(maxsize=4096)
def _secret_places(template: str) -> tuple[int, ...]:
    """Which segments of *template* stand for secrets, counted from its end, from 1.

    >>> _secret_places("/reset/{token}/confirm")
    (2,)
    """
    segments = enumerate(reversed(template.rstrip("/").split("/")), 1)
    return tuple(
        place for place, segment in segments if any(map(is_secret, _PLACEHOLDER.findall(segment)))
    )
