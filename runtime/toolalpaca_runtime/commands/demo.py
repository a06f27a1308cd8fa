"""``toolalpaca demo``: the example APIs served, and an agent at work on one of them."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.command import CommandParser
from toolalpaca.errors import MissingExtra, ModelError, ToolAlpacaError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from toolalpaca.llm.protocol import LanguageModel

EXAMPLES_FOLDER = Path("examples")
API = "railway"
INSTRUCTIONS = (
    "Show me the direct trains from VIE to SZG on 2027-05-14 that cost at most 40 euros.",
    "Find a train with wifi from Vienna (VIE) to Salzburg (SZG) on 2027-05-14 and book it in "
    "second class for two people; the passenger is Maya Lindqvist, maya.lindqvist@mail.example.",
    "Which bookings are still pending?",
)

# A language model of 135 million parameters wanders; this keeps the demonstration short.
_STEPS = 4
_SECONDS = 60.0
_NOTES = {
    "baseline": "A rule-based planner: no language model, and the floor that models must beat.",
    "smollm2": "A language model of 135 million parameters on this machine, not trained for tools: "
    "a grammar makes it always act, and it is often wrong.",
}

_EXAMPLES = """\
  toolalpaca demo          # with the rule-based planner, then with a small language model
  toolalpaca demo --fast   # without the language model: nothing is fetched
"""


def configure(parser: CommandParser) -> None:
    """Declare the options of ``demo``."""
    parser.add_argument("--fast", action="store_true", help="leave out the language model")
    parser.set_examples(_EXAMPLES)


def run(options: Namespace) -> int:
    """Serve the examples, let each model do the instructions, and say what to try next."""
    from rich.console import Console

    from toolalpaca.serving import mock_server

    console = Console(highlight=False, markup=False, emoji=False)
    with mock_server(_sources()) as server:
        console.rule("Three APIs, simulated")
        width = max(map(len, server.apis))
        for name, url in server.apis.items():
            console.print(f"{name:<{width}}  {url}", soft_wrap=True)
        models = ("baseline",) if options.fast else tuple(_NOTES)
        worked = [_show(model, server.apis[API], console) for model in models]
    console.rule("Next")
    console.print(_next_commands(), soft_wrap=True)
    return 0 if all(worked) else 1


def _sources() -> list[str]:
    """The example documents.

    Raises:
        UsageError: They are not there.
    """
    sources = sorted(str(path) for path in EXAMPLES_FOLDER.glob("*.yaml"))
    if not any(Path(source).stem == API for source in sources):
        raise UsageError(
            f"there is no {EXAMPLES_FOLDER / API}.yaml here",
            hint="the examples come with the source: run this in a clone of the repository",
        )
    return sources


def _show(name: str, url: str, console: Console) -> bool:
    """Let one model do the instructions; False when it could not, which has been said."""
    console.rule(f"The agent with the model {name}")
    console.print(_NOTES[name], style="dim")
    try:
        model = _open(name)
    except (ModelError, MissingExtra) as error:
        print(f"toolalpaca: error: the model {name} cannot be used: {error}", file=sys.stderr)
        return False
    return _run(model, url, console)


def _open(name: str) -> LanguageModel:
    from toolalpaca.llm.catalog import FETCHABLE
    from toolalpaca.llm.commands import fetch_with_progress
    from toolalpaca.llm.registry import open_model

    if name in FETCHABLE and not FETCHABLE[name].fetched:
        fetch_with_progress(name)
    return open_model(name)


def _run(model: LanguageModel, url: str, console: Console) -> bool:
    from toolalpaca_runtime.assembly import Assembly
    from toolalpaca_runtime.commands.session import Session
    from toolalpaca_runtime.connect import open_api
    from toolalpaca_runtime.limits import Limits
    from toolalpaca_runtime.terminal import TerminalView

    worked = True
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        stack.callback(lambda: runner.run(model.aclose()))
        # A session of its own: what one model books, the next must not find.
        api = runner.run(open_api(url, session=f"demo-{model.name}"))
        stack.callback(lambda: runner.run(api.aclose()))
        limits = Limits(steps=_STEPS, seconds=_SECONDS)
        assembly = stack.enter_context(Assembly([api], model, limits=limits))
        session = Session(runner, assembly, TerminalView(console, echo=True))
        stack.callback(session.reset)
        for instruction in INSTRUCTIONS:
            console.print()
            try:
                session.turn(instruction)
            except ToolAlpacaError as error:
                print(f"toolalpaca: error: {error}", file=sys.stderr)
                worked = False
            session.reset()  # each instruction is a conversation of its own
        console.print(f"\nThe traces are in {session.trace_path}.", soft_wrap=True)
    return worked


def _next_commands() -> str:
    program = _program()
    document = EXAMPLES_FOLDER / f"{API}.yaml"
    checkpoint = f"models/{API}"
    commands = {
        f"{program} mock {EXAMPLES_FOLDER}/*.yaml": "the APIs, for your own client",
        f"{program} chat {document} --mock": "talk to one",
        f"{program} corpus build {EXAMPLES_FOLDER} --out corpora/first": "make a corpus",
        f"{program} train corpora/first --base tiny --out {checkpoint}": "train a model on it "
        "(needs torch: pip install 'toolalpaca[training]', or make test, which brings it)",
        f'{program} ask {document} --mock --model transformers:{checkpoint} "List the stations"': (
            "and let that act"
        ),
    }
    return "\n".join(f"# {why}\n{command}" for command, why in commands.items())


def _program() -> str:
    """How this program is called from here: by its path where ``PATH`` does not lead to it."""
    called = Path(sys.argv[0])
    found = shutil.which(called.name)
    if found and Path(found).resolve() == called.resolve():
        return called.name
    if called.suffix or not called.is_file():  # python -m toolalpaca
        return "python -m toolalpaca"
    return os.path.relpath(called)
