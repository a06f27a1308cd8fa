"""Native tool calls: the model's own interface for tools, several calls in one step included."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import ValidationError

from toolalpaca.llm.protocol import Completion, Message, Request, ToolCall
from toolalpaca.trace import AssistantEvent, Call, Event, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats import Step, call_id
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.prompts import render_prompt

_EMPTY = "The reply was empty. Call a tool, or answer the user."


class Native:
    """Tool calls as OpenAI's chat completions have them.

    The raw text of a step with calls is its whole message as JSON, because broken arguments and
    the text beside the calls must not be lost; that of an answer is the answer.
    """

    name = "native"

    def messages(self, trace: Trace) -> tuple[Message, ...]:
        """The conversation; see :class:`toolalpaca_runtime.formats.PromptFormat`."""
        system = render_prompt("native", toolset=trace.toolset)
        own = trace.prompt_format == self.name
        told = [_message(event, verbatim=own) for event in trace.events]
        return (Message(role="system", content=system), *told)

    def request(self, trace: Trace, limits: Limits) -> Request:
        """The conversation with the tools in their native place."""
        return Request(
            messages=self.messages(trace),
            tools=trace.tools,
            max_tokens=limits.reply_tokens,
            seed=trace.seed,
        )

    def parse(self, completion: Completion, trace: Trace) -> Step:
        """Tool calls are calls, and text without a call is the answer."""
        text = completion.text.strip()
        if not completion.tool_calls:
            return Step(answer=text) if text else Step(problem=_EMPTY)
        written = tuple(
            # Ids are ours: backends repeat theirs, and a trace needs them unique.
            ToolCall(id=call_id(trace, position), name=call.name, arguments=call.arguments)
            for position, call in enumerate(completion.tool_calls)
        )
        message = Message(role="assistant", content=completion.text, tool_calls=written)
        return Step(
            thought=text,
            calls=tuple(read_call(call) for call in written),
            raw=message.model_dump_json(exclude_defaults=True),
        )


def read_call(call: ToolCall) -> Call:
    """*call* with its arguments read; an empty text is no arguments."""
    try:
        arguments: Any = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError as error:
        problem = f"The arguments are not valid JSON ({error}). Write them as one JSON object."
        return Call(id=call.id, tool=call.name, problem=problem)
    if not isinstance(arguments, dict):
        problem = "The arguments are JSON but no object. Write them as one JSON object."
        return Call(id=call.id, tool=call.name, problem=problem)
    return Call(id=call.id, tool=call.name, arguments=arguments)


def _message(event: Event, *, verbatim: bool) -> Message:
    match event:
        case UserEvent():
            return Message(role="user", content=event.text)
        case ObservationEvent(call=None):
            return Message(role="user", content=event.text)
        case ObservationEvent():
            return Message(role="tool", content=event.text, tool_call_id=event.call)
        case AssistantEvent():
            return (_as_written(event) if verbatim else None) or _as_parsed(event)


def _as_written(event: AssistantEvent) -> Message | None:
    if not event.raw:
        return None
    if not event.calls:
        return Message(role="assistant", content=event.raw)
    try:
        return Message.model_validate_json(event.raw)
    except ValidationError:
        return None


def _as_parsed(event: AssistantEvent) -> Message:
    if event.calls:
        calls = tuple(
            ToolCall(id=c.id, name=c.tool, arguments=orjson.dumps(c.arguments).decode())
            for c in event.calls
        )
        return Message(role="assistant", content=event.thought, tool_calls=calls)
    return Message(
        role="assistant", content=event.answer if event.answer is not None else event.raw
    )
