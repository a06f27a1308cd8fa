"""Measurements as Prometheus reads them: its text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number.

    Attributes:
        value: The number.
        labels: What it is the number of; label names are ``[a-zA-Z_][a-zA-Z0-9_]*``.
        suffix: Behind the family's name: ``_bucket``, ``_sum`` and ``_count`` of histograms.
    """

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """The numbers of one name.

    Attributes:
        name: ``[a-zA-Z_:][a-zA-Z0-9_:]*``; counters end in ``_total``.
        kind: What may be done with the numbers.
        help: What they are, in a sentence.
        samples: The numbers.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: Sequence[Sample]


Collector = Callable[[], Iterable[Family]]
"""Tells what it has measured, quickly, whenever somebody asks."""


def exposition(families: Iterable[Family]) -> str:
    """*families* as text; those without a number are left out."""
    return "".join(line + "\n" for family in families if family.samples for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    said = family.help.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {family.name} {said}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{name}="{_escaped(text)}"' for name, text in sample.labels.items())
        shown = f"{{{labels}}}" if labels else ""
        yield f"{family.name}{sample.suffix}{shown} {sample.value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
