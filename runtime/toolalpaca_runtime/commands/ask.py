"""``toolalpaca ask``: one instruction, one answer."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError, Namespace

from toolalpaca.command import CommandParser
from toolalpaca_runtime.commands.options import add_agent_options

_EXAMPLES = """\
  # an API on a running mock server (toolalpaca mock examples/*.yaml)
  toolalpaca ask http://127.0.0.1:8000/railway "Which bookings are still pending?"

  # a document, on a mock server started for this question
  toolalpaca ask examples/library.yaml --mock "Which books by Mary Shelley are on the shelf?"

  # a language model on this machine, and one behind an OpenAI-compatible server
  toolalpaca ask examples/railway.yaml --mock --model smollm2 "Find a train from VIE to SZG"
  toolalpaca ask examples/railway.yaml --mock --model openai:gpt-5 "Find a train from VIE to SZG"

  # a real API; what changes something is sent only with --yes
  TOOLALPACA_AUTH_APIKEY=... toolalpaca ask https://api.example.com/openapi.json "..."
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments of ``ask``."""
    add_agent_options(parser)
    parser.add_argument(
        "instruction", metavar="INSTRUCTION", type=_instruction, help="what the agent should do"
    )
    parser.set_examples(_EXAMPLES)


def run(options: Namespace) -> int:
    """Run the agent; 0 when it answered, 1 when it stopped or waits for an answer."""
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
