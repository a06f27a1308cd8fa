"""The options that ``ask`` and ``chat`` share: which API, how the agent runs, what is written."""

from __future__ import annotations

import argparse
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.arguments import existing_file, http_url, integer, number
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError
from toolalpaca.llm.options import add_model_options

if TYPE_CHECKING:
    from toolalpaca_runtime.auth import Credential
    from toolalpaca_runtime.formats import PromptFormat
    from toolalpaca_runtime.network.hosts import AllowedHost
    from toolalpaca_runtime.network.settings import NetworkSettings
    from toolalpaca_runtime.policy import Rule


def add_agent_options(parser: CommandParser) -> None:
    """Declare the API, the model and everything else that an agent needs."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="an OpenAPI document (file or URL), the URL of an API on a mock server, an MCP server "
        "(mcp:URL or mcp:COMMAND), or Python functions (python:MODULE or python:FILE.py)",
    )
    parser.add_argument(
        "--also",
        metavar="SOURCE",
        action="append",
        help="tools of a further source; may be given more than once",
    )
    add_api_options(parser)
    add_safety_options(parser)
    add_network_options(parser)
    add_model_options(parser)
    _add_loop_options(parser)
    _add_output_options(parser)


def _add_loop_options(parser: CommandParser) -> None:
    agent = parser.add_argument_group("agent")
    agent.add_argument(
        "--format",
        metavar="NAME",
        type=_prompt_format,
        help="the prompt format: native, react, toolalpaca, or module:Class of your own (default: "
        "the one that suits the model)",
    )
    agent.add_argument(
        "--max-steps",
        metavar="N",
        type=integer(1),
        default=12,
        help="times that the model is asked before a turn is stopped",
    )
    agent.add_argument(
        "--max-seconds",
        metavar="S",
        type=number(above=0),
        help="time that a turn may take; a call that may change something is waited for",
    )
    agent.add_argument(
        "--max-tokens", metavar="N", type=integer(1), help="tokens that a turn may take"
    )
    agent.add_argument(
        "--max-cost",
        metavar="USD",
        type=number(above=0),
        help="US dollars that a turn may take, where the model's costs are known",
    )
    agent.add_argument(
        "--max-tools",
        metavar="N",
        type=integer(1),
        default=64,
        help="tools that the model is shown at once; of more, those that fit the user's words, and "
        "it can search for others",
    )
    agent.add_argument(
        "--tool-search",
        metavar="openai:NAME",
        type=_embedder,
        help="find tools with an embedding model of the server of openai: models (default: by "
        "their words, BM25)",
    )
    agent.add_argument("--seed", metavar="N", type=integer(0), default=0, help="for sampling")


def _add_output_options(parser: CommandParser) -> None:
    output = parser.add_argument_group("output")
    output.add_argument(
        "--trace",
        metavar="FILE",
        type=Path,
        help="append the trace to FILE (default: a new file in traces/)",
    )
    output.add_argument(
        "--json", action="store_true", help="print the records of the trace, one a line"
    )
    output.add_argument(
        "--otel",
        action="store_true",
        help="send OpenTelemetry spans by OTLP over HTTP, to where the OTEL_EXPORTER_OTLP_* "
        "variables say; needs toolalpaca[otel]",
    )


def add_safety_options(parser: CommandParser) -> None:
    """Declare what may be called; :func:`policy_from_options` reads it."""
    safety = parser.add_argument_group("safety")
    safety.add_argument(
        "--yes",
        action="store_true",
        help="make calls that change something on a real API without asking (those of a mock are "
        "made in any case)",
    )
    safety.add_argument(
        "--read-only", action="store_true", help="make no call that may change something"
    )
    safety.add_argument(
        "--rule",
        metavar="PATTERN=VERDICT",
        type=_rule,
        action="append",
        help="allow, ask or deny the tools that PATTERN names, such as 'delete*=deny' or 'POST "
        "/orders/*=ask'; may be given more than once, and the last that fits counts",
    )
    safety.add_argument("--dry-run", action="store_true", help="show the requests, and send none")


def add_api_options(parser: CommandParser) -> None:
    """Declare where the API is, and who the user is there."""
    api = parser.add_argument_group("API")
    where = api.add_mutually_exclusive_group()
    where.add_argument(
        "--base-url",
        metavar="URL",
        type=http_url,
        help="where the API is, in the place of the document's servers",
    )
    where.add_argument(
        "--mock", action="store_true", help="start a mock server of the document and use that"
    )
    api.add_argument(
        "--against",
        choices=("real", "mock"),
        default="real",
        help="mock is --mock for a command line of the real API: all else, --base-url too, may "
        "stay as it is",
    )
    add_auth_options(parser)


def add_auth_options(parser: CommandParser) -> None:
    """Declare where credentials come from."""
    auth = parser.add_argument_group("credentials")
    auth.add_argument(
        "--auth",
        metavar="SCHEME=VALUE",
        type=credential_argument,
        action="append",
        default=argparse.SUPPRESS,
        help="a credential for a security scheme of the document: a key, a token, USER:PASSWORD or "
        "CLIENT_ID:CLIENT_SECRET; better kept in the environment as TOOLALPACA_AUTH_<SCHEME>; the "
        "token of an MCP server is that of the scheme mcp@HOST[:PORT]",
    )
    auth.add_argument(
        "--auth-file",
        metavar="FILE",
        type=existing_file,
        help='TOML with a table of SCHEME = "VALUE" for each host (default: credentials.toml in '
        "~/.config/toolalpaca; .netrc is read for basic credentials)",
    )
    auth.add_argument(
        "--ask-auth",
        action="store_true",
        help="ask for the credentials that are lacking, without an echo",
    )


def add_network_options(parser: CommandParser) -> None:
    """Declare whom requests may reach, and what a call may take."""
    network = parser.add_argument_group("network")
    network.add_argument(
        "--reach",
        metavar="HOST",
        type=_allowed_host,
        action="append",
        help="a host name, address or network that may be reached though the document's servers "
        "may not lead there: private addresses, and redirects to elsewhere; may be given more than "
        "once",
    )
    network.add_argument(
        "--ca-file",
        metavar="FILE",
        type=existing_file,
        help="certificates of authorities to trust besides the system's, PEM",
    )
    network.add_argument(
        "--client-cert",
        metavar="FILE",
        type=existing_file,
        help="a certificate and its key to show to servers that ask, PEM in one file",
    )
    network.add_argument(
        "--timeout",
        metavar="S",
        type=number(above=0),
        default=30.0,
        help="seconds that one call of the API may take",
    )
    network.add_argument(
        "--max-bytes",
        metavar="N",
        type=integer(1),
        default=1_000_000,
        help="bytes of a response that are read",
    )


def network_from_options(options: Namespace) -> NetworkSettings:
    """Hosts, certificates and bounds as the command line says."""
    from toolalpaca_runtime.network.settings import Bounds, NetworkSettings

    return NetworkSettings(
        allowed=tuple(options.reach or ()),
        ca_file=options.ca_file,
        client_cert=options.client_cert,
        bounds=Bounds(seconds=options.timeout, bytes=options.max_bytes),
    )


def _allowed_host(text: str) -> AllowedHost:
    from toolalpaca_runtime.network.hosts import allowed_host

    return allowed_host(text)


def credential_argument(text: str) -> Credential:
    """``SCHEME=VALUE`` as the type of an argument, read without loading what uses it before."""
    from toolalpaca_runtime.auth import credential

    return credential(text)


def _rule(text: str) -> Rule:
    from toolalpaca_runtime.policy import rule

    return rule(text)


def _embedder(text: str) -> str:
    from toolalpaca.llm.embeddings import check_embedder_name

    try:
        return check_embedder_name(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from error


def _prompt_format(text: str) -> PromptFormat:
    from toolalpaca_runtime.formats import get_format

    try:
        return get_format(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from error
