"""Who answers requests that are sound: a simulation, a recording, the real API."""

from __future__ import annotations

from typing import Protocol

from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.reading.preferences import Preferences
from toolalpaca_mockserver.reading.requests import Request


class Answerer(Protocol):
    """Answers the operations of one API.

    :class:`~toolalpaca_mockserver.responder.Responder` is the one that simulates. Whoever holds
    connections or files closes them as a part of the application (``parts`` of
    :func:`~toolalpaca_mockserver.app.create_app`).
    """

    async def answer(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        preferences: Preferences,
        session: str,
    ) -> Answer:
        """The answer to a request that has passed the checks, or whose faults do not count.

        Args:
            plan: Of the operation that is called.
            request: As it arrived; its path is the one that was asked for, prefixes included.
            arguments: What it says.
            preferences: What the client would rather have.
            session: Whose world it is about.
        """
        ...
