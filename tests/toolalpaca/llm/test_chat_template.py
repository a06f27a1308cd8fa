from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from toolalpaca.errors import UsageError
from toolalpaca.llm.chat_template import ChatTemplate
from toolalpaca.llm.protocol import Message, ToolCall, ToolSpec

pytest.importorskip("transformers")

TURNS = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
PROMPT = "{% if add_generation_prompt %}[assistant]{% endif %}"
REFUSING = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}"
    "{% endif %}{% endfor %}"
)
SILENT = "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endfor %}"
STRICT = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}{% endfor %}"
)
TOOLS = (
    "{% for t in tools or [] %}<{{ t.function.name }} {{ t.function.parameters | tojson }}>"
    "{% endfor %}"
)
CALLS = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% for c in m.tool_calls or [] %}"
    "({{ c.id }} {{ c.function.name }} {{ c.function.arguments | tojson }}){% endfor %}"
    "{% if m.tool_call_id %}{{ '{' + m.tool_call_id + '}' }}{% endif %}{% endfor %}"
)

SYSTEM = Message(role="system", content="Be brief.")
USER = Message(role="user", content="Hello")
ASSISTANT = Message(role="assistant", content="Hi")


@pytest.fixture(scope="module")
def make() -> Callable[[str | None], ChatTemplate]:
    from toolalpaca_training.bases import train_tokenizer

    tokenizer: Any = train_tokenizer(["Hello"], 259)

    def made(template: str | None) -> ChatTemplate:
        own = copy.deepcopy(tokenizer)
        own.chat_template = template
        return ChatTemplate(own)

    return made


Make = Callable[[str | None], ChatTemplate]


def test_a_prompt_ends_where_the_assistant_begins(make: Make) -> None:
    template = make(TURNS + PROMPT)
    told = template.render([SYSTEM, USER], prompt=True)
    assert told == "[system]Be brief.[user]Hello[assistant]"
    whole = template.render([SYSTEM, USER, ASSISTANT], prompt=False)
    assert whole == "[system]Be brief.[user]Hello[assistant]Hi"


@pytest.mark.parametrize("head", [REFUSING + TURNS, SILENT])
def test_without_a_place_for_the_system_its_words_head_the_first_message(
    head: str, make: Make
) -> None:
    template = make(head + PROMPT)
    told = template.render([SYSTEM, USER], prompt=True)
    assert told == "[user]Be brief.\n\nHello[assistant]"
    assert template.render([USER], prompt=True) == "[user]Hello[assistant]"
    assert template.render([SYSTEM], prompt=False) == "[user]Be brief."
    assert template.render([SYSTEM, ASSISTANT], prompt=False) == "[user]Be brief.[assistant]Hi"


def test_a_conversation_that_the_template_refuses_is_told(make: Make) -> None:
    template = make(STRICT + TURNS)
    with pytest.raises(UsageError, match="refuses the conversation: roles must alternate"):
        template.render([USER, USER], prompt=True)


def test_tools_are_shown_where_there_is_a_place(make: Make) -> None:
    tool = ToolSpec(name="getPet", description="A pet.", parameters={"type": "object"})
    assert make(TOOLS + TURNS).render([USER], [tool], prompt=False) == (
        '<getPet {"type": "object"}>[user]Hello'
    )
    assert make(TURNS).render([USER], [tool], prompt=False) == "[user]Hello"


def test_calls_are_told_with_their_arguments_as_values(make: Make) -> None:
    calls = (
        ToolCall(id="a", name="getPet", arguments='{"id": 1}'),
        ToolCall(id="b", name="getPet", arguments="{no json"),
    )
    messages = [
        USER,
        Message(role="assistant", tool_calls=calls),
        Message(role="tool", content="Rex", tool_call_id="a"),
    ]
    assert make(CALLS).render(messages, prompt=False) == (
        '[user]Hello[assistant](a getPet {"id": 1})(b getPet "{no json")[tool]Rex{a}'
    )


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, r"has no chat template .*chat_template\.jinja"),
        ("", "has no chat template"),
        ("{% for %}", "refuses the conversation"),
        ("{{ messages[7].content }}{{ 1 + 'a' }}", "refuses the conversation"),
    ],
)
def test_a_template_that_cannot_be_used_is_told(
    template: str | None, message: str, make: Make
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        make(template)
    assert "\n" not in str(caught.value)
