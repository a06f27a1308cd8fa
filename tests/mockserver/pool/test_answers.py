"""Every operation of every document answers a sound request as the document says."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.settings import Settings
from toolalpaca_mockserver.values import ValueGenerator

IMPOSSIBLE = {
    "226-sw2-HotelBooking_v1_swagger_specification.json POST /booking/hotel-bookings":
        "no email address holds the backslash that its pattern demands",
    "393-torture-schema_types.yaml PUT /anything/quirks/polymorphism":
        "nothing is a string and an integer",
    "393-torture-schema_types.yaml PATCH /anything/quirks/polymorphism":
        "nothing is a string and an integer",
}  # fmt: skip
"""Operations that no request can satisfy, and why."""


class Survey:
    """What was found, to be printed and asserted on."""

    def __init__(self, call: Any, make_request: Any, judge_reply: Any) -> None:
        self.call, self.make_request, self.judge_reply = call, make_request, judge_reply
        self.documents = 0
        self.answered = 0
        self.impossible = 0
        self.faults: list[str] = []
        self.touches: list[float] = []
        self.started = time.perf_counter()

    def visit(self, path: Path) -> None:
        document = load_document(path)
        # Whether an item exists is not the question here: every one that is asked for does.
        app = create_app([document], Settings(open_world=True))
        generator = ValueGenerator(document.root, 1, direction="request")
        self.documents += 1
        for operation in document:
            where = f"{path.name} {operation.method.upper()} {operation.path}"
            try:
                sample = self.make_request(document, operation, generator)
            except ToolAlpacaError as error:
                if where not in IMPOSSIBLE:
                    self.faults.append(f"{where}: no request could be made: {error}")
                self.impossible += where in IMPOSSIBLE
                continue
            began = time.perf_counter()
            reply = self.call(app, sample, operation.name)
            self.touches.append(time.perf_counter() - began)
            taken = reply.status == 409 and "409" in operation.responses  # by what the list shows
            found = [] if taken else self.judge_reply(document, operation, reply)
            if reply.status >= 400 and not taken:
                found.append(f"{reply.status}: {reply.headers.get('toolalpaca-problem')}")
            if found:
                self.faults.append(f"{where}: {'; '.join(found[:3])}")
            else:
                self.answered += 1

    def summary(self) -> str:
        touches = sorted(self.touches)
        slow = sum(touch > 0.05 for touch in touches)
        return (
            f"{self.documents} documents served, {self.answered} of "
            f"{self.answered + len(self.faults) + self.impossible} operations answered validly "
            f"({self.impossible} cannot be), "
            f"{time.perf_counter() - self.started:.1f} s; first touch: median "
            f"{touches[len(touches) // 2] * 1000:.1f} ms, longest {touches[-1] * 1000:.0f} ms, "
            f"{slow} over 50 ms"
        )


@pytest.fixture
def survey(call: Any, make_request: Callable[..., Any], judge_reply: Any) -> Survey:
    return Survey(call, make_request, judge_reply)


def test_the_examples(survey: Survey, example_paths: list[Path]) -> None:
    for path in example_paths:
        survey.visit(path)
    assert survey.faults == []
    assert survey.documents >= 3


@pytest.mark.slow
def test_the_pool(
    survey: Survey, pool_paths: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for path in pool_paths:
        survey.visit(path)
    with capsys.disabled():
        print("\n" + survey.summary())
    assert survey.faults == []
    assert survey.documents == 163
    assert survey.impossible == len(IMPOSSIBLE)
