from __future__ import annotations

import asyncio
from typing import Any

import pytest

from toolalpaca_runtime.simulated_user import SimulatedUser

FACTS: dict[str, Any] = {
    "passengerEmail": "maya@mail.example",
    "seat_class": "second",
    "from": "VIE",
    "date_of_birth": "1991-03-08",
    "seats": 2,
    "x": [1],
}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the passenger's email?", "The passenger email is maya@mail.example."),
        ("Which seat class do you want?", "The seat class is second. The seats is 2."),
        ("Where do you travel from?", "The from is VIE."),
        ("Please give me the birth date.", "The date of birth is 1991-03-08."),
        ("How many seats?", "The seats is 2."),
        ("What is the value of x?", "The x is [1]."),
        ("Which e-mail address may I use? The email of the passenger.",
         "The passenger email is maya@mail.example."),
        ("May I have the email address?", "The passenger email is maya@mail.example."),
        ("What is your favourite colour?", "I don't know."),
        ("", "I don't know."),
    ],
)  # fmt: skip
def test_facts_are_told_when_they_are_asked_for(question: str, answer: str) -> None:
    assert asyncio.run(SimulatedUser(FACTS).answer(question)) == answer


def test_a_user_without_facts_knows_nothing() -> None:
    assert asyncio.run(SimulatedUser({}).answer("What is the date?")) == "I don't know."
