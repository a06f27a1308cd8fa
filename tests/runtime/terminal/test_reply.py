from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.llm.protocol import Completion
from toolalpaca.trace import Trace
from toolalpaca_runtime.formats.react import React
from toolalpaca_runtime.terminal.reply import ReplyText

LINES = st.sampled_from(
    [
        *("Thought: I look.", "Action: getPet", 'Action Input: {"a": 1}', "Answer: It is Rex."),
        *("**Final Answer:** Rex", "thought", "Thoughtful: no", "- a list", "", "  > answer : yes"),
    ]
)


def read(prompt_format: str, *pieces: str) -> dict[str, str]:
    """What is shown of the pieces, by part."""
    reply = ReplyText(prompt_format)
    shown: dict[str, str] = {}
    for piece in pieces:
        for part, text in reply.feed(piece):
            shown[part] = shown.get(part, "") + text
    for part, text in reply.finish():
        shown[part] = shown.get(part, "") + text
    return {part: text.strip() for part, text in shown.items() if text.strip()}


def test_calls_are_not_shown() -> None:
    text = 'Thought: I look.\nAction: getPet\nAction Input: {"id": 1}'
    assert read("react", text) == {"thought": "I look."}


def test_numbered_actions_are_not_shown() -> None:
    assert read("react", "I look.\nAction 1: getPet\nAction_Input 1: {}") == {"thought": "I look."}


def test_an_answer_is_shown_whole() -> None:
    text = "Thought: I know.\nAnswer: Two lines:\nAction: none"
    assert read("react", text) == {"thought": "I know.", "answer": "Two lines:\nAction: none"}


def test_the_protocol_of_toolalpaca_has_labels_of_its_own() -> None:
    text = " I look.\nASSISTANT Action: getPet\nASSISTANT Action Input: {}"
    assert read("toolalpaca", text) == {"thought": "I look."}
    text = " I know.\nASSISTANT Response: It is Rex."
    assert read("toolalpaca", text) == {"thought": "I know.", "answer": "It is Rex."}


def test_without_labels_it_is_open_what_a_text_is() -> None:
    assert read("native", "Thought: yes, ", "it is Rex.") == {"open": "Thought: yes, it is Rex."}


def test_a_format_that_is_not_known_is_not_shown_before_it_is_whole() -> None:
    assert read("of tomorrow", "Plan: x") == {}


def test_text_comes_at_once_where_it_cannot_be_a_label() -> None:
    reply = ReplyText("react")
    assert list(reply.feed("Thought: I")) == [("thought", "I")]
    assert list(reply.feed(" look")) == [("thought", " look")]
    assert list(reply.feed("\nAct")) == [("thought", "\n")]
    assert list(reply.feed("ors")) == [("thought", "Actors")]


@given(st.lists(LINES, max_size=5), st.data())
def test_pieces_do_not_matter_and_an_answer_is_what_the_format_reads(
    lines: list[str], data: st.DataObject
) -> None:
    text = "\n".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = read("react", text)
    assert read("react", *pieces) == whole
    trace = Trace(toolset="pets", model="m", prompt_format="react")
    step = React().parse(Completion(text), trace)
    assert whole.get("answer") in (None, step.answer)
