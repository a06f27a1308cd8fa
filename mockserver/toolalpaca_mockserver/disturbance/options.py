"""The command-line options about disturbances."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.command import CommandParser

if TYPE_CHECKING:
    from toolalpaca.openapi.model import Document
    from toolalpaca_mockserver.disturbance.rules import Rules


def add_disturbance_options(parser: CommandParser) -> None:
    """Declare ``--disturb`` and ``--disturbances``."""
    group = parser.add_argument_group("disturbances")
    group.add_argument(
        "--disturb",
        metavar="TERMS",
        help="what goes wrong on purpose, labelled: latency=200ms, latency=100ms..2s, "
        "latency=120ms~2s, status=503@10%%, rate=10/60s, drop@1%%, truncate, malformed, hang; "
        "the request header toolalpaca-disturb says it of one call",
    )
    group.add_argument(
        "--disturbances",
        type=Path,
        metavar="FILE",
        help="YAML that says it by operation; see the mock server's README",
    )


def rules_from_options(options: Namespace, documents: Iterable[Document]) -> Rules:
    """The disturbances that the options ask for.

    Raises:
        DocumentError: The file cannot be read.
        UsageError: They are none, or no document has what they are about.
    """
    from toolalpaca_mockserver.disturbance.rules import read_rules, refuse_unmet

    rules = read_rules(options.disturb, options.disturbances, options.seed)
    refuse_unmet(rules, documents, str(options.disturbances))
    return rules
