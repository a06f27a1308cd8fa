"""How long answers take: ``200ms``, evenly between two times, or log-normal with a long tail."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
LONGEST: Final = 600.0
"""Seconds that an answer takes at most, whatever is asked for."""
_Z99: Final = 2.3263478740408408
"""The 99th percentile of the standard normal distribution."""

Shape = Literal["constant", "uniform", "lognormal"]


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of seconds.

    Attributes:
        shape: ``constant``: always *low*; ``uniform``: between *low* and *high*; ``lognormal``:
            half of all below *low*, one in a hundred above *high*.
        low: Seconds.
        high: Seconds.
    """

    shape: Shape
    low: float
    high: float

    def draw(self, random: Random) -> float:
        """A number of seconds."""
        if self.shape == "constant":
            return self.low
        if self.shape == "uniform":
            return random.uniform(self.low, self.high)
        spread = math.log(self.high / self.low) / _Z99
        return min(random.lognormvariate(math.log(self.low), spread), LONGEST)


def read_duration(text: str) -> float:
    """Seconds, of a text such as ``250ms``, ``1.5s`` or ``2m``.

    Raises:
        ValueError: It is no such text, or more than :data:`LONGEST`.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text.strip()!r} is no duration; write 250ms, 1.5s or 2m")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if seconds > LONGEST:
        raise ValueError(f"{text.strip()} is longer than {LONGEST:g}s")
    return seconds


def read_latency(text: str) -> Latency:
    """A distribution: ``200ms``, ``100ms..500ms`` (uniform) or ``120ms~2s`` (median, 99th percent).

    Raises:
        ValueError: It is no such text.
    """
    shapes: tuple[tuple[str, Shape], ...] = (("..", "uniform"), ("~", "lognormal"))
    for sign, shape in shapes:
        if sign in text:
            low, high = map(read_duration, text.split(sign, 1))
            if not 0 < low <= high:
                raise ValueError(f"{text!r}: the first of two times is the shorter, and above 0")
            return Latency(shape, low, high)
    constant = read_duration(text)
    return Latency("constant", constant, constant)
