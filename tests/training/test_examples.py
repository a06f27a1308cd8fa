from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.trace import AssistantEvent, Call, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats import get_format
from toolalpaca_training.examples import Example, ExampleCounts, make_examples
from toolalpaca_training.masking import IGNORED, ConversationTokenizer

MakeTokenizer = Callable[[str | None], Any]
MakeTrace = Callable[..., Trace]

CALL = (
    "Thought: I look up the forecast.\nAction: getForecast\n"
    'Action Input: {"city": "Bern"}<|im_end|>'
)
ANSWER = "Thought: I know it.\nAnswer: It is rain in Bern.<|im_end|>"


@pytest.fixture
def tokenizer(make_tokenizer: MakeTokenizer, templates: dict[str, str]) -> Any:
    return make_tokenizer(templates["chatml"])


@pytest.fixture
def examples_of(tokenizer: Any) -> Callable[..., tuple[list[Example], ExampleCounts]]:
    def make(*traces: Trace, max_length: int = 4096) -> tuple[list[Example], ExampleCounts]:
        return make_examples(
            traces, get_format("react"), ConversationTokenizer(tokenizer), max_length=max_length
        )

    return make


def learned(example: Example, tokenizer: Any) -> str:
    return str(tokenizer.decode([label for label in example.labels if label != IGNORED]))


def test_a_trace_of_another_format_is_told_in_react_and_its_steps_are_learned(
    examples_of: Any, make_trace: MakeTrace, tokenizer: Any
) -> None:
    [example], counts = examples_of(make_trace("Bern"))
    assert learned(example, tokenizer) == CALL + ANSWER
    text = tokenizer.decode(example.ids)
    assert 'Observation: Status Code: 200. Response: {"weather": "rain"}' in text
    assert text.endswith(ANSWER)
    assert counts.as_dict() == {
        "traces": 1, "examples": 1, "tokens": len(example.ids), "learned_tokens": example.learned,
        "learned_steps": 2, "masked_steps": 0, "cut_examples": 0, "cut_steps": 0,
        "dropped_too_long": 0, "dropped_nothing_to_learn": 0,
    }  # fmt: skip


def test_native_traces_are_taught_verbatim_in_their_own_words(
    examples_of: Any, make_trace: MakeTrace, tokenizer: Any
) -> None:
    trace = make_trace("Bern", prompt_format="react")
    written = "Thought:  odd   spacing\nAnswer: Rain"
    trace.events[3] = trace.events[3].model_copy(update={"raw": written})
    [example], _ = examples_of(trace)
    assert learned(example, tokenizer).endswith(f"{written}<|im_end|>")


@pytest.mark.parametrize(
    "change",
    [
        {"trainable": False},
        {"problem": "This is no step.", "raw": "Hm."},
        {"calls": (Call(id="call_1", tool="getForcast", problem="There is no such tool."),)},
    ],
)
def test_a_step_that_is_not_to_be_learned_stays_as_context(
    change: dict[str, Any], examples_of: Any, make_trace: MakeTrace, tokenizer: Any
) -> None:
    trace = make_trace("Bern")
    trace.events[1] = trace.events[1].model_copy(update=change)
    [example], counts = examples_of(trace)
    assert learned(example, tokenizer) == ANSWER
    assert (counts.learned_steps, counts.masked_steps) == (1, 1)


@pytest.mark.parametrize("source", ["runtime", "validator"])
def test_a_step_that_was_sent_back_is_not_learned(
    source: str, examples_of: Any, make_trace: MakeTrace, tokenizer: Any
) -> None:
    trace = make_trace("Bern")
    trace.events[2] = trace.events[2].model_copy(update={"source": source})
    [example], counts = examples_of(trace)
    assert learned(example, tokenizer) == ANSWER
    assert counts.masked_steps == 1


def test_what_follows_the_last_step_to_learn_is_left_away(
    examples_of: Any, make_trace: MakeTrace, tokenizer: Any
) -> None:
    trace = make_trace("Bern")
    trace.events[3] = trace.events[3].model_copy(update={"trainable": False})
    [example], _ = examples_of(trace)
    assert tokenizer.decode(example.ids).endswith(CALL)


def test_a_trace_without_anything_to_learn_is_dropped_and_counted(
    examples_of: Any, make_trace: MakeTrace
) -> None:
    asked = make_trace("Bern", events=[UserEvent(index=0, at=0, text="Hello?")])
    masked = make_trace("Rome")
    masked.events[:] = [event.model_copy(update={"trainable": False}) for event in masked.events]
    examples, counts = examples_of(asked, masked)
    assert examples == []
    assert counts.dropped_nothing_to_learn == 2
    assert "2 traces dropped with nothing to learn" in counts.summary()


def test_a_long_example_ends_with_the_last_step_that_fits(
    examples_of: Any, make_trace: MakeTrace, tokenizer: Any
) -> None:
    [whole], _ = examples_of(make_trace("Bern"))
    [cut], counts = examples_of(make_trace("Bern"), max_length=len(whole.ids) - 1)
    assert learned(cut, tokenizer) == CALL
    assert cut.ids == whole.ids[: len(cut.ids)]
    assert (counts.cut_examples, counts.cut_steps, counts.learned_steps) == (1, 1, 1)
    [same], counts = examples_of(make_trace("Bern"), max_length=len(cut.ids))
    assert same == cut
    examples, counts = examples_of(make_trace("Bern"), max_length=len(cut.ids) - 1)
    assert examples == []
    assert counts.dropped_too_long == 1
    assert "1 traces dropped as too long" in counts.summary()


@pytest.mark.parametrize("name", ["react", "toolalpaca"])
def test_each_step_is_trained_on_after_the_prompt_that_the_agent_sends(
    name: str, make_trace: MakeTrace, tokenizer: Any
) -> None:
    from toolalpaca_runtime.limits import Limits

    trace = make_trace("Bern")
    chosen = get_format(name)
    [example], _ = make_examples([trace], chosen, ConversationTokenizer(tokenizer), max_length=4096)
    for position, event in enumerate(trace.events):
        if not isinstance(event, AssistantEvent):
            continue
        so_far = trace.model_copy(update={"events": trace.events[:position]})
        request = chosen.request(so_far, Limits())
        prompt = tokenizer.apply_chat_template(
            [message.model_dump(include={"role", "content"}) for message in request.messages],
            add_generation_prompt=True,
            return_dict=True,
        )["input_ids"]
        assert example.ids[: len(prompt)] == prompt
        assert example.labels[len(prompt) - 1] == IGNORED
        assert example.labels[len(prompt)] == example.ids[len(prompt)]


def test_two_observations_in_a_row_are_context(
    examples_of: Any, make_trace: MakeTrace, tokenizer: Any
) -> None:
    trace = make_trace("Bern")
    second = Call(id="call_2", tool="getForecast", arguments={"city": "Rome"})
    first = trace.events[1]
    assert isinstance(first, AssistantEvent)
    trace.events[1] = first.model_copy(update={"calls": (*first.calls, second)})
    trace.events.insert(
        3, ObservationEvent(index=3, at=0.2, source="real", call="call_2", text="sun")
    )
    [example], counts = examples_of(trace)
    assert counts.learned_steps == 2
    assert "sun" not in learned(example, tokenizer)


WITH_TOOLS = (
    "{% if tools %}<|im_start|>tools{% for tool in tools %} {{ tool['function']['name'] }}"
    "{% endfor %}<|im_end|>{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m['role'] }} {{ m['content'] }}"
    "{% for c in m['tool_calls'] or [] %}{{ c['function']['name'] }}{% endfor %}<|im_end|>"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant {% endif %}"
)


def test_each_step_is_learned_with_the_tools_that_the_model_was_shown(
    make_tokenizer: MakeTokenizer, make_trace: MakeTrace
) -> None:
    tokenizer = make_tokenizer(WITH_TOOLS)
    added = ToolSpec(name="addedLater", description="", parameters={"type": "object"})
    trace = make_trace("Bern", prompt_format="native")
    trace.events[2] = trace.events[2].model_copy(update={"tools": (added,)})
    examples, counts = make_examples(
        [trace], get_format("native"), ConversationTokenizer(tokenizer), max_length=4096
    )
    first, second = (tokenizer.decode(example.ids) for example in examples)
    assert "addedLater" not in first
    assert "addedLater" in second
    assert "I know it" not in learned(examples[0], tokenizer)
    assert learned(examples[1], tokenizer).count("<|im_end|>") == 1
    assert counts.learned_steps == 2
    assert counts.masked_steps == 0


def test_a_tool_that_no_step_follows_makes_no_further_example(
    make_tokenizer: MakeTokenizer, make_trace: MakeTrace
) -> None:
    added = ToolSpec(name="addedLater", description="", parameters={"type": "object"})
    trace = make_trace("Bern", prompt_format="native")
    first = trace.events[0].model_copy(update={"tools": (added,)})
    trace.events[0] = first
    tokenizer = ConversationTokenizer(make_tokenizer(WITH_TOOLS))
    examples, _ = make_examples([trace], get_format("native"), tokenizer, max_length=4096)
    assert len(examples) == 1
