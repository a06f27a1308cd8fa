"""``toolalpaca ask``: one instruction, one answer; or a file of instructions."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentTypeError, Namespace
from typing import Any

from toolalpaca.arguments import existing_file, integer
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError
from toolalpaca_runtime.commands.options import add_agent_options

_EXAMPLES = """\
  # an API on a running mock server (toolalpaca mock examples/*.yaml)
  toolalpaca ask http://127.0.0.1:8000/railway "Which bookings are still pending?"

  # a document, on a mock server started for this question
  toolalpaca ask examples/library.yaml --mock "Which books by Mary Shelley are on the shelf?"

  # a language model on this machine, and one behind an OpenAI-compatible server
  toolalpaca ask examples/railway.yaml --mock --model smollm2 "Find a train from VIE to SZG"
  toolalpaca ask examples/railway.yaml --mock --model openai:gpt-5 "Find a train from VIE to SZG"

  # a real API; you are asked before something is changed there
  TOOLALPACA_AUTH_APIKEY=... toolalpaca ask https://api.example.com/openapi.json "..."

  # a file of instructions, one a line; the same command again goes on where it stopped
  toolalpaca ask examples/railway.yaml --mock --tasks tasks.jsonl --concurrency 8
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments of ``ask``."""
    add_agent_options(parser)
    instruction = parser.add_argument(
        "instruction",
        metavar="INSTRUCTION",
        action=_Instruction,
        type=_instruction,
        help="what the agent should do; in its place may stand --tasks",
    )
    many = parser.add_argument_group("many runs at once")
    tasks = many.add_argument(
        "--tasks",
        metavar="FILE",
        action=_Tasks,
        type=existing_file,
        help="do what each line of FILE says (an instruction as text, an object that has one, or a "
        "task), in a conversation of its own; what the trace file (default: one in traces/ named "
        "after FILE) has seen to an end is not done again",
    )
    assert isinstance(instruction, _Instruction)
    instruction.tasks = tasks
    many.add_argument(
        "--concurrency", metavar="N", type=integer(1), default=4, help="runs at the same time"
    )
    parser.set_examples(_EXAMPLES)


class _Instruction(argparse.Action):
    """The instruction, which is needed unless tasks are given, on the command line or before."""

    tasks: argparse.Action | None = None

    @property
    def required(self) -> bool:
        """Whether it must be there; argparse asks when everything else has been read."""
        return self.tasks is None or self.tasks.default is None

    @required.setter
    def required(self, _: bool) -> None:
        pass

    def __call__(self, _parser: Any, namespace: Namespace, value: Any, _option: Any = None) -> None:
        """Take the instruction."""
        namespace.instruction = value


class _Tasks(argparse.Action):
    """The file of tasks; what the environment says of it is a default, too."""

    def __call__(self, _parser: Any, namespace: Namespace, value: Any, _option: Any = None) -> None:
        """Take the file."""
        namespace.tasks = self.default = value


def run(options: Namespace) -> int:
    """Run the agent; 0 when it answered, 1 when it stopped or waits for an answer."""
    if options.tasks is not None:
        from toolalpaca_runtime.commands.tasks import run_tasks

        if options.instruction is not None:
            raise UsageError("give either an INSTRUCTION or --tasks", where="toolalpaca ask")
        return run_tasks(options)
    return _run_one(options)


def _run_one(options: Namespace) -> int:
    from toolalpaca_runtime.commands.session import open_session

    with open_session(options) as session:
        outcome = session.turn(options.instruction)
        print(f"toolalpaca: trace: {session.trace_path}", file=sys.stderr)
    if outcome.status == "asked":
        print(
            "toolalpaca: the agent asks, and nobody is there to answer; use: toolalpaca chat",
            file=sys.stderr,
        )
    return 0 if outcome.status == "answered" else 1


def _instruction(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("the instruction is empty")
    return text
