"""How is success judged? The comparison of the calls that were made with the calls that are right.

Pure functions: the corpus keeps a trace by them, evaluation scores a model by them, and both mean
the same.

A golden call is *made* when some call has its tool and its arguments. Arguments agree when

- their values are the same up to what carries no meaning: case, white space and punctuation around
  a string, ``3`` and ``3.0`` and ``"3"``;
- an argument that is missing, ``None`` or ``""`` counts as left out, and leaving out an argument is
  the same as giving its schema's default;
- ``{"$from": function, "path": pointer}`` is a value that stands in the result of an *earlier* call
  of that function (with ``getDetails``, which asks the user: any value);
- ``{"$any": text}`` is any value; in the place of all arguments it is any arguments.

Independent calls may come in any order: only references say what must come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.sameness import left_out, occurs_in, same_value
from toolalpaca.task import ASK_TOOL, GoldenCall, is_reference
from toolalpaca.trace import Call, Trace


@dataclass(frozen=True, slots=True)
class CallMatch:
    """A golden call and the call that was made for it.

    Attributes:
        call: Index of the call, or None when the function was not called (or not often enough).
        share: Share of the arguments that agree, of those that either call gives; 0 to 1.
    """

    golden: GoldenCall
    call: int | None
    share: float

    @property
    def made(self) -> bool:
        """Whether the golden call was made with all of its arguments."""
        return self.call is not None and self.share == 1.0


@dataclass(frozen=True, slots=True)
class Match:
    """How the calls of a run compare with the golden calls.

    Attributes:
        calls: One for each golden call, in the golden order.
        extra: Indices of calls that belong to no golden call, questions to the user left out.
    """

    calls: tuple[CallMatch, ...]
    extra: tuple[int, ...]

    @property
    def required(self) -> tuple[CallMatch, ...]:
        """The golden calls that no solution may leave out."""
        return tuple(match for match in self.calls if not match.golden.optional)

    @property
    def complete(self) -> bool:
        """Whether every required golden call was made; without any, whether nothing was called."""
        return self.score == 1.0

    @property
    def score(self) -> float:
        """Share of the required golden calls that were made, 0 to 1.

        Where nothing is required, as in a task to abstain from, it is 1 when nothing was called.
        """
        required = self.required
        if not required:
            return 0.0 if self.extra and not self.calls else 1.0
        return sum(match.made for match in required) / len(required)


def match_trace(golden: Sequence[GoldenCall], trace: Trace) -> Match:
    """Compare the calls of a trace with the golden calls; its tools' schemas give the defaults."""
    calls = [call for call in trace.calls() if call.problem is None]
    results = {call.id: call_result(trace, call.id) for call in calls}
    return match_calls(golden, calls, results, tools=trace.tools)


def match_calls(
    golden: Sequence[GoldenCall],
    calls: Sequence[Call],
    observations: Mapping[str, Any],
    *,
    tools: Iterable[ToolSpec] = (),
) -> Match:
    """Compare *calls* with the *golden* ones.

    Every call counts for one golden call at most. As many golden calls as possible are paired with
    a call that makes them, required ones first; the rest with a call of the same function whose
    arguments agree best.

    Args:
        golden: What a right solution calls.
        calls: What was called, in order.
        observations: Results by the id of their call, decoded; None or missing for a failed one.
        tools: Their schemas say which value an argument has when it is left out.
    """
    comparison = _Comparison(calls, observations, {tool.name: tool.parameters for tool in tools})
    shares = [
        {index: comparison.share(right, index) for index in comparison.calls_of(right.function)}
        for right in golden
    ]
    order = sorted(range(len(golden)), key=lambda index: golden[index].optional)
    paired = _pair_exactly(order, shares)
    _pair_the_rest(order, shares, paired)
    matches = tuple(
        CallMatch(right, paired.get(index), shares[index].get(paired.get(index, -1), 0.0))
        for index, right in enumerate(golden)
    )
    taken = set(paired.values())
    extra = [i for i, call in enumerate(calls) if i not in taken and call.tool != ASK_TOOL]
    return Match(matches, tuple(extra))


def call_result(trace: Trace, call: str) -> Any:
    """The decoded result of the call with that id; None when it failed or was never answered."""
    observation = trace.observation(call)
    if observation is None:
        return None
    if observation.response is None:
        return observation.text if observation.request is None else None
    if not 200 <= observation.response.status < 300:
        return None
    try:
        return orjson.loads(observation.response.body)
    except orjson.JSONDecodeError:
        return observation.response.body


class _Comparison:
    """The calls of one run, their results and the schemas of their tools."""

    def __init__(
        self,
        calls: Sequence[Call],
        results: Mapping[str, Any],
        schemas: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._calls = calls
        self._results = results
        self._schemas = schemas

    def calls_of(self, function: str) -> list[int]:
        return [index for index, call in enumerate(self._calls) if call.tool == function]

    def share(self, golden: GoldenCall, index: int) -> float:
        """Share of the arguments of the call at *index* and the golden one that agree."""
        if golden.function == ASK_TOOL:
            # What a question says is the model's own; that something is asked is what counts.
            return float(any(not left_out(v) for v in self._calls[index].arguments.values()))
        if is_reference(golden.arguments):
            return 1.0
        given = self._calls[index].arguments
        defaults = self._defaults(golden.function)
        names = {
            name
            for arguments in (golden.arguments, given)
            for name, value in arguments.items()
            if not left_out(value) and not same_value(defaults.get(name), value)
        }
        if not names:
            return 1.0
        agreeing = [
            name
            for name in names
            if same_value(
                _or_default(golden.arguments.get(name), defaults.get(name)),
                _or_default(given.get(name), defaults.get(name)),
                meets=lambda reference, value: self._meets(reference, value, index),
            )
        ]
        return len(agreeing) / len(names)

    def _defaults(self, function: str) -> dict[str, Any]:
        properties = self._schemas.get(function, {}).get("properties", {})
        return {
            name: schema["default"]
            for name, schema in properties.items()
            if isinstance(schema, dict) and "default" in schema
        }

    def _meets(self, reference: Mapping[str, Any], value: Any, index: int) -> bool:
        if left_out(value):
            return False
        if "$any" in reference or reference["$from"] == ASK_TOOL:
            return True
        earlier = (call for call in self._calls[:index] if call.tool == reference["$from"])
        results = (self._results.get(call.id) for call in earlier)
        return any(occurs_in(value, result, str(reference.get("path", ""))) for result in results)


def _or_default(value: Any, default: Any) -> Any:
    return default if left_out(value) else value


def _pair_exactly(order: Sequence[int], shares: Sequence[Mapping[int, float]]) -> dict[int, int]:
    """A maximum matching of golden calls with calls that make them (augmenting paths).

    A golden call that is paired stays paired, so what comes first in *order* goes first.
    """
    owner: dict[int, int] = {}

    def find(golden: int, seen: set[int]) -> bool:
        for call, share in shares[golden].items():
            if share < 1.0 or call in seen:
                continue
            seen.add(call)
            if call not in owner or find(owner[call], seen):
                owner[call] = golden
                return True
        return False

    for golden in order:
        find(golden, set())
    return {golden: call for call, golden in owner.items()}


def _pair_the_rest(
    order: Sequence[int], shares: Sequence[Mapping[int, float]], paired: dict[int, int]
) -> None:
    """Pair what is left with the free call of the same function that agrees best."""
    taken = set(paired.values())
    for golden in order:
        if golden in paired:
            continue
        free = [call for call in shares[golden] if call not in taken]
        if free:
            best = max(free, key=lambda call: (shares[golden][call], -call))
            paired[golden] = best
            taken.add(best)
