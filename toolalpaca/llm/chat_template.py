"""Chat templates of transformers: the one way in which messages become a model's text.

Inference and training both come through here, so what is trained on is what a model sees. The
module imports neither transformers nor torch; whoever has a tokenizer has them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import Message, ToolSpec
from toolalpaca.llm.settings import NO_TEMPLATE, ModelSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


_PROBE = "only the system says this"


def read_template(settings: ModelSettings) -> str | None:
    """The chat template that settings name instead of the model's own, if they do.

    Raises:
        UsageError: It cannot be read.
    """
    if settings.chat_template in (None, NO_TEMPLATE):
        return None
    try:
        return Path(settings.chat_template).read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UsageError(
            f"the chat template cannot be read: {reason}", where=settings.chat_template
        ) from error


class ChatTemplate:
    """The chat template of a tokenizer, for conversations of ours.

    A template without a place for a system message (it raises, or leaves the message out) gets the
    system's words at the head of the first user message. Special tokens are the template's to
    write: one in what others than the assistant say gets a space and is text.

    Args:
        tokenizer: A tokenizer of transformers that has a chat template.

    Raises:
        UsageError: The tokenizer has no chat template, or one that cannot be used.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        if not tokenizer.chat_template:
            raise UsageError(
                "the tokenizer has no chat template",
                where=tokenizer.name_or_path or None,
                hint="use a model that was tuned for chat, or add a chat_template.jinja file",
            )
        special = [t.content for t in tokenizer.added_tokens_decoder.values() if t.special]
        longest_first = sorted(special, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._has_system = self._shows_system()

    def render(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), *, prompt: bool
    ) -> str:
        """*messages* as text, special tokens included.

        Args:
            messages: The conversation.
            tools: Tools for a template that has a place for them; others leave them out.
            prompt: Whether the text ends where the assistant's next words begin.

        Raises:
            UsageError: The template refuses the conversation.
        """
        if not self._has_system:
            messages = _fold_system(messages)
        return self._apply(messages, tools, prompt=prompt)

    def _apply(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, prompt: bool
    ) -> str:
        from jinja2 import TemplateError

        try:
            text = self._tokenizer.apply_chat_template(
                [_as_dict(self._without_special(message)) for message in messages],
                tools=[_tool_as_dict(tool) for tool in tools] or None,
                add_generation_prompt=prompt,
                tokenize=False,
            )
        except (TemplateError, TypeError, KeyError, ValueError) as error:
            raise UsageError(f"the chat template refuses the conversation: {error}") from error
        assert isinstance(text, str), "tokenize=False returns text"
        return text

    def _without_special(self, message: Message) -> Message:
        if message.role == "assistant" or not self._special.search(message.content):
            return message
        content = self._special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", message.content)
        return message.model_copy(update={"content": content})

    def _shows_system(self) -> bool:
        system = Message(role="system", content=_PROBE)
        user = Message(role="user", content="?")
        try:
            return _PROBE in self._apply([system, user], (), prompt=True)
        except UsageError:
            self._apply([user], (), prompt=True)
            return False


def _fold_system(messages: Sequence[Message]) -> list[Message]:
    if not messages or messages[0].role != "system":
        return list(messages)
    system, *others = messages
    if others and others[0].role == "user":
        text = f"{system.content}\n\n{others[0].content}"
        return [Message(role="user", content=text), *others[1:]]
    return [Message(role="user", content=system.content), *others]


def _as_dict(message: Message) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        told["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        told["tool_call_id"] = message.tool_call_id
    return told


def _arguments(text: str) -> Any:
    """Templates write arguments as JSON themselves; what is no JSON is passed on as it is."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _tool_as_dict(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }
