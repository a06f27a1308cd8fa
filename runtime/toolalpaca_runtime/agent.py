"""The loop: ask the model, do what it says, tell it what came of it.

A step is :meth:`Agent._execute` of :meth:`Agent._query`. Everything that happens is an event; the
events are the trace, and whoever runs the agent gets each one as it happens. What the model does
wrong comes back to it as an observation. A turn ends by :class:`TurnEnded`, and only what is wrong
outside the model (no server, no network) is an error.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import orjson

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.llm.protocol import (
    Completion,
    LanguageModel,
    Restart,
    ToolCall,
    ToolSpec,
    Usage,
)
from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    ObservationEvent,
    Outcome,
    Status,
    Trace,
    TraceWriter,
    UserEvent,
)
from toolalpaca_runtime.formats import PromptFormat, format_for
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.listener import Listener
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.turn import Turn, TurnEnded
from toolalpaca_runtime.user import PendingCall, User

DEEPEST_ARGUMENTS = 64
"""Levels of arrays and objects in arguments; no API nests deeper, and writing JSON has a limit."""

_NOT_RUN = "This call was not made: the turn was over."
_TOGETHER = 8  # calls at the same time; an API is not to be flooded
_INTERRUPTED = "The user interrupted this call. It is not known whether it had its effect."


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the model's text, as it comes; the whole is in the event that follows.

    Attributes:
        text: The piece.
        restart: Whether the reply begins again: the pieces before this one are void.
    """

    text: str
    restart: bool = False


class Agent:
    """A model that uses tools for a user.

    Args:
        model: Decides.
        toolbox: Acts.
        prompt_format: How the model is spoken to; by default the one that suits it.
        limits: Of each turn.
        user: Answers the agent's questions, and approves what may change something. Without one, a
            question ends the turn with the status ``asked``, and the next turn's text is taken as
            the answer; calls that need approval are refused.
        recorder: Where the trace is written as it happens.
        listeners: Hear each event after it was written, and how each turn ended.
        task: The id of the task, for the trace.
        seed: For sampling.

    Attributes:
        trace: Everything that happened; its outcome is that of the last turn.
    """

    def __init__(
        self,
        model: LanguageModel,
        toolbox: Toolbox,
        *,
        prompt_format: PromptFormat | None = None,
        limits: Limits | None = None,
        user: User | None = None,
        recorder: TraceWriter | None = None,
        listeners: Sequence[Listener] = (),
        task: str | None = None,
        seed: int = 0,
    ) -> None:
        self.model = model
        self.toolbox = toolbox
        self.prompt_format = format_for(model, prompt_format)
        self.limits = limits or Limits()
        self._user = user
        self._recorder = recorder
        self._listeners = tuple(listeners)
        self._began = time.monotonic()
        self._usage = Usage()
        self._finished = False
        self._interrupted = False
        self.trace = Trace(
            task=task,
            toolset=toolbox.name,
            model=model.name,
            prompt_format=self.prompt_format.name,
            seed=seed,
            base_url=toolbox.base_url,
        )

    async def run(self, text: str) -> AsyncGenerator[Event | TextDelta, None]:
        """One turn: the user says *text*, and the agent acts until it answers or must stop.

        Yields:
            Each event as it happens, and pieces of the model's text before the event that they
            become.

        Raises:
            ToolAlpacaError: The model or the API cannot be used. The trace says so, too.
        """
        text = _encodable(text)
        turn = Turn(self.limits)
        status: Status = "interrupted"
        reason, answer = "the run was interrupted", ""
        try:
            for event in await self._hear(text):
                yield event
            while True:
                async with aclosing(self._step(turn)) as items:
                    async for item in items:
                        yield item
        except TurnEnded as end:
            status, reason, answer = end.status, end.reason, end.answer
        except ToolAlpacaError as error:
            status, reason = "failed", str(error)
            raise
        except Exception as error:
            status, reason = "failed", f"{type(error).__name__}: {error}"
            raise
        finally:
            self._interrupted = status == "interrupted"
            self.trace.outcome = Outcome(
                status=status,
                reason=reason,
                answer=answer,
                usage=self._usage,
                seconds=round(time.monotonic() - self._began, 3),
            )
            for listener in self._listeners:
                listener.turn_ended(self.trace)

    async def recall(self, events: Iterable[Event], tools: tuple[ToolSpec, ...] = ()) -> None:
        """Begin with a conversation that took place before; no turn has been.

        The trace holds it, so that it is whole, as what is not to be learned again.

        Args:
            events: What was said and done, as an agent of the same tools recorded it, or the words
                of user and assistant alone.
            tools: What the model was shown first; by default what suits the first words.
        """
        assert not self.trace.events, "the conversation has begun"
        for event in events:
            if not self.trace.tools:
                said = event.text if isinstance(event, UserEvent) else ""
                self.trace.tools = tools or await self.toolbox.shown(said)
            place = {**self._next(), "at": 0.0, "trainable": False}
            self._write(event.model_copy(update=place))

    def finish(self) -> None:
        """Write the trace's end; no turn follows. Calling it twice is harmless."""
        if not self._finished:
            self._finished = True
            if self._recorder is not None and self.trace.events:
                self._recorder.end(self.trace.id, self.trace.outcome)

    async def __aenter__(self) -> Agent:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()

    async def _hear(self, text: str) -> list[Event]:
        """The user's words: the answer to an open question, or a new instruction."""
        assert not self._finished, "the agent has finished"
        events: list[Event] = []
        answered = False
        under_way = self._interrupted  # then the first call may have been made
        for call in self._open_calls():
            if call.tool == ASK_TOOL and not answered:
                answered = True
                events.append(self._observed(call, Observation(text, "user")))
            else:
                why = _INTERRUPTED if under_way else _NOT_RUN
                events.append(self._observed(call, Observation(why, "runtime")))
            under_way = False
        if not answered:
            events.append(self._record(await self._instruction(text)))
        return events

    async def _instruction(self, text: str) -> UserEvent:
        """The user's words as an event, with the tools that they make worth showing."""
        if self.trace.events:
            tools = await self.toolbox.more(text, self.trace.known_tools())
            return UserEvent(**self._next(), text=text, tools=tools)
        self.trace.tools = await self.toolbox.shown(text)
        return UserEvent(**self._next(), text=text)

    def _open_calls(self) -> list[Call]:
        return [call for call in self.trace.calls() if self.trace.observation(call.id) is None]

    async def _step(self, turn: Turn) -> AsyncGenerator[Event | TextDelta, None]:
        """Ask the model and do what it says: execute(query())."""
        event: AssistantEvent | None = None
        async with aclosing(self._query(turn)) as pieces:
            async for piece in pieces:
                yield piece
                if isinstance(piece, AssistantEvent):
                    event = piece
        assert event is not None
        async with aclosing(self._execute(event, turn)) as observations:
            async for observation in observations:
                yield observation

    async def _query(self, turn: Turn) -> AsyncGenerator[AssistantEvent | TextDelta, None]:
        """Ask the model, and read its reply."""
        turn.step()
        request = self.prompt_format.request(self.trace, self.limits)
        completion: Completion | None = None
        async with aclosing(turn.timed(self.model.stream(request))) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    completion = piece
                elif isinstance(piece, Restart):
                    yield TextDelta("", restart=True)
                else:
                    yield TextDelta(piece)
        assert completion is not None, f"{self.model.name} ended its stream without a completion"
        turn.usage += completion.usage
        self._usage += completion.usage
        yield self._read(_clean(completion))

    def _read(self, completion: Completion) -> AssistantEvent:
        step = self.prompt_format.parse(completion, self.trace)
        event = AssistantEvent(
            **self._next(),
            raw=completion.text if step.raw is None else step.raw,
            thought=step.thought,
            calls=tuple(_shallow(call) for call in step.calls),
            answer=step.answer,
            problem=step.problem,
            usage=completion.usage,
        )
        self._record(event)
        return event

    async def _execute(
        self, step: AssistantEvent, turn: Turn
    ) -> AsyncGenerator[ObservationEvent, None]:
        """Do what the step says."""
        if step.answer is not None:
            raise TurnEnded("answered", answer=step.answer)
        if not step.calls:
            problem = step.problem or "The reply says nothing. Call a tool, or answer the user."
            yield self._observed(None, Observation(problem, "runtime"))
            turn.count(step.raw.encode(), "wrote the same unreadable reply again and again")
        sent = self._send_together(step.calls, turn)
        try:
            for call in step.calls:
                turn.act()
                yield self._observed(call, await self._call(call, turn, sent))
        finally:
            for task in sent.values():
                task.cancel()
            await asyncio.gather(*sent.values(), return_exceptions=True)

    def _send_together(
        self, calls: Sequence[Call], turn: Turn
    ) -> dict[bytes, asyncio.Task[Observation]]:
        """Begin those of several calls that change nothing, up to the first that may.

        Their observations are told in the order of the calls all the same. A call that was made
        before in the turn is left to the rule about repeated ones.
        """
        sent: dict[bytes, asyncio.Task[Observation]] = {}
        for call in calls if len(calls) > 1 else ():
            if not self.toolbox.is_free(call) or len(sent) == _TOGETHER:
                break
            if _key(call) not in sent and not turn.made(_key(call)):
                sent[_key(call)] = asyncio.create_task(self.toolbox.send(call))
        return sent

    async def _call(
        self, call: Call, turn: Turn, sent: dict[bytes, asyncio.Task[Observation]]
    ) -> Observation:
        doing = f"called {call.tool} again and again with the same arguments"
        times = turn.count(_key(call), doing)
        if times == self.limits.repeats:
            return Observation(
                f"You have called {call.tool} with these arguments {times - 1} times already, and "
                "it was not called again: the result is above. Use it, change the arguments, or "
                "answer the user.",
                "runtime",
            )
        if call.tool == ASK_TOOL:
            return await self._ask(call, turn)
        if self.toolbox.is_free(call):
            task = sent.pop(_key(call), None)
            return self.toolbox.keep(await _in_time(task or self.toolbox.send(call), turn))
        return await self.toolbox.call(call, lambda pending: self._approve(pending, turn))

    async def _approve(self, pending: PendingCall, turn: Turn) -> bool | None:
        """What the user says of a call; the time that they take is not the agent's."""
        with turn.waiting():
            return None if self._user is None else await self._user.approve(pending)

    async def _ask(self, call: Call, turn: Turn) -> Observation:
        question = call.arguments.get("question")
        if call.problem is not None or not isinstance(question, str) or not question.strip():
            problem = call.problem or f"{ASK_TOOL} takes one argument: question, a text."
            return Observation(problem, "runtime")
        with turn.waiting():
            answer = await self._user.answer(question) if self._user is not None else None
        if answer is None:
            raise TurnEnded("asked", reason="the agent waits for the user", answer=question)
        return Observation(_encodable(answer), "user")

    def _observed(self, call: Call | None, observation: Observation) -> ObservationEvent:
        text = _encodable(observation.text)
        event = ObservationEvent(
            **self._next(),
            source=observation.source,
            raw=text,
            call=call.id if call else None,
            tool=call.tool if call else "",
            text=text,
            request=observation.request,
            response=observation.response,
            conforming=observation.conforming,
            tools=observation.tools,
            files=observation.files,
            approved=observation.approved,
        )
        self._record(event)
        return event

    def _next(self) -> dict[str, Any]:
        at = round(time.monotonic() - self._began, 3)
        return {"index": len(self.trace.events), "at": at}

    def _record(self, event: Event) -> Event:
        self._write(event)
        for listener in self._listeners:
            listener.event(self.trace, event)
        return event

    def _write(self, event: Event) -> None:
        self.trace.events.append(event)
        if self._recorder is not None:
            if event.index == 0:
                self._recorder.start(self.trace)
            self._recorder.event(self.trace.id, event)


def _clean(completion: Completion) -> Completion:
    """*completion* with texts that can be written: a lone surrogate has no UTF-8."""
    return Completion(
        text=_encodable(completion.text),
        tool_calls=tuple(
            ToolCall(id=call.id, name=_encodable(call.name), arguments=_encodable(call.arguments))
            for call in completion.tool_calls
        ),
        usage=completion.usage,
        finish=completion.finish,
    )


async def _in_time(sending: Awaitable[Observation], turn: Turn) -> Observation:
    """What comes of a call that changes nothing, which is broken off when the turn's time is up."""
    try:
        async with asyncio.timeout(turn.left) as bound:
            return await sending
    except TimeoutError:
        if not bound.expired():
            raise
        return Observation("No result came before the time of the turn was up.", "runtime")


def _key(call: Call) -> bytes:
    """The same for identical calls."""
    return orjson.dumps([call.tool, call.arguments, call.problem], option=orjson.OPT_SORT_KEYS)


def _encodable(text: str) -> str:
    """*text* with what UTF-8 cannot hold (halves of surrogate pairs) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _shallow(call: Call) -> Call:
    """*call*, or a call with a problem when its arguments are nested too deep to be written."""
    if _depth(call.arguments) <= DEEPEST_ARGUMENTS:
        return call
    problem = f"The arguments are nested deeper than {DEEPEST_ARGUMENTS} levels."
    return Call(id=call.id, tool=call.tool, problem=problem)


def _depth(value: Any) -> int:
    deepest = 0
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        waiting.extend((child, depth + 1) for child in inner)
    return deepest
