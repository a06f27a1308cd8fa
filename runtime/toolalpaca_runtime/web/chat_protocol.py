"""Chat completions as they stand on the wire (OpenAI's API reference, "Chat Completions")."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel, Field, model_validator

from toolalpaca.llm.protocol import Usage
from toolalpaca.trace import Outcome, Status
from toolalpaca_runtime.web.dialogue import ChatMessage, Dialogue, Unsuitable, read_dialogue
from toolalpaca_runtime.web.speech import Piece
from toolalpaca_runtime.web.streaming import server_sent

# No model has a longer context, and whoever reads such a conversation keeps all others waiting.
_MOST_MESSAGES = 1_000
_MOST_CHARACTERS = 1_000_000


class StreamOptions(BaseModel):
    """What a stream tells besides."""

    include_usage: bool | None = False


class Asked(BaseModel):
    """The body of a request; what is not named here is the server's to decide, and ignored."""

    messages: list[ChatMessage] = Field(min_length=1)
    model: str = ""
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = 1
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    response_format: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _can_be_written(cls, value: Any) -> Any:
        """What is no text (half of a surrogate pair) could stand in no trace and no answer."""
        try:
            orjson.dumps(value)
        except TypeError as error:
            raise ValueError(f"it cannot be written as JSON: {error}") from error
        return value

    def dialogue(self) -> Dialogue:
        """The conversation.

        Raises:
            Unsuitable: Something is asked for that an agent does not do.
        """
        if self.tools or self.functions:
            raise Unsuitable("tools: the agent has its own, and takes none")
        if self.n not in (None, 1):
            raise Unsuitable("n: the agent acts, so there is one answer")
        if (self.response_format or {}).get("type", "text") != "text":
            raise Unsuitable("response_format: the agent answers in its own words")
        if len(self.messages) > _MOST_MESSAGES:
            raise Unsuitable(f"messages: {_MOST_MESSAGES:,} at most are read")
        dialogue = read_dialogue(self.messages)
        if sum(map(len, (*dialogue.earlier, dialogue.text))) > _MOST_CHARACTERS:
            raise Unsuitable(f"messages: {_MOST_CHARACTERS:,} characters at most are read")
        return dialogue


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer to one request, whole or in chunks.

    Attributes:
        model: The name that was asked for.
    """

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, outcome: Outcome, reasoning: str) -> dict[str, Any]:
        """The answer in one piece.

        Args:
            outcome: Of the turn.
            reasoning: What was thought and done.
        """
        message = {
            "role": "assistant",
            "content": outcome.answer,
            "reasoning_content": reasoning or None,
            "refusal": None,
        }
        finish = _finish(outcome.status)
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        return self._told("chat.completion", [choice], usage=_usage(outcome.usage))

    def beginning(self) -> bytes:
        """The first chunk: who speaks."""
        return self._chunk({"role": "assistant", "content": ""})

    def chunks(self, piece: Piece) -> Iterator[bytes]:
        """What comes next of answer and reasoning."""
        if piece.answer:
            yield self._chunk({"content": piece.answer})
        if piece.reasoning:
            yield self._chunk({"reasoning_content": piece.reasoning})

    def ending(self, outcome: Outcome, *, usage: bool) -> Iterator[bytes]:
        """How the turn ended, and what it took where *usage* is asked for."""
        yield self._chunk({}, _finish(outcome.status))
        if usage:
            took = _usage(outcome.usage)
            yield server_sent(self._told("chat.completion.chunk", [], usage=took))

    def _told(self, kind: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
            **more,
        }

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return server_sent(self._told("chat.completion.chunk", [choice]))


def _finish(status: Status) -> str:
    """``length`` where a limit ended the turn."""
    return "length" if status == "stopped" else "stop"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
