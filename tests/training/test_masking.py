from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca.errors import DataError, UsageError
from toolalpaca.llm.protocol import Message, ToolCall
from toolalpaca_training.masking import ConversationTokenizer, TokenizedConversation

MakeTokenizer = Callable[[str | None], Any]

ENDS = {
    "chatml": "<|im_end|>",
    "headers": "<|eot_id|>",
    "no-system": "<end_of_turn>",
    "instruction": " </s>",
}


def conversation(*told: str) -> list[Message]:
    """A system message, and then user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [Message(role=roles[i % 2], content=text) for i, text in enumerate(told)]  # type: ignore[arg-type]
    return [Message(role="system", content="Use the tools."), *messages]


def learned_texts(tokenizer: Any, tokenized: TokenizedConversation) -> list[str]:
    return [
        tokenizer.decode(tokenized.ids[turn.start : turn.end], skip_special_tokens=False)
        for turn in tokenized.turns
    ]


def texts() -> st.SearchStrategy[str]:
    """Whatever a model may say, without white space around it."""
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    telling = st.sampled_from(
        [
            "Zürich 🌧️",
            "日本語",
            "e\u0301",
            "a\n\n  b",
            "Thought:\nAction: x",
            "<|im_end|>",
            "</s>",
            "<s>",
        ]
    )
    return st.one_of(anything, telling).map(lambda text: text.strip())


@pytest.mark.parametrize("name", ENDS)
@settings(max_examples=60, deadline=None)
@given(told=st.lists(st.tuples(texts(), texts()), min_size=1, max_size=3))
def test_exactly_the_assistants_words_and_their_end_are_learned(
    name: str,
    told: Sequence[tuple[str, str]],
    make_tokenizer: MakeTokenizer,
    templates: dict[str, str],
) -> None:
    tokenizer = make_tokenizer(templates[name])
    # A template that trims, trims what Python calls white space.
    messages = conversation(*(text for pair in told for text in pair))
    tokenized = ConversationTokenizer(tokenizer).tokenize(messages, where="trace 1")
    joint = " " if name == "instruction" else ""
    assert learned_texts(tokenizer, tokenized) == [joint + said + ENDS[name] for _, said in told]


@pytest.mark.parametrize("name", ENDS)
def test_what_comes_before_a_turn_is_the_prompt_at_inference(
    name: str, make_tokenizer: MakeTokenizer, templates: dict[str, str]
) -> None:
    tokenizer = make_tokenizer(templates[name])
    messages = conversation("Rain?", "Thought: Zürich", "Observation: yes", "It rains.")
    tokenized = ConversationTokenizer(tokenizer).tokenize(messages, where="trace 1")
    for turn in tokenized.turns:
        seen = messages[: turn.message]
        if name == "no-system":
            head = f"{seen[0].content}\n\n{seen[1].content}"
            seen = [Message(role="user", content=head), *seen[2:]]
        prompt = tokenizer.apply_chat_template(
            [message.model_dump(include={"role", "content"}) for message in seen],
            add_generation_prompt=True,
            return_dict=True,
        )
        assert tokenized.ids[: turn.start] == prompt["input_ids"]


def test_a_reply_that_merges_with_its_prompt_is_an_error(make_tokenizer: MakeTokenizer) -> None:
    # The prompt ends in "fore" and the reply begins with "cast", and "forecast" is one token.
    template = (
        "{% for m in messages %}{{ m.content }}{{ '</s>' if m.role == 'assistant' }}{% endfor %}"
    )
    messages = conversation("What is the fore", "cast")
    with pytest.raises(DataError, match=r"trace 7, message 2: .* merge with the prompt"):
        ConversationTokenizer(make_tokenizer(template)).tokenize(messages, where="trace 7")


@pytest.mark.parametrize(
    ("template", "what"),
    [
        (
            "{% for m in messages %}{{ m.role + m.content[:3] + '</s>' }}{% endfor %}"
            "{{ 'assistant' if add_generation_prompt }}",
            "does not show it",
        ),
        (
            "{% for m in messages %}{{ m.content }}"
            "{{ '</s>' if loop.last or m.role == 'user' else '' }}{% endfor %}",
            "the messages after it change",
        ),
        (
            "{% for m in messages %}{{ m.role + m.content + '</s>' }}{% endfor %}"
            "{{ 'think!' if add_generation_prompt }}",
            "the prompt for it is not",
        ),
    ],
)
def test_a_template_that_shows_something_else_when_training_is_an_error(
    template: str, what: str, make_tokenizer: MakeTokenizer
) -> None:
    messages = conversation("Rain?", "I look it up.", "Well?", "It rains.")
    with pytest.raises(DataError, match=rf"trace 7, message \d: .*{what}"):
        ConversationTokenizer(make_tokenizer(template)).tokenize(messages, where="trace 7")


def test_a_template_that_ends_no_turn_cannot_be_trained_with(make_tokenizer: MakeTokenizer) -> None:
    tokenizer = make_tokenizer(
        "{% for m in messages %}{{ m.role + ': ' + m.content }}\n{% endfor %}"
    )
    with pytest.raises(UsageError, match="never stop"):
        ConversationTokenizer(tokenizer).tokenize(conversation("a", "b"), where="trace 7")


def test_a_conversation_that_the_template_refuses_is_an_error(
    make_tokenizer: MakeTokenizer, templates: dict[str, str]
) -> None:
    messages = [*conversation("a"), Message(role="user", content="b")]
    with pytest.raises(DataError, match=r"trace 7: .*roles must alternate"):
        ConversationTokenizer(make_tokenizer(templates["no-system"])).tokenize(
            messages, where="trace 7"
        )


def test_a_tokenizer_without_a_template_cannot_be_used(make_tokenizer: MakeTokenizer) -> None:
    with pytest.raises(UsageError, match="no chat template"):
        ConversationTokenizer(make_tokenizer(None))


def test_tool_calls_that_the_template_drops_are_an_error(
    make_tokenizer: MakeTokenizer, templates: dict[str, str]
) -> None:
    call = ToolCall(id="call_1", name="getForecast", arguments='{"city": "Bern"}')
    messages = [*conversation("Rain?"), Message(role="assistant", tool_calls=(call,))]
    with pytest.raises(DataError, match="does not show it"):
        ConversationTokenizer(make_tokenizer(templates["chatml"])).tokenize(
            messages, where="trace 7"
        )


def test_tool_calls_are_learned_as_the_template_writes_them(
    make_tokenizer: MakeTokenizer, templates: dict[str, str]
) -> None:
    template = templates["chatml"].replace(
        "message['content'] + '<|im_end|>'",
        "message['content'] + (message.tool_calls[0].function | tojson if message.tool_calls "
        "else '') + '<|im_end|>'",
    )
    tokenizer = make_tokenizer(template)
    call = ToolCall(id="call_1", name="getForecast", arguments='{"city": "Bern"}')
    messages = [*conversation("Rain?"), Message(role="assistant", tool_calls=(call,))]
    tokenized = ConversationTokenizer(tokenizer).tokenize(messages, where="trace 7")
    assert learned_texts(tokenizer, tokenized) == [
        '{"name": "getForecast", "arguments": {"city": "Bern"}}<|im_end|>'
    ]
