"""How is a model judged? Numbers out of traces and golden calls; no model judges another here.

Every number is defined in ``training/README.md``. A :class:`TaskResult` holds what was counted in
one task; a :class:`Summary` adds the counts of many and only then divides, so that a task with five
calls weighs five times one with a single call, except where a number is said to be of tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from toolalpaca.scoring import Match, match_trace
from toolalpaca.task import ASK_TOOL, Kind, Task
from toolalpaca.trace import AssistantEvent, Call, ObservationEvent, Status, Trace
from toolalpaca_runtime.policy import SAFE_METHODS

RESULT_SCHEMA: Final = "toolalpaca.result/1"


class TaskResult(BaseModel):
    """One model's run of one task.

    Attributes:
        trace: The id of the trace; None when the run failed.
        status: How the run ended; ``failed`` says that something outside the model broke.
        reason: Why, for every status but ``answered``.
        calls: Calls of the API's tools that the model made, questions to the user left out.
        valid_calls: Those that were accepted: sent, and not answered with a 4xx.
        golden: Calls that a right solution must make, questions left out.
        golden_called: Those whose tool was called.
        matched: Calls that belong to a golden call, optional ones included.
        argument_share: Share of the arguments that agree, summed over the matched calls.
        ask_due: Whether a right solution must ask the user.
        asked: Whether the model did.
        success: Whether the task was done; see :func:`succeeded`.
        steps: Times that the model was asked.
        prompt_tokens: Of all steps, cached ones included.
        completion_tokens: Of all steps.
        seconds: From the first request to the end.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    schema_: Literal["toolalpaca.result/1"] = Field(alias="schema", default=RESULT_SCHEMA)
    model: str
    task: str
    toolset: str
    kind: Kind
    trace: str | None = None
    status: Status
    reason: str = ""
    calls: int = 0
    valid_calls: int = 0
    golden: int = 0
    golden_called: int = 0
    matched: int = 0
    argument_share: float = 0.0
    ask_due: bool = False
    asked: bool = False
    success: bool = False
    steps: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether the run came to an answer."""
        return self.status == "answered"


def score(task: Task, trace: Trace) -> TaskResult:
    """What *trace*, a run of *task*, is worth."""
    match = match_trace(task.golden, trace)
    made = [call for call in trace.calls() if call.tool != ASK_TOOL]
    right = [m for m in match.calls if m.golden.function != ASK_TOOL]
    matched = [m for m in right if m.call is not None]
    usage = trace.outcome.usage
    return TaskResult(
        model=trace.model,
        task=task.id,
        toolset=task.toolset,
        kind=task.kind,
        trace=trace.id,
        status=trace.outcome.status,
        reason=trace.outcome.reason,
        calls=len(made),
        valid_calls=sum(was_accepted(call, trace) for call in made),
        golden=_required(task),
        golden_called=sum(not m.golden.optional for m in matched),
        matched=len(matched),
        argument_share=sum(m.share for m in matched),
        ask_due=_ask_due(task),
        asked=any(_was_asked(call, trace) for call in trace.calls()),
        success=succeeded(match, trace),
        steps=sum(isinstance(event, AssistantEvent) for event in trace.events),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        seconds=trace.outcome.seconds,
    )


def failure(task: Task, model: str, reason: str) -> TaskResult:
    """The result of a run that something outside the model ended; it counts as not done."""
    return TaskResult(
        model=model,
        task=task.id,
        toolset=task.toolset,
        kind=task.kind,
        status="failed",
        reason=reason,
        golden=_required(task),
        ask_due=_ask_due(task),
    )


def succeeded(match: Match, trace: Trace) -> bool:
    """Whether a task was done.

    Every required golden call was made with all of its arguments; calls that change something came
    in the golden order; nothing else was changed; and the run ended with an answer.
    """
    calls = [call for call in trace.calls() if call.problem is None]
    return (
        trace.outcome.status == "answered"
        and match.complete
        and _changes_in_order(match, calls, trace)
        and not any(_changed_something(calls[index], trace) for index in match.extra)
    )


def was_accepted(call: Call, trace: Trace) -> bool:
    """Whether *call* was sent and the API did not answer with a 4xx."""
    observation = trace.observation(call.id)
    if call.problem is not None or observation is None or observation.request is None:
        return False
    return observation.response is not None and not 400 <= observation.response.status < 500


def _changes_in_order(match: Match, calls: Sequence[Call], trace: Trace) -> bool:
    """Whether each golden call that changes something came where the golden order has it.

    Two calls that only read may change places: no result depends on it.
    """
    made = [m.call for m in match.required if m.call is not None]
    return all(
        first < second
        for first, second in combinations(made, 2)
        if _is_unsafe(calls[first], trace) or _is_unsafe(calls[second], trace)
    )


def _is_unsafe(call: Call, trace: Trace) -> bool:
    observation = trace.observation(call.id)
    request = observation.request if observation else None
    return request is not None and request.method.lower() not in SAFE_METHODS


def _changed_something(call: Call, trace: Trace) -> bool:
    return _is_unsafe(call, trace) and was_accepted(call, trace)


def _was_asked(call: Call, trace: Trace) -> bool:
    """Whether the question of *call* reached the user (or ended the run to wait for one)."""
    if call.tool != ASK_TOOL or call.problem is not None:
        return False
    observation: ObservationEvent | None = trace.observation(call.id)
    return observation is None or observation.source == "user"


def _required(task: Task) -> int:
    return sum(not call.optional and call.function != ASK_TOOL for call in task.golden)


def _ask_due(task: Task) -> bool:
    asks = any(call.function == ASK_TOOL and not call.optional for call in task.golden)
    return task.kind == "ask" or asks


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of one model over many tasks. Shares are from 0 to 1; None where none is due.

    Attributes:
        tasks: Tasks that were run.
        failed: Those that something outside the model ended; they count as not done.
        success: Share of the tasks that were done.
        finished: Share of the tasks that ended with an answer.
        tool_precision: Share of the calls that belong to a golden call.
        tool_recall: Share of the required golden calls whose tool was called.
        arguments: Mean share of arguments that agree, over the calls that belong to a golden call.
        valid_calls: Share of the calls that were accepted.
        asks: Share of the tasks in which the user must be asked where the user was.
        steps: Mean number of steps of a task that did not fail.
        tokens: Mean number of tokens of such a task, prompts and replies.
        seconds: Mean time of such a task.
    """

    tasks: int
    failed: int
    success: float | None
    finished: float | None
    tool_precision: float | None
    tool_recall: float | None
    arguments: float | None
    valid_calls: float | None
    asks: float | None
    steps: float | None
    tokens: float | None
    seconds: float | None


def summarize(results: Iterable[TaskResult]) -> Summary:
    """The numbers of *results*, all of one model."""
    all_results = list(results)
    ran = [result for result in all_results if result.status != "failed"]
    calls = sum(result.calls for result in all_results)
    golden = sum(result.golden for result in all_results)
    matched = sum(result.matched for result in all_results)
    ask_due = [result for result in all_results if result.ask_due]
    return Summary(
        tasks=len(all_results),
        failed=len(all_results) - len(ran),
        success=_mean([result.success for result in all_results]),
        finished=_mean([result.finished for result in all_results]),
        tool_precision=_share(matched, calls, due=golden),
        tool_recall=_share(sum(r.golden_called for r in all_results), golden),
        arguments=_share(sum(r.argument_share for r in all_results), matched, due=golden),
        valid_calls=_share(sum(r.valid_calls for r in all_results), calls, due=golden),
        asks=_mean([result.asked for result in ask_due]),
        steps=_mean([result.steps for result in ran]),
        tokens=_mean([r.prompt_tokens + r.completion_tokens for r in ran]),
        seconds=_mean([result.seconds for result in ran]),
    )


def _share(part: float, whole: int, *, due: int = 0) -> float | None:
    """*part* of *whole*; of nothing it is 0 when something was *due*, and undefined otherwise."""
    if whole:
        return part / whole
    return 0.0 if due else None


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
