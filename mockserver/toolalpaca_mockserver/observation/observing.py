"""What watches a server, and is told to people and programs under ``/_toolalpaca/``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from toolalpaca.arguments import integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolalpaca_mockserver.observation.exchange import Listener
    from toolalpaca_mockserver.observation.exposition import Collector
    from toolalpaca_mockserver.observation.journal import Journal
    from toolalpaca_mockserver.observation.metrics import Metrics

KEPT: Final = 1000
"""Exchanges that a journal keeps unless somebody says otherwise."""


def _journal() -> Journal:
    from toolalpaca_mockserver.observation.journal import Journal

    return Journal(KEPT)


def _metrics() -> Metrics:
    from toolalpaca_mockserver.observation.metrics import Metrics

    return Metrics()


@dataclass(frozen=True, slots=True)
class Watch:
    """What watches a server.

    Attributes:
        journal: Keeps the exchanges that were last; None when nobody wants them kept.
        metrics: Counts exchanges.
        collectors: Who else has measured something that Prometheus shall be told.
    """

    journal: Journal | None = field(default_factory=_journal)
    metrics: Metrics = field(default_factory=_metrics)
    collectors: Sequence[Collector] = ()

    @property
    def listeners(self) -> Sequence[Listener]:
        """What must be told of every exchange."""
        return [self.metrics, *([self.journal] if self.journal is not None else [])]

    @property
    def all_collectors(self) -> Sequence[Collector]:
        """Who has measured something."""
        return [self.metrics.collect, *self.collectors]

    def close(self) -> None:
        """Let those go who wait for something to happen."""
        if self.journal is not None:
            self.journal.close()


def add_watch_options(parser: ArgumentParser) -> None:
    """The options that :func:`watch_from_options` reads."""
    parser.add_argument(
        "--journal",
        type=integer(0),
        default=KEPT,
        metavar="N",
        help="how many requests are kept for /_toolalpaca/requests; 0 for none",
    )


def watch_from_options(options: Namespace, collectors: Sequence[Collector] = ()) -> Watch:
    """What watches the server, as the options have it.

    Args:
        options: As parsed.
        collectors: Who else has measured something.
    """
    from toolalpaca_mockserver.observation.journal import Journal

    return Watch(Journal(options.journal) if options.journal else None, collectors=collectors)
