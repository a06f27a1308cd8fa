"""``toolalpaca call``: one call of an operation, the way an agent makes it."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from toolalpaca.arguments import http_url
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError
from toolalpaca_runtime.commands.options import (
    add_auth_options,
    add_network_options,
    network_from_options,
)

if TYPE_CHECKING:
    from toolalpaca.calling.tools import Tool
    from toolalpaca_runtime.observation import Observation
    from toolalpaca_runtime.tools.api import ApiTools

_DESCRIPTION = """\
Make one call of an operation, the way an agent makes it: arguments are checked against the document
and become a request by its styles and encodings. The body of the response is printed, its status
and what there is to say about it go to standard error. What is called is sent, whatever its method:
you have asked for it. The exit status is 0 for 2xx and 3xx, 2 for a call that cannot be made, and 1
for everything else.
"""

_EXAMPLES = """\
  toolalpaca call examples/library.yaml --list
  toolalpaca call examples/library.yaml searchBooks --args '{"author": "Mary Shelley"}' --mock
  toolalpaca call http://127.0.0.1:8000/railway "GET /bookings/{booking_id}" --args @booking.json

  # what would be sent to a real API
  toolalpaca call https://api.example.com/openapi.json createOrder --args '{...}' --dry-run
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments of ``call``."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "source",
        metavar="DOCUMENT",
        help="an OpenAPI document (file, URL or -), or the URL of an API on a mock server",
    )
    parser.add_argument(
        "operation",
        metavar="OPERATION",
        nargs="?",
        help="a tool's name, an operationId, or a method and a path: 'GET /pets/{petId}'",
    )
    parser.add_argument(
        "--args",
        metavar="JSON",
        default="{}",
        help="the arguments, an object; @FILE reads a file, - standard input",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--base-url",
        metavar="URL",
        type=http_url,
        help="where the API is, in the place of the document's servers",
    )
    where.add_argument(
        "--mock", action="store_true", help="start a mock server of the document and call that"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the request, and do not send it"
    )
    parser.add_argument("--list", action="store_true", help="list the operations, and call none")
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "-i", "--include", action="store_true", help="print the status and the headers, too"
    )
    output.add_argument(
        "--json", action="store_true", help="print the observation as traces have it"
    )
    add_auth_options(parser)
    add_network_options(parser)
    parser.set_examples(_EXAMPLES)


def run(options: Namespace) -> int:
    """Make the call; 0 when it succeeded, 1 when the API said no or nothing."""
    import asyncio
    from contextlib import ExitStack

    arguments = _arguments(options)
    with ExitStack() as stack:
        source, base_url = options.source, options.base_url
        if options.list:
            base_url = base_url or "http://localhost"  # nobody is called there
        elif options.mock:
            from toolalpaca.serving import mock_server

            server = stack.enter_context(mock_server([source]))
            source = next(iter(server.apis.values()))
        return asyncio.run(_run(options, source, base_url, arguments))


async def _run(
    options: Namespace, source: str, base_url: str | None, arguments: dict[str, Any]
) -> int:
    from toolalpaca.trace import Call
    from toolalpaca_runtime.auth.asking import ask_for
    from toolalpaca_runtime.connect import open_api
    from toolalpaca_runtime.policy import Policy

    api = await open_api(
        source,
        base_url=base_url,
        auth=getattr(options, "auth", None) or (),
        auth_file=options.auth_file,
        ask=ask_for if options.ask_auth else None,
        policy=Policy(unsafe="allow"),
        dry_run=options.dry_run or options.list,
        network=network_from_options(options),
    )
    async with api:
        if options.list:
            _list(api)
            return 0
        tool = _chosen(api, options)
        _warn_of_missing_credentials(api, tool)
        seen = await api.call(Call(id="1", tool=tool.spec.name, arguments=arguments))
    if seen.request is None:
        problems = [line[2:] for line in seen.text.splitlines() if line.startswith("- ")]
        raise UsageError("; ".join(problems) or seen.text, where=tool.spec.name)
    if options.dry_run:
        _print_request(seen, as_json=options.json)
        return 0
    _print(seen, tool, options)
    return 0 if seen.response is not None and seen.response.status < 400 else 1


def _arguments(options: Namespace) -> dict[str, Any]:
    """The object that ``--args`` names.

    Raises:
        UsageError: It is none, or cannot be read.
    """
    import json
    from pathlib import Path

    text, where = options.args, "--args"
    if text == "-":
        if options.source == "-":
            raise UsageError("the document and --args cannot both be standard input")
        text = sys.stdin.read()
    elif text.startswith("@"):
        where = text[1:]
        try:
            text = Path(where).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"it cannot be read: {error}", where=where) from error
    try:
        value = json.loads(text)
    except ValueError as error:
        hint = """write an object: --args '{"name": "value"}'"""
        raise UsageError(f"the arguments are not JSON: {error}", where=where, hint=hint) from error
    if not isinstance(value, dict):
        raise UsageError("the arguments are no object of names and values", where=where)
    return value


def _warn_of_missing_credentials(api: ApiTools, tool: Tool) -> None:
    from toolalpaca_runtime.auth import variable

    for scheme in api.lacking().get(tool.spec.name, ()):
        print(
            f"toolalpaca: {tool.spec.name} needs a credential that is not there: {scheme} (give "
            f"--auth {scheme}=VALUE or set {variable(scheme)})",
            file=sys.stderr,
        )


def _chosen(api: ApiTools, options: Namespace) -> Tool:
    """The tool that the command line names.

    Raises:
        UsageError: There is none.
    """
    wanted = options.operation
    hint = f"list them: toolalpaca call {options.source} --list"
    if wanted is None:
        raise UsageError("which operation is to be called?", hint=hint)
    method, _, path = wanted.partition(" ")
    for tool in api.tools:
        operation = tool.operation
        if wanted in (tool.spec.name, operation.operation_id):
            return tool
        if (method.lower(), path.strip()) == (operation.method, operation.path):
            return tool
    near = _near(api, wanted)
    if near:
        hint = f"did you mean {' or '.join(near)}? Or {hint}"
    raise UsageError(f"{api.title} has no operation {wanted!r}", hint=hint)


def _near(api: ApiTools, wanted: str) -> list[str]:
    import difflib

    names = {tool.spec.name.lower(): tool.spec.name for tool in api.tools}
    names |= {_place(tool).lower(): _place(tool) for tool in api.tools}
    found = difflib.get_close_matches(wanted.lower(), names, n=3, cutoff=0.6)
    return [names[name] for name in found]


def _place(tool: Tool) -> str:
    return f"{tool.operation.method.upper()} {tool.operation.path}"


def _list(api: ApiTools) -> None:
    """Print each operation: its name, its method and path, what it does."""
    width = max((len(tool.spec.name) for tool in api.tools), default=0)
    for tool in api.tools:
        summary = tool.spec.description.partition("\n")[0]
        told = "" if summary == _place(tool) else f"  {summary}"
        print(f"{tool.spec.name:<{width}}  {_place(tool)}{told}")


def _print_request(seen: Observation, *, as_json: bool) -> None:
    from toolalpaca_runtime.http_text import request_text

    assert seen.request is not None
    print(seen.request.model_dump_json() if as_json else request_text(seen.request))


def _print(seen: Observation, tool: Tool, options: Namespace) -> None:
    from toolalpaca_runtime.http_text import response_head

    if options.json:
        print(_record(seen, tool))
        return
    _print_notes(seen)
    if seen.response is None:
        return
    if options.include:
        print(response_head(seen.response), end="\n\n", flush=True)
    if seen.payload is not None and seen.payload.binary:
        if sys.stdout.isatty():  # which bytes may put out of order
            size = f"{len(seen.payload.data):,} bytes of {seen.payload.content_type}"
            print(f"toolalpaca: {size}: to keep them, add: > FILE", file=sys.stderr)
            return
        sys.stdout.flush()
        sys.stdout.buffer.write(seen.payload.data)
        return
    body = seen.response.body
    complete = body.endswith("\n") or not body or not sys.stdout.isatty()
    print(body, end="" if complete else "\n", flush=True)


def _print_notes(seen: Observation) -> None:
    """What is not the body, to standard error."""
    from toolalpaca_runtime.http_text import status_text

    if seen.response is None:
        print(f"toolalpaca: {seen.text}", file=sys.stderr)
        return
    # Notes on repaired arguments stand in front of what the model reads of the response.
    for line in seen.text.partition("Status Code:")[0].splitlines():
        if line.startswith("(Note:") or "too large" in line:
            print(f"toolalpaca: {line.removeprefix('(').removesuffix(')')}", file=sys.stderr)
    milliseconds = f"{seen.response.seconds * 1000:.0f} ms"
    print(f"toolalpaca: {status_text(seen.response.status)}, {milliseconds}", file=sys.stderr)
    if seen.conforming is False:
        print("toolalpaca: the response is not what the document says", file=sys.stderr)


def _record(seen: Observation, tool: Tool) -> str:
    from toolalpaca.trace import ObservationEvent

    seconds = seen.response.seconds if seen.response is not None else 0.0
    event = ObservationEvent(
        index=0,
        at=seconds,
        source=seen.source,
        raw=seen.text,
        call="1",
        tool=tool.spec.name,
        text=seen.text,
        request=seen.request,
        response=seen.response,
        conforming=seen.conforming,
    )
    return event.model_dump_json()
