"""Replies of labelled lines, as ReAct and its kin have them: read whatever a model makes of it.

::

    Thought: the user wants the pet with the id 7
    Action: getPet
    Action Input: {"petId": 7}

Labels stand at the beginning of a line, in any letters, with ``ASSISTANT`` before them or not, and
with Markdown's marks around them. The first action or answer decides what the step is: what follows
an answer belongs to it, an answer that follows an action is made up, and so is an observation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from toolalpaca.trace import Call
from toolalpaca_runtime.formats import Step

MakeCall: TypeAlias = Callable[[int, str, str], Call]
"""Makes a call of its position in the step, the tool's name and its arguments as written."""

_LABEL = re.compile(
    r"^[ \t>*#-]*(?:assistant[ \t]{1,4})?"
    r"(?P<label>thought|action(?: ?\d{1,3})?[ _]?input(?: ?\d{1,3})?|action(?: ?\d{1,3})?"
    r"|(?:final )?(?:answer|response)|observation)"
    r"[ \t*]*:\**[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_THINKING = re.compile(r"\s*<(?P<tag>think|thinking|thought|reasoning)>", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Part:
    label: str
    text: str


def read_step(text: str, make_call: MakeCall, how: str) -> Step:
    """The step that *text* is.

    Args:
        text: The reply.
        make_call: Makes a call of what stands behind the labels.
        how: What a model should write, for the problem of a reply that is no step.
    """
    reasoning, text = split_reasoning(text)
    parts = list(_parts(text))
    said = next((part.text for part in parts if part.label in ("thought", "")), "")
    thought = "\n".join(filter(None, (reasoning, said)))
    deciding = next((part for part in parts if part.label in ("action", "answer")), None)
    if deciding is None:
        return Step(thought=thought, problem=f"{_NO_STEP[bool(text.strip())]} {how}")
    if deciding.label == "answer":
        if not deciding.text:
            return Step(thought=thought, problem=f"The answer is empty. {how}")
        return Step(thought=thought, answer=deciding.text)
    calls = tuple(_calls(parts, make_call))
    if not any(call.tool for call in calls):
        return Step(thought=thought, problem=f"The action names no tool. {how}")
    return Step(thought=thought, calls=calls)


_NO_STEP = {True: "This is no step.", False: "The reply was empty."}


def split_reasoning(text: str) -> tuple[str, str]:
    """The reasoning that models of some families write before their reply, and the reply.

    ``<think>`` may be missing where a chat template has written it, and ``</think>`` where the
    reply was cut off.
    """
    opening = _THINKING.match(text)
    start = opening.end() if opening else 0
    closing = _THOUGHT_ENDS.search(text, start)
    if closing is None:
        return (text[start:].strip(), "") if opening else ("", text)
    if opening is None and _LABEL.search(text, 0, closing.start()):
        return "", text  # a part of what a label begins
    return text[start : closing.start()].strip(), text[closing.end() :]


def _parts(text: str) -> Iterator[_Part]:
    """Labels, each with the text up to the next; what stands before them has ``""``."""
    label, start = "", 0
    acted = False
    for match in _LABEL.finditer(text):
        yield from _part(label, text[start : match.start()])
        label, start = _plain(match["label"]), match.end()
        if label == "answer" and not acted:
            break
        if label in ("answer", "observation"):
            return
        acted = acted or label == "action"
    yield from _part(label, text[start:])


def _part(label: str, text: str) -> Iterator[_Part]:
    if label or text.strip():
        yield _Part(label, text.strip())


def _plain(label: str) -> str:
    label = label.lower()
    if label.startswith("action"):
        return "input" if "input" in label else "action"
    return "answer" if label.endswith(("answer", "response")) else label


def _calls(parts: list[_Part], make_call: MakeCall) -> Iterator[Call]:
    number = 0
    for part, following in zip(parts, [*parts[1:], _Part("", "")], strict=True):
        if part.label == "action":
            written = following.text if following.label == "input" else ""
            yield make_call(number, part.text, written)
            number += 1
