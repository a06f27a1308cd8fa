"""The conversation that a chat front end sends, as the agent hears it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from pydantic import BaseModel

from toolalpaca.trace import AssistantEvent, Event, UserEvent


class Unsuitable(ValueError):
    """The conversation holds something that the agent does not take; the text says what."""


class Part(BaseModel):
    """A piece of a message."""

    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """A message of OpenAI's chat completions, as far as it matters here."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[Any] | None = None

    def text(self) -> str:
        """The words of the message.

        Raises:
            Unsuitable: There is something else than words.
        """
        if self.role in ("tool", "function") or self.tool_calls:
            raise Unsuitable("the agent makes its own calls: messages of tools are not taken")
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        if odd := next((part.type for part in self.content if part.type != "text"), None):
            raise Unsuitable(f"the agent reads texts only, not {odd}")
        return "\n".join(part.text for part in self.content)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What was said, in turn by user and assistant, and what the user says now.

    Attributes:
        earlier: Texts of the user's and the assistant's, alternating; the user's come first.
        text: The user's last words.
    """

    earlier: tuple[str, ...]
    text: str

    def events(self) -> list[Event]:
        """What was said earlier, as a trace has it."""
        return [
            AssistantEvent(index=0, at=0.0, answer=said)
            if place % 2
            else UserEvent(index=0, at=0.0, text=said)
            for place, said in enumerate(self.earlier)
        ]

    def key(self) -> str:
        """Names what was said earlier; equal for equal words."""
        return _digest(self.earlier)

    def answered(self, answer: str) -> str:
        """The key of the dialogue that goes on after *answer*."""
        return _digest((*self.earlier, self.text, answer))


def read_dialogue(messages: Sequence[ChatMessage]) -> Dialogue:
    """The dialogue of *messages*.

    What the system says is told with the user's first words; messages of one side that follow each
    other are one.

    Raises:
        Unsuitable: It does not end with the user's words, or holds more than words.
    """
    said: list[tuple[str, str]] = []
    system = [m.text() for m in messages if m.role in ("system", "developer")]
    for message in messages:
        if message.role in ("system", "developer"):
            continue
        text = message.text()
        if said and said[-1][0] == message.role:
            said[-1] = (message.role, f"{said[-1][1]}\n\n{text}")
        else:
            said.append((message.role, text))
    if said and said[0][0] == "assistant":  # a greeting that the front end shows
        said = said[1:]
    if not said or said[-1][0] != "user" or not said[-1][1].strip():
        raise Unsuitable("messages: the last one must be the user's, and say something")
    texts = [text for _, text in said]
    texts[0] = "\n\n".join([*filter(str.strip, system), texts[0]])
    return Dialogue(tuple(texts[:-1]), texts[-1])


def _digest(texts: Sequence[str]) -> str:
    # Front ends trim what they show and send back.
    return hashlib.sha256(orjson.dumps([text.strip() for text in texts])).hexdigest()
