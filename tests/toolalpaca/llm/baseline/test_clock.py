"""What a day depends on is looked up where a tool tells it."""

from __future__ import annotations

from toolalpaca.llm.baseline.model import Baseline
from toolalpaca.llm.protocol import Completion, Message, Request, ToolSpec
from toolalpaca.task import CLOCK_TOOL

CLOCK = ToolSpec(
    name=CLOCK_TOOL, description="Tell the time.", parameters={"type": "object", "properties": {}}
)
TRAINS = ToolSpec(
    name="searchTrains",
    description="Search trains of a day",
    parameters={
        "type": "object",
        "properties": {"date": {"type": "string", "format": "date"}},
        "required": ["date"],
    },
)


def ask(text: str, tools: tuple[ToolSpec, ...], *later: Message) -> Completion:
    request = Request(messages=(Message(role="user", content=text), *later), tools=tools)
    return Baseline().complete(request)


def test_a_relative_day_is_read_by_the_clock() -> None:
    first = ask("Search trains tomorrow", (TRAINS, CLOCK))
    assert [call.name for call in first.tool_calls] == [CLOCK_TOOL]
    asked = Message(role="assistant", tool_calls=first.tool_calls)
    told = Message(
        role="tool",
        tool_call_id=first.tool_calls[0].id,
        content="Today is Tuesday, 2026-12-31T23:00:00+00:00",
    )
    second = ask("Search trains tomorrow", (TRAINS, CLOCK), asked, told)
    assert [(c.name, c.arguments) for c in second.tool_calls] == [
        ("searchTrains", '{"date":"2027-01-01"}')
    ]


def test_a_day_that_is_said_needs_no_clock_and_without_one_none_is_called() -> None:
    said = ask("Search trains on 2027-05-14", (TRAINS, CLOCK))
    assert [call.name for call in said.tool_calls] == ["searchTrains"]
    assert not [
        c for c in ask("Search trains tomorrow", (TRAINS,)).tool_calls if c.name == CLOCK_TOOL
    ]
