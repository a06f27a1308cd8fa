"""``toolalpaca trace``: look at runs, and make them again."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from toolalpaca.arguments import existing_path
from toolalpaca.command import CommandParser

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
    _add_source(show)
    show.add_argument(
        "--full", action="store_true", help="unfold headers, whole bodies and raw texts"
    )
    show.add_argument("--all", action="store_true", help="print each of several, not their list")
    show.add_argument(
        "--html", metavar="OUT", type=Path, help="write one self-contained page instead"
    )


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
    return {"show": _show}[options.command](options)


def _show(options: Namespace) -> int:
    from toolalpaca_runtime.traces.finding import find_traces

    traces = find_traces(options.file, options.id)
    if options.html is not None:
        from toolalpaca_runtime.traces.page import write_page

        write_page(options.html, traces)
        return 0
    from rich.console import Console

    from toolalpaca_runtime.traces.terminal import print_traces

    console = Console(highlight=False, markup=False, emoji=False)
    print_traces(traces, console, full=options.full, whole=options.all)
    return 0
