"""The person at the page, as the agent's user: asked through the feed, heard through a request."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, TypeAlias

from toolalpaca_runtime.user import PendingCall
from toolalpaca_runtime.web.feed import Feed

Verdict: TypeAlias = Literal["approve", "approve-all", "refuse"]
"""What is said of a call; ``approve-all`` counts for every further call of that tool, too."""


class TooLate(Exception):
    """What the person says does not fit what is going on; the text says why."""


class Person:
    """Answers and approves when they come; a conversation waits for them as long as it takes.

    Args:
        feed: Where the questions are told. It also says when each is settled, so that other pages
            on the same conversation take it away.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._asked: tuple[int, str, asyncio.Future[str]] | None = None
        self._approved: set[str] = set()

    @property
    def asked(self) -> bool:
        """Whether the agent waits for the person."""
        return self._asked is not None

    async def answer(self, question: str) -> str:
        """What the person answers."""
        return await self._ask("question", {"question": question})

    async def approve(self, pending: PendingCall) -> bool:
        """What the person says of a call."""
        if pending.tool in self._approved:
            return True
        request = pending.request.model_dump(mode="json") if pending.request else None
        call = {"tool": pending.tool, "arguments": dict(pending.arguments), "request": request}
        verdict = await self._ask("approval", call)
        if verdict == "approve-all":
            self._approved.add(pending.tool)
        return verdict != "refuse"

    def take_answer(self, number: int, text: str) -> None:
        """The person has answered the question that the feed told with *number*.

        Raises:
            TooLate: It is not open.
        """
        self._settle(number, "question", text)

    def take_verdict(self, number: int, verdict: Verdict) -> None:
        """The person has decided about the call that the feed told with *number*.

        Raises:
            TooLate: It is not open.
        """
        self._settle(number, "approval", verdict)

    def _settle(self, number: int, what: str, word: str) -> None:
        if self._asked is None or self._asked[:2] != (number, what) or self._asked[2].done():
            raise TooLate("that has been answered already, or the turn is over")
        self._asked[2].set_result(word)

    async def _ask(self, what: str, data: dict[str, Any]) -> str:
        word: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        number = self._feed.tell("open", {"what": what, **data})
        self._asked = (number, what, word)
        try:
            return await word
        finally:
            self._asked = None
            self._feed.settle(number)
