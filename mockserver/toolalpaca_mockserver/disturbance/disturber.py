"""Lets disturbances happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.disturbance.chance import Chance, Disturbance
from toolalpaca_mockserver.disturbance.grammar import NO_TERMS, Terms, read_terms
from toolalpaca_mockserver.disturbance.limiter import Limiter
from toolalpaca_mockserver.disturbance.rules import NO_RULES, Rules
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.reading.requests import Request

HEADER: Final = "toolalpaca-disturb"
"""The request header that disturbs one answer, in the words of :mod:`.grammar`."""


class Refuse(Protocol):
    """Makes the answer that refuses a request; see ``Responder.refuse``."""

    def __call__(self, status: int, detail: str) -> Answer:
        """The refusal."""
        ...


class Disturber:
    """Disturbs the answers of one API.

    Args:
        rules: What may happen to which operations.
    """

    def __init__(self, rules: Rules = NO_RULES) -> None:
        self._rules = rules
        self._chance = Chance(rules.seed)
        self._limiter = Limiter()
        self._terms: dict[str, Terms] = {}
        self._idle = rules.everywhere == NO_TERMS and not rules.of

    def is_idle(self, request: Request) -> bool:
        """Whether nothing can happen to the answer of *request*."""
        return self._idle and HEADER not in request.headers

    async def around(
        self,
        plan: OperationPlan,
        request: Request,
        session: str,
        answer: Callable[[], Awaitable[Answer]],
        refuse: Refuse,
    ) -> Answer:
        """The answer, disturbed.

        Args:
            plan: Of the operation that is called.
            request: What asks for it.
            session: Whose rates count.
            answer: Makes the undisturbed answer; not called when an error stands in its place.
            refuse: Makes an error.
        """
        try:
            drawn = self._drawn(plan.operation, request, session)
        except ValueError as error:
            return refuse(400, f"the header {HEADER} cannot be read: {error}")
        if drawn.seconds:
            await asyncio.sleep(drawn.seconds)
        if drawn.status is not None:
            made = refuse(drawn.status, "this error is a disturbance that was asked for")
            made.source = "disturbance"
        elif drawn.fate in ("drop", "hang"):
            made = Answer(500, source="disturbance")  # nobody will see it
        else:
            made = await answer()
        if drawn.retry_after is not None:
            made.headers["Retry-After"] = str(drawn.retry_after)
        if drawn.fate == "malformed":
            made.body = made.body[: len(made.body) // 2]
        else:
            made.fate = drawn.fate
        made.disturbance = drawn.label
        return made

    def _drawn(self, operation: Operation, request: Request, session: str) -> Disturbance:
        said = request.headers.get(HEADER)
        terms = read_terms(said) if said is not None else self._of(operation)
        if terms.rate is not None:
            wait = self._limiter.wait(terms.rate, operation.name, session)
            if wait is not None:
                return Disturbance(status=429, retry_after=wait)
        return self._chance.draw(terms, operation.name, session)

    def _of(self, operation: Operation) -> Terms:
        known = self._terms.get(operation.name)
        if known is None:
            known = self._terms[operation.name] = self._rules.terms(operation)
        return known
