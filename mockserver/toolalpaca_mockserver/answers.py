"""Answers as they are before they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.disturbance.grammar import Fate
from toolalpaca_mockserver.engines import Source
from toolalpaca_mockserver.json_text import dump
from toolalpaca_mockserver.problems import PROBLEM_TYPE, Reason, header_text, problem, summary

EMPTY: Final = frozenset({204, 205, 304})
"""The statuses whose answers have no body."""


@dataclass(slots=True)
class Answer:
    """A response, before it is sent.

    Attributes:
        status: The status code.
        body: The bytes.
        content_type: ``""`` when there is no body.
        headers: Further headers, by name as they are sent.
        source: Where the body came from; "" where that says nothing.
        reason: Why it is not what was to be expected, such as another engine's.
        cookies: Values of ``Set-Cookie``, of which there may be several.
        conforming: Whether it is what the document says; None where nobody has asked.
        api: The name of the API that was called; "" where none was.
        operation: What was called; None where nothing was.
        disturbance: What went wrong on purpose, or "".
        fate: How delivering it fails on purpose, or None.
        rules: Which rules the request broke, as far as they have names.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    source: Source = "schema"
    reason: str = ""
    cookies: tuple[str, ...] = ()
    conforming: bool | None = None
    api: str = ""
    operation: Operation | None = None
    disturbance: str = ""
    fate: Fate | None = None
    rules: tuple[str, ...] = ()


def problem_answer(
    status: int, detail: str, reasons: Sequence[Reason] = (), *, source: Source = "router"
) -> Answer:
    """Problem details: by default for a request that reached no operation."""
    return Answer(
        status,
        dump(problem(status, detail, reasons)),
        PROBLEM_TYPE,
        {"toolalpaca-problem": header_text(summary(detail, reasons))},
        source,
    )
