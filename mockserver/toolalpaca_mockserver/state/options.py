"""The options that say where sessions are kept, and how much of them."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from toolalpaca.arguments import integer
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from toolalpaca_mockserver.state.limits import Limits
    from toolalpaca_mockserver.state.stores import StateUrl


def add_state_options(parser: CommandParser) -> None:
    """Declare them."""
    group = parser.add_argument_group("state")
    group.add_argument(
        "--state",
        type=_state_url,
        default="memory",
        metavar="URL",
        help="where sessions are kept: memory, sqlite:///FILE, or with toolalpaca[scale] "
        "postgresql://... and redis://...",
    )
    group.add_argument(
        "--workers",
        type=integer(1),
        default=1,
        metavar="N",
        help="processes that serve; more than one need sessions that they can share (--state)",
    )
    group.add_argument(
        "--session-idle",
        type=integer(0),
        default=0,
        metavar="SECONDS",
        help="a session that is not used for that long begins anew; 0 for never",
    )
    group.add_argument(
        "--most-sessions",
        type=integer(0),
        default=1000,
        metavar="N",
        help="sessions that are kept, those used last and the default one; 0 for any number",
    )
    group.add_argument(
        "--most-items",
        type=integer(0),
        default=100_000,
        metavar="N",
        help="items that a session may hold; 0 for any number",
    )
    group.add_argument(
        "--most-bytes",
        type=integer(0),
        default=100_000_000,
        metavar="N",
        help="bytes of JSON that a session may hold; 0 for any number",
    )


def limits_from_options(options: Namespace) -> Limits:
    """How much is kept."""
    from toolalpaca_mockserver.state.limits import Limits

    return Limits(
        idle=options.session_idle or None,
        sessions=options.most_sessions or None,
        items=options.most_items or None,
        bytes=options.most_bytes or None,
    )


def check_workers(options: Namespace) -> None:
    """Refuse several processes with a world, or a recording, each.

    Raises:
        UsageError: They would not share their sessions.
    """
    if options.workers > 1 and options.replay is not None:
        raise UsageError(
            f"{options.workers} processes would each tell a recording from its beginning",
            where="--workers",
            hint="replay with one",
        )
    if options.workers > 1 and not options.state.shared:
        raise UsageError(
            f"{options.workers} processes cannot share sessions in memory",
            where="--workers",
            hint="add --state sqlite:///worlds.db, or a database",
        )


def _state_url(text: str) -> StateUrl:
    from toolalpaca_mockserver.state.stores import StateUrl

    try:
        return StateUrl(text)
    except UsageError as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise ArgumentTypeError(error.what + hint) from None
