"""A model that replays replies: every test of an agent is then free, exact and offline.

A script is JSON Lines, a reply a line: ``{"text": "..."}``, or with native tool calls
``{"tool_calls": [{"name": "getPet", "arguments": {"petId": 1}}]}``. A line with ``"when": "..."``
is for conversations in which a user says that, so that one script plays many tasks in any order.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from pydantic import BaseModel, ConfigDict

from toolalpaca.errors import ModelReplyError
from toolalpaca.jsonl import read_jsonl
from toolalpaca.llm.protocol import Capabilities, Completion, Request, ToolCall
from toolalpaca.llm.settings import ModelSettings

_Reply: TypeAlias = str | Completion | tuple[str, Completion]

_WORDS = re.compile(r"\s*\S+|\s+$")


class Scripted:
    """Replays *replies* in order: the next that is for the conversation, whatever is asked.

    Args:
        replies: A text stands for a completion of that text. One in a pair is for conversations in
            which a user says the first of the pair.
        capabilities: What the model says it can do, which chooses the prompt format.
        name: The name that traces show.

    Attributes:
        requests: Every request so far, for tests to look at.
    """

    def __init__(
        self,
        replies: Iterable[_Reply],
        *,
        capabilities: Capabilities | None = None,
        name: str = "scripted",
    ) -> None:
        self._replies = iter(replies)
        self._waiting: deque[_Reply] = deque()  # for other conversations than those so far
        self.capabilities = capabilities or Capabilities(tools=True)
        self.name = name
        self.requests: list[Request] = []

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        """Yield the next reply, word by word and then whole.

        Raises:
            ModelReplyError: The script is at its end.
        """
        self.requests.append(request)
        reply = self._next(request)
        if reply is None:
            raise ModelReplyError(
                f"the script has no reply to request {len(self.requests)}", where=self.name
            )
        completion = Completion(reply) if isinstance(reply, str) else reply
        for piece in _WORDS.findall(completion.text):
            yield piece
        yield completion

    async def aclose(self) -> None:
        """Nothing is held."""

    def _next(self, request: Request) -> str | Completion | None:
        said = "\n".join(m.content for m in request.messages if m.role == "user")
        passed_over: list[_Reply] = []
        try:
            while (reply := self._pull()) is not None:
                when, own = reply if isinstance(reply, tuple) else ("", reply)
                if when in said:
                    return own
                passed_over.append(reply)
            return None
        finally:
            self._waiting.extendleft(reversed(passed_over))

    def _pull(self) -> _Reply | None:
        return self._waiting.popleft() if self._waiting else next(self._replies, None)


def open_script(path: str, _settings: ModelSettings) -> Scripted:
    """The model ``scripted:FILE``.

    Raises:
        DataError: The file cannot be read, or a line is no reply.
    """
    replies = [
        (line.when, line.completion(number)) for number, line in enumerate(_lines(Path(path)), 1)
    ]
    return Scripted(replies, name=f"scripted:{path}")


class _ScriptedCall(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    arguments: dict[str, Any] | str = {}

    def text(self) -> str:
        """The arguments as a model would write them; a string is passed on, JSON or not."""
        if isinstance(self.arguments, str):
            return self.arguments
        return orjson.dumps(self.arguments).decode()


class _ScriptedReply(BaseModel):
    model_config = ConfigDict(extra="forbid")

    when: str = ""
    text: str = ""
    tool_calls: tuple[_ScriptedCall, ...] = ()

    def completion(self, number: int) -> Completion:
        calls = tuple(
            ToolCall(id=f"script_{number}_{place}", name=call.name, arguments=call.text())
            for place, call in enumerate(self.tool_calls, 1)
        )
        return Completion(self.text, calls, finish="tool_calls" if calls else "stop")


def _lines(path: Path) -> Iterable[_ScriptedReply]:
    return read_jsonl(path, _ScriptedReply)
