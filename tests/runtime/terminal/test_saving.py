from __future__ import annotations

from pathlib import Path

from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    HttpResponse,
    ObservationEvent,
    Trace,
    UserEvent,
)
from toolalpaca_runtime.terminal.saving import conversation_markdown, save_conversation


def conversation(*events: Event) -> Trace:
    return Trace(toolset="pets", model="m", prompt_format="native", events=list(events))


def markdown(*events: Event) -> str:
    return conversation_markdown(conversation(*events))


def test_questions_are_part_of_the_conversation() -> None:
    call = Call(id="1", tool=ASK_TOOL, arguments={"question": "Which pet?"})
    text = markdown(
        UserEvent(index=0, at=0, text="Show my pet"),
        AssistantEvent(index=1, at=0, thought="Two\nlines", calls=(call,)),
        ObservationEvent(index=2, at=0, source="user", call="1", text="Rex"),
    )
    assert text.split("\n\n")[2:] == [
        "**You:** Show my pet",
        "> Two\n> lines",
        "**Agent asks:** Which pet?",
        "**You:** Rex\n",
    ]


def test_nothing_that_an_api_says_ends_its_code_block() -> None:
    evil = "```\n# Not a heading\n````"
    text = markdown(ObservationEvent(index=0, at=0, source="runtime", text=evil))
    assert text.endswith(f"`````text\n{evil}\n`````\n")


def test_half_a_surrogate_pair_is_saved_as_the_api_wrote_it(tmp_path: Path) -> None:
    response = HttpResponse(status=200, body=r'{"name": "\ud83d"}')
    event = ObservationEvent(index=0, at=0, source="real", text="", response=response)
    save_conversation(conversation(event), tmp_path / "chat.md")
    assert r'{"name": "\ud83d"}' in (tmp_path / "chat.md").read_text(encoding="utf-8")
