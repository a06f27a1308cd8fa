"""The options of the MCP endpoints."""

from __future__ import annotations

from argparse import Namespace
from importlib.util import find_spec

from toolalpaca.command import CommandParser
from toolalpaca_mockserver.own_paths import MCP


def add_mcp_options(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name by which MCP clients may call this server, besides loopback's and "
        "--host; needed behind a proxy and between containers",
    )


def hosts_from_options(options: Namespace) -> tuple[str, ...]:
    """The names of the server besides loopback's."""
    return (options.host, *options.allow_host)


def notes_on_mcp(url: str) -> list[str]:
    """What a person should know of the endpoints at *url*; nothing where the SDK is missing."""
    if find_spec("mcp") is None:
        return []
    return [f"  MCP clients find each API at {url}{MCP}NAME"]
