"""Responses are data: what they hold can neither pass for a turn of the conversation nor end one.

A format applies this to what comes from outside when it renders a trace; the trace keeps the data
as it came. It is no filter of meaning: a model may still believe what a response says. But nothing
that an API answers stands in a prompt where only the assistant, the user or the system can stand.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from toolalpaca.llm.protocol import ToolSpec

# How tokenizers in use write tokens that are no text: <|im_start|>, </s>, [INST], <start_of_turn>,
# and what marks tool calls. Backends look for them in the whole prompt (llama.cpp, vLLM and
# transformers do), so one within a message would end it. The bar of DeepSeek's is U+FF5C.
_TOKEN = re.compile(
    r"<(?=[|\uff5c])"
    r"|<(?=/?(?:s|bos|eos|pad|unk|mask|sep|cls|endoftext|think|thinking|start_of_turn|end_of_turn"
    r"|tool_calls?|toolcall|tool_response|tool_output|tool_results?|function_calls?"
    r"|function_results?|start_of_role|end_of_role|end_of_text)>)"
    r"|<(?=/?function[=>])|<(?=</?SYS>)"
    r"|\[(?=/?(?:INST|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|SYSTEM_PROMPT|ARGS|THINK"
    r"|gMASK|CLS|SEP|PAD|UNK|MASK)\])",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:assistant\W{0,4})?"
    r"(?:thought|action(?:\W?\d{1,3})?(?:[\W_]{0,2}input)?(?:\W?\d{1,3})?|observation"
    r"|(?:final\W{0,2})?(?:answer|response)|user|assistant|system|human|question)"
    r"[\W_]{0,4}:"
)
_HEAD: Final = 80  # characters in which a label at the beginning of a line must end
_MARK: Final = "| "


def quoted(text: str) -> str:
    """*text* as data within a prompt of labelled lines.

    Lines after the first that begin like a label get a ``|`` before them, and special tokens are
    broken. The first line stands behind the label of whoever shows it.
    """
    first, *others = text.splitlines(keepends=True) or [""]
    marked = (_MARK + line if _is_labelled(line) else line for line in others)
    return without_tokens("".join([first, *marked]))


def without_tokens(text: str) -> str:
    """*text* with a space in each special token, which makes it text like any other."""
    return _TOKEN.sub(r"\g<0> ", text)


def safe_tool(tool: ToolSpec) -> ToolSpec:
    """*tool* without special tokens: chat templates put what a document says of it into prompts."""
    written = tool.model_dump_json()
    cleaned = without_tokens(written)
    return tool if cleaned == written else ToolSpec.model_validate_json(cleaned)


def _is_labelled(line: str) -> bool:
    """Whether the first letters of *line*, however disguised, are a label."""
    start = next((place for place, letter in enumerate(line) if letter.isalpha()), len(line))
    head = unicodedata.normalize("NFKC", line[start : start + _HEAD])
    seen = "".join(letter for letter in head if unicodedata.category(letter) != "Cf")
    return _LABEL.match(seen.casefold()) is not None
