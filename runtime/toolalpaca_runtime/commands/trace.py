"""``toolalpaca trace``: look at runs, and make them again."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.arguments import existing_path, http_url, integer
from toolalpaca.command import CommandParser
from toolalpaca_runtime.commands.options import (
    add_auth_options,
    add_network_options,
    add_safety_options,
)

if TYPE_CHECKING:
    from toolalpaca.trace import Trace

_EXAMPLES = """\
  toolalpaca trace show traces/                          # a list of all runs
  toolalpaca trace show traces/ 3f2a                     # one, by the beginning of its id
  toolalpaca trace show traces/ --html runs.html         # a page of them, to keep or to send
  toolalpaca trace replay t.jsonl --mock openapi.yaml    # its calls again, on a fresh mock
"""

_SHOW_EXAMPLES = """\
  toolalpaca trace show t.jsonl                    # one run; several are listed
  toolalpaca trace show traces/ 3f2a --full        # with headers, whole bodies and raw texts
  toolalpaca trace show t.jsonl --html run.html    # a page that needs no other file
  toolalpaca ask ... --json | toolalpaca trace show -
"""

_REPLAY_EXAMPLES = """\
  toolalpaca trace replay t.jsonl --mock openapi.yaml           # on a mock server of its own
  toolalpaca trace replay t.jsonl 3f2a --against http://127.0.0.1:8000/railway
  toolalpaca trace replay t.jsonl --against https://api.example.com/openapi.json --read-only
"""


def configure(parser: CommandParser) -> None:
    """Declare the subcommands and their options."""
    parser.set_examples(_EXAMPLES)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    show = commands.add_parser(
        "show",
        help="show runs in the terminal or as a page",
        description="Show a run with its thoughts, calls, requests and answers, or list several.",
        examples=_SHOW_EXAMPLES,
    )
    _add_show_options(show)
    replay = commands.add_parser(
        "replay",
        help="make the calls of runs again, and say where answers differ",
        description="Make the calls of a run again, in a fresh session of a mock server or on a "
        "real API, and say where the answers differ from the recorded ones in status, content type "
        "and structure. Recorded ids are replaced by those that the API gives now.",
        examples=_REPLAY_EXAMPLES,
    )
    _add_replay_options(replay)


def _add_show_options(show: CommandParser) -> None:
    _add_source(show)
    show.add_argument(
        "--full", action="store_true", help="unfold headers, whole bodies and raw texts"
    )
    show.add_argument("--all", action="store_true", help="print each of several, not their list")
    show.add_argument(
        "--html", metavar="OUT", type=Path, help="write one self-contained page instead"
    )


def _add_replay_options(replay: CommandParser) -> None:
    _add_source(replay)
    where = replay.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--mock", metavar="DOCUMENT", help="start a mock server of this document and use that"
    )
    where.add_argument(
        "--against",
        metavar="URL",
        help="use the API of the document there, or the API there on a mock server",
    )
    replay.add_argument(
        "--base-url",
        metavar="URL",
        type=http_url,
        help="where the API is, in the place of the servers of --against",
    )
    replay.add_argument(
        "--seed", metavar="N", type=integer(0), default=0, help="of the data of --mock"
    )
    add_auth_options(replay)
    add_safety_options(replay)
    add_network_options(replay)
    replay.add_argument("--json", action="store_true", help="print an object for each call")


def _add_source(parser: CommandParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", type=_traces, help="a trace file, a folder of them, or -"
    )
    parser.add_argument(
        "id", metavar="ID", nargs="?", help="the run's id, or its beginning (default: all)"
    )


def _traces(text: str) -> Path:
    return Path(text) if text == "-" else existing_path(text)


def run(options: Namespace) -> int:
    """Run the chosen subcommand."""
    from toolalpaca_runtime.traces.finding import find_traces

    traces = find_traces(options.file, options.id)
    if options.command == "replay":
        from toolalpaca_runtime.commands.trace_replay import replay_traces

        return replay_traces(traces, options)
    return _show(traces, options)


def _show(traces: list[Trace], options: Namespace) -> int:
    if options.html is not None:
        from toolalpaca_runtime.traces.page import write_page

        write_page(options.html, traces)
        return 0
    from rich.console import Console

    from toolalpaca_runtime.traces.terminal import print_traces

    console = Console(highlight=False, markup=False, emoji=False)
    print_traces(traces, console, full=options.full, whole=options.all)
    return 0
