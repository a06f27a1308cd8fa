"""Tokenizers, traces and formats that the tests of training share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    ObservationEvent,
    Outcome,
    Trace,
    TraceWriter,
    UserEvent,
)

CHATML = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""As SmolLM2's: a system prompt of its own, where there is none."""

HEADERS = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{{ message['content'] | trim }}{{ '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
"""As Llama 3's: a beginning of the sequence, and messages that are trimmed."""

NO_SYSTEM = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% set role = 'model' if message['role'] == 'assistant' else 'user' %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
"""As Gemma's: no system role, strict turns."""

INSTRUCTION = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{{ ' ' + message['content'] + ' </s>' }}"
    "{% else %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% endif %}{% endfor %}"
)
"""As Llama 2's: the prompt and the reply are joined by a space, which is the reply's."""

TEMPLATES = {
    "chatml": CHATML,
    "headers": HEADERS,
    "no-system": NO_SYSTEM,
    "instruction": INSTRUCTION,
}

SPECIALS = [
    "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>", "<start_of_turn>", "<end_of_turn>",
]  # fmt: skip

WEATHER = ToolSpec(
    name="getForecast",
    description="The forecast of a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)


@pytest.fixture(scope="session")
def make_tokenizer() -> Callable[[str | None], Any]:
    """A byte-level BPE tokenizer with the given chat template."""
    from toolalpaca_training.bases import train_tokenizer

    texts = ['The forecast for Zürich is rain. Thought: Action: getForecast {"city": "Paris"}']
    trained = train_tokenizer(texts * 3, 600)

    def make(template: str | None) -> Any:
        import copy

        tokenizer: Any = copy.deepcopy(trained)
        tokenizer.add_special_tokens({"additional_special_tokens": SPECIALS, "bos_token": "<s>"})
        tokenizer.chat_template = template
        return tokenizer

    return make


@pytest.fixture(scope="session")
def templates() -> dict[str, str]:
    """Chat templates of several families, by name."""
    return TEMPLATES


@pytest.fixture(scope="session")
def make_trace() -> Callable[..., Trace]:
    """A run of two steps about a city."""
    return forecast_trace


def forecast_trace(city: str, *, weather: str = "rain", **changes: Any) -> Trace:
    """A run of two steps: a call and an answer."""
    call = Call(id="call_1", tool="getForecast", arguments={"city": city})
    events: Sequence[Event] = (
        UserEvent(index=0, at=0.0, text=f"What is the weather in {city}?"),
        AssistantEvent(index=1, at=0.1, thought="I look up the forecast.", calls=(call,)),
        ObservationEvent(
            index=2, at=0.2, source="simulator", call="call_1", tool="getForecast",
            text=f'Status Code: 200. Response: {{"weather": "{weather}"}}',
        ),
        AssistantEvent(
            index=3, at=0.3, thought="I know it.", answer=f"It is {weather} in {city}."
        ),
    )  # fmt: skip
    given: dict[str, Any] = {
        "id": f"trace-{city}", "task": f"task-{city}", "toolset": "weather", "model": "scripted",
        "prompt_format": "scripted", "tools": (WEATHER,), "events": list(events),
        "outcome": Outcome(status="answered", answer="It rains."),
    }  # fmt: skip
    return Trace(**(given | changes))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with a handful of traces."""
    folder = tmp_path / "corpus"
    weathers = ("rain", "snow", "sun", "fog")
    with TraceWriter(folder / "traces.jsonl") as writer:
        for number, city in enumerate(("Bern", "Paris", "Oslo", "Rome", "Lima", "Cairo")):
            writer.whole(forecast_trace(city, weather=weathers[number % 4]))
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the machine, and two threads that fight for a core are slower than one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
