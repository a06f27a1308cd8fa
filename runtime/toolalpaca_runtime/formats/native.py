"""Native tool calls: the model's own interface for tools, several calls in one step included."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from pydantic import ValidationError

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import Capabilities, Completion, Message, Request, ToolCall
from toolalpaca.trace import AssistantEvent, Call, Event, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats import Step, call_id
from toolalpaca_runtime.formats.calls import read_call, tool_name
from toolalpaca_runtime.formats.quoting import without_tokens
from toolalpaca_runtime.formats.replies import split_reasoning
from toolalpaca_runtime.formats.written_calls import written_calls
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.prompts import render_prompt

_HOW = "Call a tool, or answer the user."
_UNREADABLE = "unreadable"  # where arguments are told that are no object


class Native:
    """Tool calls as OpenAI's chat completions have them.

    The raw text of a step with calls is its whole message as JSON, because broken arguments and
    the text beside the calls must not be lost; that of an answer is the answer. Calls that were
    written as text are told as what they mean. Tools that events add stand among the others in the
    request.
    """

    name = "native"

    def for_model(self, can: Capabilities) -> Native:
        """The same, for there are no tool calls in a text.

        Raises:
            UsageError: The model continues a text.
        """
        if can.text:
            raise UsageError(
                "the format native is for models that are sent messages and tools, and this one "
                "continues a text",
                hint="use --format toolalpaca or react",
            )
        return self

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
            tools=trace.known_tools(),
            max_tokens=limits.reply_tokens,
            seed=trace.seed,
        )

    def parse(self, completion: Completion, trace: Trace) -> Step:
        """Tool calls are calls, in their place or written as text; other text is the answer."""
        reasoning, said = split_reasoning(completion.text)
        if completion.tool_calls:
            return _calling(completion, completion.text, completion.tool_calls, trace, reasoning)
        known = {tool.name for tool in trace.known_tools()}
        written = written_calls(said, known)
        if written is not None:
            calls = [
                ToolCall(id="", name=tool_name(call.name, known), arguments=call.arguments)
                for call in written.calls
            ]
            text = completion.text.removesuffix(said) + written.before
            return _calling(completion, text.strip(), calls, trace, reasoning)
        answer = said.strip()
        if answer:
            return Step(thought=reasoning, answer=answer)
        if reasoning:
            return Step(thought=reasoning, problem=f"The reply was only a thought. {_HOW}")
        return Step(problem=f"The reply was empty. {_HOW}")


def _calling(
    completion: Completion, text: str, calls: Sequence[ToolCall], trace: Trace, reasoning: str
) -> Step:
    """The step that makes *calls* and says *text* beside them."""
    written = tuple(
        # Ids are ours: backends repeat theirs, and a trace needs them unique.
        ToolCall(id=call_id(trace, position), name=call.name, arguments=call.arguments)
        for position, call in enumerate(calls)
    )
    tools = trace.known_tools()
    cut_off = completion.finish == "length"
    thought = split_reasoning(text)[1].strip()
    return Step(
        thought="\n".join(part for part in (reasoning, thought) if part),
        calls=tuple(
            read_call(call.id, call.name, call.arguments, tools, cut_off=cut_off)
            for call in written
        ),
        raw=Message(role="assistant", content=text, tool_calls=written).model_dump_json(
            exclude_defaults=True
        ),
    )


def _message(event: Event, *, verbatim: bool) -> Message:
    match event:
        case UserEvent():
            return Message(role="user", content=event.text)
        case ObservationEvent(call=None):
            return Message(role="user", content=without_tokens(event.text))
        case ObservationEvent():
            content = without_tokens(event.text)
            return Message(role="tool", content=content, tool_call_id=event.call)
        case AssistantEvent():
            return (_as_written(event) if verbatim else None) or _as_parsed(event)


def _as_written(event: AssistantEvent) -> Message | None:
    if not event.raw:
        return None
    if not event.calls:
        return Message(role="assistant", content=event.raw)
    try:
        message = Message.model_validate_json(event.raw)
    except ValidationError:
        return None
    if len(message.tool_calls) != len(event.calls):
        return None
    pairs = zip(message.tool_calls, event.calls, strict=True)
    calls = tuple(_readable(written, read) for written, read in pairs)
    return message.model_copy(update={"tool_calls": calls})


def _readable(written: ToolCall, read: Call) -> ToolCall:
    """*written*, with arguments that are an object in JSON.

    Servers and chat templates refuse a whole conversation for one message of which this is not
    true, so what is no object is told within one. The trace has it as it was written.
    """
    try:
        if isinstance(orjson.loads(written.arguments), dict):
            return written
    except orjson.JSONDecodeError:
        pass
    arguments = read.arguments if read.problem is None else {_UNREADABLE: written.arguments}
    return written.model_copy(update={"arguments": orjson.dumps(arguments).decode()})


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
