"""``toolalpaca chat``: a conversation with an API."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from toolalpaca.command import CommandParser
from toolalpaca.counting import counted
from toolalpaca.errors import ToolAlpacaError
from toolalpaca.task import CLOCK_TOOL
from toolalpaca_runtime.commands.options import add_agent_options
from toolalpaca_runtime.commands.web_options import add_web_options

if TYPE_CHECKING:
    from toolalpaca_runtime.commands.session import Session
    from toolalpaca_runtime.commands.slash import SlashCommands
    from toolalpaca_runtime.terminal.prompting import LineReader

_EXAMPLES = """\
  toolalpaca chat http://127.0.0.1:8000/railway      # an API on a running mock server
  toolalpaca chat examples/library.yaml --mock       # a mock server of its own
  toolalpaca chat examples/library.yaml --mock --model smollm2
  toolalpaca chat examples/library.yaml --mock --web # in the browser
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments of ``chat``."""
    add_agent_options(parser)
    add_web_options(parser, optional=True)
    parser.set_examples(_EXAMPLES)


def run(options: Namespace) -> int:
    """Talk until the person leaves."""
    if options.web:
        from toolalpaca_runtime.commands.serve import serve_agent

        return serve_agent(options, browser=not options.no_open)
    from rich.console import Console

    from toolalpaca_runtime.commands.session import open_session
    from toolalpaca_runtime.commands.slash import SlashCommands

    editing = sys.stdin.isatty() and sys.stdout.isatty() and not options.json
    with open_session(options, folded=editing) as session:
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        commands = SlashCommands(session, options, console)
        reader = _line_reader(commands) if editing else None
        _greet(session)
        while not commands.leaving:
            try:
                text = _read_line(session, reader)
            except EOFError:
                break
            if text:
                _do(text, session, commands)
        if session.trace_path is not None:
            print(f"toolalpaca: trace: {session.trace_path}", file=sys.stderr)
    return 0


def _greet(session: Session) -> None:
    for source in session.assembly.sources:
        if [spec.name for spec in source.specs] == [CLOCK_TOOL]:
            continue  # every agent has it
        place = getattr(source, "base_url", "")
        where = f" at {place}" if place else ""
        title = getattr(source, "title", source.name)
        tools = counted(len(source.specs), "tool")
        print(f"{title}{where}, {tools}. /help says more.", file=sys.stderr)


def _line_reader(commands: SlashCommands) -> LineReader:
    from toolalpaca_runtime.terminal.history import state_folder
    from toolalpaca_runtime.terminal.prompting import LineReader

    takes = {name: command.takes for name, command in commands.table.items()}
    return LineReader(history=state_folder() / "chat-history", commands=takes)


def _read_line(session: Session, reader: LineReader | None) -> str:
    """What the person says next, ``""`` when they took it back (Ctrl-C).

    Raises:
        EOFError: They leave.
    """
    if reader is None:
        line = input("> ") if sys.stdin.isatty() else sys.stdin.readline()
        if not line and not sys.stdin.isatty():
            raise EOFError
        return line.strip()
    try:
        return session.wait(reader.read("> "))
    except KeyboardInterrupt:
        return ""


def _do(text: str, session: Session, commands: SlashCommands) -> None:
    """A command or a turn; neither a failure nor an interruption ends the conversation."""
    try:
        if text.startswith("/"):
            commands.run(text)
        else:
            session.turn(text)
    except ToolAlpacaError as error:
        print(f"toolalpaca: error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("toolalpaca: interrupted", file=sys.stderr)
