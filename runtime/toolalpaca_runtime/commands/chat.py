"""``toolalpaca chat``: a conversation with an API."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from toolalpaca.command import CommandParser
from toolalpaca.errors import ToolAlpacaError
from toolalpaca_runtime.commands.options import add_agent_options
from toolalpaca_runtime.commands.web_options import add_web_options

if TYPE_CHECKING:
    from toolalpaca_runtime.commands.session import Session

_EXAMPLES = """\
  toolalpaca chat http://127.0.0.1:8000/railway      # an API on a running mock server
  toolalpaca chat examples/library.yaml --mock       # a mock server of its own
  toolalpaca chat examples/library.yaml --mock --model smollm2
  toolalpaca chat examples/library.yaml --mock --web # in the browser
"""

_HELP = """\
/tools  what the agent can call
/trace  where the trace is
/reset  forget the conversation
/quit   leave (so does the end of input, Ctrl-D); Ctrl-C stops the agent\
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

    from toolalpaca_runtime.commands.session import open_session

    with open_session(options) as session:
        _greet(session)
        while True:
            try:
                text = _read_line()
            except EOFError:
                break
            if text == "/quit":
                break
            if text.startswith("/"):
                print(_answer_command(text, session), file=sys.stderr)
            elif text:
                _turn(text, session)
        if session.trace_path is not None:
            print(f"toolalpaca: trace: {session.trace_path}", file=sys.stderr)
    return 0


def _greet(session: Session) -> None:
    for source in session.assembly.sources:
        place = getattr(source, "base_url", "")
        where = f" at {place}" if place else ""
        title = getattr(source, "title", source.name)
        print(f"{title}{where}, {len(source.specs)} tools. /help says more.", file=sys.stderr)


def _read_line() -> str:
    """A line that the person typed; the prompt shows only to people."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip()
    return input("> ").strip()


def _turn(text: str, session: Session) -> None:
    """One turn; neither a failure nor an interruption ends the conversation."""
    try:
        session.turn(text)
    except ToolAlpacaError as error:
        print(f"toolalpaca: error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("toolalpaca: interrupted", file=sys.stderr)


def _answer_command(text: str, session: Session) -> str:
    match text.split()[0]:
        case "/tools":
            return "\n".join(
                f"{spec.name}: {spec.description.splitlines()[0]}"
                for source in session.assembly.sources
                for spec in source.specs
            )
        case "/trace":
            return str(session.trace_path or "nothing has happened yet")
        case "/reset":
            session.reset()
            return "the conversation is forgotten"
        case "/help":
            return _HELP
        case command:
            return f"there is no command {command}\n{_HELP}"
