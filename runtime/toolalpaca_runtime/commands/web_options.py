"""The options of an agent behind HTTP: ``serve``, and ``chat --web``."""

from __future__ import annotations

from argparse import Namespace

from toolalpaca.arguments import PORT
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError
from toolalpaca.hosts import is_loopback
from toolalpaca.llm.options import Secret


def add_web_options(parser: CommandParser, *, optional: bool) -> None:
    """Declare where to listen and who is let in.

    Args:
        parser: The command's.
        optional: Whether the web is one of two ways to use the command; the page is then opened.
    """
    group = parser.add_argument_group("web")
    if optional:
        group.add_argument(
            "--web",
            action="store_true",
            help="talk in the browser; for programs there are OpenAI's chat completions below /v1",
        )
        group.add_argument("--no-open", action="store_true", help="do not open the browser")
    else:
        group.add_argument(
            "--no-page", action="store_true", help="serve OpenAI's chat completions only"
        )
    group.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="where to listen",
    )
    group.add_argument(
        "--port",
        metavar="N",
        type=PORT,
        default=0 if optional else 8080,
        help="0 for any that is free",
    )
    group.add_argument(
        "--api-key",
        metavar="KEY",
        type=Secret,
        help="what programs must send as bearer token; demanded when others than this machine can "
        "reach the server, and better kept in the environment",
    )
    group.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        help="a further name of this server; requests by other names are refused, since a web page "
        "may have made them; may be given more than once",
    )


def check_web_options(options: Namespace) -> None:
    """Refuse what would let others act with this person's credentials.

    Raises:
        UsageError: The server could be reached from elsewhere, and would have no key.
    """
    if options.json:
        raise UsageError(
            "--json prints the records of a chat in the terminal",
            hint="the traces of a server are in the file of --trace",
        )
    host = f"[{options.host}]" if ":" in options.host else options.host
    if options.api_key is None and not is_loopback(f"//{host}"):
        raise UsageError(
            "whoever reaches this server could let the agent act with your credentials",
            where=f"--host {options.host}",
            hint="give --api-key, or listen on 127.0.0.1",
        )
