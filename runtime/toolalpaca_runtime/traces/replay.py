"""A trace's calls made again, and where the answers differ from those recorded.

Calls go the way that an agent's go: their arguments are checked, and the policy decides about what
may change something. Only calls that were sent when the trace was recorded are made; what a person
approved then is not approved now.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from toolalpaca.trace import Call, HttpResponse, ObservationEvent, Trace
from toolalpaca_runtime.difference import Difference, differences
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.traces.standins import StandIns
from toolalpaca_runtime.traces.summary import answered_at


@dataclass(frozen=True, slots=True)
class ReplayedCall:
    """One call of a trace, made again.

    Attributes:
        call: As it was made now.
        recorded: The response then; None when none came.
        now: The response now; None when none came or the call was not sent.
        differences: Where the two differ.
        stand_ins: Recorded ids in the arguments, and what stood for them.
        problem: Why it was not sent, or why no response came where one had come; ``""`` otherwise.
    """

    call: Call
    recorded: HttpResponse | None
    now: HttpResponse | None
    differences: tuple[Difference, ...]
    stand_ins: Mapping[str, str]
    problem: str = ""

    @property
    def same(self) -> bool:
        """Whether the API answered alike."""
        return not self.differences and not self.problem


def sent_calls(trace: Trace) -> list[tuple[Call, ObservationEvent]]:
    """The calls that reached an API, with what came of them.

    A trace that was imported has no requests; there a response tells that one was sent.
    """
    places = answered_at(trace)
    found = []
    for call in trace.calls():
        observation = trace.events[places[call.id]] if call.id in places else None
        if isinstance(observation, ObservationEvent) and (
            observation.request is not None or observation.response is not None
        ):
            found.append((call, observation))
    return found


async def replay(trace: Trace, toolbox: Toolbox) -> AsyncGenerator[ReplayedCall, None]:
    """Make the calls of *trace* again, in their order, and yield each with its differences.

    Args:
        trace: A run that has ended, however.
        toolbox: Where the calls are made; a mock server's session should be a fresh one.

    Raises:
        ToolAlpacaError: The API cannot be used at all.
    """
    stand_ins = StandIns()
    for call, recorded in sent_calls(trace):
        arguments, replaced = stand_ins.applied(call.arguments)
        now_call = call.model_copy(update={"arguments": arguments})
        observation = await toolbox.call(now_call)
        stand_ins.learn(recorded.response, observation.response)
        yield _compared(
            now_call, recorded.response, observation.response, replaced, observation.text
        )


def _compared(
    call: Call,
    recorded: HttpResponse | None,
    now: HttpResponse | None,
    replaced: Mapping[str, str],
    text: str,
) -> ReplayedCall:
    if now is None:
        # Then and now no response: that is no difference.
        problem = text if recorded is not None else ""
        return ReplayedCall(call, recorded, now, (), replaced, problem)
    if recorded is None:
        found: tuple[Difference, ...] = (Difference("status", "", "", str(now.status)),)
    else:
        found = differences(recorded, now)
    return ReplayedCall(call, recorded, now, found, replaced)
