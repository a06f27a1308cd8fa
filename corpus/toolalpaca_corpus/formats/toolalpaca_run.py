"""A recorded run of ToolAlpaca's, as a trace and back.

A run is ``{"input": ..., "output": ..., "Final Thought": ..., "intermediate_steps": [...]}``, and a
step ``[[action, action input, log], observation]``, in which the log holds thought, action and
input as the model wrote them. Times and requests were not recorded: a trace that was imported has
neither.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    HttpResponse,
    ObservationEvent,
    Outcome,
    Source,
    Trace,
    UserEvent,
)
from toolalpaca_corpus.formats.corrections import Corrections

UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When an imported run began: nobody wrote it down."""

_RESPONSE = re.compile(r"Status Code: (\d{3})\. Response: (.*)", re.DOTALL)
_WRITTEN = re.compile(
    r"(?P<thought>.*?)(?:^|\n)Action: (?P<action>.*?)\nAction Input: (?P<input>.*)", re.DOTALL
)


def read_run(
    instruction: str,
    steps: Iterable[Any],
    answer: str,
    thought: str = "",
    *,
    trainable: bool = True,
) -> tuple[Event, ...]:
    """The events of a run; what of *steps* is no step is left out."""
    events: list[Event] = [UserEvent(index=0, at=0.0, text=instruction)]
    for step in steps:
        match step:
            case [[str(action), given, log], str(observation)]:
                call = _call(f"call_{len(events)}", action, given)
                events += [
                    AssistantEvent(
                        index=len(events),
                        at=0.0,
                        raw=str(log),
                        trainable=trainable,
                        thought=_thought(str(log)),
                        calls=(call,),
                    ),
                    _observation(len(events) + 1, call, observation),
                ]
    if answer or thought:
        last = AssistantEvent(
            index=len(events), at=0.0, trainable=trainable, thought=thought, answer=answer
        )
        events.append(last)
    return tuple(events)


def write_steps(trace: Trace) -> list[Any]:
    """``intermediate_steps`` of *trace*; steps without a call are left out."""
    written = []
    for event in trace.events:
        if isinstance(event, AssistantEvent):
            for call in event.calls:
                observation = trace.observation(call.id)
                log = event.raw or _log(event, call)
                matched = _WRITTEN.fullmatch(log)
                given = matched["input"] if matched else _json(call.arguments)
                text = observation.text if observation else ""
                written.append([[call.tool, given, log], text])
    return written


def imported_trace(
    name: str,
    events: Iterable[Event],
    *,
    toolset: str,
    model: str = "unknown",
    tools: tuple[ToolSpec, ...] = (),
    task: str | None = None,
) -> Trace:
    """The trace of a run that stands at *name* (``file#/pointer``), with the same id each time."""
    happened = list(events)
    last = happened[-1] if happened else None
    answer = last.answer or "" if isinstance(last, AssistantEvent) else ""
    outcome = (
        Outcome(status="answered", answer=answer)
        if answer
        else Outcome(status="failed", reason="the record holds no answer")
    )
    return Trace(
        id=uuid.uuid5(uuid.NAMESPACE_URL, name).hex,
        task=task,
        toolset=toolset,
        model=model,
        prompt_format="toolalpaca",
        started=UNKNOWN_TIME,
        tools=tools,
        events=happened,
        outcome=outcome,
    )


def kept(trace: Trace, name: str, changes: Corrections, **more: Any) -> Trace:
    """*trace* with what else its source says, under the *name* of the source's format."""
    told = {**more, **({"corrections": changes} if changes else {})}
    return trace.model_copy(update={"extra": {name: told}})


def instruction_of(trace: Trace) -> str:
    """What the user said first."""
    return next((e.text for e in trace.events if isinstance(e, UserEvent)), "")


def final_step(trace: Trace) -> AssistantEvent | None:
    """The step that answers, or None."""
    steps = (e for e in reversed(trace.events) if isinstance(e, AssistantEvent))
    return next((step for step in steps if step.answer is not None), None)


def _call(identifier: str, action: str, given: Any) -> Call:
    arguments = given
    if isinstance(given, str):
        try:
            arguments = orjson.loads(given)
        except orjson.JSONDecodeError as error:
            return Call(id=identifier, tool=action, problem=f"The arguments are no JSON: {error}.")
    if not isinstance(arguments, dict):
        return Call(id=identifier, tool=action, problem="The arguments are no JSON object.")
    return Call(id=identifier, tool=action, arguments=arguments)


def _observation(index: int, call: Call, text: str) -> ObservationEvent:
    response = _RESPONSE.fullmatch(text)
    source: Source = "user" if call.tool == ASK_TOOL else "simulator" if response else "validator"
    return ObservationEvent(
        index=index,
        at=0.0,
        source=source,
        raw=text,
        call=call.id,
        tool=call.tool,
        text=text,
        response=HttpResponse(status=int(response[1]), body=response[2]) if response else None,
    )


def _thought(log: str) -> str:
    written = _WRITTEN.fullmatch(log)
    return (written["thought"] if written else log).strip()


def _log(step: AssistantEvent, call: Call) -> str:
    return f" {step.thought}\nAction: {call.tool}\nAction Input: {_json(call.arguments)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # with the spaces that the files have
