"""What is learned: a conversation as tokens, with the assistant's own turns marked.

The one place that decides it. A turn is the text that the model itself has to write: its message
and the token that ends it, and nothing of what the chat template puts around them.

Two laws are checked for every turn, because a mask that is off by a token trains a model on
something that it never sees when it runs:

* the text before a turn is the prompt that a model is given for it: the messages before it,
  rendered with the template's generation prompt;
* the tokens before a turn are the tokens of that prompt. (Tokens that join the end of the prompt to
  the start of the reply would break it: a model cannot write half a token.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolalpaca.errors import DataError, UsageError
from toolalpaca.llm.chat_template import ChatTemplate
from toolalpaca.llm.protocol import Message, ToolSpec

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token that is not learned, as PyTorch's cross entropy has it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An assistant's turn as a range of tokens.

    Attributes:
        message: Its position among the messages.
        start: The first token that the assistant writes.
        end: One past the token that ends the turn.
    """

    message: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TokenizedConversation:
    """A conversation as token ids, and where the assistant speaks."""

    ids: list[int]
    turns: list[Turn]


class ConversationTokenizer:
    """Turns conversations into tokens through a tokenizer's chat template.

    Args:
        tokenizer: A tokenizer of transformers with a chat template. It must be a fast one, because
            only those know which characters a token stands for.

    Raises:
        UsageError: The tokenizer is a slow one, or has no chat template.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        if not tokenizer.is_fast:
            raise UsageError(
                "the tokenizer does not tell which characters a token stands for",
                hint="use a base with a tokenizer.json file",
            )
        self._tokenizer = tokenizer
        self._template = ChatTemplate(tokenizer)
        self._special = {
            token.content: number
            for number, token in tokenizer.added_tokens_decoder.items()
            if token.special
        }
        longest_first = sorted(self._special, key=len, reverse=True)
        self._special_pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def tokenize(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), *, where: str
    ) -> TokenizedConversation:
        """The tokens of *messages*, with every assistant message as a turn.

        Args:
            messages: The conversation.
            tools: Tools for a template that has a place for them.
            where: What to call the conversation in an error: the trace.

        Raises:
            DataError: The template refuses the conversation, or a turn breaks one of the laws; it
                names *where* and the message.
            UsageError: The template ends no turn of the assistant with a special token.
        """
        text = self._render(messages, tools, where)
        ids, offsets = self._encode(text)
        turns = []
        for position, message in enumerate(messages):
            if message.role != "assistant":
                continue
            place = f"{where}, message {position}"
            before = self._render(messages[:position], tools, place, prompt=True)
            through = self._render(messages[: position + 1], tools, place)
            end = self._end_of_turn(message, before, through, place)
            if not text.startswith(through[:end]):
                raise _mismatch("the messages after it change how it is rendered", place)
            start = self._boundary(ids, before, place)
            stop = next(token for token in range(start, len(ids)) if offsets[token][1] >= end)
            turns.append(Turn(message=position, start=start, end=stop + 1))
        return TokenizedConversation(ids, turns)

    def _render(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        where: str,
        *,
        prompt: bool = False,
    ) -> str:
        try:
            return self._template.render(messages, tools, prompt=prompt)
        except UsageError as error:
            raise DataError(error.what, where=where, hint=error.hint) from error

    def _end_of_turn(self, message: Message, before: str, through: str, where: str) -> int:
        """Where the turn ends in *through*: after the last special token of the message."""
        if not through.startswith(before):
            raise _mismatch("the prompt for it is not how the conversation before it reads", where)
        specials = list(self._special_pattern.finditer(through, len(before)))
        if not specials:
            raise UsageError(
                "the chat template ends no assistant's turn with a special token, so a model "
                "trained with it would never stop",
                where=where,
                hint="use a base whose chat template closes each turn",
            )
        said = through[len(before) : specials[-1].start()]
        if message.tool_calls:
            whole = all(call.name in said for call in message.tool_calls)
            whole = whole and message.content.strip() in said
        else:
            whole = said.strip() == message.content.strip()
        if not whole:
            raise _mismatch("the chat template does not show it as it was said", where)
        return specials[-1].end()

    def _boundary(self, ids: list[int], before: str, where: str) -> int:
        """How many of *ids* are the prompt *before*, which must be exactly its tokens."""
        prompt, _ = self._encode(before)
        if ids[: len(prompt)] != prompt:
            raise _mismatch("its first characters merge with the prompt into one token", where)
        return len(prompt)

    def _encode(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        # The template writes the special tokens, the beginning of the sequence included.
        encoding: Any = self._tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        return encoding["input_ids"], encoding["offset_mapping"]


def _mismatch(what: str, where: str) -> DataError:
    return DataError(
        f"what would be trained on is not what a model sees: {what}",
        where=where,
        hint="strip white space around what the assistant says, or use another base or format",
    )
