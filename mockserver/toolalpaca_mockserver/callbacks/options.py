"""The command-line options about what the API sends."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from toolalpaca.command import CommandParser

if TYPE_CHECKING:
    from toolalpaca_mockserver.callbacks.sender import Delivery, Sender
    from toolalpaca_mockserver.catalog import Catalog


def add_callback_options(parser: CommandParser) -> None:
    """Declare ``--callback-host`` and ``--no-callbacks``."""
    group = parser.add_argument_group("callbacks and webhooks")
    group.add_argument(
        "--callback-host",
        action="append",
        default=[],
        metavar="HOST",
        help="send callbacks and webhooks to this host, too; * for all (default: this machine's "
        "own addresses alone)",
    )
    group.add_argument(
        "--no-callbacks", action="store_true", help="send nothing, whatever the documents say"
    )


def sender_from_options(
    options: Namespace, apis: Catalog, report: Callable[[Delivery], None]
) -> Sender | None:
    """What sends callbacks and webhooks, or None when nothing is to be sent.

    Args:
        options: The command's.
        apis: What is served.
        report: Told what became of each request that is sent.
    """
    if options.no_callbacks:
        return None
    from toolalpaca_mockserver.callbacks.sender import Sender

    return Sender(apis, options.callback_host, report)
