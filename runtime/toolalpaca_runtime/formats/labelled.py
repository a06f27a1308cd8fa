"""What formats of labelled lines have in common: one that is new says only what is its own."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol, Self, TypeAlias

from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    Constraint,
    Message,
    Request,
    ToolSpec,
)
from toolalpaca.trace import AssistantEvent, Call, Event, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats import Step, call_id
from toolalpaca_runtime.formats.calls import read_call, split_name
from toolalpaca_runtime.formats.replies import MakeCall, read_step, split_reasoning
from toolalpaca_runtime.formats.steps import (
    Labels,
    render_step,
    step_grammar,
    step_regex,
    still_useful,
    turn_of,
)
from toolalpaca_runtime.formats.written_calls import written_calls
from toolalpaca_runtime.limits import Limits

DescribeTools: TypeAlias = Callable[[Sequence[ToolSpec]], str]
"""Tells tools; what it has told before, it need not tell again."""


class _Constrain(Protocol):
    def __call__(self, tools: Sequence[ToolSpec], labels: Labels, *, begun: str) -> Constraint: ...


@dataclass(slots=True)
class Seen:
    """What the model knows at some event of a trace.

    Attributes:
        tools: By name.
        calls: Its calls, by id.
        describe: Tells tools that are new.
    """

    describe: DescribeTools
    tools: dict[str, ToolSpec] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Take in what *event* made known."""
        if isinstance(event, AssistantEvent):
            self.calls.update((call.id, call) for call in event.calls)
        else:
            self.tools.update((tool.name, tool) for tool in event.tools)


@dataclass(slots=True)
class _Conversation:
    """What of a trace has been told; an event that follows appends to it and changes nothing."""

    trace: Trace
    seen: Seen
    events: list[Event] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def goes_on(self, trace: Trace) -> bool:
        """Whether *trace* begins with what has been told."""
        return (
            trace.tools is self.trace.tools
            and (trace.toolset, trace.prompt_format)
            == (self.trace.toolset, self.trace.prompt_format)
            and len(self.events) <= len(trace.events)
            and all(map(operator.is_, self.events, trace.events))
        )


class LabelledFormat(ABC):
    """A format in which a step is lines with a label each; the whole of it is text.

    A chat model is sent messages. A model that continues a text is sent one message, the same texts
    joined, which ends in the label of the next thought. Decoding is held to a step that can be
    made, as far as the model (:meth:`for_model`) lets it.

    Attributes:
        name: What ``--format`` takes.
        labels: What the lines of a step begin with.
        stop: The text that ends a reply, because only the runtime may write it.
        user_label: What the user's words begin with in a text, without the colon.
        how: What a model should write, told when a reply was no step.
    """

    name: ClassVar[str]
    labels: ClassVar[Labels]
    stop: ClassVar[str]
    user_label: ClassVar[str]
    how: ClassVar[str]

    def __init__(self) -> None:
        self._begun = ""  # what of a step stands in the prompt already
        self._constrain: _Constrain | None = step_grammar
        self._told: _Conversation | None = None

    def for_model(self, can: Capabilities) -> Self:
        """The same format for such a model; in the text that one continues a thought has begun."""
        changed = copy(self)
        changed._begun = f"{self.labels.thought}:" if can.text else ""
        changed._constrain = step_grammar if can.grammar else step_regex if can.regex else None
        changed._told = None
        return changed

    @abstractmethod
    def system(self, trace: Trace, describe: DescribeTools) -> str:
        """What the model is told first, with the tools that the trace begins with."""

    @abstractmethod
    def describer(self) -> DescribeTools:
        """What tells tools, anew for each conversation."""

    @abstractmethod
    def observation(self, event: ObservationEvent, seen: Seen, /) -> str:
        """What the model reads of an observation, its label included."""

    @abstractmethod
    def more_tools(self, told: str) -> str:
        """How tools are introduced that an event added, *told* as :meth:`describer` does."""

    def user(self, event: UserEvent) -> str:
        """What the model reads of the user's words."""
        return event.text

    def shown(self, call: Call) -> Call:
        """*call* as the model would write it."""
        return call

    def shown_tool(self, tool: ToolSpec) -> ToolSpec:
        """*tool* as the model knows it."""
        return tool

    def read_call(
        self, call: str, name: str, arguments: str, trace: Trace, *, cut_off: bool
    ) -> Call:
        """The call that a model wrote; the reverse of :meth:`shown`."""
        return read_call(call, name, arguments, trace.known_tools(), cut_off=cut_off)

    def messages(self, trace: Trace) -> tuple[Message, ...]:
        """The conversation; see :class:`toolalpaca_runtime.formats.PromptFormat`."""
        if self._told is None or not self._told.goes_on(trace):
            seen = Seen(self.describer(), {tool.name: tool for tool in trace.tools})
            self._told = _Conversation(trace.model_copy(), seen)
            system = self.system(trace, seen.describe)
            self._told.messages.append(Message(role="system", content=system))
        told = self._told
        own = trace.prompt_format == self.name
        for event in trace.events[len(told.events) :]:
            told.seen.add(event)
            told.messages.append(self._message(event, told.seen, verbatim=own))
            told.events.append(event)
        return tuple(told.messages)

    def text(self, trace: Trace) -> str:
        """The conversation as one text."""
        system, *others = self.messages(trace)
        return f"{system.content}\n\n" + "\n".join(message.content for message in others)

    def request(self, trace: Trace, limits: Limits) -> Request:
        """The conversation, and what the next step can be."""
        messages = self.messages(trace)
        if self._begun:
            prompt = f"{self.text(trace)}\n{self._begun}"
            messages = (Message(role="user", content=prompt),)
        return Request(
            messages=messages,
            constraint=self._constraint(trace, limits),
            stop=(self.stop, f"\n{self.user_label}:") if self._begun else (self.stop,),
            max_tokens=limits.reply_tokens,
            seed=trace.seed,
        )

    def parse(self, completion: Completion, trace: Trace) -> Step:
        """Read labelled lines, see :mod:`toolalpaca_runtime.formats.replies`."""

        def make_call(position: int, written: str, arguments: str) -> Call:
            name, inline = split_name(written)
            cut_off = completion.finish == "length"
            call = call_id(trace, position)
            return self.read_call(call, name, arguments or inline, trace, cut_off=cut_off)

        text = self._begun + completion.text
        # The trace has the step as it stands in the prompt, the label that was given included.
        step = read_step(text, make_call, self.how)
        if step.problem is not None:
            step = self._read_written(completion.text, make_call, trace) or step
        return replace(step, raw=text)

    def _constraint(self, trace: Trace, limits: Limits) -> Constraint | None:
        """A step that can be made; the last one that the limits allow can only be an answer."""
        if self._constrain is None:
            return None
        turn = turn_of(trace.events)
        steps = sum(isinstance(event, AssistantEvent) for event in turn)
        last = steps + 1 >= limits.steps
        tools = () if last else still_useful(trace.known_tools(), turn)
        shown = [self.shown_tool(tool) for tool in tools]
        return self._constrain(shown, self.labels, begun=self._begun)

    def _read_written(self, text: str, make_call: MakeCall, trace: Trace) -> Step | None:
        """The step of a model that fell back on its own notation of tool calls, if it did."""
        reasoning, said = split_reasoning(text)
        known = {tool.name for tool in trace.known_tools()}
        written = written_calls(said, known)
        if written is None:
            return None
        thought = "\n".join(part for part in (reasoning, written.before.strip()) if part)
        calls = (make_call(n, c.name, c.arguments) for n, c in enumerate(written.calls))
        return Step(thought=thought, calls=tuple(calls))

    def _message(self, event: Event, seen: Seen, *, verbatim: bool) -> Message:
        if isinstance(event, AssistantEvent):
            text = event.raw if verbatim and event.raw else self._step(event, seen)
            return Message(role="assistant", content=text)
        text = self.user(event) if isinstance(event, UserEvent) else self.observation(event, seen)
        if event.tools:
            text = f"{text}\n{self.more_tools(seen.describe(event.tools))}"
        return Message(role="user", content=text)

    def _step(self, event: AssistantEvent, seen: Seen) -> str:
        """A step of another format; one that could not be read is told as it was written."""
        calls = [self.shown(call) for call in event.calls]
        tools = {name: self.shown_tool(tool) for name, tool in seen.tools.items()}
        step = render_step(event.thought, calls, event.answer, tools, self.labels)
        return step or event.raw
