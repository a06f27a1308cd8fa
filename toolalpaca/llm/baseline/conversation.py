"""The conversation: what a planner without memory reads out of the messages.

A *turn* is what the user wants now: the instruction, the calls made for it so far with what came
back, and the answers to the planner's questions. Calls of earlier turns are kept as knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import orjson

from toolalpaca.llm.baseline.dates import clock_in
from toolalpaca.llm.protocol import Message, ToolCall
from toolalpaca.task import ASK_TOOL

QUESTION_MARK: Final = "?"
_PLAIN: Final = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and what came back.

    Attributes:
        observation: The text that the model saw, or None when none came.
    """

    tool: str
    arguments: dict[str, Any]
    observation: str | None

    @property
    def key(self) -> str:
        """The same for identical calls."""
        return call_key(self.tool, self.arguments)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user wants now.

    Attributes:
        instruction: The user's words.
        exchanges: The calls made for it, in order, questions included.
        earlier: The exchanges of the turns before.
        today: The present day, when the conversation states it.
        calls: How many calls the whole conversation holds.
    """

    instruction: str
    exchanges: tuple[Exchange, ...]
    earlier: tuple[Exchange, ...] = ()
    today: date | None = None
    calls: int = 0


@dataclass(slots=True)
class _Reader:
    instruction: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    earlier: list[Exchange] = field(default_factory=list)
    pending: dict[str, int] = field(default_factory=dict)
    today: date | None = None
    calls: int = 0
    asked: bool = False

    def user(self, text: str) -> None:
        """The user's words: a new turn, or the reply to a question that has no answer yet.

        Curly quotation marks are read as straight ones.
        """
        text = text.translate(_PLAIN)
        open_question = self._open_question()
        if open_question is not None:
            old = self.exchanges[open_question]
            self.exchanges[open_question] = Exchange(old.tool, old.arguments, text)
        elif self.asked:
            self.instruction = f"{self.instruction}\n{text}"
        elif self.instruction and not self.exchanges and not self.calls:
            self.instruction = f"{self.instruction}\n{text}"  # two messages before any step
        else:
            self.earlier += self.exchanges
            self.exchanges = []
            self.instruction = text
        self.asked = False

    def _open_question(self) -> int | None:
        if not self.exchanges:
            return None
        last = self.exchanges[-1]
        unanswered = last.tool == ASK_TOOL and last.observation is None
        return len(self.exchanges) - 1 if unanswered else None

    def assistant(self, message: Message) -> None:
        for call in message.tool_calls:
            self.pending[call.id] = len(self.exchanges)
            self.exchanges.append(Exchange(call.name, read_arguments(call), None))
            self.calls += 1
        text = message.content.rstrip()
        self.asked = not message.tool_calls and text.endswith(QUESTION_MARK)

    def tool(self, message: Message) -> None:
        index = self.pending.pop(message.tool_call_id or "", None)
        if index is None or index >= len(self.exchanges):
            return
        old = self.exchanges[index]
        said = message.content.translate(_PLAIN) if old.tool == ASK_TOOL else message.content
        self.exchanges[index] = Exchange(old.tool, old.arguments, said)


def read_conversation(messages: Sequence[Message]) -> Turn:
    """The present turn of a conversation."""
    reader = _Reader()
    for message in messages:
        if message.role != "assistant":
            reader.today = clock_in(message.content) or reader.today
        if message.role == "user":
            reader.user(message.content)
        elif message.role == "assistant":
            reader.assistant(message)
        elif message.role == "tool":
            reader.tool(message)
    return Turn(
        reader.instruction,
        tuple(reader.exchanges),
        tuple(reader.earlier),
        reader.today,
        reader.calls,
    )


def read_arguments(call: ToolCall) -> dict[str, Any]:
    """A call's arguments; empty when they are no JSON object."""
    try:
        value = orjson.loads(call.arguments)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def call_key(tool: str, arguments: dict[str, Any]) -> str:
    """The same text for identical calls, whatever the order of their keys."""
    return f"{tool} {orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode()}"
