"""A streamed chat completion, put together from its chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolalpaca.llm.protocol import Completion, Finish, ToolCall, Usage

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


class BrokenReply(Exception):
    """A reply that is none; its text says why."""


class Reply:
    """Collects the chunks of one reply.

    The SDK does not check what servers send: any member of a chunk may be missing or None.

    Attributes:
        begun: Whether anything of the reply has come.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: list[_Call] = []
        self._finish: str | None = None
        self._usage = Usage()
        self.begun = False

    def take(self, chunk: ChatCompletionChunk) -> str:
        """Add a chunk, and return the text in it.

        Raises:
            BrokenReply: Its members are of other kinds than the protocol's.
        """
        try:
            text = self._take(chunk)
        except (AttributeError, TypeError) as error:
            raise BrokenReply(f"the server sent a chunk of another form: {error}") from error
        self._text.append(text)
        return text

    def _take(self, chunk: ChatCompletionChunk) -> str:
        if usage := getattr(chunk, "usage", None):
            self._usage = _usage(usage)
        text = ""
        for choice in getattr(chunk, "choices", None) or ():
            self.begun = True
            self._finish = getattr(choice, "finish_reason", None) or self._finish
            if delta := getattr(choice, "delta", None):
                # A refusal is what the model says instead.
                text += delta.content or delta.refusal or ""
                self._take_calls(delta.tool_calls or ())
        return text

    def completion(self) -> Completion:
        """The whole reply.

        Raises:
            BrokenReply: There was none, it was cut off, or a filter took it away.
        """
        if not self.begun:
            raise BrokenReply(
                "the server sent an empty reply; does its URL end as it should (/v1)?"
            )
        if self._finish is None:
            raise BrokenReply("the server ended its reply in the middle")
        if self._finish == "content_filter":
            raise BrokenReply("the server's content filter held the reply back")
        finish = _FINISHES.get(self._finish, "stop")
        calls = tuple(call.whole(number) for number, call in enumerate(self._calls, 1))
        if calls and finish == "stop":  # as several servers say it
            finish = "tool_calls"
        return Completion("".join(self._text), calls, usage=self._usage, finish=finish)

    def _take_calls(self, deltas: Sequence[ChoiceDeltaToolCall]) -> None:
        for delta in deltas:
            call = self._call_of(delta)
            call.id = call.id or delta.id
            if delta.function:
                call.name += delta.function.name or ""
                call.arguments += delta.function.arguments or ""

    def _call_of(self, delta: ChoiceDeltaToolCall) -> _Call:
        """The call that *delta* goes on with, or a new one.

        Deltas are told apart by index. Some servers number every call 0, or none: there another id
        together with a name begins another call.
        """
        index = getattr(delta, "index", None)
        named = bool(delta.function and delta.function.name)
        for call in reversed(self._calls):
            if call.index == index:
                if named and delta.id and call.id and delta.id != call.id:
                    break
                return call
        self._calls.append(_Call(index))
        return self._calls[-1]


class _Call:
    """A tool call that is still being written."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id: str | None = None
        self.name = ""
        self.arguments = ""

    def whole(self, number: int) -> ToolCall:
        """The call; one without an id gets one, to tie its result to."""
        return ToolCall(id=self.id or f"call_{number}", name=self.name, arguments=self.arguments)


def _usage(usage: CompletionUsage) -> Usage:
    details = getattr(usage, "prompt_tokens_details", None)
    return Usage(
        prompt_tokens=getattr(usage, "prompt_tokens", None) or 0,
        completion_tokens=getattr(usage, "completion_tokens", None) or 0,
        cached_tokens=getattr(details, "cached_tokens", None) or 0,
    )
