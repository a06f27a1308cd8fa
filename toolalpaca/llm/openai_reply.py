"""A streamed completion of OpenAI's protocol, put together from its chunks.

Chat completions, text completions, and whole answers of servers that do not stream are all read
here. Nothing is believed of a chunk: any member may be missing or null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from toolalpaca.llm.model_server import DONE
from toolalpaca.llm.protocol import Completion, Finish, ToolCall, Usage
from toolalpaca.llm.server_errors import BrokenReply, event_error

Kind = TypeVar("Kind")

_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


class Reply:
    """Collects the chunks of one reply.

    Args:
        key: What no error may show.
    """

    def __init__(self, key: str = "") -> None:
        self._key = key
        self._text: list[str] = []
        self._half = ""
        self._calls: list[_Call] = []
        self._finish: str | None = None
        self._usage = Usage()
        self._begun = self._done = False

    def take(self, data: str) -> str:
        """Add a chunk, and return the text in it; ``""`` for one without.

        Raises:
            BrokenReply: It is no chunk of the protocol, or an error of the server's.
        """
        if data == DONE:
            self._done = True
            return ""
        try:
            chunk = _expect(json.loads(data), dict)
        except (ValueError, RecursionError) as error:
            raise BrokenReply(f"the reply cannot be read: {error}") from error
        if failure := chunk.get("error"):
            raise event_error(failure, self._key)
        if usage := _expect(chunk.get("usage"), dict):
            self._usage = read_usage(usage)
        text = self._mended("".join(self._take(c) for c in _dicts(chunk.get("choices"))))
        self._text.append(text)
        return text

    def _mended(self, text: str) -> str:
        """*text* after what was held back; half a surrogate pair at its end is held back.

        Servers written in JavaScript cut texts there.
        """
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        text = text[:-1] if self._half else text
        if text.isascii():
            return text
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _take(self, choice: dict[str, Any]) -> str:
        self._begun = True
        self._finish = _expect(choice.get("finish_reason"), str) or self._finish
        if "message" in choice:  # the whole at once
            self._done = True
        told = _expect(choice.get("delta") or choice.get("message"), dict)
        self._take_calls(_dicts(told.get("tool_calls")))
        # A refusal is what the model says instead.
        said = told.get("content") or told.get("refusal") or choice.get("text")
        if isinstance(said, list):  # parts, as newer servers may write them
            return "".join(_expect(part.get("text"), str) for part in _dicts(said))
        return _expect(said, str)

    def completion(self) -> Completion:
        """The whole reply.

        Raises:
            BrokenReply: There was none, it was cut off, or a filter took it away.
        """
        if not self._begun:
            why = "the server sent an empty reply; does its URL end as it should (/v1)?"
            raise BrokenReply(why, passing=False)
        # Ollama and others may never say why a reply ended, but they say that it did.
        if self._finish is None and not self._done:
            raise BrokenReply("the server ended its reply in the middle")
        if self._finish == "content_filter":
            raise BrokenReply("the server's content filter held the reply back", passing=False)
        finish = _FINISHES.get(self._finish or "stop", "stop")
        calls = tuple(call.whole(number) for number, call in enumerate(self._calls, 1))
        if calls and finish == "stop":  # as several servers say it
            finish = "tool_calls"
        return Completion("".join(self._text), calls, usage=self._usage, finish=finish)

    def _take_calls(self, deltas: Iterable[dict[str, Any]]) -> None:
        for delta in deltas:
            function = _expect(delta.get("function"), dict)
            name = _expect(function.get("name"), str)
            identity = _expect(delta.get("id"), str)
            call = self._call_of(delta.get("index"), identity, name)
            call.id = call.id or identity
            call.name += name
            arguments = function.get("arguments")
            if isinstance(arguments, dict):  # not as text, as the protocol has it
                arguments = json.dumps(arguments)
            call.arguments += _expect(arguments, str)

    def _call_of(self, index: Any, identity: str, name: str) -> _Call:
        """The call that a delta goes on with, or a new one.

        Deltas are told apart by index. Some servers number every call 0, or none: there another id
        together with a name begins another call.
        """
        for call in reversed(self._calls):
            if call.index == index:
                if name and identity and call.id and identity != call.id:
                    break
                return call
        self._calls.append(_Call(index))
        return self._calls[-1]


class _Call:
    """A tool call that is still being written."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments = ""

    def whole(self, number: int) -> ToolCall:
        """The call; one without an id gets one, to tie its result to."""
        return ToolCall(id=self.id or f"call_{number}", name=self.name, arguments=self.arguments)


def read_usage(told: dict[str, Any]) -> Usage:
    """The tokens of a usage object, and what OpenRouter says that they cost (US dollars).

    Cached tokens stand in ``prompt_tokens_details`` (OpenAI, vLLM, llama.cpp), or beside it
    (DeepSeek, Moonshot).
    """
    details = told.get("prompt_tokens_details")
    places = [details if isinstance(details, dict) else {}, told]
    cached = [
        place.get(name) for place in places for name in ("cached_tokens", "prompt_cache_hit_tokens")
    ]
    return Usage.told(
        prompt=told.get("prompt_tokens"),
        completion=told.get("completion_tokens"),
        cached=next(filter(None, cached), None),
        cost=told.get("cost"),
    )


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [_expect(item, dict) for item in _expect(value, list)]


def _expect(value: Any, kind: type[Kind]) -> Kind:
    """*value*, or an empty one for null.

    Raises:
        BrokenReply: It is of another kind than the protocol's.
    """
    if value is None:
        return kind()
    if not isinstance(value, kind):
        found = type(value).__name__
        raise BrokenReply(f"the server sent a chunk of another form: {found} for {kind.__name__}")
    return value
