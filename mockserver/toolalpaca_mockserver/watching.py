"""What watches a server, and is told to people and programs under ``/_toolalpaca/``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from toolalpaca.arguments import integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolalpaca_mockserver.exchange import Listener
    from toolalpaca_mockserver.journal import Journal

KEPT: Final = 1000
"""Exchanges that a journal keeps unless somebody says otherwise."""


def _journal() -> Journal:
    from toolalpaca_mockserver.journal import Journal

    return Journal(KEPT)


@dataclass(frozen=True, slots=True)
class Watch:
    """What watches a server.

    Attributes:
        journal: Keeps the exchanges that were last; None when nobody wants them kept.
    """

    journal: Journal | None = field(default_factory=_journal)

    @property
    def listeners(self) -> Sequence[Listener]:
        """What must be told of every exchange."""
        return [self.journal] if self.journal is not None else []

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


def watch_from_options(options: Namespace) -> Watch:
    """What watches the server, as the options have it."""
    from toolalpaca_mockserver.journal import Journal

    return Watch(Journal(options.journal) if options.journal else None)
