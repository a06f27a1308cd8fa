"""Why was a trace dropped? One named function for each reason.

A filter looks at a :class:`Candidate` and says what is wrong with it, or None. A trace is kept when
no filter of :data:`FILTERS` finds anything and its instruction is not one that was kept before
(:class:`KeptInstructions`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import orjson
from pydantic import BaseModel

from toolalpaca.sameness import left_out
from toolalpaca.scoring import CallMatch, Match, match_trace
from toolalpaca.task import ASK_TOOL, Function, Task, Toolset
from toolalpaca.trace import AssistantEvent, Call, ObservationEvent, Trace, UserEvent

MOST_STEPS = 12
"""Steps of the assistant that a kept trace may have."""

MOST_WORDS = 6000
"""Words that a kept trace may have, all its texts together."""

NEARLY_THE_SAME = 0.9
"""Share of word pairs that two instructions have in common when one repeats the other."""

_ID_NAME = re.compile(r"(?i)(?:^|[_-])(?:id|uuid)$|(?<=[a-z])(?:Id|ID|Uuid|UUID)$")


class Reason(BaseModel):
    """What a filter found.

    Attributes:
        filter: The name of the filter.
        detail: What was wrong, as a clause.
    """

    filter: str
    detail: str


class Dropped(BaseModel):
    """A trace that was not kept, and why."""

    id: str
    task: str
    reasons: list[Reason]


@dataclass(frozen=True)
class Candidate:
    """A trace with what it is judged by."""

    task: Task
    trace: Trace
    toolset: Toolset

    @cached_property
    def match(self) -> Match:
        """How its calls compare with the golden ones."""
        return match_trace(self.task.golden, self.trace)

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """The toolset's functions by name."""
        return {function.name: function for function in self.toolset.functions}

    @cached_property
    def read_calls(self) -> list[Call]:
        """The calls that could be read: what the indices of :attr:`match` count."""
        return [call for call in self.trace.calls() if call.problem is None]

    def status_of(self, call: Call) -> int | None:
        """The HTTP status that answered *call*; None when no response came."""
        observation = self.trace.observation(call.id)
        response = observation.response if observation else None
        return response.status if response else None


Filter = Callable[[Candidate], str | None]


def finished(candidate: Candidate) -> str | None:
    """The run must end with an answer to the user."""
    outcome = candidate.trace.outcome
    if outcome.status != "answered":
        return f"it ended as {outcome.status}: {outcome.reason}"
    return None if outcome.answer.strip() else "its answer is empty"


def conforming_responses(candidate: Candidate) -> str | None:
    """No response may break the API's document: a model would learn a wrong API."""
    for event in candidate.trace.events:
        if isinstance(event, ObservationEvent) and event.conforming is False:
            status = event.response.status if event.response else "an unknown status"
            return f"the response of {event.tool} with {status} breaks the document"
    return None


def readable_steps(candidate: Candidate) -> str | None:
    """Every step must be readable: what is learned must not hold slips."""
    for event in candidate.trace.events:
        if isinstance(event, AssistantEvent):
            if event.problem is not None:
                return f"step {event.index} could not be read: {event.problem}"
            for call in event.calls:
                if call.problem is not None:
                    return f"a call of {call.tool} could not be read: {call.problem}"
    return None


def golden_calls(candidate: Candidate) -> str | None:
    """Every golden call must be made; nothing may be called where nothing is right."""
    match = candidate.match
    if match.complete:
        return None
    missing = next((m for m in match.required if not m.made), None)
    if missing is None:
        called = candidate.read_calls[match.extra[0]].tool
        return f"it called {called} where the API cannot help"
    if missing.call is None:
        return f"{missing.golden.function} was not called"
    return f"{missing.golden.function} was called with other arguments"


def successful_calls(candidate: Candidate) -> str | None:
    """The golden calls must succeed: an error is not what the user asked for."""
    for match in candidate.match.calls:
        call = _made(match, candidate)
        if call is None or call.tool == ASK_TOOL:
            continue
        status = candidate.status_of(call)
        if status is None:
            return f"{call.tool} got no response"
        if not 200 <= status < 300:
            return f"{call.tool} was answered with {status}"
    return None


def asked_for_calls(candidate: Candidate) -> str | None:
    """Nothing may be called that the task does not ask for; a refused attempt changes nothing."""
    if not candidate.task.golden:
        return None  # golden_calls has said it
    for index in candidate.match.extra:
        call = candidate.read_calls[index]
        status = candidate.status_of(call)
        if status is not None and status < 300:
            return f"nobody asked for {call.tool}"
    return None


def distinct_calls(candidate: Candidate) -> str | None:
    """No call may be made twice."""
    made = Counter(
        (call.tool, orjson.dumps(call.arguments, option=orjson.OPT_SORT_KEYS))
        for call in candidate.read_calls
    )
    # Golden calls may be alike: two avatars for two fans.
    wanted = Counter(match.golden.function for match in candidate.match.calls)
    for (tool, _), times in made.items():
        if times > max(wanted[tool], 1):
            return f"{tool} was called {times} times with the same arguments"
    return None


def grounded_ids(candidate: Candidate) -> str | None:
    """An id must come from the user or from an earlier result."""
    seen: list[str] = []
    for event in candidate.trace.events:
        if isinstance(event, UserEvent):
            seen.append(event.text.casefold())
        elif isinstance(event, ObservationEvent):
            seen.append(event.text.casefold())
            if event.response is not None:
                seen.append(event.response.body.casefold())
        else:
            for call in event.calls:
                for name, value in _ids(call, candidate.functions.get(call.tool)):
                    if not any(_stands_in(str(value).casefold(), text) for text in seen):
                        return f"the {name} {value!r} of {call.tool} was invented"
    return None


def bounded_length(candidate: Candidate) -> str | None:
    """It must be short enough to be learned whole."""
    steps = sum(isinstance(event, AssistantEvent) for event in candidate.trace.events)
    if steps > MOST_STEPS:
        return f"it has {steps} steps, more than {MOST_STEPS}"
    words = count_words(candidate.trace)
    return f"it has {words} words, more than {MOST_WORDS}" if words > MOST_WORDS else None


FILTERS: tuple[Filter, ...] = (
    finished,
    readable_steps,
    conforming_responses,
    golden_calls,
    successful_calls,
    asked_for_calls,
    distinct_calls,
    grounded_ids,
    bounded_length,
)
"""In the order in which their reasons are listed."""


def reasons_to_drop(candidate: Candidate) -> list[Reason]:
    """What every filter finds; nothing when the trace can be kept."""
    return [
        Reason(filter=check.__name__, detail=detail)
        for check in FILTERS
        if (detail := check(candidate)) is not None
    ]


def count_words(trace: Trace) -> int:
    """Words of all that was said and read in a run, about three quarters of its tokens."""
    texts = (
        event.text if isinstance(event, UserEvent | ObservationEvent) else event.raw
        for event in trace.events
    )
    return sum(len(text.split()) for text in texts)


class KeptInstructions:
    """Finds instructions that repeat one that was kept before, for the same API.

    Two are nearly the same when they share :data:`NEARLY_THE_SAME` of their word pairs (Jaccard's
    index). Only instructions that share one of their rarest-ordered pairs are compared, which
    loses none (prefix filtering: Chaudhuri, Ganti, Kaushik, ICDE 2006).
    """

    def __init__(self) -> None:
        self._by_pair: dict[tuple[str, str, str], list[int]] = {}
        self._kept: list[tuple[str, frozenset[tuple[str, str]]]] = []

    def add(self, task: Task) -> Reason | None:
        """Keep the instruction of *task*, or say which kept one it repeats."""
        pairs = _word_pairs(task.instruction)
        prefix = self._prefix(pairs)
        near = {i for pair in prefix for i in self._by_pair.get((task.toolset, *pair), ())}
        for index in sorted(near):
            other, theirs = self._kept[index]
            if len(pairs & theirs) >= NEARLY_THE_SAME * len(pairs | theirs):
                return Reason(filter="new_instruction", detail=f"it repeats that of {other}")
        for pair in prefix:
            self._by_pair.setdefault((task.toolset, *pair), []).append(len(self._kept))
        self._kept.append((task.id, pairs))
        return None

    @staticmethod
    def _prefix(pairs: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
        # Any fixed order of the pairs will do.
        longest = len(pairs) - math.ceil(NEARLY_THE_SAME * len(pairs) - 1e-9) + 1
        return sorted(pairs)[:longest]


def _word_pairs(text: str) -> frozenset[tuple[str, str]]:
    words = ["", *re.findall(r"\w+", text.casefold()), ""]
    return frozenset(pairwise(words))


def _made(match: CallMatch, candidate: Candidate) -> Call | None:
    return candidate.read_calls[match.call] if match.made and match.call is not None else None


def _ids(call: Call, function: Function | None) -> Iterator[tuple[str, Any]]:
    """The arguments of *call* that identify something: in the path, or called so.

    What the document itself names (an enum, a default) is no secret that one could only invent.
    """
    if function is None:
        return
    in_path = set(re.findall(r"\{([^{}]+)\}", function.path))
    properties = function.parameters.get("properties", {})
    for name, value in call.arguments.items():
        schema = properties.get(name)
        named = isinstance(schema, dict) and {"enum", "const", "default"} & schema.keys()
        scalar = isinstance(value, str | int) and not isinstance(value, bool)
        is_id = name in in_path or _ID_NAME.search(name)
        if is_id and scalar and not named and not left_out(value):
            yield name, value


def _stands_in(value: str, text: str) -> bool:
    """Whether *value* stands in *text* as a whole: ``12`` does not stand in ``2012``."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None
