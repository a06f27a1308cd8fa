"""Examples to learn from, made of traces; everything that is left out is counted.

A trace becomes one conversation and one example; where a chat template tells the tools, one for
each set of tools that the model was shown. Learned are the steps that the trace marks as trainable
and that nothing was wrong with; the others stay as context.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from toolalpaca.counting import counted
from toolalpaca.errors import DataError
from toolalpaca.trace import AssistantEvent, Call, Event, Trace
from toolalpaca_runtime.limits import Limits
from toolalpaca_training.masking import IGNORED, ConversationTokenizer, Turn

if TYPE_CHECKING:
    from toolalpaca_runtime.formats import PromptFormat


@dataclass(frozen=True, slots=True)
class Example:
    """Tokens, and which of them are learned.

    Attributes:
        trace: The id of the trace.
        ids: Token ids, up to the last one that is learned.
        labels: As long as *ids*: the token where it is learned, else :data:`masking.IGNORED`.
    """

    trace: str
    ids: list[int]
    labels: list[int]

    @property
    def learned(self) -> int:
        """How many tokens are learned."""
        return sum(label != IGNORED for label in self.labels)


@dataclass(slots=True)
class ExampleCounts:
    """What became of the traces and their steps.

    Attributes:
        traces: Traces that came.
        examples: Examples that they made.
        tokens: Tokens of the examples.
        learned_tokens: Those with a label.
        learned_steps: Assistant's steps that are learned.
        masked_steps: Steps that are context only: not trainable, or with a problem.
        cut_examples: Examples that were too long and end after an earlier step.
        cut_steps: Steps to learn that were lost by that.
        dropped_too_long: Traces whose first step to learn does not fit.
        dropped_nothing_to_learn: Traces without a step to learn.
    """

    traces: int = 0
    examples: int = 0
    tokens: int = 0
    learned_tokens: int = 0
    learned_steps: int = 0
    masked_steps: int = 0
    cut_examples: int = 0
    cut_steps: int = 0
    dropped_too_long: int = 0
    dropped_nothing_to_learn: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)

    def summary(self) -> str:
        """One line for a person; it names everything that was left out."""
        parts = [
            f"{counted(self.examples, 'example')} of {counted(self.traces, 'trace')}",
            f"{self.tokens:,} tokens, {self.learned_tokens:,} of them learned "
            f"in {self.learned_steps} steps",
        ]
        left_out = {
            "steps masked": self.masked_steps,
            f"examples cut ({self.cut_steps} steps lost)": self.cut_examples,
            "traces dropped as too long": self.dropped_too_long,
            "traces dropped with nothing to learn": self.dropped_nothing_to_learn,
        }
        parts += [f"{count} {what}" for what, count in left_out.items() if count]
        return "; ".join(parts)


def make_examples(
    traces: Iterable[Trace],
    prompt_format: PromptFormat,
    tokenizer: ConversationTokenizer,
    *,
    max_length: int,
) -> tuple[list[Example], ExampleCounts]:
    """Examples of *traces*, each of at most *max_length* tokens, and what became of all of them.

    Raises:
        DataError: A conversation breaks a law of :mod:`toolalpaca_training.masking`; it names the
            trace and the message.
        UsageError: The chat template cannot be trained with.
    """
    examples: list[Example] = []
    counts = ExampleCounts()
    for trace in traces:
        counts.traces += 1
        for begun, seen in _stretches(trace, prompt_format):
            example = _example(begun, seen, prompt_format, tokenizer, max_length, counts)
            if example is not None:
                examples.append(example)
                counts.examples += 1
                counts.tokens += len(example.ids)
                counts.learned_tokens += example.learned
    return examples, counts


def _stretches(trace: Trace, prompt_format: PromptFormat) -> Iterator[tuple[Trace, int]]:
    """The parts of *trace* in which the model was shown the same tools in its template's place.

    A chat template tells tools before everything else, so a tool that an event added would be told
    before it was there. Text formats tell it where it was added, and have one part.

    Yields:
        The trace up to the end of each part, and how many steps of it belong to parts before.
    """
    if prompt_format.request(trace, Limits()).tools:
        steps = 0
        for place, event in enumerate(trace.events):
            added = not isinstance(event, AssistantEvent) and event.tools
            if added and steps < (upto := _steps(trace.events[:place])):
                yield trace.model_copy(update={"events": trace.events[:place]}), steps
                steps = upto
        yield trace, steps
    else:
        yield trace, 0


def _steps(events: Sequence[Event]) -> int:
    return sum(isinstance(event, AssistantEvent) for event in events)


def is_learned(step: AssistantEvent, trace: Trace) -> bool:
    """Whether *step* is learned: marked as trainable, readable, and every call of it was let go.

    A call that the runtime or a validator sent back (a tool that does not exist, arguments that do
    not fit) is a mistake. The model may see mistakes, and how they were mended; it never learns to
    make them.
    """
    return (
        step.trainable
        and step.problem is None
        and not any(_was_sent_back(call, trace) for call in step.calls)
    )


def _was_sent_back(call: Call, trace: Trace) -> bool:
    observation = trace.observation(call.id)
    return call.problem is not None or (
        observation is not None and observation.source in ("runtime", "validator")
    )


def _example(
    trace: Trace,
    seen: int,
    prompt_format: PromptFormat,
    tokenizer: ConversationTokenizer,
    max_length: int,
    counts: ExampleCounts,
) -> Example | None:
    where = f"trace {trace.id}"
    messages = prompt_format.messages(trace)
    # Whether the template shows tools is the format's to say: native does, text formats do not.
    tools = prompt_format.request(trace, Limits()).tools
    conversation = tokenizer.tokenize(messages, tools, where=where)
    steps = [event for event in trace.events if isinstance(event, AssistantEvent)]
    if len(steps) != len(conversation.turns):
        raise DataError(
            f"the format {prompt_format.name!r} tells {len(steps)} steps of the assistant in "
            f"{len(conversation.turns)} messages",
            where=where,
        )
    turns = [
        turn
        for step, turn in zip(steps[seen:], conversation.turns[seen:], strict=True)
        if is_learned(step, trace)
    ]
    counts.masked_steps += len(steps) - seen - len(turns)
    if not turns:
        counts.dropped_nothing_to_learn += 1
        return None
    fitting = [turn for turn in turns if turn.end <= max_length]
    if not fitting:
        counts.dropped_too_long += 1
        return None
    if len(fitting) < len(turns):
        counts.cut_examples += 1
        counts.cut_steps += len(turns) - len(fitting)
    counts.learned_steps += len(fitting)
    return _masked(trace.id, conversation.ids, fitting)


def _masked(trace: str, ids: list[int], turns: list[Turn]) -> Example:
    """The example that learns *turns*; what follows the last of them teaches nothing."""
    end = turns[-1].end
    labels = [IGNORED] * end
    for turn in turns:
        labels[turn.start : turn.end] = ids[turn.start : turn.end]
    return Example(trace=trace, ids=ids[:end], labels=labels)
