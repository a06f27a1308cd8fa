"""How much is asked of the server, how it is answered, and what that takes."""

from __future__ import annotations

import os
import platform
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

from toolalpaca import __version__
from toolalpaca.openapi.model import METHODS
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.exposition import Family, Sample
from toolalpaca_mockserver.problems import phrase

BUCKETS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0,
)  # fmt: skip
"""Upper bounds of durations in seconds: answers from the state take less than a millisecond, those
of a language model seconds."""
_METHODS: Final = frozenset(method.upper() for method in METHODS)
_MOST_RULES: Final = 100
_OTHER: Final = "other"


class Metrics:
    """Counts exchanges.

    It is a :data:`~toolalpaca_mockserver.observation.exchange.Listener` and a
    :data:`~toolalpaca_mockserver.observation.exposition.Collector`. Clients cannot make its labels
    grow: APIs and operations are those of the documents, and methods and rules that nobody knows
    are ``other``.
    """

    def __init__(self) -> None:
        self._began = time.time()
        # By API, operation, method, status and source.
        self._durations: dict[tuple[str, str, str, int, str], _Histogram] = {}
        self._problems: Counter[tuple[str, str]] = Counter()
        self._rules: set[str] = set()

    def __call__(self, exchange: Exchange) -> None:
        """Count *exchange*."""
        answer, method = exchange.answer, exchange.request.method
        operation = answer.operation
        name = operation.name if operation is not None else ""
        if method not in _METHODS and (operation is None or operation.method != method.lower()):
            method = _OTHER
        key = (answer.api, name, method, answer.status, answer.source)
        durations = self._durations.get(key)
        if durations is None:
            durations = self._durations[key] = _Histogram()
        durations.add(exchange.milliseconds / 1000)
        if exchange.problem:
            for rule in answer.rules or (_rule(answer.status),):
                self._problems[answer.api, self._known(rule)] += 1

    def collect(self) -> Iterator[Family]:
        """What was measured."""
        by_operation: dict[tuple[str, str], _Histogram] = {}
        for (api, name, *_), durations in self._durations.items():
            by_operation.setdefault((api, name), _Histogram()).join(durations)
        yield Family(
            "toolalpaca_requests_total",
            "counter",
            "Requests to APIs, by what answered them.",
            [
                Sample(sum(durations.counts), {
                    "api": api, "operation": operation, "method": method, "status": str(status),
                    "source": source,
                })
                for (api, operation, method, status, source), durations in self._durations.items()
            ],
        )  # fmt: skip
        yield Family(
            "toolalpaca_request_duration_seconds",
            "histogram",
            "From the first byte read to the answer made.",
            [
                sample
                for (api, operation), durations in by_operation.items()
                for sample in durations.samples({"api": api, "operation": operation})
            ],
        )
        yield Family(
            "toolalpaca_problems_total",
            "counter",
            "What was wrong with requests, by the rule that was broken.",
            [
                Sample(count, {"api": api, "rule": rule})
                for (api, rule), count in self._problems.items()
            ],
        )
        build = {"version": __version__, "python": platform.python_version()}
        yield Family("toolalpaca_build_info", "gauge", "What the server is.", [Sample(1, build)])
        yield from _process(self._began)

    def _known(self, rule: str) -> str:
        if rule not in self._rules and len(self._rules) >= _MOST_RULES:
            return _OTHER
        self._rules.add(rule)
        return rule


class _Histogram:
    """How many durations fell into each bucket."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def join(self, other: _Histogram) -> None:
        self.counts = [
            mine + others for mine, others in zip(self.counts, other.counts, strict=True)
        ]
        self.total += other.total

    def samples(self, labels: dict[str, str]) -> Iterator[Sample]:
        bounds = (*map(str, BUCKETS), "+Inf")
        for bound, count in zip(bounds, accumulate(self.counts), strict=True):
            yield Sample(count, {**labels, "le": bound}, "_bucket")
        yield Sample(self.total, labels, "_sum")
        yield Sample(sum(self.counts), labels, "_count")


def _rule(status: int) -> str:
    """What stands for the rule where none is named: ``not-found`` for 404."""
    return phrase(status).lower().replace(" ", "-")


def _process(began: float) -> Iterator[Family]:
    """What the process takes, under the names that Prometheus' own clients use."""
    processor = time.process_time()
    yield Family(
        "process_cpu_seconds_total",
        "counter",
        "Processor time of the process, user and system.",
        [Sample(processor)],
    )
    yield Family(
        "process_start_time_seconds", "gauge", "When the server was made.", [Sample(began)]
    )
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their number is wanted
    except OSError:
        return  # not Linux
    memory = pages * os.sysconf("SC_PAGE_SIZE")
    yield Family("process_resident_memory_bytes", "gauge", "Resident memory.", [Sample(memory)])
    yield Family("process_open_fds", "gauge", "Open files and connections.", [Sample(files)])
