"""The command table of ``toolalpaca``.

Each command is a line of :data:`COMMANDS` that names a module; the module, and with it the layer
behind it, is loaded when its command is chosen. This file itself loads nothing heavy, so
``toolalpaca --help`` answers at once.
"""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple, cast

from toolalpaca import __version__
from toolalpaca.command import Command, CommandParser
from toolalpaca.errors import ToolAlpacaError, UsageError
from toolalpaca.output import give_up


class Entry(NamedTuple):
    """A line of the command table."""

    module: str
    summary: str


COMMANDS = {
    "mock": Entry(
        "toolalpaca_mockserver.cli", "serve OpenAPI documents as live, stateful mock APIs"
    ),
    "ask": Entry("toolalpaca_runtime.commands.ask", "give an agent on an API one instruction"),
    "chat": Entry("toolalpaca_runtime.commands.chat", "talk to an API through an agent"),
    "serve": Entry(
        "toolalpaca_runtime.commands.serve",
        "serve an agent on an API: a page to chat, and OpenAI's chat completions",
    ),
    "call": Entry("toolalpaca_runtime.commands.call", "make one call the way an agent makes it"),
    "trace": Entry("toolalpaca_runtime.commands.trace", "show runs, and make their calls again"),
    "compare": Entry(
        "toolalpaca_runtime.commands.compare", "show where a mock differs from the real API"
    ),
    "models": Entry("toolalpaca.llm.commands", "list the models that can be used, and fetch one"),
    "corpus": Entry("toolalpaca_corpus.cli", "build, import and count tool-use corpora"),
    "train": Entry("toolalpaca_training.commands.train", "fine-tune a model on a corpus"),
    "evaluate": Entry(
        "toolalpaca_training.commands.evaluate", "score models on tasks with golden calls"
    ),
    "demo": Entry("toolalpaca_runtime.commands.demo", "watch an agent use the example APIs"),
}

_DESCRIPTION = "Simulated APIs, tool-using agents, and the corpus and training that connect them."

_EXAMPLES = """\
  toolalpaca mock openapi.yaml                      # a live API at http://127.0.0.1:8000
  toolalpaca ask http://127.0.0.1:8000 "Find ..."   # an agent uses it
  toolalpaca COMMAND --help                         # more examples
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line *arguments* (default: the process's) and return the exit status.

    0 is success, 1 an error of ours that is printed as one line, 2 a command line that cannot
    work, 130 an interruption, 143 or 129 a termination (128 + the signal, the shells' convention).
    """
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with _unwinding():
            return _dispatch(words)
    except _Terminated as end:
        return int(end.code or 0)
    except ToolAlpacaError as error:
        print(f"toolalpaca: error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("toolalpaca: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        give_up(sys.stdout)  # the reader (`| head`) has gone
        return 0
    except OSError as error:
        # Whatever the system refuses that no command foresaw: a full disk, too many open files.
        place = f"{error.filename}: " if error.filename else ""
        print(f"toolalpaca: error: {place}{error.strerror or error}", file=sys.stderr)
        give_up(sys.stdout)
        return 1


_ENDINGS = ("SIGTERM", "SIGHUP")  # the second is a terminal that was closed, where there is one


class _Terminated(SystemExit):
    """A signal to end arrived; event loops let this pass, but swallow what is not of its kind."""


@contextmanager
def _unwinding() -> Iterator[None]:
    """Let signals to end unwind the stack as Ctrl-C does: no server or folder of ours is left.

    Those that are ignored (``nohup``) stay so. Signals belong to the main thread; called from
    another one, this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, _frame: FrameType | None) -> None:
        raise _Terminated(128 + number)

    numbers = [getattr(signal, name) for name in _ENDINGS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number in numbers if before[number] != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, terminate)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help(), end="")
        return 0
    if words[0] in ("-V", "--version"):
        print(f"toolalpaca {__version__}")
        return 0
    name = words[0]
    if name not in COMMANDS:
        raise UsageError(
            f"there is no command {name!r}", hint=f"the commands are {', '.join(COMMANDS)}"
        )
    return _run(name, words[1:])


def _run(name: str, words: list[str]) -> int:
    command = cast(Command, importlib.import_module(COMMANDS[name].module))
    summary = COMMANDS[name].summary
    parser = CommandParser(
        prog=f"toolalpaca {name}", description=summary[0].upper() + summary[1:] + "."
    )
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="log more; -vv for everything"
    )
    command.configure(parser)
    try:
        options = parser.parse_args(words)
    except SystemExit as stop:  # --help has printed
        return int(stop.code or 0)
    from toolalpaca.logs import configure_logging

    configure_logging(options.verbose)
    return command.run(options)


def _help() -> str:
    width = max(map(len, COMMANDS))
    commands = "".join(f"  {name:<{width}}  {entry.summary}\n" for name, entry in COMMANDS.items())
    return (
        "usage: toolalpaca COMMAND [options]\n\n"
        f"{_DESCRIPTION}\n\ncommands:\n{commands}\n"
        "options:\n  -h, --help     show this help\n  -V, --version  show the version\n\n"
        f"examples:\n{_EXAMPLES}"
    )
