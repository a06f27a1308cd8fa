"""Who does not answer is left alone for a while."""

from __future__ import annotations

from toolalpaca_mockserver.engines.breaker import Breaker


def test_after_three_failures_nothing_is_let_through_but_trials() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    assert breaker.is_open
    assert not breaker.admits()
    now[0] = 5
    assert breaker.admits()
    assert not breaker.admits()  # others wait for the trial
    breaker.failed()
    now[0] = 14
    assert not breaker.admits()
    now[0] = 15
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    assert not breaker.is_open


def test_pauses_grow_to_a_minute_and_successes_between_failures_count() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(9):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.admits()
    for _ in range(20):
        breaker.failed()
    now[0] = 59.9
    assert breaker.is_open
    now[0] = 60
    assert not breaker.is_open
