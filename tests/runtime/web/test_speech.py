"""What who reads along is told, however a model's text is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.trace import AssistantEvent, Call
from toolalpaca_runtime.agent import TextDelta
from toolalpaca_runtime.web.speech import LONG, Speech

TEXTS = st.text("ab \n", max_size=3 * LONG)


@given(st.lists(TEXTS), TEXTS, st.booleans())
def test_the_answer_is_told_once_and_whole(before: list[str], text: str, plain: bool) -> None:
    """But for white space at its ends, and after what the model said before calls."""
    speech = Speech(plain=plain)
    said = []
    for narration in before:
        said += [speech.hear(TextDelta(piece)).answer for piece in narration]
        call = Call(id="1", tool="look")
        piece = speech.hear(AssistantEvent(index=0, at=0, thought=narration.strip(), calls=(call,)))
        said.append(piece.answer)
        told = "".join(said)
        assert (narration.strip() in piece.reasoning) or told.endswith("\n\n")
        assert "→ look()" in piece.reasoning
    start = len("".join(said))
    said += [speech.hear(TextDelta(piece)).answer for piece in text]
    assert speech.hear(AssistantEvent(index=0, at=0, answer=text.strip())).answer == ""
    said.append(speech.end(text.strip()).answer)
    assert "".join(said)[start:].strip() == text.strip()
    assert speech.said == "".join(said)
    if not plain:
        assert speech.said == text.strip()


def test_what_was_told_before_a_restart_stays_and_the_answer_follows() -> None:
    for begun, kept in (("x" * LONG, "x" * LONG + "\n\n"), ("x", "")):
        speech = Speech(plain=True)
        speech.hear(TextDelta(begun))
        speech.hear(TextDelta("", restart=True))
        speech.hear(TextDelta("Right."))
        speech.end("Right.")
        assert speech.said == f"{kept}Right."


def test_an_answer_that_a_limit_broke_off_is_followed_by_the_reason() -> None:
    speech = Speech(plain=True)
    begun = speech.hear(TextDelta("x" * LONG)).answer
    assert begun + speech.end("I stopped.").answer == "x" * LONG + "\n\nI stopped."
