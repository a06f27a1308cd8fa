"""Disturbances as texts."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest

from toolalpaca_mockserver.disturbance.chance import Chance
from toolalpaca_mockserver.disturbance.durations import LONGEST, read_latency
from toolalpaca_mockserver.disturbance.grammar import Rate, read_terms


def test_terms_are_read() -> None:
    text = " latency = 100ms..2s@50% , status=503@10%,status=500@0.05, drop@1%,rate=5/m"
    terms = read_terms(text)
    assert terms.latency is not None
    latency, share = terms.latency
    assert (latency.shape, latency.low, latency.high, share) == ("uniform", 0.1, 2.0, 0.5)
    assert terms.statuses == ((503, 0.1), (500, 0.05))
    assert terms.fates == (("drop", 0.01),)
    assert terms.rate == Rate(5, 60.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("slow", "there are latency, status"),
        ("status", "is no disturbance"),
        ("drop=1", "is no disturbance"),
        ("status=200", "400 to 599"),
        ("latency=fast", "write 250ms"),
        ("latency=2s..1s", "the shorter"),
        ("latency=1h", "no duration"),
        ("latency=11m", "longer than 600s"),
        ("rate=0/s", "write 10/60s"),
        ("rate=10", "write 10/60s"),
        ("rate=5/m@50%", "a rate has no share"),
        ("drop@", "a share is 0% to 100%"),
        ("drop@120%", "0% to 100%"),
        ("drop@60%, status=500@60%", "more than all"),
    ],
)
def test_what_is_no_disturbance_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_terms(text)


def test_latencies_are_distributed_as_they_say() -> None:
    random = Random(1)
    uniform = [read_latency("100ms..500ms").draw(random) for _ in range(2000)]
    assert 0.1 <= min(uniform) < 0.12
    assert 0.48 < max(uniform) <= 0.5
    long_tailed = [read_latency("100ms~1s").draw(random) for _ in range(4000)]
    assert 0.09 < median(long_tailed) < 0.11
    beyond = sum(seconds > 1 for seconds in long_tailed) / len(long_tailed)
    assert 0.004 < beyond < 0.02
    assert max(long_tailed) <= LONGEST


def test_chance_is_repeatable_and_as_frequent_as_asked_for() -> None:
    terms = read_terms("status=503@20%, drop@10%")
    first, again, other = (
        [chance.draw(terms, "listPets", "s").label for _ in range(2000)]
        for chance in (Chance(0), Chance(0), Chance(1))
    )
    assert first == again != other
    assert 0.17 < first.count("status=503") / 2000 < 0.23
    assert 0.08 < first.count("drop") / 2000 < 0.12
