"""Conversations of the page: an agent each, its turns, and what they tell."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterator
from contextlib import aclosing

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.trace import Outcome
from toolalpaca_runtime.agent import Agent, TextDelta
from toolalpaca_runtime.assembly import Assembly
from toolalpaca_runtime.web.feed import Feed
from toolalpaca_runtime.web.person import Person, TooLate

_LOG = logging.getLogger(__name__)
_LONGEST_TITLE = 80


class NoConversation(LookupError):
    """There is no conversation of that id."""

    def __str__(self) -> str:
        return "there is no such conversation"


class Conversation:
    """An agent and the person who talks to it.

    Args:
        identifier: Names it in URLs.
        assembly: Makes the agent, when the first words come.

    Attributes:
        feed: Everything that happens.
        person: Is asked, and answers.
        agent: None before the first words.
        title: The first words, ``""`` before.
    """

    def __init__(self, identifier: str, assembly: Assembly) -> None:
        self.id = identifier
        self.feed = Feed()
        self.person = Person(self.feed)
        self.agent: Agent | None = None
        self.title = ""
        self._assembly = assembly
        self._turn: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether a turn is going on."""
        return self._turn is not None and not self._turn.done()

    def say(self, text: str) -> None:
        """Begin a turn with the person's words.

        Raises:
            TooLate: The turn before is not over.
            ToolAlpacaError: The trace cannot be written.
        """
        if self.running:
            raise TooLate("the turn before is not over")
        if self.agent is None:
            self.agent = self._assembly.new_agent(self.person)
        self.title = self.title or " ".join(text.split())[:_LONGEST_TITLE]
        self._turn = asyncio.create_task(self._run(self.agent, text))

    async def stop(self) -> None:
        """Break the turn off; the next one goes on from there."""
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.wait({self._turn})

    async def aclose(self) -> None:
        """End the conversation and its trace."""
        await self.stop()
        if self.agent is not None:
            self.agent.finish()
        self.feed.tell("end", {})
        self.feed.close()

    async def _run(self, agent: Agent, text: str) -> None:
        self.feed.tell("turn", {"running": True})
        failure = None
        try:
            async with aclosing(agent.run(text)) as items:
                async for item in items:
                    if isinstance(item, TextDelta):
                        self.feed.tell("delta", {"text": item.text, "restart": item.restart})
                    else:
                        self.feed.tell("event", item.model_dump(mode="json"))
        except ToolAlpacaError as error:
            failure = str(error)
        except Exception as error:  # a fault of ours must not leave the page waiting
            _LOG.exception("the turn failed")
            failure = f"an error of ToolAlpaca's own: {error!r}"
        finally:
            self.feed.tell("turn", _told(agent.trace.outcome, failure))


def _told(outcome: Outcome, failure: str | None) -> dict[str, object]:
    told: dict[str, object] = {"running": False, **outcome.model_dump(mode="json")}
    return told if failure is None else {**told, "status": "failed", "reason": failure}


class Conversations:
    """Those of one server, in the order in which they began.

    Args:
        assembly: Makes the agents.
    """

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self._known: dict[str, Conversation] = {}

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self._known.values())

    def __getitem__(self, identifier: str) -> Conversation:
        """The conversation of that id.

        Raises:
            NoConversation: There is none.
        """
        try:
            return self._known[identifier]
        except KeyError:
            raise NoConversation from None

    def begin(self) -> Conversation:
        """A new conversation."""
        conversation = Conversation(secrets.token_hex(8), self.assembly)
        self._known[conversation.id] = conversation
        return conversation

    async def remove(self, identifier: str) -> None:
        """End a conversation and forget it; its trace stays.

        Raises:
            NoConversation: There is none of that id.
        """
        conversation = self[identifier]
        del self._known[identifier]
        await conversation.aclose()

    def silence(self) -> None:
        """Let all who listen go, so that the server can stop."""
        for conversation in self:
            conversation.feed.close()

    async def aclose(self) -> None:
        """End all conversations."""
        while self._known:
            await self.remove(next(iter(self._known)))
