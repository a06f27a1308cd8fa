"""``toolalpaca compare``: where a mock's answers differ from the real API's."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolalpaca.arguments import existing_file, existing_path, http_url, integer
from toolalpaca.command import CommandParser
from toolalpaca.errors import DataError, ToolAlpacaError, UsageError
from toolalpaca_runtime.commands.options import (
    add_auth_options,
    add_network_options,
    network_from_options,
)

if TYPE_CHECKING:
    from toolalpaca.trace import Call
    from toolalpaca_runtime.comparison import ComparedCall
    from toolalpaca_runtime.tools.api import ApiTools

_DESCRIPTION = """\
Make calls on the real API and on a mock server of its document, and show where the answers differ
in status, content type and structure. Without --calls, --trace and --operations, each operation is
called that changes nothing and of whose required arguments the document has examples. Ids that the
real API's answers hold are replaced by the mock's at the same place in later calls of the mock. The
exit status is 1 when an answer differs.
"""

_EXAMPLES = """\
  toolalpaca compare https://api.example.com/openapi.json
  toolalpaca compare openapi.yaml --operations listOrders,getStatus --auth ApiKey=...
  toolalpaca compare openapi.yaml --calls calls.jsonl     # {"tool": "getOrder", "arguments": {...}}
  toolalpaca compare openapi.yaml --trace traces/orders-20270514-101500.jsonl
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments of ``compare``."""
    parser.description = _DESCRIPTION
    parser.add_argument("source", metavar="DOCUMENT", help="an OpenAPI document (file or URL)")
    calls = parser.add_mutually_exclusive_group()
    calls.add_argument(
        "--calls",
        metavar="FILE",
        type=existing_file,
        help='calls as JSON Lines: {"tool": NAME, "arguments": {...}}',
    )
    calls.add_argument(
        "--trace",
        metavar="FILE",
        type=existing_path,
        help="the calls of a trace file, or of a folder of them",
    )
    calls.add_argument(
        "--operations",
        metavar="NAME,...",
        type=lambda text: [name for name in text.split(",") if name],
        help="operations, called with the document's examples",
    )
    parser.add_argument(
        "--base-url",
        metavar="URL",
        type=http_url,
        help="where the real API is, in the place of the document's servers",
    )
    parser.add_argument(
        "--seed", metavar="N", type=integer(0), default=0, help="of the mock server's data"
    )
    parser.add_argument(
        "--yes", action="store_true", help="make calls that change something on the real API, too"
    )
    add_auth_options(parser)
    add_network_options(parser)
    parser.add_argument("--json", action="store_true", help="print an object for each call")
    parser.set_examples(_EXAMPLES)


def run(options: Namespace) -> int:
    """Compare; 0 when all answers are alike, 1 when one differs."""
    import asyncio

    compared: list[ComparedCall] = []
    try:
        asyncio.run(_compare(options, compared))
    except ToolAlpacaError:
        if compared:  # what was compared before something broke is not lost
            _report(options, compared)
        raise
    _report(options, compared)
    return 1 if any(item.differences for item in compared) else 0


def _report(options: Namespace, compared: Sequence[ComparedCall]) -> None:
    if options.json:
        for item in compared:
            print(_json(item))
    elif compared:
        _print_table(compared)
    different = sum(bool(item.differences) for item in compared)
    left_out = sum(bool(item.problem) for item in compared)
    print(
        f"toolalpaca: {len(compared) - left_out} compared, {different} different, {left_out} not "
        "compared",
        file=sys.stderr,
    )


async def _compare(options: Namespace, compared: list[ComparedCall]) -> None:
    from contextlib import AsyncExitStack

    from toolalpaca.serving import mock_server
    from toolalpaca_runtime.auth.asking import ask_for
    from toolalpaca_runtime.commands.sources import warn_of_missing_credentials
    from toolalpaca_runtime.comparison import compare
    from toolalpaca_runtime.connect import open_api
    from toolalpaca_runtime.policy import Policy

    async with AsyncExitStack() as stack:
        real = await open_api(
            options.source,
            base_url=options.base_url,
            auth=getattr(options, "auth", None) or (),
            auth_file=options.auth_file,
            ask=ask_for if options.ask_auth else None,
            policy=Policy(unsafe="allow" if options.yes else "deny"),
            network=network_from_options(options),
        )
        await stack.enter_async_context(real)
        if real.simulated:
            raise UsageError("is a mock server, no real API", where=options.source)
        calls = _calls(options, real)
        warn_of_missing_credentials(real)
        server = stack.enter_context(mock_server([options.source], seed=options.seed))
        simulated = await open_api(next(iter(server.apis.values())))
        await stack.enter_async_context(simulated)
        async for item in compare(calls, real, simulated):
            compared.append(item)  # noqa: PERF401 - each at once, in case the next breaks


def _calls(options: Namespace, real: ApiTools) -> list[Call]:
    """The calls that the command line names.

    Raises:
        ToolAlpacaError: A file cannot be read, or an operation is not there.
    """
    from toolalpaca_runtime.comparison import example_call
    from toolalpaca_runtime.policy import SAFE_METHODS

    tools = {tool.spec.name: tool for tool in real.tools}
    if options.calls is not None:
        return _known(_read_calls(options.calls), tools, str(options.calls))
    if options.trace is not None:
        return _known(_traced_calls(options.trace), tools, str(options.trace))
    if options.operations is None:
        chosen = [t for t in real.tools if options.yes or t.operation.method in SAFE_METHODS]
    else:
        unknown = [name for name in options.operations if name not in tools]
        if unknown:
            hint = f"list them: toolalpaca call {options.source} --list"
            raise UsageError(
                f"there is no operation {unknown[0]!r}", where="--operations", hint=hint
            )
        chosen = [tools[name] for name in options.operations]
    return [example_call(tool, number) for number, tool in enumerate(chosen, 1)]


def _read_calls(path: Path) -> list[Call]:
    from pydantic import BaseModel, ConfigDict

    from toolalpaca.jsonl import read_jsonl
    from toolalpaca.trace import Call

    class Line(BaseModel):
        model_config = ConfigDict(extra="forbid")

        tool: str
        arguments: dict[str, Any] = {}

    return [
        Call(id=str(number), tool=line.tool, arguments=line.arguments)
        for number, line in enumerate(read_jsonl(path, Line), 1)
    ]


def _traced_calls(path: Path) -> list[Call]:
    from toolalpaca_runtime.traces.finding import find_traces
    from toolalpaca_runtime.traces.replay import sent_calls

    return [call for trace in find_traces(path) for call, _ in sent_calls(trace)]


def _known(calls: Sequence[Call], tools: dict[str, Any], where: str) -> list[Call]:
    unknown = [call.tool for call in calls if call.tool not in tools]
    if unknown:
        raise DataError(
            f"the document has no operation {unknown[0]!r}",
            where=where,
            hint="is it another document's?",
        )
    return list(calls)


def _json(item: ComparedCall) -> str:
    from dataclasses import asdict

    import orjson

    line = {
        "tool": item.call.tool,
        "arguments": item.call.arguments,
        "real": item.real and item.real.status,
        "simulated": item.simulated and item.simulated.status,
        "differences": [asdict(difference) for difference in item.differences],
        "stand_ins": item.stand_ins,
        "problem": item.problem,
    }
    return orjson.dumps(line).decode()


def _print_table(compared: Sequence[ComparedCall]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from toolalpaca_runtime.event_text import call_line, printable

    table = Table("call", "where", "real", "simulated", box=None, pad_edge=False)
    for item in compared:
        call = printable(call_line(item.call), keep_lines=False)
        for number, row in enumerate(_rows(item)):
            cells = [call if number == 0 else "", *row]
            table.add_row(*(Text(printable(cell)) for cell in cells))
    Console(highlight=False, markup=False, emoji=False).print(table)


def _rows(item: ComparedCall) -> list[tuple[str, str, str]]:
    """Where the answers to a call differ, and what each of them has there."""
    if item.problem:
        return [(f"not compared: {item.problem}", "", "")]
    assert item.real is not None
    assert item.simulated is not None
    if not item.differences:
        return [("=", str(item.real.status), str(item.simulated.status))]
    return [
        (d.pointer or ("body" if d.aspect == "type" else d.aspect), d.first or "-", d.second or "-")
        for d in item.differences
    ]
