"""Facts are the user's to say; only what identifies an existing thing is looked up."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import (
    DAY,
    EMAIL,
    NUMBER,
    TEXT,
    WHOLE,
    Run,
    World,
    page,
    run_in,
    thing,
)

TRAIN = {"type": "string", "pattern": "^AL[0-9]+$"}
FACTS: dict[str, dict[str, Any]] = {
    "contact_email": EMAIL,
    "birth_date": DAY,
    "phone_number": TEXT,
    "price": NUMBER,
    "seats": WHOLE,
    "passenger_name": TEXT,
    "note": TEXT,
}
OTHERS: list[dict[str, Any]] = [
    {
        "id": 70 + index,
        "train_id": f"AL{index}",
        "contact_email": f"{name.lower()}.weber@mail.example",
        "birth_date": f"1990-03-0{index + 1}",
        "phone_number": f"+43 1 555 00{index}",
        "price": 81.25 + index,
        "seats": 31 + index,
        "passenger_name": f"{name} Weber",
        "note": f"by the window {index}",
    }
    for index, name in enumerate(["Maya", "Pavel"])
]


def railway(facts: tuple[str, ...] = ("passenger_name", "contact_email")) -> World:
    world = World()
    row = {"id": WHOLE, "train_id": TEXT, **FACTS}
    world.tool(
        "listBookings",
        "List bookings",
        {"train_id": TEXT},
        "list bookings",
        returns=page("Booking", **row),
    )
    world.tool(
        "getBooking", "Get a booking", {"booking_id!": WHOLE}, "get bookings", returns=thing(**row)
    )
    world.tool(
        "createBooking",
        "Book a seat on a train",
        {"train_id!": TRAIN, **{f"{name}!": FACTS[name] for name in facts}},
        "create bookings",
        returns=thing(**row),
    )
    world.tool("cancelBooking", "Cancel a booking", {"booking_id!": WHOLE}, "delete bookings")
    world.records = {"bookings": [dict(row) for row in OTHERS]}
    return world


def act(world: World, instruction: str, *replies: str) -> Run:
    """Let the baseline act; the last reply is given to all further questions."""
    left = list(replies)

    def reply() -> str:
        return left.pop(0) if len(left) > 1 else left[0]

    return run_in(world.answer, world.tools, instruction, reply)


def test_it_asks_again_for_what_a_reply_left_open() -> None:
    run = act(railway(), "Book a seat", "AL164", "Jonas Weber", "hm", "jonas@weber.example")

    assert run.tools == ["getDetails"] * 4 + ["createBooking"]
    assert run.calls[-1][1] == {
        "train_id": "AL164",
        "passenger_name": "Jonas Weber",
        "contact_email": "jonas@weber.example",
    }
    asked = [arguments["question"] for _, arguments in run.calls[:-1]]
    assert "passenger_name" not in asked[2]
    assert "contact_email" in asked[2]
    assert "contact_email" in asked[3]
    assert len(set(asked)) == 4


def test_it_gives_up_when_the_user_does_not_know() -> None:
    run = act(railway(), "Book a seat on train AL1 for Jonas Weber.", "I do not know")

    assert run.tools == ["getDetails"]
    assert "I do not know contact_email" in run.answer


def test_it_asks_a_second_time_but_no_third() -> None:
    run = act(railway(), "Book a seat on train AL1 for Jonas Weber.", "hm")

    assert run.tools == ["getDetails"] * 2
    assert "I do not know contact_email" in run.answer


def test_it_cancels_nothing_at_random() -> None:
    run = act(railway(), "Cancel a booking", "no idea")

    assert "cancelBooking" not in run.tools


@pytest.mark.parametrize("whose", ["contact email of that booking", "same contact email"])
def test_it_hands_on_what_the_request_says_is_to_be_handed_on(whose: str) -> None:
    instruction = (
        f"Get booking 71 and then book a seat on train AL5 for Jonas Weber, with the {whose}"
    )
    run = act(railway(), instruction, "no idea")

    assert run.calls[-1][0] == "createBooking"
    assert run.calls[-1][1]["contact_email"] == "pavel.weber@mail.example"


INSTRUCTIONS = st.lists(
    st.sampled_from(
        [
            "Book a seat on train AL1",
            "book a seat for Jonas Weber",
            "List the bookings",
            "list the bookings on train AL1",
            "Get booking 70",
            "cancel booking 71",
            "book the first one",
            "my email is jonas@weber.example",
            "it costs 12.5",
        ]
    ),
    min_size=1,
    max_size=3,
).map(" and then ".join)
REPLIES = st.lists(
    st.sampled_from(
        ["no idea", "AL7", "Jonas Weber", "hm", "jonas@weber.example", "2001-02-03", "12.5", ""]
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=120, deadline=None)
@given(
    facts=st.lists(st.sampled_from(sorted(FACTS)), min_size=1, max_size=3, unique=True),
    instruction=INSTRUCTIONS,
    replies=REPLIES,
)
def test_what_is_no_identifier_comes_from_the_user(
    facts: list[str], instruction: str, replies: list[str]
) -> None:
    run = act(railway(tuple(facts)), instruction, *replies)

    said = " ".join([instruction, *replies])
    for name, arguments in run.calls:
        if name != "createBooking":
            continue
        for key in facts:
            value = arguments[key]
            text = re.sub(r"\.0$", "", str(value))
            assert text in said, f"{key}={value!r} was said nowhere"
